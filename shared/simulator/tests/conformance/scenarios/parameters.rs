//! Systems Manager parameters.

use crate::scenario::Section;

pub const SECTION: Section = Section {
    name: "parameters",
    title: "Systems Manager parameters",
    scenarios: &[],
};
