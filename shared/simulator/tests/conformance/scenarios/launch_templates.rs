//! Launch templates.

use crate::scenario::Section;

pub const SECTION: Section = Section {
    name: "launch_templates",
    title: "Launch templates",
    scenarios: &[],
};
