//! SNS.

use crate::scenario::Section;

pub const SECTION: Section = Section {
    name: "topics",
    title: "SNS",
    scenarios: &[],
};
