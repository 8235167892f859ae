//! The Recycle Bin: its rules, and what they keep.

use std::time::Duration;

use serde_json::{Value, json};

use crate::aws::{Aws, OTHER, THERE, text};
use crate::scenario::{Scenario, Section, scenario};

pub const SECTION: Section = Section {
    name: "recycle_bin",
    title: "The Recycle Bin",
    scenarios: SCENARIOS,
};

const SCENARIOS: &[Scenario] = &[
    scenario!(
        a_rule_is_made_read_updated_and_deleted,
        Documented,
        "recyclebin/latest/APIReference/API_CreateRule.html",
        "A retention rule is made, read, updated and deleted; a rule that isn't there is `ResourceNotFoundException`.",
    ),
    scenario!(
        a_rule_outside_the_limits_is_refused,
        Documented,
        "recyclebin/latest/APIReference/API_RetentionPeriod.html",
        "Retention is 1 to 365 days; exclusion tags are for Region-level rules only.",
    ),
    scenario!(
        rules_are_listed_by_kind_tags_and_pages,
        Documented,
        "recyclebin/latest/APIReference/API_ListRules.html",
        "Rules are listed by resource type, by their resource tags and by pages, for their account and Region alone.",
    ),
    scenario!(
        a_locked_rule_can_be_changed_only_after_its_unlock_delay,
        Documented,
        "ebs/latest/userguide/recycle-bin-unlock.html",
        "A locked rule can't be changed or deleted; unlocked, it can be once the delay of 7 to 30 days is over.",
    ),
    scenario!(
        only_a_region_level_rule_without_exclusions_can_be_locked,
        Documented,
        "recyclebin/latest/APIReference/API_LockRule.html",
        "Tag-level rules, and Region-level rules with exclusion tags, can't be locked.",
    ),
    scenario!(
        a_rule_has_tags_of_its_own,
        Documented,
        "recyclebin/latest/APIReference/API_TagResource.html",
        "A rule is tagged and untagged by its ARN.",
    ),
    scenario!(
        a_tag_stands_in_at_most_five_rules,
        Documented,
        "recyclebin/latest/APIReference/API_CreateRule.html",
        "The same tag key and value can be in five retention rules and no more.",
    ),
    scenario!(
        a_deregistered_image_is_kept_and_comes_back_as_it_was,
        Documented,
        "ebs/latest/userguide/recycle-bin-factors.html",
        "A deregistered image that a rule covers is in the bin, hidden and marked; restored, it has its tags and launch permissions again.",
    ),
    scenario!(
        without_a_rule_nothing_is_kept,
        Documented,
        "AWSEC2/latest/APIReference/API_DeregisterImage.html",
        "An image that no rule covers is gone for good.",
    ),
    scenario!(
        rules_choose_by_tags,
        Documented,
        "recyclebin/latest/APIReference/API_CreateRule.html",
        "A tag-level rule keeps what has one of its tags; a Region-level rule keeps all but what it excludes.",
    ),
    scenario!(
        the_longest_rule_counts,
        Documented,
        "ebs/latest/userguide/recycle-bin-factors.html",
        "Of several rules that cover a resource, the longest retention counts; when it is over the resource is gone.",
    ),
    scenario!(
        a_deleted_snapshot_is_kept_and_recovers,
        Documented,
        "ebs/latest/userguide/recycle-bin-working-with-snaps.html",
        "A deleted snapshot that a rule covers is in the bin; restored, it is `recovering` and then completed, with its tags and sharing.",
    ),
    scenario!(
        an_image_comes_back_only_after_its_snapshots,
        Documented,
        "ebs/latest/userguide/recycle-bin-factors.html",
        "An image can't be restored before its snapshots are.",
    ),
    scenario!(
        snapshots_of_a_kept_image_can_be_deleted,
        Inferred,
        "AWSEC2/latest/APIReference/API_DeleteSnapshot.html",
        "Only a registered image holds its snapshots: those of an image in the bin can be deleted.",
    ),
    scenario!(
        an_image_whose_name_is_taken_stays_in_the_bin,
        Chosen,
        "AWSEC2/latest/APIReference/API_RestoreImageFromRecycleBin.html",
        "A name is free while its image is in the bin; restoring an image whose name is taken meanwhile is refused.",
    ),
    scenario!(
        restoring_tells_of_no_event,
        Inferred,
        "AWSEC2/latest/UserGuide/monitor-ami-events.html",
        "Restoring an image is not among what `EC2 AMI State Change` events tell of.",
    ),
    scenario!(
        the_bin_is_listed_by_ids_and_pages,
        Documented,
        "AWSEC2/latest/APIReference/API_ListImagesInRecycleBin.html",
        "The bin is listed by ids and by pages; ids that aren't in it are not found.",
    ),
    scenario!(
        what_is_in_the_bin_can_be_tagged,
        Documented,
        "ebs/latest/userguide/recycle-bin-factors.html",
        "The tags of a resource in the bin can be changed, except the mark of the bin itself.",
    ),
    scenario!(
        a_bin_is_its_accounts_own,
        Documented,
        "ebs/latest/userguide/recycle-bin-factors.html",
        "Whoever an image was shared with neither sees it in the bin nor restores it.",
    ),
    scenario!(
        a_disabled_image_is_kept_too,
        Documented,
        "ebs/latest/userguide/recycle-bin.html",
        "Retention rules cover disabled images as well; one comes back disabled.",
    ),
];

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn rule(aws: &Aws<'_>, kind: &str, days: i64) -> Value {
    let period = json!({ "RetentionPeriodValue": days, "RetentionPeriodUnit": "DAYS" });
    aws.call(
        "rbin",
        "CreateRule",
        json!({ "ResourceType": kind, "RetentionPeriod": period }),
    )
}

