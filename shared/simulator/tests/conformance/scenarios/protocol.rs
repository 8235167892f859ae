//! Requests, errors, pages, filters.

use crate::scenario::Section;

pub const SECTION: Section = Section {
    name: "protocol",
    title: "Requests, errors, pages, filters",
    scenarios: &[],
};
