//! What making and retiring images must hold.

use super::*;
use crate::LaunchPermission;

#[test]
fn a_snapshot_in_use_is_not_deleted() {
    let (world, id) = world_with_image();
    let snapshot = world.image(OWNER, HERE, &id).expect("it").snapshots[0]
        .id
        .clone();
    let delete = || {
        ec2(
            &world,
            OWNER,
            HERE,
            "DeleteSnapshot",
            &[("SnapshotId", &snapshot)],
        )
    };
    assert_eq!(delete().code(), "InvalidSnapshot.InUse");
    ec2(&world, OWNER, HERE, "DeregisterImage", &[("ImageId", &id)]);
    assert_eq!(delete().status, 200);
    assert_eq!(delete().code(), "InvalidSnapshot.NotFound");
}

#[test]
fn deregistering_with_snapshots_reports_each() {
    let (world, id) = world_with_image();
    let snapshot = world.image(OWNER, HERE, &id).expect("it").snapshots[0]
        .id
        .clone();
    let parameters = [
        ("Name", "sharer"),
        ("RootDeviceName", "/dev/xvda"),
        ("BlockDeviceMapping.1.DeviceName", "/dev/xvda"),
        ("BlockDeviceMapping.1.Ebs.SnapshotId", &snapshot),
    ];
    let sharer = ec2(&world, OWNER, HERE, "RegisterImage", &parameters).text("imageId");
    world.take_events();
    let deregister = |id: &str| {
        let parameters = [("ImageId", id), ("DeleteAssociatedSnapshots", "true")];
        ec2(&world, OWNER, HERE, "DeregisterImage", &parameters)
    };
    assert_eq!(deregister(&id).texts("returnCode"), ["skipped"]);
    assert_eq!(deregister(&sharer).texts("returnCode"), ["success"]);
    assert_eq!(deregister(&id).code(), "InvalidAMIID.Unavailable");
    let gone = "deregistered".to_owned();
    assert_eq!(told(&world), [(id, gone.clone()), (sharer, gone)]);
}

#[test]
fn disabling_drops_the_launch_permissions_for_good() {
    let world = World::new(1);
    let mut spec = NewImage::new(OWNER, HERE, "golden");
    spec.launch_permissions
        .push(LaunchPermission::Account(OTHER.to_owned()));
    let id = world.publish_image(spec);
    world.take_events();
    let image = [("ImageId", id.as_str())];
    ec2(&world, OWNER, HERE, "DisableImage", &image);
    ec2(&world, OWNER, HERE, "EnableImage", &image);
    let enabled = world.image(OWNER, HERE, &id).expect("it");
    assert_eq!(enabled.state, "available");
    assert!(enabled.launch_permissions.is_empty());
    let states: Vec<String> = told(&world).into_iter().map(|(_, state)| state).collect();
    assert_eq!(states, ["disabled", "available"]);
}

#[test]
fn deprecation_is_neither_past_nor_too_far() {
    let (world, id) = world_with_image();
    for at in ["2025-12-31T00:00:00Z", "2037-01-01T00:00:00Z"] {
        let parameters = [("ImageId", id.as_str()), ("DeprecateAt", at)];
        let refused = ec2(&world, OWNER, HERE, "EnableImageDeprecation", &parameters);
        assert_eq!(refused.code(), "InvalidParameterValue", "{at}");
    }
}

#[test]
fn registering_refuses_missing_snapshots_and_duplicate_names() {
    let (world, id) = world_with_image();
    let register = |name: &str, snapshot: &str| {
        let parameters = [
            ("Name", name),
            ("RootDeviceName", "/dev/xvda"),
            ("BlockDeviceMapping.1.DeviceName", "/dev/xvda"),
            ("BlockDeviceMapping.1.Ebs.SnapshotId", snapshot),
        ];
        ec2(&world, OWNER, HERE, "RegisterImage", &parameters).code()
    };
    assert_eq!(
        register("new", "snap-00000000000000000"),
        "InvalidSnapshot.NotFound"
    );
    let snapshot = world.image(OWNER, HERE, &id).expect("it").snapshots[0]
        .id
        .clone();
    assert_eq!(register("golden-1", &snapshot), "InvalidAMIName.Duplicate");
}

#[test]
fn an_image_of_an_instance_names_its_source_and_instance() {
    let (world, source) = world_with_image();
    let run = [
        ("ImageId", source.as_str()),
        ("MinCount", "1"),
        ("MaxCount", "1"),
    ];
    let instance = ec2(&world, OWNER, HERE, "RunInstances", &run).text("instanceId");
    let create = [("InstanceId", instance.as_str()), ("Name", "baked")];
    let early = ec2(&world, OWNER, HERE, "CreateImage", &create).code();
    assert_eq!(early, "IncorrectInstanceState");
    world.advance(hour());
    let id = ec2(&world, OWNER, HERE, "CreateImage", &create).text("imageId");
    world.take_events();
    assert_eq!(state_of(&world, OWNER, HERE, &id), "pending");
    world.advance(hour());
    let image = world.image(OWNER, HERE, &id).expect("it");
    assert_eq!(image.state, "available");
    assert_eq!(image.source_image_id.as_deref(), Some(source.as_str()));
    assert_eq!(image.source_image_region.as_deref(), Some(HERE));
    assert_eq!(image.source_instance_id.as_deref(), Some(instance.as_str()));
    assert_eq!(told(&world), [(id.clone(), "available".to_owned())]);
    let ancestry = ec2(&world, OWNER, HERE, "GetImageAncestry", &[("ImageId", &id)]);
    assert_eq!(ancestry.texts("imageId"), [id, source]);
}

#[test]
fn last_launched_is_told_a_day_late() {
    let (world, id) = world_with_image();
    let run = [
        ("ImageId", id.as_str()),
        ("MinCount", "1"),
        ("MaxCount", "1"),
    ];
    let launched = ec2(&world, OWNER, HERE, "RunInstances", &run);
    assert_eq!(launched.status, 200);
    let told = || ec2(&world, OWNER, HERE, "DescribeImages", &[]).texts("lastLaunchedTime");
    assert!(told().is_empty());
    world.advance(SignedDuration::from_hours(25));
    assert_eq!(told(), ["2026-01-01T00:00:00.001Z"]);
    let instance = launched.text("instanceId");
    let terminate = [("InstanceId.1", instance.as_str())];
    ec2(&world, OWNER, HERE, "TerminateInstances", &terminate);
    world.advance(SignedDuration::from_mins(1));
    let described = ec2(&world, OWNER, HERE, "DescribeInstances", &terminate);
    assert!(described.body.contains("<name>terminated</name>"));
}
