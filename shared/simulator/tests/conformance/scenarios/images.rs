//! Images: registering, creating, listing.

use crate::scenario::Section;

pub const SECTION: Section = Section {
    name: "images",
    title: "Images: registering, creating, listing",
    scenarios: &[],
};
