//! Fleets and Spot requests.

use crate::scenario::Section;

pub const SECTION: Section = Section {
    name: "fleets",
    title: "Fleets and Spot requests",
    scenarios: &[],
};
