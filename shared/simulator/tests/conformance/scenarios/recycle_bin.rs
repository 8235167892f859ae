//! The Recycle Bin: what its rules keep, and how it comes back.

use std::time::Duration;

use serde_json::json;

use super::retention_rules::{rule, with};
use crate::aws::{Aws, OTHER, THERE, text};
use crate::scenario::{Scenario, Section, scenario};

pub const SECTION: Section = Section {
    name: "recycle_bin",
    title: "The Recycle Bin",
    scenarios: SCENARIOS,
};

const SCENARIOS: &[Scenario] = &[
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
        a_snapshot_comes_back_in_its_tier,
        Documented,
        "ebs/latest/userguide/snapshot-archive.html",
        "A snapshot comes back from the bin in the tier it was in, with its lock; a move that was under way is over.",
    ),
    scenario!(
        a_disabled_image_is_kept_too,
        Documented,
        "ebs/latest/userguide/recycle-bin.html",
        "Retention rules cover disabled images as well; one comes back disabled.",
    ),
];

const DAY: Duration = Duration::from_hours(24);

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
    aws.pass(Duration::from_hours(1));
    assert_eq!(described(aws), before);
    assert_eq!(described(&aws.by(OTHER))["SnapshotId"], snapshot);
    let again = aws.ec2_code("RestoreSnapshotFromRecycleBin", one);
    assert_eq!(again, "InvalidSnapshot.NotFound");
}

fn a_snapshot_comes_back_in_its_tier(aws: &Aws<'_>) {
    rule(aws, "EBS_SNAPSHOT", 7);
    let (archived, moving) = (aws.snapshot(), aws.snapshot());
    let one = |id: &str| json!({ "SnapshotId": id });
    let archive = |id: &str| {
        let parameters = json!({ "SnapshotId": id, "StorageTier": "archive" });
        aws.ec2("ModifySnapshotTier", parameters);
    };
    let lock = json!({ "SnapshotId": archived, "LockMode": "governance", "LockDuration": 1 });
    aws.ec2("LockSnapshot", lock);
    archive(&archived);
    aws.pass(3 * DAY);
    archive(&moving);
    for id in [&archived, &moving] {
        aws.ec2("DeleteSnapshot", one(id));
    }
    aws.pass(3 * DAY);
    for id in [&archived, &moving] {
        aws.ec2("RestoreSnapshotFromRecycleBin", one(id));
    }
    aws.pass(Duration::from_hours(1));
    for id in [&archived, &moving] {
        let ids = json!({ "SnapshotIds": [id] });
        let snapshot = aws.ec2("DescribeSnapshots", ids)["Snapshots"][0].clone();
        assert_eq!(snapshot["State"], "completed");
        assert_eq!(snapshot["StorageTier"], "archive");
    }
    let locks = json!({ "SnapshotIds": [archived] });
    let locks = aws.ec2("DescribeLockedSnapshots", locks);
    assert_eq!(locks["Snapshots"][0]["LockState"], "expired");
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
    aws.pass(Duration::from_hours(1));
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
    let told = aws.events();
    assert!(
        told.iter()
            .any(|event| event["detail"]["State"] == "deregistered")
    );
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
