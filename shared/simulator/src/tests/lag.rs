//! Lists that lag.

use super::*;

fn lagging() -> (World, String) {
    let (world, id) = world_with_image();
    world.advance(hour());
    world.set_list_lag(SignedDuration::from_secs(30));
    (world, id)
}

fn listed(world: &World, region: &str) -> Vec<String> {
    let mine = [("Owner.1", "self")];
    ec2(world, OWNER, region, "DescribeImages", &mine).texts("imageId")
}

fn wait(world: &World) {
    world.advance(SignedDuration::from_secs(30));
}

#[test]
fn a_new_image_is_seen_late_even_by_its_id() {
    let (world, id) = lagging();
    let copy = copied(&world, OWNER, &copy_of(&id, "copy-1"));
    let named = [("ImageId.1", copy.as_str())];
    assert!(listed(&world, THERE).is_empty());
    let answer = ec2(&world, OWNER, THERE, "DescribeImages", &named);
    assert_eq!(answer.code(), "InvalidAMIID.NotFound");
    assert_eq!(state_of(&world, OWNER, THERE, &copy), "pending");
    wait(&world);
    assert_eq!(listed(&world, THERE), [copy]);
}

#[test]
fn what_is_gone_lingers_and_what_changed_looks_as_before() {
    let (world, id) = lagging();
    let state = || ec2(&world, OWNER, HERE, "DescribeImages", &[]).text("imageState");
    ec2(&world, OWNER, HERE, "DisableImage", &[("ImageId", &id)]);
    assert_eq!(state(), "available");
    let snapshot = &world.image(OWNER, HERE, &id).expect("the image").snapshots[0].id;
    ec2(&world, OWNER, HERE, "DeregisterImage", &[("ImageId", &id)]);
    let parameters = [("SnapshotId", snapshot.as_str())];
    let deleted = ec2(&world, OWNER, HERE, "DeleteSnapshot", &parameters);
    assert_eq!(deleted.status, 200, "what does something sees the truth");
    assert_eq!(listed(&world, HERE), [id]);
    let snapshots = || ec2(&world, OWNER, HERE, "DescribeSnapshots", &[]).texts("snapshotId");
    assert_eq!(snapshots(), [snapshot.as_str()]);
    wait(&world);
    assert!(listed(&world, HERE).is_empty() && snapshots().is_empty());
}

#[test]
fn a_state_that_changes_by_itself_is_seen_late() {
    let (world, id) = lagging();
    let copy = copied(&world, OWNER, &copy_of(&id, "copy-1"));
    let state = || ec2(&world, OWNER, THERE, "DescribeImages", &[]).text("imageState");
    let ends = world.next_change().expect("the copy's end");
    world.advance(ends.duration_since(world.now()));
    assert_eq!(state_of(&world, OWNER, THERE, &copy), "available");
    assert_eq!(state(), "pending");
    wait(&world);
    assert_eq!(state(), "available");
}

#[test]
fn tags_are_seen_late_in_both_lists() {
    let (world, id) = lagging();
    let tags = [("ResourceId.1", id.as_str()), ("Tag.1.Key", "team")];
    ec2(&world, OWNER, HERE, "CreateTags", &tags);
    let seen = || {
        ["DescribeTags", "DescribeImages"]
            .map(|operation| ec2(&world, OWNER, HERE, operation, &[]).text("key"))
    };
    assert_eq!(seen(), ["", ""]);
    wait(&world);
    assert_eq!(seen(), ["team", "team"]);
}

#[test]
fn a_list_that_is_read_often_is_no_later_for_it() {
    let (world, id) = lagging();
    let tags = [("ResourceId.1", id.as_str()), ("Tag.1.Key", "team")];
    ec2(&world, OWNER, HERE, "CreateTags", &tags);
    let named = [
        ("Filter.1.Name", "resource-id"),
        ("Filter.1.Value.1", id.as_str()),
    ];
    let seen = || ec2(&world, OWNER, HERE, "DescribeTags", &named).text("key");
    for _ in 0..6 {
        assert_eq!(seen(), "");
        world.advance(SignedDuration::from_secs(5));
    }
    assert_eq!(seen(), "team");
}

#[test]
fn the_lag_can_end() {
    let (world, id) = lagging();
    ec2(&world, OWNER, HERE, "DeregisterImage", &[("ImageId", &id)]);
    assert_eq!(listed(&world, HERE), [id]);
    world.set_list_lag(SignedDuration::ZERO);
    assert!(listed(&world, HERE).is_empty());
}