fn with(kind: &str, more: &Value) -> Value {
    let mut rule = json!({
        "ResourceType": kind,
        "RetentionPeriod": { "RetentionPeriodValue": 7, "RetentionPeriodUnit": "DAYS" },
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        rule[name] = value.clone();
    }
    rule
}

#[track_caller]
fn refused(aws: &Aws<'_>, operation: &str, parameters: Value) -> (String, u16) {
    let refused = aws.refused("rbin", operation, parameters);
    (refused.code, refused.status)
}

fn tag(aws: &Aws<'_>, id: &str, key: &str, value: &str) {
    let tags = json!([{ "Key": key, "Value": value }]);
    aws.ec2("CreateTags", json!({ "Resources": [id], "Tags": tags }));
}

fn deregister(aws: &Aws<'_>, id: &str) {
    aws.ec2("DeregisterImage", json!({ "ImageId": id }));
}

/// The ids of the images in the bin.
fn binned(aws: &Aws<'_>) -> Vec<String> {
    let images = aws.ec2("ListImagesInRecycleBin", json!({}))["Images"].clone();
    let images = images.as_array().cloned().unwrap_or_default();
    images.iter().map(|image| text(&image["ImageId"])).collect()
}

fn snapshot_of(aws: &Aws<'_>, image: &str) -> String {
    text(&aws.described(image)["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"])
}

fn a_rule_is_made_read_updated_and_deleted(aws: &Aws<'_>) {
    let made = rule(aws, "EC2_IMAGE", 7);
    let id = json!({ "Identifier": made["Identifier"] });
    assert_eq!(text(&made["Identifier"]).len(), 11);
    let arn = format!(
        "arn:aws:rbin:us-east-1:111111111111:rule/{}",
        text(&made["Identifier"])
    );
    assert_eq!(made["RuleArn"], arn);
    assert_eq!(made["Status"], "available");
    let read = aws.call("rbin", "GetRule", id.clone());
    assert_eq!(read["RetentionPeriod"]["RetentionPeriodValue"], 7);
    let update = json!({
        "Identifier": made["Identifier"],
        "Description": "longer",
        "RetentionPeriod": { "RetentionPeriodValue": 14, "RetentionPeriodUnit": "DAYS" },
    });
    let updated = aws.call("rbin", "UpdateRule", update);
    assert_eq!(updated["Description"], "longer");
    assert_eq!(updated["RetentionPeriod"]["RetentionPeriodValue"], 14);
    let other = json!({ "Identifier": made["Identifier"], "ResourceType": "EBS_SNAPSHOT" });
    assert_eq!(refused(aws, "UpdateRule", other).0, "ValidationException");
    aws.call("rbin", "DeleteRule", id.clone());
    for operation in ["GetRule", "DeleteRule", "UpdateRule"] {
        let gone = ("ResourceNotFoundException".to_owned(), 404);
        assert_eq!(refused(aws, operation, id.clone()), gone, "{operation}");
    }
    let malformed = refused(aws, "GetRule", json!({ "Identifier": "no-rule" }));
    assert_eq!(malformed, ("ValidationException".to_owned(), 400));
}

fn a_rule_outside_the_limits_is_refused(aws: &Aws<'_>) {
    let invalid = ("ValidationException".to_owned(), 400);
    let period = json!({ "RetentionPeriodValue": 366, "RetentionPeriodUnit": "DAYS" });
    let long = json!({ "ResourceType": "EC2_IMAGE", "RetentionPeriod": period });
    assert_eq!(refused(aws, "CreateRule", long), invalid);
    rule(aws, "EC2_IMAGE", 1);
    rule(aws, "EC2_IMAGE", 365);
    let tags = json!([{ "ResourceTagKey": "team", "ResourceTagValue": "images" }]);
    let both = with(
        "EC2_IMAGE",
        &json!({ "ResourceTags": tags, "ExcludeResourceTags": tags }),
    );
    assert_eq!(refused(aws, "CreateRule", both), invalid);
    let long = with("EC2_IMAGE", &json!({ "Description": "d".repeat(256) }));
    assert_eq!(refused(aws, "CreateRule", long), invalid);
}

fn rules_are_listed_by_kind_tags_and_pages(aws: &Aws<'_>) {
    let tags = json!([{ "ResourceTagKey": "team", "ResourceTagValue": "images" }]);
    let tagged = with("EC2_IMAGE", &json!({ "ResourceTags": tags }));
    let tagged = aws.call("rbin", "CreateRule", tagged);
    rule(aws, "EC2_IMAGE", 1);
    rule(aws, "EBS_SNAPSHOT", 1);
    let rules = |aws: &Aws<'_>, parameters: Value| {
        let listed = aws.call("rbin", "ListRules", parameters);
        (
            listed["Rules"].as_array().cloned().unwrap_or_default(),
            listed["NextToken"].clone(),
        )
    };
    let of_kind = json!({ "ResourceType": "EC2_IMAGE" });
    assert_eq!(rules(aws, of_kind.clone()).0.len(), 2);
    let by_tag = json!({ "ResourceType": "EC2_IMAGE", "ResourceTags": tags });
    let (found, _) = rules(aws, by_tag);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["Identifier"], tagged["Identifier"]);
    let (first, next) = rules(aws, json!({ "ResourceType": "EC2_IMAGE", "MaxResults": 1 }));
    let second = json!({ "ResourceType": "EC2_IMAGE", "MaxResults": 1, "NextToken": next });
    let (second, end) = rules(aws, second);
    assert_ne!(first[0]["Identifier"], second[0]["Identifier"]);
    assert!(end.is_null());
    let elsewhere = json!({ "ResourceType": "EC2_IMAGE", "NextToken": "bm9uZQ==" });
    assert_eq!(
        refused(aws, "ListRules", elsewhere).0,
        "ValidationException"
    );
    assert!(rules(&aws.by(OTHER), of_kind.clone()).0.is_empty());
    assert!(rules(&aws.at(THERE), of_kind).0.is_empty());
}

