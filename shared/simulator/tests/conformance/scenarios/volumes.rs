//! Volumes.

use crate::scenario::Section;

pub const SECTION: Section = Section {
    name: "volumes",
    title: "Volumes",
    scenarios: &[],
};
