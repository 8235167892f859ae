//! Instances.

use crate::scenario::Section;

pub const SECTION: Section = Section {
    name: "instances",
    title: "Instances",
    scenarios: &[],
};