fn a_locked_rule_can_be_changed_only_after_its_unlock_delay(aws: &Aws<'_>) {
    let made = rule(aws, "EC2_IMAGE", 7);
    let id = json!({ "Identifier": made["Identifier"] });
    let delay = json!({ "UnlockDelay": { "UnlockDelayValue": 7, "UnlockDelayUnit": "DAYS" } });
    let lock = json!({ "Identifier": made["Identifier"], "LockConfiguration": delay });
    let conflict = ("ConflictException".to_owned(), 409);
    assert_eq!(refused(aws, "UnlockRule", id.clone()), conflict);
    let locked = aws.call("rbin", "LockRule", lock.clone());
    assert_eq!(locked["LockState"], "locked");
    assert_eq!(refused(aws, "LockRule", lock), conflict);
    assert_eq!(refused(aws, "DeleteRule", id.clone()), conflict);
    let unlocking = aws.call("rbin", "UnlockRule", id.clone());
    assert_eq!(unlocking["LockState"], "pending_unlock");
    assert!(!unlocking["LockEndTime"].is_null());
    assert_eq!(refused(aws, "UpdateRule", id.clone()), conflict);
    aws.pass(7 * DAY);
    assert_eq!(
        aws.call("rbin", "GetRule", id.clone())["LockState"],
        "unlocked"
    );
    aws.call("rbin", "DeleteRule", id);
}

