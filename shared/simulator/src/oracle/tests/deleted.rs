//! Snapshots: shared ones, older ones, and those of images that are still there.

use serde_json::{Value, json};

use super::*;

fn register(scene: &Scene, name: &str, snapshot: &str) -> String {
    let devices = json!([{ "DeviceName": "/dev/xvda", "Ebs": { "SnapshotId": snapshot } }]);
    let parameters = json!({
        "Name": name, "Architecture": "x86_64", "RootDeviceName": "/dev/xvda",
        "BlockDeviceMappings": devices,
    });
    let made = scene.ec2("RegisterImage", parameters);
    made["ImageId"].as_str().expect("an id").to_owned()
}

/// Makes something that uses a snapshot.
type Sharing = fn(&Scene, &str);

fn devices(snapshot: &str) -> Value {
    json!([{ "DeviceName": "/dev/xvdf", "Ebs": { "SnapshotId": snapshot } }])
}

const SHARINGS: [(&str, Sharing); 4] = [
    ("the Spot Fleet", |scene, snapshot| {
        let launches = json!({
            "ImageId": scene.sources[3],
            "InstanceType": "m5.large",
            "BlockDeviceMappings": devices(snapshot),
        });
        let configuration = json!({
            "IamFleetRole": "arn:aws:iam::111111111111:role/fleet",
            "TargetCapacity": 0,
            "LaunchSpecifications": [launches],
        });
        let parameters = json!({ "SpotFleetRequestConfig": configuration });
        scene.ec2("RequestSpotFleet", parameters);
    }),
    ("the image ami-", |scene, snapshot| {
        register(scene, "sharer", snapshot);
    }),
    ("the launch template", |scene, snapshot| {
        let data = json!({ "BlockDeviceMappings": devices(snapshot) });
        let template = json!({ "LaunchTemplateName": "web", "LaunchTemplateData": data });
        let place = (OTHER, HERE);
        scene.done(place, "ec2", "CreateLaunchTemplate", template);
    }),
    ("the launch configuration", |scene, snapshot| {
        let configuration = json!({
            "LaunchConfigurationName": "old",
            "ImageId": scene.sources[3],
            "InstanceType": "m5.large",
            "BlockDeviceMappings": devices(snapshot),
        });
        let place = (OWNER, HERE);
        scene.done(
            place,
            "autoscaling",
            "CreateLaunchConfiguration",
            configuration,
        );
    }),
];

#[test]
fn a_snapshot_that_something_else_uses_stays() {
    for (said, share) in SHARINGS {
        let scene = Scene::new();
        let image = &scene.sources[0];
        let snapshot = scene.snapshot(image);
        scene.deregistered(image);
        share(&scene, &snapshot);
        let delete = json!({ "SnapshotId": snapshot });
        let _ = scene.amiary_tries((OWNER, HERE), "DeleteSnapshot", &delete);
        let why = scene.one("DeleteSnapshot", Rule::SharedSnapshot).why;
        assert!(why.contains(said), "{why}");
    }
}

#[test]
fn an_image_takes_no_snapshot_with_it_that_something_else_uses() {
    for (said, share) in SHARINGS {
        let scene = Scene::new();
        let image = &scene.sources[0];
        let snapshot = scene.snapshot(image);
        scene.disabled(image);
        share(&scene, &snapshot);
        let parameters = json!({ "ImageId": image, "DeleteAssociatedSnapshots": true });
        scene.amiary((OWNER, HERE), "DeregisterImage", &parameters);
        let why = scene.one("DeregisterImage", Rule::SharedSnapshot).why;
        assert!(why.contains(said), "{why}");
    }
}

#[test]
fn an_image_may_leave_a_shared_snapshot_behind() {
    let scene = Scene::new();
    let image = &scene.sources[0];
    register(&scene, "sharer", &scene.snapshot(image));
    scene.deregistered(image);
    scene.none();
}

#[test]
fn a_snapshot_that_was_there_before_its_image_stays() {
    let mut scene = Scene::new();
    let old = scene.snapshot(&scene.sources[0]);
    scene.ec2("DeregisterImage", json!({ "ImageId": scene.sources[0] }));
    scene.world.advance(days(31));
    let image = register(&scene, "over-old", &old);
    for name in ["newer-1", "newer-2"] {
        scene.world.advance(days(1));
        scene.newer(name);
    }
    scene.guard(|safe| {
        safe.families[0].sources.insert(image.clone());
    });
    scene.deregistered(&image);
    scene.none();
    scene.delete(&old);
    scene.one("DeleteSnapshot", Rule::OlderSnapshot);
}

