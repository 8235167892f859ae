//! What `CopyImage` must hold.

use super::*;
use crate::LaunchPermission;

#[test]
fn a_copy_is_pending_then_available_and_tells_so() {
    let (world, source) = world_with_image();
    world.take_events();
    let id = copied(&world, OWNER, &copy_of(&source, "copy"));
    assert_eq!(state_of(&world, OWNER, THERE, &id), "pending");
    assert!(told(&world).is_empty());
    assert!(world.next_change().is_some());
    world.advance(hour());
    let copy = world.image(OWNER, THERE, &id).expect("the copy");
    assert_eq!(copy.state, "available");
    assert_eq!(copy.source_image_id.as_deref(), Some(source.as_str()));
    assert_eq!(copy.source_image_region.as_deref(), Some(HERE));
    assert_eq!(copy.snapshots[0].state, "completed");
    assert_eq!(copy.snapshots[0].account, OWNER);
    assert_eq!(told(&world), [(id, "available".to_owned())]);
}

#[test]
fn the_same_token_gives_the_same_image_and_other_parameters_are_refused() {
    let (world, source) = world_with_image();
    let mut parameters = copy_of(&source, "copy");
    parameters.push(("ClientToken", "token-1"));
    let first = copied(&world, OWNER, &parameters);
    assert_eq!(copied(&world, OWNER, &parameters), first);
    parameters[2].1 = "copy-2";
    let refused = ec2(&world, OWNER, THERE, "CopyImage", &parameters);
    assert_eq!(refused.code(), "IdempotentParameterMismatch");
    let elsewhere = ec2(&world, OWNER, "us-west-2", "CopyImage", &parameters);
    assert_eq!(elsewhere.status, 200, "tokens are of a Region");
}

#[test]
fn a_name_in_use_is_refused_and_its_image_named() {
    let (world, source) = world_with_image();
    let id = copied(&world, OWNER, &copy_of(&source, "copy"));
    let refused = ec2(&world, OWNER, THERE, "CopyImage", &copy_of(&source, "copy"));
    assert_eq!(refused.code(), "InvalidAMIName.Duplicate");
    let message = format!("AMI name copy is already in use by AMI {id}");
    assert_eq!(refused.text("Message"), message);
}

#[test]
fn malformed_names_are_refused() {
    let (world, source) = world_with_image();
    let long = "n".repeat(129);
    for name in ["ab", &long, "semi;colon"] {
        let refused = ec2(&world, OWNER, THERE, "CopyImage", &copy_of(&source, name));
        assert_eq!(refused.code(), "InvalidAMIName.Malformed", "{name}");
    }
}

#[test]
fn sources_that_are_absent_malformed_or_unavailable_are_refused() {
    let (world, source) = world_with_image();
    let code = |id: &str| ec2(&world, OWNER, THERE, "CopyImage", &copy_of(id, "copy")).code();
    assert_eq!(code("ami-00000000000000000"), "InvalidAMIID.NotFound");
    assert_eq!(code("ami-nonsense"), "InvalidAMIID.Malformed");
    ec2(&world, OWNER, HERE, "DisableImage", &[("ImageId", &source)]);
    assert_eq!(code(&source), "InvalidAMIID.Unavailable");
}

#[test]
fn permissions_and_tags_are_not_copied_unless_asked() {
    let world = World::new(1);
    let mut spec = NewImage::new(OWNER, HERE, "golden");
    spec.tags.insert("team".to_owned(), "core".to_owned());
    spec.launch_permissions
        .push(LaunchPermission::Account(OTHER.to_owned()));
    let source = world.publish_image(spec);
    let plain = copied(&world, OWNER, &copy_of(&source, "plain"));
    let plain = world.image(OWNER, THERE, &plain).expect("the copy");
    assert!(plain.tags.is_empty() && plain.launch_permissions.is_empty());
    let mut parameters = copy_of(&source, "tagged");
    parameters.extend([
        ("CopyImageTags", "true"),
        ("TagSpecification.1.ResourceType", "image"),
        ("TagSpecification.1.Tag.1.Key", "by"),
        ("TagSpecification.1.Tag.1.Value", "us"),
        ("TagSpecification.2.ResourceType", "snapshot"),
        ("TagSpecification.2.Tag.1.Key", "part"),
        ("TagSpecification.2.Tag.1.Value", "of"),
    ]);
    let tagged = copied(&world, OWNER, &parameters);
    let tagged = world.image(OWNER, THERE, &tagged).expect("the copy");
    assert_eq!(tagged.tags.len(), 2);
    assert_eq!(tagged.snapshots[0].tags["part"], "of");
}