fn only_a_region_level_rule_without_exclusions_can_be_locked(aws: &Aws<'_>) {
    let delay = |days: i64| json!({ "UnlockDelay": { "UnlockDelayValue": days, "UnlockDelayUnit": "DAYS" } });
    let tags = json!([{ "ResourceTagKey": "team" }]);
    for level in ["ResourceTags", "ExcludeResourceTags"] {
        let parameters = with(
            "EC2_IMAGE",
            &json!({ level: tags, "LockConfiguration": delay(7) }),
        );
        assert_eq!(
            refused(aws, "CreateRule", parameters).0,
            "ValidationException"
        );
        let made = aws.call(
            "rbin",
            "CreateRule",
            with("EC2_IMAGE", &json!({ level: tags })),
        );
        let lock = json!({ "Identifier": made["Identifier"], "LockConfiguration": delay(7) });
        assert_eq!(refused(aws, "LockRule", lock).0, "ValidationException");
    }
    let long = with("EC2_IMAGE", &json!({ "LockConfiguration": delay(31) }));
    assert_eq!(refused(aws, "CreateRule", long).0, "ValidationException");
    let locked = with("EC2_IMAGE", &json!({ "LockConfiguration": delay(30) }));
    assert_eq!(
        aws.call("rbin", "CreateRule", locked)["LockState"],
        "locked"
    );
}

fn a_rule_has_tags_of_its_own(aws: &Aws<'_>) {
    let tags = json!([{ "Key": "team", "Value": "images" }]);
    let made = aws.call(
        "rbin",
        "CreateRule",
        with("EC2_IMAGE", &json!({ "Tags": tags })),
    );
    assert_eq!(made["Tags"], tags);
    let arn = text(&made["RuleArn"]);
    let more = json!([{ "Key": "cost", "Value": "" }]);
    aws.call(
        "rbin",
        "TagResource",
        json!({ "ResourceArn": arn, "Tags": more }),
    );
    aws.call(
        "rbin",
        "UntagResource",
        json!({ "ResourceArn": arn, "TagKeys": ["team"] }),
    );
    let listed = aws.call("rbin", "ListTagsForResource", json!({ "ResourceArn": arn }));
    assert_eq!(listed["Tags"], more);
    let unknown = arn.replace(&text(&made["Identifier"]), "abcdefghijk");
    let unknown = refused(
        aws,
        "ListTagsForResource",
        json!({ "ResourceArn": unknown }),
    );
    assert_eq!(unknown, ("ResourceNotFoundException".to_owned(), 404));
}

fn a_tag_stands_in_at_most_five_rules(aws: &Aws<'_>) {
    let tagged = |value: &str| {
        let tags = json!([{ "ResourceTagKey": "team", "ResourceTagValue": value }]);
        with("EC2_IMAGE", &json!({ "ResourceTags": tags }))
    };
    for _ in 0..5 {
        aws.call("rbin", "CreateRule", tagged("images"));
    }
    let sixth = refused(aws, "CreateRule", tagged("images"));
    assert_eq!(sixth, ("ServiceQuotaExceededException".to_owned(), 402));
    aws.call("rbin", "CreateRule", tagged("other"));
}

