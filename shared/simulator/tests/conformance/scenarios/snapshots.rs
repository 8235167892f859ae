//! Snapshots: making, copying, importing, sharing.

use crate::scenario::Section;

pub const SECTION: Section = Section {
    name: "snapshots",
    title: "Snapshots: making, copying, importing, sharing",
    scenarios: &[],
};
