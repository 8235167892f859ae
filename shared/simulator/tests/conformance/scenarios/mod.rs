//! The scenarios, by the part of AWS they are about.

mod agreement;
mod allowed;
mod autoscaling;
mod basics;
mod bundles;
mod copy;
mod events;
mod filters;
mod fleets;
mod identities;
mod images;
mod instances;
mod keys;
mod launch_templates;
mod lifecycle;
mod listings;
mod ownership;
mod parameters;
mod permissions;
mod protocol;
mod recipes;
mod recycle_bin;
mod references;
mod retention_rules;
mod shares;
mod snapshot_care;
mod snapshots;
mod stored_images;
mod tags;
mod topics;
mod volumes;

use crate::scenario::Section;

pub const SECTIONS: &[Section] = &[
    images::SECTION,
    basics::SECTION,
    listings::SECTION,
    filters::SECTION,
    ownership::SECTION,
    allowed::SECTION,
    copy::SECTION,
    permissions::SECTION,
    shares::SECTION,
    lifecycle::SECTION,
    snapshots::SECTION,
    snapshot_care::SECTION,
    volumes::SECTION,
    tags::SECTION,
    retention_rules::SECTION,
    recycle_bin::SECTION,
    bundles::SECTION,
    stored_images::SECTION,
    instances::SECTION,
    launch_templates::SECTION,
    fleets::SECTION,
    autoscaling::SECTION,
    parameters::SECTION,
    references::SECTION,
    recipes::SECTION,
    keys::SECTION,
    identities::SECTION,
    topics::SECTION,
    protocol::SECTION,
    events::SECTION,
    agreement::SECTION,
];