fn a_deregistered_image_is_kept_and_comes_back_as_it_was(aws: &Aws<'_>) {
    rule(aws, "EC2_IMAGE", 7);
    let image = aws.image("golden");
    tag(aws, &image, "team", "images");
    let add = json!({ "Add": [{ "UserId": OTHER }] });
    aws.ec2(
        "ModifyImageAttribute",
        json!({ "ImageId": image, "LaunchPermission": add }),
    );
    let before = aws.described(&image);
    deregister(aws, &image);
    assert_eq!(binned(aws), [image.as_str()]);
    let hidden = aws.ec2_code("DescribeImages", json!({ "ImageIds": [image] }));
    assert_eq!(hidden, "InvalidAMIID.NotFound");
    let mark = json!([{ "Name": "key", "Values": ["aws:recycle-bin:resource-in-bin"] }]);
    let mark = aws.ec2("DescribeTags", json!({ "Filters": mark }));
    assert_eq!(mark["Tags"][0]["ResourceId"], image);
    assert_eq!(mark["Tags"][0]["Value"], "true");
    let restored = aws.ec2("RestoreImageFromRecycleBin", json!({ "ImageId": image }));
    assert_eq!(restored["Return"], true);
    assert_eq!(aws.described(&image), before);
    assert_eq!(aws.by(OTHER).described(&image)["ImageId"], image);
    assert!(binned(aws).is_empty());
    let again = aws.ec2_code("RestoreImageFromRecycleBin", json!({ "ImageId": image }));
    assert_eq!(again, "InvalidAMIID.NotFound");
}

fn without_a_rule_nothing_is_kept(aws: &Aws<'_>) {
    rule(aws, "EBS_SNAPSHOT", 7);
    rule(&aws.at(THERE), "EC2_IMAGE", 7);
    rule(&aws.by(OTHER), "EC2_IMAGE", 7);
    let image = aws.image("golden");
    deregister(aws, &image);
    assert!(binned(aws).is_empty());
    let gone = aws.ec2_code("RestoreImageFromRecycleBin", json!({ "ImageId": image }));
    assert_eq!(gone, "InvalidAMIID.NotFound");
}

fn rules_choose_by_tags(aws: &Aws<'_>) {
    let snapshot = aws.snapshot();
    let [kept, other, scratch] = ["kept", "other", "scratch"].map(|name| {
        let image = aws.image_over(name, &snapshot);
        tag(aws, &image, "class", name);
        image
    });
    let tags = json!([
        { "ResourceTagKey": "class", "ResourceTagValue": "kept" },
        { "ResourceTagKey": "owner" },
    ]);
    aws.call(
        "rbin",
        "CreateRule",
        with("EC2_IMAGE", &json!({ "ResourceTags": tags })),
    );
    deregister(aws, &kept);
    deregister(aws, &other);
    assert_eq!(binned(aws), [kept.as_str()]);
    let tags = json!([{ "ResourceTagKey": "class", "ResourceTagValue": "scratch" }]);
    aws.call(
        "rbin",
        "CreateRule",
        with("EC2_IMAGE", &json!({ "ExcludeResourceTags": tags })),
    );
    let plain = aws.image_over("plain", &snapshot);
    deregister(aws, &scratch);
    deregister(aws, &plain);
    let mut expected = [kept, plain];
    expected.sort();
    assert_eq!(binned(aws), expected);
}

fn the_longest_rule_counts(aws: &Aws<'_>) {
    rule(aws, "EC2_IMAGE", 2);
    rule(aws, "EC2_IMAGE", 5);
    let image = aws.image("golden");
    deregister(aws, &image);
    aws.pass(4 * DAY);
    assert_eq!(binned(aws), [image.as_str()]);
    aws.pass(DAY);
    assert!(binned(aws).is_empty());
    let gone = aws.ec2_code("RestoreImageFromRecycleBin", json!({ "ImageId": image }));
    assert_eq!(gone, "InvalidAMIID.NotFound");
}