#[test]
fn an_image_takes_no_snapshot_with_it_that_is_older_or_locked() {
    let mut scene = Scene::new();
    let old = scene.snapshot(&scene.sources[0]);
    let image = register(&scene, "over-old", &old);
    for name in ["newer-1", "newer-2"] {
        scene.world.advance(days(1));
        scene.newer(name);
    }
    scene.guard(|safe| {
        safe.families[0].sources.insert(image.clone());
    });
    scene.ec2("DeregisterImage", json!({ "ImageId": scene.sources[0] }));
    scene.disabled(&image);
    let lock = json!({ "SnapshotId": old, "LockMode": "governance", "LockDuration": 10 });
    scene.ec2("LockSnapshot", lock);
    let parameters = json!({ "ImageId": image, "DeleteAssociatedSnapshots": true });
    scene.amiary((OWNER, HERE), "DeregisterImage", &parameters);
    let both = [Rule::Protected, Rule::OlderSnapshot];
    let both = both.map(|rule| ("DeregisterImage".to_owned(), rule));
    assert_eq!(scene.found(), both);
}

#[test]
fn an_image_takes_no_snapshot_with_it_of_an_account_that_is_not_named() {
    let mut scene = Scene::new();
    let theirs = scene
        .world
        .publish_image(NewImage::new(OTHER, HERE, "theirs"));
    let theirs = scene.world.image(OTHER, HERE, &theirs).expect("it");
    let snapshot = theirs.snapshots[0].id.clone();
    let share = json!({
        "SnapshotId": snapshot,
        "CreateVolumePermission": { "Add": [{ "UserId": OWNER }] },
    });
    scene.done((OTHER, HERE), "ec2", "ModifySnapshotAttribute", share);
    let image = register(&scene, "over-theirs", &snapshot);
    scene.done(
        (OTHER, HERE),
        "ec2",
        "DeregisterImage",
        json!({ "ImageId": theirs.id }),
    );
    for name in ["newer-1", "newer-2"] {
        scene.world.advance(days(1));
        scene.newer(name);
    }
    scene.guard(|safe| {
        safe.families[0].sources.insert(image.clone());
        safe.accounts.remove(OTHER);
    });
    scene.disabled(&image);
    let parameters = json!({ "ImageId": image, "DeleteAssociatedSnapshots": true });
    scene.amiary((OWNER, HERE), "DeregisterImage", &parameters);
    scene.one("DeregisterImage", Rule::Foreign);
}

#[test]
fn a_snapshot_that_a_lifecycle_policy_made_stays() {
    let scene = Scene::new();
    let image = &scene.sources[0];
    let snapshot = scene.snapshot(image);
    scene.deregistered(image);
    let tags = json!([{ "Key": "dlm:managed", "Value": "true" }]);
    scene.ec2(
        "CreateTags",
        json!({ "Resources": [snapshot], "Tags": tags }),
    );
    scene.delete(&snapshot);
    scene.one("DeleteSnapshot", Rule::Protected);
}

#[test]
fn a_snapshot_stays_as_long_as_its_image_is_registered() {
    let scene = Scene::new();
    let image = &scene.sources[0];
    scene.disabled(image);
    let delete = json!({ "SnapshotId": scene.snapshot(image) });
    let refused = scene.amiary_tries((OWNER, HERE), "DeleteSnapshot", &delete);
    assert!(refused.is_err());
    scene.one("DeleteSnapshot", Rule::NotInBin);
}

#[test]
fn an_image_that_the_bin_does_not_keep_is_known_by_its_snapshots_all_the_same() {
    let scene = Scene::new();
    let image = &scene.sources[0];
    let snapshot = scene.snapshot(image);
    scene.deregistered(image);
    scene.world.advance(days(31));
    scene.delete(&snapshot);
    scene.none();
}

#[test]
fn an_image_that_came_back_from_the_bin_is_still_registered() {
    let scene = Scene::new();
    let image = &scene.sources[0];
    scene.deregistered(image);
    scene.ec2("RestoreImageFromRecycleBin", json!({ "ImageId": image }));
    let delete = json!({ "SnapshotId": scene.snapshot(image) });
    let refused = scene.amiary_tries((OWNER, HERE), "DeleteSnapshot", &delete);
    assert!(refused.is_err());
    scene.one("DeleteSnapshot", Rule::NotInBin);
}

#[test]
fn a_snapshot_that_is_declared_to_be_in_use_stays() {
    let mut scene = Scene::new();
    let image = scene.sources[0].clone();
    let snapshot = scene.snapshot(&image);
    scene.guard(|safe| {
        safe.references.insert(snapshot.clone());
    });
    scene.deregistered(&image);
    scene.none();
    scene.delete(&snapshot);
    scene.one("DeleteSnapshot", Rule::InUse);
}

#[test]
fn a_snapshot_of_no_image_is_left_alone() {
    let scene = Scene::new();
    let zone = json!({ "AvailabilityZone": "us-east-1a", "Size": 1 });
    let volume = scene.ec2("CreateVolume", zone);
    let snapshot = json!({ "VolumeId": volume["VolumeId"] });
    let snapshot = scene.ec2("CreateSnapshot", snapshot);
    scene.world.advance(days(1));
    scene.delete(snapshot["SnapshotId"].as_str().expect("an id"));
    scene.one("DeleteSnapshot", Rule::Foreign);
}
