//! Deprecating, disabling, protecting, deregistering.

use crate::scenario::Section;

pub const SECTION: Section = Section {
    name: "lifecycle",
    title: "Deprecating, disabling, protecting, deregistering",
    scenarios: &[],
};