#[test]
fn only_images_and_snapshots_are_tagged_by_a_copy() {
    let (world, source) = world_with_image();
    let mut parameters = copy_of(&source, "copy");
    parameters.extend([
        ("TagSpecification.1.ResourceType", "volume"),
        ("TagSpecification.1.Tag.1.Key", "k"),
    ]);
    let refused = ec2(&world, OWNER, THERE, "CopyImage", &parameters);
    assert_eq!(refused.code(), "InvalidParameterValue");
    assert!(world.images(OWNER, THERE).is_empty(), "nothing was made");
}

#[test]
fn a_key_needs_encrypted() {
    let (world, source) = world_with_image();
    let mut parameters = copy_of(&source, "copy");
    parameters.push(("KmsKeyId", "alias/golden"));
    let refused = ec2(&world, OWNER, THERE, "CopyImage", &parameters);
    assert_eq!(refused.code(), "InvalidParameterDependency");
}

#[test]
fn a_copy_is_encrypted_under_the_key_of_its_region() {
    let (world, source) = world_with_image();
    let key = world.create_key(OWNER, THERE, "alias/golden");
    let mut parameters = copy_of(&source, "copy");
    parameters.extend([("Encrypted", "true"), ("KmsKeyId", "alias/golden")]);
    let id = copied(&world, OWNER, &parameters);
    world.advance(hour());
    let copy = world.image(OWNER, THERE, &id).expect("the copy");
    assert_eq!(copy.state, "available");
    assert_eq!(copy.snapshots[0].kms_key.as_deref(), Some(key.as_str()));
}

#[test]
fn a_bad_or_disabled_key_fails_the_copy_later() {
    let (world, source) = world_with_image();
    let key = world.create_key(OWNER, THERE, "alias/golden");
    world.create_key(OWNER, HERE, "alias/elsewhere");
    world.take_events();
    for (name, alias) in [("one", "alias/golden"), ("two", "alias/elsewhere")] {
        let mut parameters = copy_of(&source, name);
        parameters.extend([("Encrypted", "true"), ("KmsKeyId", alias)]);
        let id = copied(&world, OWNER, &parameters);
        world.set_key_enabled(&key, false);
        world.advance(hour());
        let copy = world.image(OWNER, THERE, &id).expect("the copy");
        assert_eq!(copy.state, "failed");
        assert!(copy.state_reason.is_some());
        let events = world.take_events();
        let failed = events.iter().map(|event| &event.body["detail"]);
        let mut failed = failed.filter(|detail| detail["State"] == "failed");
        let error = failed
            .next()
            .and_then(|detail| detail["ErrorMessage"].as_str());
        assert!(error.is_some_and(|error| !error.is_empty()));
    }
}

#[test]
fn encryption_without_a_key_follows_the_source_and_the_default() {
    let world = World::new(1);
    let key = world.create_key(OWNER, HERE, "alias/golden");
    let mut spec = NewImage::new(OWNER, HERE, "golden");
    spec.encrypted_with = Some("alias/golden".to_owned());
    let source = world.publish_image(spec);
    let same_region = ec2(&world, OWNER, HERE, "CopyImage", &copy_of(&source, "same"));
    let same = world
        .image(OWNER, HERE, &same_region.text("imageId"))
        .expect("a copy");
    assert_eq!(same.snapshots[0].kms_key.as_deref(), Some(key.as_str()));
    let other_region = copied(&world, OWNER, &copy_of(&source, "other"));
    let other = world.image(OWNER, THERE, &other_region).expect("a copy");
    assert!(other.snapshots[0].encrypted);
    let mut parameters = copy_of(&source, "plain");
    parameters.push(("Encrypted", "false"));
    let refused = ec2(&world, OWNER, THERE, "CopyImage", &parameters);
    assert_eq!(refused.code(), "InvalidRequest");
    let plain = world.publish_image(NewImage::new(OWNER, HERE, "plain"));
    ec2(&world, OWNER, THERE, "EnableEbsEncryptionByDefault", &[]);
    let by_default = copied(&world, OWNER, &copy_of(&plain, "by-default"));
    assert!(
        world
            .image(OWNER, THERE, &by_default)
            .expect("a copy")
            .snapshots[0]
            .encrypted
    );
}

