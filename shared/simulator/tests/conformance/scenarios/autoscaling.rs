//! Auto Scaling.

use crate::scenario::Section;

pub const SECTION: Section = Section {
    name: "autoscaling",
    title: "Auto Scaling",
    scenarios: &[],
};
