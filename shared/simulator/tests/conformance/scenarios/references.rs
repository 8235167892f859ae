//! Who uses an image.

use crate::scenario::Section;

pub const SECTION: Section = Section {
    name: "references",
    title: "Who uses an image",
    scenarios: &[],
};
