//! Accounts and roles.

use crate::scenario::Section;

pub const SECTION: Section = Section {
    name: "identities",
    title: "Accounts and roles",
    scenarios: &[],
};
