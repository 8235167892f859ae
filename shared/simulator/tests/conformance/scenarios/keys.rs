//! Keys.

use crate::scenario::Section;

pub const SECTION: Section = Section {
    name: "keys",
    title: "Keys",
    scenarios: &[],
};