fn a_deleted_snapshot_is_kept_and_recovers(aws: &Aws<'_>) {
    rule(aws, "EBS_SNAPSHOT", 7);
    let snapshot = aws.snapshot();
    let one = json!({ "SnapshotId": snapshot });
    tag(aws, &snapshot, "team", "images");
    let share = json!({
        "SnapshotId": snapshot,
        "Attribute": "createVolumePermission",
        "OperationType": "add",
        "UserIds": [OTHER],
    });
    aws.ec2("ModifySnapshotAttribute", share);
    let described = |aws: &Aws<'_>| {
        aws.ec2("DescribeSnapshots", json!({ "SnapshotIds": [snapshot] }))["Snapshots"][0].clone()
    };
    let before = described(aws);
    aws.ec2("DeleteSnapshot", one.clone());
    let kept = aws.ec2("ListSnapshotsInRecycleBin", json!({}));
    assert_eq!(kept["Snapshots"][0]["SnapshotId"], snapshot);
    assert_eq!(kept["Snapshots"][0]["VolumeId"], before["VolumeId"]);
    let hidden = aws.ec2_code("DescribeSnapshots", json!({ "SnapshotIds": [snapshot] }));
    assert_eq!(hidden, "InvalidSnapshot.NotFound");
    let restored = aws.ec2("RestoreSnapshotFromRecycleBin", one.clone());
    assert_eq!(restored["State"], "recovering");
    aws.pass(Duration::from_secs(3600));
    assert_eq!(described(aws), before);
    assert_eq!(described(&aws.by(OTHER))["SnapshotId"], snapshot);
    let again = aws.ec2_code("RestoreSnapshotFromRecycleBin", one);
    assert_eq!(again, "InvalidSnapshot.NotFound");
}

fn an_image_comes_back_only_after_its_snapshots(aws: &Aws<'_>) {
    rule(aws, "EC2_IMAGE", 7);
    rule(aws, "EBS_SNAPSHOT", 7);
    let image = aws.image("golden");
    let snapshot = snapshot_of(aws, &image);
    let both = json!({ "ImageId": image, "DeleteAssociatedSnapshots": true });
    let deleted = aws.ec2("DeregisterImage", both);
    assert_eq!(deleted["DeleteSnapshotResults"][0]["ReturnCode"], "success");
    let one = json!({ "ImageId": image });
    let early = aws.ec2_code("RestoreImageFromRecycleBin", one.clone());
    assert_eq!(early, "InvalidSnapshot.NotFound");
    aws.ec2(
        "RestoreSnapshotFromRecycleBin",
        json!({ "SnapshotId": snapshot }),
    );
    let early = aws.ec2_code("RestoreImageFromRecycleBin", one.clone());
    assert_eq!(early, "IncorrectState");
    aws.pass(Duration::from_secs(3600));
    aws.ec2("RestoreImageFromRecycleBin", one);
    assert_eq!(aws.described(&image)["State"], "available");
}

fn snapshots_of_a_kept_image_can_be_deleted(aws: &Aws<'_>) {
    rule(aws, "EC2_IMAGE", 7);
    let image = aws.image("golden");
    let snapshot = json!({ "SnapshotId": snapshot_of(aws, &image) });
    let used = aws.ec2_code("DeleteSnapshot", snapshot.clone());
    assert_eq!(used, "InvalidSnapshot.InUse");
    deregister(aws, &image);
    aws.ec2("DeleteSnapshot", snapshot);
    let lost = aws.ec2_code("RestoreImageFromRecycleBin", json!({ "ImageId": image }));
    assert_eq!(lost, "InvalidSnapshot.NotFound");
}

fn an_image_whose_name_is_taken_stays_in_the_bin(aws: &Aws<'_>) {
    rule(aws, "EC2_IMAGE", 7);
    let first = aws.image("golden");
    deregister(aws, &first);
    let second = aws.image("golden");
    let one = json!({ "ImageId": first });
    let taken = aws.ec2_code("RestoreImageFromRecycleBin", one.clone());
    assert_eq!(taken, "InvalidAMIName.Duplicate");
    assert_eq!(binned(aws), [first.as_str()]);
    deregister(aws, &second);
    aws.ec2("RestoreImageFromRecycleBin", one);
    assert_eq!(aws.described(&first)["Name"], "golden");
}

