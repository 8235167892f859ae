//! What sharing images and snapshots must hold.

use super::*;
use crate::LaunchPermission;

fn permissions(world: &World, id: &str) -> Vec<LaunchPermission> {
    let image = world.image(OWNER, HERE, id).expect("the image");
    image.launch_permissions.into_iter().collect()
}

fn modify(world: &World, account: &str, id: &str, parameters: &[(&str, &str)]) -> Answer {
    let mut all = vec![("ImageId", id)];
    all.extend(parameters);
    ec2(world, account, HERE, "ModifyImageAttribute", &all)
}

#[test]
fn both_forms_add_and_remove_all_four_kinds() {
    let (world, id) = world_with_image();
    let organization = "arn:aws:organizations::111111111111:organization/o-abc";
    let unit = "arn:aws:organizations::111111111111:ou/o-abc/ou-def";
    let added = modify(
        &world,
        OWNER,
        &id,
        &[
            ("LaunchPermission.Add.1.UserId", OTHER),
            ("LaunchPermission.Add.2.OrganizationArn", organization),
            ("LaunchPermission.Add.3.OrganizationalUnitArn", unit),
            ("LaunchPermission.Add.4.Group", "all"),
        ],
    );
    assert_eq!(added.text("return"), "true");
    let attribute = [("ImageId", id.as_str()), ("Attribute", "launchPermission")];
    let read = ec2(&world, OWNER, HERE, "DescribeImageAttribute", &attribute);
    assert_eq!(read.texts("userId"), [OTHER]);
    assert_eq!(read.texts("group"), ["all"]);
    assert_eq!(read.texts("organizationArn"), [organization]);
    assert_eq!(read.texts("organizationalUnitArn"), [unit]);
    let listed = [
        ("Attribute", "launchPermission"),
        ("OperationType", "remove"),
        ("UserId.1", OTHER),
        ("UserGroup.1", "all"),
        ("OrganizationArn.1", organization),
        ("OrganizationalUnitArn.1", unit),
    ];
    modify(&world, OWNER, &id, &listed);
    assert!(permissions(&world, &id).is_empty());
}

#[test]
fn reset_clears_the_launch_permissions() {
    let (world, id) = world_with_image();
    modify(
        &world,
        OWNER,
        &id,
        &[("LaunchPermission.Add.1.UserId", OTHER)],
    );
    let attribute = [("ImageId", id.as_str()), ("Attribute", "launchPermission")];
    ec2(&world, OWNER, HERE, "ResetImageAttribute", &attribute);
    assert!(permissions(&world, &id).is_empty());
}

#[test]
fn recipients_that_are_none_are_refused() {
    let (world, id) = world_with_image();
    for (name, value) in [
        ("LaunchPermission.Add.1.UserId", "42"),
        ("LaunchPermission.Add.1.OrganizationArn", "o-abc"),
        (
            "LaunchPermission.Add.1.OrganizationalUnitArn",
            "arn:aws:organizations::1:ou/o-a",
        ),
    ] {
        let refused = modify(&world, OWNER, &id, &[(name, value)]);
        assert_eq!(refused.code(), "InvalidAMIAttributeItemValue", "{name}");
    }
}

#[test]
fn only_the_owner_may_share() {
    let (world, id) = world_with_image();
    let share = [("LaunchPermission.Add.1.UserId", OTHER)];
    assert_eq!(
        modify(&world, OTHER, &id, &share).code(),
        "InvalidAMIID.NotFound"
    );
    modify(&world, OWNER, &id, &share);
    assert_eq!(modify(&world, OTHER, &id, &share).code(), "AuthFailure");
}

#[test]
fn default_key_images_are_not_shared_and_encrypted_ones_not_public() {
    let world = World::new(1);
    world.create_key(OWNER, HERE, "alias/golden");
    let publish = |name: &str, key: &str| {
        let mut spec = NewImage::new(OWNER, HERE, name);
        spec.encrypted_with = Some(key.to_owned());
        world.publish_image(spec)
    };
    let default = publish("default", "alias/aws/ebs");
    let own = publish("own", "alias/golden");
    let (account, all) = (
        "LaunchPermission.Add.1.UserId",
        "LaunchPermission.Add.1.Group",
    );
    assert_eq!(
        modify(&world, OWNER, &default, &[(account, OTHER)]).code(),
        "InvalidParameter"
    );
    assert_eq!(modify(&world, OWNER, &own, &[(account, OTHER)]).status, 200);
    assert_eq!(
        modify(&world, OWNER, &own, &[(all, "all")]).code(),
        "InvalidParameter"
    );
    let snapshot = world.image(OWNER, HERE, &default).expect("it").snapshots[0]
        .id
        .clone();
    let share = [
        ("SnapshotId", snapshot.as_str()),
        ("CreateVolumePermission.Add.1.UserId", OTHER),
    ];
    let refused = ec2(&world, OWNER, HERE, "ModifySnapshotAttribute", &share);
    assert_eq!(refused.code(), "OperationNotPermitted");
}

#[test]
fn descriptions_are_modified_in_both_forms() {
    let (world, id) = world_with_image();
    modify(&world, OWNER, &id, &[("Description.Value", "one")]);
    assert_eq!(
        world.image(OWNER, HERE, &id).expect("it").description,
        "one"
    );
    modify(
        &world,
        OWNER,
        &id,
        &[("Attribute", "description"), ("Value", "two")],
    );
    assert_eq!(
        world.image(OWNER, HERE, &id).expect("it").description,
        "two"
    );
    let both = [
        ("Description.Value", "x"),
        ("LaunchPermission.Add.1.UserId", OTHER),
    ];
    assert_eq!(
        modify(&world, OWNER, &id, &both).code(),
        "InvalidParameterCombination"
    );
}

#[test]
fn sharing_reaches_the_bus_as_an_api_call() {
    let (world, id) = world_with_image();
    world.take_events();
    modify(
        &world,
        OWNER,
        &id,
        &[("LaunchPermission.Add.1.UserId", OTHER)],
    );
    modify(
        &world,
        OTHER,
        "ami-00000000000000000",
        &[("Description.Value", "x")],
    );
    let events = world.take_events();
    assert_eq!(events[0].body["detail-type"], "AWS API Call via CloudTrail");
    assert_eq!(
        events[0].body["detail"]["eventName"],
        "ModifyImageAttribute"
    );
    assert_eq!(
        events[0].body["detail"]["requestParameters"]["imageId"],
        id.as_str()
    );
    assert_eq!(
        events[1].body["detail"]["errorCode"],
        "Client.InvalidAMIID.NotFound"
    );
    assert_eq!(events[1].account, OTHER);
}