#[test]
fn a_shared_source_needs_its_snapshots_and_its_key_shared() {
    let world = World::new(1);
    let key = world.create_key(OWNER, HERE, "alias/golden");
    let mut spec = NewImage::new(OWNER, HERE, "golden");
    spec.encrypted_with = Some("alias/golden".to_owned());
    let source = world.publish_image(spec);
    let copy = || ec2(&world, OTHER, THERE, "CopyImage", &copy_of(&source, "copy"));
    assert_eq!(copy().code(), "InvalidAMIID.NotFound");
    let share = [
        ("ImageId", source.as_str()),
        ("LaunchPermission.Add.1.UserId", OTHER),
    ];
    ec2(&world, OWNER, HERE, "ModifyImageAttribute", &share);
    let message = "You do not have permission to access the storage of this ami";
    assert_eq!(copy().text("Message"), message);
    let snapshot = world.image(OWNER, HERE, &source).expect("it").snapshots[0]
        .id
        .clone();
    let share = [
        ("SnapshotId", snapshot.as_str()),
        ("CreateVolumePermission.Add.1.UserId", OTHER),
    ];
    ec2(&world, OWNER, HERE, "ModifySnapshotAttribute", &share);
    assert_eq!(copy().text("Message"), message);
    world.share_key(&key, OTHER);
    let id = copy().text("imageId");
    world.advance(hour());
    let copy = world.image(OTHER, THERE, &id).expect("the copy");
    assert_eq!(copy.state, "available");
    assert_eq!(copy.snapshots[0].account, OTHER);
    assert_ne!(copy.snapshots[0].kms_key.as_deref(), Some(key.as_str()));
}

#[test]
fn sharing_revoked_under_way_fails_the_copy() {
    let world = World::new(1);
    let mut spec = NewImage::new(OWNER, HERE, "golden");
    spec.launch_permissions
        .push(LaunchPermission::Account(OTHER.to_owned()));
    let source = world.publish_image(spec);
    let snapshot = world.image(OWNER, HERE, &source).expect("it").snapshots[0]
        .id
        .clone();
    let add = [
        ("SnapshotId", snapshot.as_str()),
        ("CreateVolumePermission.Add.1.UserId", OTHER),
    ];
    ec2(&world, OWNER, HERE, "ModifySnapshotAttribute", &add);
    let id = copied(&world, OTHER, &copy_of(&source, "copy"));
    let reset = [
        ("SnapshotId", snapshot.as_str()),
        ("Attribute", "createVolumePermission"),
    ];
    ec2(&world, OWNER, HERE, "ResetSnapshotAttribute", &reset);
    world.advance(hour());
    assert_eq!(state_of(&world, OTHER, THERE, &id), "failed");
}

#[test]
fn copies_beyond_the_quota_are_refused_until_one_ends() {
    let (world, source) = world_with_image();
    world.set_concurrent_copies(1);
    copied(&world, OWNER, &copy_of(&source, "one"));
    let refused = ec2(&world, OWNER, THERE, "CopyImage", &copy_of(&source, "two"));
    assert_eq!(refused.code(), "ResourceLimitExceeded");
    world.advance(hour());
    copied(&world, OWNER, &copy_of(&source, "two"));
}

#[test]
fn snapshots_show_progress_and_changes_come_in_order() {
    let (world, source) = world_with_image();
    world.set_copy_duration(SignedDuration::from_mins(10));
    copied(&world, OWNER, &copy_of(&source, "one"));
    world.set_copy_duration(SignedDuration::from_mins(2));
    let sooner = copied(&world, OWNER, &copy_of(&source, "two"));
    world.take_events();
    world.advance(SignedDuration::from_mins(5));
    let progress = ec2(
        &world,
        OWNER,
        THERE,
        "DescribeSnapshots",
        &[("Owner.1", "self")],
    );
    let mut progress = progress.texts("progress");
    progress.sort();
    assert_eq!(progress[0], "100%");
    assert!(progress[1].len() == 3, "{progress:?}");
    world.advance(hour());
    assert_eq!(told(&world)[0].0, sooner);
}

#[test]
fn one_seed_gives_one_trace() {
    let run = |seed: u64| {
        let world = World::new(seed);
        let source = world.publish_image(NewImage::new(OWNER, HERE, "golden"));
        copied(&world, OWNER, &copy_of(&source, "copy"));
        world.advance(hour());
        (world.take_events(), world.calls())
    };
    assert_eq!(run(5), run(5));
    assert_ne!(run(5), run(6));
}