fn restoring_tells_of_no_event(aws: &Aws<'_>) {
    rule(aws, "EC2_IMAGE", 7);
    let image = aws.image("golden");
    deregister(aws, &image);
    let last = aws.events().pop().expect("an event");
    assert_eq!(last["detail"]["State"], "deregistered");
    aws.ec2("RestoreImageFromRecycleBin", json!({ "ImageId": image }));
    let told = aws.events();
    assert!(
        told.iter()
            .all(|event| event["detail-type"] != "EC2 AMI State Change")
    );
}

fn the_bin_is_listed_by_ids_and_pages(aws: &Aws<'_>) {
    rule(aws, "EC2_IMAGE", 7);
    let snapshot = aws.snapshot();
    let mut images = ["one", "two", "three"].map(|name| aws.image_over(name, &snapshot));
    images.sort();
    for image in &images {
        deregister(aws, image);
    }
    let page = aws.ec2("ListImagesInRecycleBin", json!({ "MaxResults": 2 }));
    assert_eq!(page["Images"].as_array().map(Vec::len), Some(2));
    let rest = json!({ "MaxResults": 2, "NextToken": page["NextToken"] });
    let rest = aws.ec2("ListImagesInRecycleBin", rest);
    assert_eq!(rest["Images"].as_array().map(Vec::len), Some(1));
    assert_eq!(rest["Images"][0]["ImageId"], images[2]);
    let one = aws.ec2("ListImagesInRecycleBin", json!({ "ImageIds": [images[1]] }));
    let enter = text(&one["Images"][0]["RecycleBinEnterTime"]);
    let exit = text(&one["Images"][0]["RecycleBinExitTime"]);
    assert!(enter < exit);
    let unknown = json!({ "ImageIds": ["ami-00000000000000001"] });
    let unknown = aws.ec2_code("ListImagesInRecycleBin", unknown);
    assert_eq!(unknown, "InvalidAMIID.NotFound");
    let malformed = aws.ec2_code("ListImagesInRecycleBin", json!({ "ImageIds": ["golden"] }));
    assert_eq!(malformed, "InvalidAMIID.Malformed");
    let unknown = json!({ "SnapshotIds": [snapshot] });
    let unknown = aws.ec2_code("ListSnapshotsInRecycleBin", unknown);
    assert_eq!(unknown, "InvalidSnapshot.NotFound");
}

fn what_is_in_the_bin_can_be_tagged(aws: &Aws<'_>) {
    rule(aws, "EC2_IMAGE", 7);
    let image = aws.image("golden");
    deregister(aws, &image);
    tag(aws, &image, "why", "audit");
    let mark = json!([{ "Key": "aws:recycle-bin:resource-in-bin" }]);
    let mark = json!({ "Resources": [image], "Tags": mark });
    assert_eq!(aws.ec2_code("DeleteTags", mark), "InvalidParameterValue");
    aws.ec2("RestoreImageFromRecycleBin", json!({ "ImageId": image }));
    let tags = aws.described(&image)["Tags"].clone();
    assert_eq!(tags, json!([{ "Key": "why", "Value": "audit" }]));
}

fn a_bin_is_its_accounts_own(aws: &Aws<'_>) {
    rule(aws, "EC2_IMAGE", 7);
    let image = aws.image("golden");
    let add = json!({ "Add": [{ "UserId": OTHER }] });
    aws.ec2(
        "ModifyImageAttribute",
        json!({ "ImageId": image, "LaunchPermission": add }),
    );
    deregister(aws, &image);
    let other = aws.by(OTHER);
    assert!(binned(&other).is_empty());
    let stranger = other.ec2_code("RestoreImageFromRecycleBin", json!({ "ImageId": image }));
    assert_eq!(stranger, "InvalidAMIID.NotFound");
}

fn a_disabled_image_is_kept_too(aws: &Aws<'_>) {
    rule(aws, "EC2_IMAGE", 7);
    let image = aws.image("golden");
    aws.ec2("DisableImage", json!({ "ImageId": image }));
    deregister(aws, &image);
    assert_eq!(binned(aws), [image.as_str()]);
    aws.ec2("RestoreImageFromRecycleBin", json!({ "ImageId": image }));
    assert_eq!(aws.described(&image)["State"], "disabled");
}
