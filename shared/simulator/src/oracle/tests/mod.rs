//! Every rule: a careful end breaks none, and what breaks one breaks that one alone.

mod bundles;
mod caps;
mod deleted;
mod kept;
mod making;
mod others;
mod scene;
mod stages;
mod uses;

use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde_json::json;

use super::{Family, Rule};
use crate::client::{self, Caller};
use crate::tests::{HERE, OTHER, OWNER, THERE};
use crate::{NewImage, World};
use scene::{NOTICE, Scene, TABLE, days};

#[test]
fn a_careful_end_of_a_source_breaks_no_rule() {
    let scene = Scene::new();
    for id in &scene.sources[..2] {
        let snapshot = scene.snapshot(id);
        scene.deregistered(id);
        scene.delete(&snapshot);
        assert!(scene.world.image(OWNER, HERE, id).is_none());
    }
    scene.none();
}

#[test]
fn a_careful_end_of_a_copy_in_another_account_and_region_breaks_no_rule() {
    let scene = Scene::new();
    for (number, source) in scene.sources.iter().enumerate() {
        let id = scene.snapshot(source);
        let share = json!({ "Add": [{ "UserId": OTHER }] });
        let share = json!({ "SnapshotId": id, "CreateVolumePermission": share });
        scene.ec2("ModifySnapshotAttribute", share);
        let copy = json!({
            "Name": format!("copy-{number}"), "SourceImageId": source, "SourceRegion": HERE,
        });
        scene.done((OTHER, THERE), "ec2", "CopyImage", copy);
    }
    scene.world.advance(days(6));
    let copies = scene.world.images(OTHER, THERE);
    let oldest = copies.iter().find(|copy| copy.name == "copy-0");
    let oldest = oldest.expect("the copy").clone();
    let there = (OTHER, THERE);
    let image = json!({ "ImageId": oldest.id });
    scene.marked(&oldest.id);
    scene.deprecate(there, &oldest.id);
    scene.world.advance(days(14));
    scene.amiary(there, "DisableImage", &image);
    scene.world.advance(days(30));
    scene.amiary(there, "DeregisterImage", &image);
    let snapshot = json!({ "SnapshotId": oldest.snapshots[0].id });
    scene.amiary(there, "DeleteSnapshot", &snapshot);
    scene.none();
}

#[test]
fn a_violation_says_what_happened_to_whom_and_why() {
    let scene = Scene::new();
    let id = &scene.sources[0];
    scene.deprecated(id);
    let run = json!({ "ImageId": id, "MinCount": 1, "MaxCount": 1 });
    let run = scene.ec2("RunInstances", run);
    let instance = run["Instances"][0]["InstanceId"].as_str().expect("an id");
    let at = scene.world.now() + SignedDuration::from_millis(1);
    scene.amiarys("DisableImage", id);
    let found = scene.one("DisableImage", Rule::InUse);
    let expected = format!(
        "{at}: DisableImage of {id} in {OWNER} {HERE}: in use: {id}: the instance {instance} of \
         {OWNER} is pending"
    );
    assert_eq!(found.to_string(), expected);
}
