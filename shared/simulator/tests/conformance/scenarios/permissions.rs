//! Launch permissions and block public access.

use crate::scenario::Section;

pub const SECTION: Section = Section {
    name: "permissions",
    title: "Launch permissions and block public access",
    scenarios: &[],
};
