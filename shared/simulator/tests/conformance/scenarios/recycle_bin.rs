//! The Recycle Bin.

use crate::scenario::Section;

pub const SECTION: Section = Section {
    name: "recycle_bin",
    title: "The Recycle Bin",
    scenarios: &[],
};
