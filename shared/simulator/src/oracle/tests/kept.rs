//! What is held, protected, another's, or among the last.

use serde_json::json;

use super::*;

fn tag(scene: &Scene, id: &str, key: &str) {
    let parameters = json!({ "Resources": [id], "Tags": [{ "Key": key, "Value": "yes" }] });
    scene.ec2("CreateTags", parameters);
}

#[test]
fn what_is_held_by_its_id_or_a_tag_is_left_alone() {
    let hold: [fn(&mut Scene, &str); 2] = [
        |scene, image| {
            scene.guard(|safe| {
                safe.held.insert(image.to_owned());
            });
        },
        |scene, image| tag(scene, image, "keep"),
    ];
    for hold in hold {
        let mut scene = Scene::new();
        let image = scene.sources[0].clone();
        scene.marked(&image);
        hold(&mut scene, &image);
        scene.deprecate((OWNER, HERE), &image);
        scene.one("EnableImageDeprecation", Rule::Held);
    }
}

#[test]
fn a_tag_holds_with_its_value_only_where_one_is_said() {
    let mut scene = Scene::new();
    let image = scene.sources[0].clone();
    let hold = |value: &str| vec![("keep".to_owned(), Some(value.to_owned()))];
    scene.guard(|safe| safe.families[0].hold_tags = hold("always"));
    scene.marked(&image);
    tag(&scene, &image, "keep");
    scene.deprecate((OWNER, HERE), &image);
    scene.none();
    scene.guard(|safe| safe.families[0].hold_tags = hold("yes"));
    scene.deprecate((OWNER, HERE), &image);
    scene.one("EnableImageDeprecation", Rule::Held);
}

#[test]
fn a_held_snapshot_and_that_of_an_image_held_in_the_bin_are_left_alone() {
    let holds: [fn(&Scene, &str, &str); 2] = [
        |scene, _, snapshot| tag(scene, snapshot, "keep"),
        |scene, image, _| tag(scene, image, "keep"),
    ];
    for hold in holds {
        let scene = Scene::new();
        let image = &scene.sources[0];
        let snapshot = scene.snapshot(image);
        scene.deregistered(image);
        hold(&scene, image, &snapshot);
        scene.delete(&snapshot);
        scene.one("DeleteSnapshot", Rule::Held);
    }
}

#[test]
fn a_protected_image_is_left_alone_through_its_cooldown() {
    for cooling in [false, true] {
        let scene = Scene::new();
        let image = &scene.sources[0];
        scene.disabled(image);
        let protect = json!({ "ImageId": image, "WithCooldown": true });
        scene.ec2("EnableImageDeregistrationProtection", protect);
        if cooling {
            let image = json!({ "ImageId": image });
            scene.ec2("DisableImageDeregistrationProtection", image);
            scene.world.advance(SignedDuration::from_hours(23));
        }
        let image = json!({ "ImageId": image });
        let refused = scene.amiary_tries((OWNER, HERE), "DeregisterImage", &image);
        assert!(refused.is_err());
        scene.one("DeregisterImage", Rule::Protected);
        if cooling {
            scene.world.advance(SignedDuration::from_hours(1));
            scene.amiary((OWNER, HERE), "DeregisterImage", &image);
            scene.one("DeregisterImage", Rule::Protected);
        }
    }
}

#[test]
fn a_protected_image_is_not_disabled_either() {
    let scene = Scene::new();
    let image = &scene.sources[0];
    scene.deprecated(image);
    let protect = json!({ "ImageId": image });
    scene.ec2("EnableImageDeregistrationProtection", protect);
    scene.amiarys("DisableImage", image);
    scene.one("DisableImage", Rule::Protected);
}

#[test]
fn images_of_aws_backup_and_of_lifecycle_policies_are_left_alone() {
    for (key, alias) in [
        (Some("aws:backup:source-resource"), None),
        (Some("aws:dlm:lifecycle-policy-id"), None),
        (None, Some("aws-backup-vault")),
    ] {
        let mut scene = Scene::new();
        let mut spec = NewImage::new(OWNER, HERE, "kept");
        spec.owner_alias = alias.map(str::to_owned);
        spec.tags
            .extend(key.map(|key| (key.to_owned(), "x".to_owned())));
        let image = scene.world.publish_image(spec);
        scene.guard(|safe| {
            safe.families[0].sources = BTreeSet::from([image.clone()]);
            safe.families[0].keep_sources.last = 0;
        });
        scene.world.advance(days(1));
        scene.newer("newer");
        scene.deprecated(&image);
        scene.amiarys("DisableImage", &image);
        scene.one("DisableImage", Rule::Protected);
    }
}

#[test]
fn a_locked_snapshot_is_left_alone() {
    let scene = Scene::new();
    let image = &scene.sources[0];
    let snapshot = scene.snapshot(image);
    scene.deregistered(image);
    let lock = json!({ "SnapshotId": snapshot, "LockMode": "governance", "LockDuration": 10 });
    scene.ec2("LockSnapshot", lock);
    let delete = json!({ "SnapshotId": snapshot });
    let refused = scene.amiary_tries((OWNER, HERE), "DeleteSnapshot", &delete);
    assert!(refused.is_err());
    scene.one("DeleteSnapshot", Rule::Protected);
}

