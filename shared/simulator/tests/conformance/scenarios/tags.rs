//! Tags.

use crate::scenario::Section;

pub const SECTION: Section = Section {
    name: "tags",
    title: "Tags",
    scenarios: &[],
};
