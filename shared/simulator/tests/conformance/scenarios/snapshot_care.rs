//! Snapshots: locks, archive, block public access, keys.

use crate::scenario::Section;

pub const SECTION: Section = Section {
    name: "snapshot_care",
    title: "Snapshots: locks, archive, block public access, keys",
    scenarios: &[],
};