#[test]
fn what_is_of_no_family_is_left_alone() {
    let scene = Scene::new();
    let image = scene
        .world
        .publish_image(NewImage::new(OWNER, HERE, "somebody's"));
    scene.deprecated(&image);
    scene.one("EnableImageDeprecation", Rule::Foreign);
}

#[test]
fn an_image_of_an_instance_is_no_copy_of_the_instances_image() {
    let scene = Scene::new();
    let run = json!({ "ImageId": scene.sources[0], "MinCount": 1, "MaxCount": 1 });
    let run = scene.ec2("RunInstances", run);
    scene.world.advance(days(1));
    let instance = run["Instances"][0]["InstanceId"].clone();
    let made = scene.ec2(
        "CreateImage",
        json!({ "Name": "baked", "InstanceId": instance }),
    );
    scene.world.advance(days(1));
    scene.deprecated(made["ImageId"].as_str().expect("an id"));
    scene.one("EnableImageDeprecation", Rule::Foreign);
}

#[test]
fn what_is_in_an_account_that_is_not_named_is_left_alone() {
    let mut scene = Scene::new();
    scene.guard(|safe| {
        safe.accounts.remove(OWNER);
    });
    let image = scene.sources[0].clone();
    scene.deprecated(&image);
    scene.one("EnableImageDeprecation", Rule::Foreign);
}

#[test]
fn a_copy_of_a_copy_is_of_the_family_when_the_copy_between_is_gone() {
    let mut scene = Scene::new();
    scene.guard(|safe| safe.families[0].keep_replicas.last = 1);
    let copy = |source: &str, region: &str, name: &str| {
        let copy = json!({ "Name": name, "SourceImageId": source, "SourceRegion": region });
        let made = scene.done((OWNER, THERE), "ec2", "CopyImage", copy);
        scene.world.advance(days(1));
        made["ImageId"].as_str().expect("an id").to_owned()
    };
    copy(&scene.sources[3], HERE, "newer");
    let between = copy(&scene.sources[0], HERE, "between");
    let last = copy(&between, THERE, "last");
    let gone = json!({ "ImageId": between });
    scene.done((OWNER, THERE), "ec2", "DeregisterImage", gone);
    scene.marked(&last);
    scene.deprecate((OWNER, THERE), &last);
    scene.none();
}

#[test]
fn the_last_ones_stay() {
    let scene = Scene::new();
    scene.deprecated(&scene.sources[2]);
    scene.one("EnableImageDeprecation", Rule::AmongLast);
}

#[test]
fn an_image_is_among_the_last_once_a_newer_one_is_gone() {
    let scene = Scene::new();
    let image = &scene.sources[1];
    scene.disabled(image);
    scene.ec2("DisableImage", json!({ "ImageId": scene.sources[3] }));
    scene.amiarys("DeregisterImage", image);
    scene.one("DeregisterImage", Rule::AmongLast);
}

#[test]
fn newer_images_of_another_architecture_family_account_or_region_are_no_substitute() {
    let mut scene = Scene::new();
    let mut arm = NewImage::new(OWNER, HERE, "arm");
    "arm64".clone_into(&mut arm.architecture);
    let newer = [
        arm,
        NewImage::new(OTHER, HERE, "another account's"),
        NewImage::new(OWNER, THERE, "elsewhere"),
    ];
    let newer = newer.map(|spec| scene.world.publish_image(spec));
    let other = scene
        .world
        .publish_image(NewImage::new(OWNER, HERE, "another family's"));
    scene.guard(|safe| {
        safe.families[0].sources.extend(newer);
        safe.families.push(Family {
            name: "other".to_owned(),
            sources: BTreeSet::from([other]),
            ..Family::default()
        });
    });
    let copy = json!({
        "Name": "copy", "SourceImageId": scene.sources[3], "SourceRegion": HERE,
    });
    scene.ec2("CopyImage", copy);
    scene.world.advance(days(1));
    scene.deprecated(&scene.sources[2]);
    scene.one("EnableImageDeprecation", Rule::AmongLast);
}

#[test]
fn the_newest_stays_whatever_the_policy_keeps() {
    let mut scene = Scene::new();
    scene.guard(|safe| safe.families[0].keep_sources.last = 0);
    scene.deprecated(&scene.sources[3]);
    scene.one("EnableImageDeprecation", Rule::NewestVerified);
}

#[test]
fn a_copy_is_as_old_as_its_source() {
    let mut scene = Scene::new();
    scene.guard(|safe| safe.families[0].keep_replicas.last = 1);
    let ids: Vec<String> = [3, 0]
        .into_iter()
        .map(|number| {
            let copy = json!({
                "Name": format!("copy-{number}"),
                "SourceImageId": scene.sources[number],
                "SourceRegion": HERE,
            });
            let made = scene.done((OWNER, THERE), "ec2", "CopyImage", copy);
            scene.world.advance(days(1));
            made["ImageId"].as_str().expect("an id").to_owned()
        })
        .collect();
    scene.marked(&ids[1]);
    scene.deprecate((OWNER, THERE), &ids[1]);
    scene.none();
    scene.marked(&ids[0]);
    scene.deprecate((OWNER, THERE), &ids[0]);
    let rules: Vec<Rule> = scene.found().into_iter().map(|(_, rule)| rule).collect();
    assert_eq!(rules, [Rule::AmongLast, Rule::NewestVerified]);
}
