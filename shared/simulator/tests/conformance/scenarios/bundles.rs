//! S3 and the bundles of instance-store images.

use crate::scenario::Section;

pub const SECTION: Section = Section {
    name: "bundles",
    title: "S3 and the bundles of instance-store images",
    scenarios: &[],
};
