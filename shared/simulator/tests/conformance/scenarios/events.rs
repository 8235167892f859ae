//! Events.

use crate::scenario::Section;

pub const SECTION: Section = Section {
    name: "events",
    title: "Events",
    scenarios: &[],
};
