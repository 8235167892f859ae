//! The rules about what is deleted: snapshots, and bundles in S3.

use crate::ec2::image::Image;
use crate::ec2::snapshot::Snapshot;

use super::act::Stage;
use super::rules::{Check, keeper};
use super::uses;
use super::violation::Rule;

/// Holds what an act deletes to the rules.
pub(super) fn check(check: &mut Check<'_>) {
    let act = check.act;
    for snapshot in &act.snapshots {
        one(check, snapshot);
    }
    if act.stage != Stage::Deletion {
        return;
    }
    let mut using: Vec<&Image> = act.registered().collect();
    if !using.is_empty() && using.len() == act.subjects.len() {
        let image = using.remove(0);
        let why = format!("its image {} is not deregistered", image.id);
        check.breaks(Rule::NotInBin, why);
    }
    for image in using {
        let why = format!("the image {} of {} uses it", image.id, image.owner);
        check.breaks(Rule::SharedSnapshot, why);
    }
}

fn one(check: &mut Check<'_>, snapshot: &Snapshot) {
    let (act, id) = (check.act, &snapshot.id);
    let own = act.own();
    let Some(image) = own.first() else { return };
    let safeguards = &check.guard.safeguards;
    if safeguards.references.contains(id) {
        check.breaks(Rule::InUse, format!("{id} is declared to be in use"));
    }
    if snapshot.is_locked(check.now()) {
        check.breaks(Rule::Protected, format!("{id} is locked"));
    }
    if let Some(keeper) = keeper(&snapshot.tags.own(&snapshot.owner)) {
        check.breaks(Rule::Protected, format!("{id} is kept by {keeper}"));
    }
    if !safeguards.accounts.contains(&snapshot.owner) {
        let why = format!("{id} is of the account {}", snapshot.owner);
        check.breaks(Rule::Foreign, why);
    }
    if own.iter().all(|image| snapshot.started < image.created) {
        let why = format!(
            "{id} was begun at {}, and the image {} made at {}",
            snapshot.started, image.id, image.created
        );
        check.breaks(Rule::OlderSnapshot, why);
    }
    let mut others = uses::of_snapshot(check.state, &image.region, id);
    if act.stage == Stage::Deregistration {
        let at = check.state.ec2.reading(&image.region);
        let images = at.images.using(id).filter(|other| *other != image.id);
        others.extend(images.map(|other| format!("the image {other} uses it")));
    }
    if !others.is_empty() {
        let why = format!("{id}: {}", others.join("; "));
        check.breaks(Rule::SharedSnapshot, why);
    }
}
