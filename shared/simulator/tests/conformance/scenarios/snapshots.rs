//! Snapshots: making, copying, importing, sharing.

use std::time::Duration;

use serde_json::{Value, json};

use crate::aws::{Aws, HERE, OTHER, OWNER, THERE, text};
use crate::scenario::{Section, scenario};

pub const SECTION: Section = Section {
    name: "snapshots",
    title: "Snapshots: making, copying, importing, sharing",
    scenarios: &[
        scenario!(
            a_snapshot_is_pending_and_then_completed,
            Documented,
            "AWSEC2/latest/APIReference/API_CreateSnapshot.html",
            "A snapshot is `pending` until its data is there, and then `completed`, with its event.",
        ),
        scenario!(
            the_volumes_of_an_instance_are_taken_together,
            Documented,
            "AWSEC2/latest/APIReference/API_CreateSnapshots.html",
            "An instance's volumes are taken together, with the volumes' tags where asked, and \
             one event tells of all.",
        ),
        scenario!(
            volumes_are_left_out_of_a_set,
            Inferred,
            "AWSEC2/latest/APIReference/API_InstanceSpecification.html",
            "The boot volume and data volumes can be left out; the boot volume is no data volume.",
        ),
        scenario!(
            a_snapshot_is_copied_to_another_region,
            Inferred,
            "ebs/latest/userguide/ebs-copy-snapshot.html",
            "A copy has an id, tags and a description of its own, and its event in its Region.",
        ),
        scenario!(
            the_second_copy_of_a_volume_is_incremental,
            Documented,
            "ebs/latest/userguide/ebs-copy-snapshot.html#ebs-incremental-copy",
            "A copy is incremental where an earlier copy of the same volume is there under the \
             same key.",
        ),
        scenario!(
            copies_are_encrypted_as_asked,
            Inferred,
            "ebs/latest/userguide/ebs-copy-snapshot.html",
            "A copy can be encrypted, and never is decrypted; a key needs `Encrypted`.",
        ),
        scenario!(
            a_copy_with_a_bad_key_becomes_an_error,
            Documented,
            "AWSEC2/latest/APIReference/API_CopySnapshot.html",
            "A key is looked at only later: a bad one makes the copy an error, with its event.",
        ),
        scenario!(
            only_what_is_shared_is_copied,
            Inferred,
            "ebs/latest/userguide/ebs-copy-snapshot.html",
            "Another's snapshot is copied once it is shared, and still is when the copy ends.",
        ),
        scenario!(
            twenty_copies_are_under_way_at_once,
            Documented,
            "ebs/latest/userguide/ebs-copy-snapshot.html",
            "Twenty copies may be under way for a destination Region.",
        ),
        scenario!(
            copies_have_a_time_to_end_in,
            Inferred,
            "ebs/latest/userguide/time-based-copies.html",
            "A time-based copy takes steps of 15 minutes up to 48 hours.",
        ),
        scenario!(
            a_disk_is_imported,
            Inferred,
            "vm-import/latest/userguide/vmimport-import-snapshot.html",
            "An import is `active` with its progress, and then `completed` with its snapshot.",
        ),
        scenario!(
            a_snapshot_of_an_image_is_not_deleted,
            Documented,
            "AWSEC2/latest/APIReference/API_DeleteSnapshot.html",
            "A snapshot that a registered image uses can't be deleted.",
        ),
        scenario!(
            snapshots_are_found_by_id,
            Documented,
            "AWSEC2/latest/APIReference/API_DescribeSnapshots.html",
            "An id of no snapshot is refused; one of a snapshot that the caller can't read is \
             left out.",
        ),
        scenario!(
            snapshots_are_found_by_owner_and_user,
            Documented,
            "AWSEC2/latest/APIReference/API_DescribeSnapshots.html",
            "Snapshots are listed by owner, and by who may make volumes of them.",
        ),
        scenario!(
            snapshots_are_filtered_and_paged,
            Documented,
            "AWSEC2/latest/APIReference/API_DescribeSnapshots.html",
            "Snapshots are found by filters and come in pages of 5 to 1,000.",
        ),
        scenario!(
            a_snapshot_is_shared_in_both_forms,
            Inferred,
            "AWSEC2/latest/APIReference/API_ModifySnapshotAttribute.html",
            "Snapshots are shared with accounts and everyone, in both forms of the request; \
             adding and removing are separate calls.",
        ),
        scenario!(
            the_recipient_is_told_of_a_share,
            Documented,
            "ebs/latest/userguide/ebs-cloud-watch-events.html",
            "An account that a snapshot is shared with gets an event; making one public tells \
             nobody.",
        ),
        scenario!(
            encrypted_snapshots_are_shared_with_care,
            Inferred,
            "ebs/latest/userguide/ebs-modifying-snapshot-permissions.html",
            "Nothing encrypted is public, and nothing under the AWS-managed key is shared.",
        ),
        scenario!(
            public_sharing_is_blocked,
            Inferred,
            "ebs/latest/userguide/block-public-access-snapshots.html",
            "Blocking stops new public sharing; blocking all hides what is public already, whose \
             permissions stay.",
        ),
    ],
};

fn hours(hours: u64) -> Duration {
    Duration::from_hours(hours)
}

fn volume(aws: &Aws<'_>) -> String {
    let zone = format!("{}a", aws.region());
    let parameters = json!({ "AvailabilityZone": zone, "Size": 8 });
    text(&aws.ec2("CreateVolume", parameters)["VolumeId"])
}

fn described(aws: &Aws<'_>, id: &str) -> Value {
    let answer = aws.ec2("DescribeSnapshots", json!({ "SnapshotIds": [id] }));
    answer["Snapshots"][0].clone()
}

/// The ids that a listing gives, sorted.
fn listed(aws: &Aws<'_>, parameters: Value) -> Vec<String> {
    let answer = aws.ec2("DescribeSnapshots", parameters);
    let snapshots = answer["Snapshots"].as_array().into_iter().flatten();
    let mut ids: Vec<String> = snapshots.map(|one| text(&one["SnapshotId"])).collect();
    ids.sort();
    ids
}

/// The details of the events of a kind.
fn told(aws: &Aws<'_>, event: &str) -> Vec<Value> {
    let events = aws.events().into_iter();
    events
        .filter(|one| one["detail"]["event"] == event)
        .collect()
}

fn copy(aws: &Aws<'_>, source: &str, from: &str, more: Value) -> String {
    text(&aws.ec2("CopySnapshot", copying(source, from, more))["SnapshotId"])
}

fn copying(source: &str, from: &str, mut more: Value) -> Value {
    more["SourceSnapshotId"] = json!(source);
    more["SourceRegion"] = json!(from);
    more
}

fn share(aws: &Aws<'_>, snapshot: &str, with: Value) -> Result<Value, String> {
    let mut parameters = json!({ "SnapshotId": snapshot });
    parameters["CreateVolumePermission"]["Add"] = Value::Array(vec![with]);
    let answer = aws.ask("ec2", "ModifySnapshotAttribute", parameters);
    answer.map_err(|refused| refused.code)
}

fn permissions(aws: &Aws<'_>, snapshot: &str) -> Value {
    let parameters = json!({ "SnapshotId": snapshot, "Attribute": "createVolumePermission" });
    let answer = aws.ec2("DescribeSnapshotAttribute", parameters);
    answer["CreateVolumePermissions"].clone()
}

fn key(aws: &Aws<'_>) -> String {
    text(&aws.call("kms", "CreateKey", json!({}))["KeyMetadata"]["Arn"])
}

fn a_snapshot_is_pending_and_then_completed(aws: &Aws<'_>) {
    let volume = volume(aws);
    let tags = json!([{
        "ResourceType": "snapshot", "Tags": [{ "Key": "team", "Value": "core" }],
    }]);
    let made = aws.ec2(
        "CreateSnapshot",
        json!({ "VolumeId": volume, "Description": "nightly", "TagSpecifications": tags }),
    );
    assert_eq!(made["State"], "pending");
    assert_eq!(made["Tags"], json!([{ "Key": "team", "Value": "core" }]));
    let id = text(&made["SnapshotId"]);
    aws.pass(hours(1));
    let found = described(aws, &id);
    assert_eq!(found["State"], "completed");
    assert_eq!(found["Progress"], "100%");
    assert_eq!(found["VolumeId"], volume.as_str());
    assert_eq!(found["OwnerId"], OWNER);
    assert_eq!(found["StorageTier"], "standard");
    let events = told(aws, "createSnapshot");
    assert_eq!(events.len(), 1);
    let arn = format!("arn:aws:ec2:{HERE}::snapshot/{id}");
    assert_eq!(events[0]["detail-type"], "EBS Snapshot Notification");
    assert_eq!(events[0]["resources"], json!([arn]));
    assert_eq!(events[0]["detail"]["result"], "succeeded");
    assert_eq!(events[0]["detail"]["snapshot_id"], arn);
    let source = format!("arn:aws:ec2:{HERE}::volume/{volume}");
    assert_eq!(events[0]["detail"]["source"], source);
}

/// An instance with a boot volume and a data volume; gives its id and its volumes by device.
fn instance(aws: &Aws<'_>) -> (String, Value) {
    let (boot, data) = (aws.snapshot(), aws.snapshot());
    let disk = |name: &str, snapshot: &str| json!({ "DeviceName": name, "Ebs": { "SnapshotId": snapshot } });
    let image = json!({
        "Name": "two-disks",
        "Architecture": "x86_64",
        "VirtualizationType": "hvm",
        "RootDeviceName": "/dev/xvda",
        "BlockDeviceMappings": [disk("/dev/xvda", &boot), disk("/dev/xvdb", &data)],
    });
    let image = aws.ec2("RegisterImage", image);
    let run = json!({
        "ImageId": image["ImageId"],
        "MinCount": 1,
        "MaxCount": 1,
        "TagSpecifications": [{
            "ResourceType": "volume", "Tags": [{ "Key": "team", "Value": "core" }],
        }],
    });
    let run = aws.ec2("RunInstances", run);
    let id = text(&run["Instances"][0]["InstanceId"]);
    let of = json!({ "Filters": [{ "Name": "attachment.instance-id", "Values": [id] }] });
    let mut by_device = json!({});
    let volumes = aws.ec2("DescribeVolumes", of);
    for volume in volumes["Volumes"].as_array().into_iter().flatten() {
        let device = text(&volume["Attachments"][0]["Device"]);
        by_device[device] = volume["VolumeId"].clone();
    }
    aws.events();
    (id, by_device)
}

fn the_volumes_of_an_instance_are_taken_together(aws: &Aws<'_>) {
    let (id, volumes) = instance(aws);
    let taken = aws.ec2(
        "CreateSnapshots",
        json!({
            "InstanceSpecification": { "InstanceId": id },
            "CopyTagsFromSource": "volume",
            "Description": "together",
        }),
    );
    let taken = taken["Snapshots"].as_array().cloned().unwrap_or_default();
    assert_eq!(taken.len(), 2);
    for snapshot in &taken {
        assert_eq!(snapshot["State"], "pending");
        assert_eq!(snapshot["Description"], "together");
        assert_eq!(
            snapshot["Tags"],
            json!([{ "Key": "team", "Value": "core" }])
        );
    }
    let of = |device: &str| taken.iter().any(|one| one["VolumeId"] == volumes[device]);
    assert!(of("/dev/xvda") && of("/dev/xvdb"));
    aws.pass(hours(1));
    let events = told(aws, "createSnapshots");
    assert_eq!(events.len(), 1);
    assert_eq!(
        events[0]["detail-type"],
        "EBS Multi-Volume Snapshots Completion Status"
    );
    let snapshots = events[0]["detail"]["snapshots"].as_array();
    assert_eq!(snapshots.map(Vec::len), Some(2));
    assert_eq!(events[0]["detail"]["snapshots"][0]["status"], "completed");
    let absent = json!({ "InstanceSpecification": { "InstanceId": "i-00000000000000000" } });
    let refused = aws.ec2_code("CreateSnapshots", absent);
    assert_eq!(refused, "InvalidInstanceID.NotFound");
}

fn volumes_are_left_out_of_a_set(aws: &Aws<'_>) {
    let (id, volumes) = instance(aws);
    let (boot, data) = (&volumes["/dev/xvda"], &volumes["/dev/xvdb"]);
    let take = |mut of: Value| {
        of["InstanceId"] = json!(id);
        let answer = aws.ask(
            "ec2",
            "CreateSnapshots",
            json!({ "InstanceSpecification": of }),
        );
        let answer = answer.map_err(|refused| refused.code)?;
        let taken = answer["Snapshots"].as_array().into_iter().flatten();
        Ok(taken.map(|one| one["VolumeId"].clone()).collect::<Vec<_>>())
    };
    let without_boot = take(json!({ "ExcludeBootVolume": true }));
    assert_eq!(without_boot, Ok(vec![data.clone()]));
    let without_data = take(json!({ "ExcludeDataVolumeIds": [data] }));
    assert_eq!(without_data, Ok(vec![boot.clone()]));
    let refused = Err("InvalidParameterValue".to_owned());
    assert_eq!(take(json!({ "ExcludeDataVolumeIds": [boot] })), refused);
    let nothing = json!({ "ExcludeBootVolume": true, "ExcludeDataVolumeIds": [data] });
    assert_eq!(take(nothing), refused);
}

fn a_snapshot_is_copied_to_another_region(aws: &Aws<'_>) {
    let source = aws.snapshot();
    let there = aws.at(THERE);
    aws.events();
    let tags = json!([{
        "ResourceType": "snapshot", "Tags": [{ "Key": "team", "Value": "core" }],
    }]);
    let more = json!({ "Description": "copy", "TagSpecifications": tags });
    let copy = copy(&there, &source, HERE, more);
    assert_ne!(copy, source);
    assert_eq!(described(&there, &copy)["State"], "pending");
    aws.pass(hours(1));
    let found = described(&there, &copy);
    assert_eq!(found["State"], "completed");
    assert_eq!(found["VolumeSize"], 8);
    assert_eq!(found["Description"], "copy");
    assert_eq!(found["Tags"], json!([{ "Key": "team", "Value": "core" }]));
    let events = told(aws, "copySnapshot");
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["region"], THERE);
    let detail = &events[0]["detail"];
    assert_eq!(
        detail["snapshot_id"],
        format!("arn:aws:ec2:{THERE}::snapshot/{copy}")
    );
    assert_eq!(
        detail["source"],
        format!("arn:aws:ec2:{HERE}::snapshot/{source}")
    );
    assert_eq!(detail["incremental"], "false");
    let nowhere = copying(&source, "mars-1", json!({}));
    assert_eq!(
        there.ec2_code("CopySnapshot", nowhere),
        "InvalidParameterValue"
    );
}

fn the_second_copy_of_a_volume_is_incremental(aws: &Aws<'_>) {
    let (volume, there) = (volume(aws), aws.at(THERE));
    let key = key(&there);
    let copy_next = |more: Value| {
        let source = aws.ec2("CreateSnapshot", json!({ "VolumeId": volume }));
        aws.pass(hours(1));
        aws.events();
        copy(&there, &text(&source["SnapshotId"]), HERE, more);
        aws.pass(hours(1));
        told(aws, "copySnapshot")[0]["detail"]["incremental"].clone()
    };
    assert_eq!(copy_next(json!({})), "false");
    assert_eq!(copy_next(json!({})), "true");
    let under_key = json!({ "Encrypted": true, "KmsKeyId": key });
    assert_eq!(copy_next(under_key.clone()), "false");
    assert_eq!(copy_next(under_key), "true");
}

fn copies_are_encrypted_as_asked(aws: &Aws<'_>) {
    let (source, key) = (aws.snapshot(), key(aws));
    let under_key = json!({ "Encrypted": true, "KmsKeyId": key });
    let encrypted = copy(aws, &source, HERE, under_key);
    aws.pass(hours(1));
    assert_eq!(described(aws, &encrypted)["KmsKeyId"], key.as_str());
    let plain = copy(aws, &source, HERE, json!({}));
    assert_eq!(described(aws, &plain)["Encrypted"], false);
    let same = copy(aws, &encrypted, HERE, json!({}));
    assert_eq!(described(aws, &same)["KmsKeyId"], key.as_str());
    let there = copy(&aws.at(THERE), &encrypted, HERE, json!({}));
    assert_eq!(described(&aws.at(THERE), &there)["Encrypted"], true);
    let refused =
        |source: &str, more: Value| aws.ec2_code("CopySnapshot", copying(source, HERE, more));
    let decrypted = refused(&encrypted, json!({ "Encrypted": false }));
    assert_eq!(decrypted, "InvalidParameterValue");
    let key_alone = refused(&source, json!({ "KmsKeyId": key }));
    assert_eq!(key_alone, "InvalidParameterDependency");
}

fn a_copy_with_a_bad_key_becomes_an_error(aws: &Aws<'_>) {
    let source = aws.snapshot();
    aws.events();
    let bad = json!({ "Encrypted": true, "KmsKeyId": "alias/absent" });
    let copy = copy(aws, &source, HERE, bad);
    assert_eq!(described(aws, &copy)["State"], "pending");
    aws.pass(hours(1));
    let found = described(aws, &copy);
    assert_eq!(found["State"], "error");
    assert_eq!(found["StateMessage"], "Given key ID is not accessible");
    let events = told(aws, "copySnapshot");
    assert_eq!(events[0]["detail"]["result"], "failed");
    assert_eq!(
        events[0]["detail"]["cause"],
        "Given key ID is not accessible"
    );
}

fn only_what_is_shared_is_copied(aws: &Aws<'_>) {
    let (source, other) = (aws.snapshot(), aws.by(OTHER).at(THERE));
    let request = copying(&source, HERE, json!({}));
    assert_eq!(
        other.ec2_code("CopySnapshot", request),
        "InvalidSnapshot.NotFound"
    );
    assert!(share(aws, &source, json!({ "UserId": OTHER })).is_ok());
    let good = copy(&other, &source, HERE, json!({}));
    aws.pass(hours(1));
    assert_eq!(described(&other, &good)["OwnerId"], OTHER);
    let late = copy(&other, &source, HERE, json!({}));
    let back = json!({ "SnapshotId": source, "Attribute": "createVolumePermission" });
    aws.ec2("ResetSnapshotAttribute", back);
    aws.pass(hours(1));
    assert_eq!(described(&other, &late)["State"], "error");
    let pending = aws.ec2("CreateSnapshot", json!({ "VolumeId": volume(aws) }));
    let early = copying(&text(&pending["SnapshotId"]), HERE, json!({}));
    assert_eq!(aws.ec2_code("CopySnapshot", early), "IncorrectState");
}

fn twenty_copies_are_under_way_at_once(aws: &Aws<'_>) {
    let (source, there) = (aws.snapshot(), aws.at(THERE));
    for _ in 0..20 {
        copy(&there, &source, HERE, json!({}));
    }
    let one_more = copying(&source, HERE, json!({}));
    let refused = there.ec2_code("CopySnapshot", one_more);
    assert_eq!(refused, "ResourceLimitExceeded");
    copy(aws, &source, HERE, json!({}));
    aws.pass(hours(1));
    copy(&there, &source, HERE, json!({}));
}

fn copies_have_a_time_to_end_in(aws: &Aws<'_>) {
    let source = aws.snapshot();
    let within = |minutes: i64| json!({ "CompletionDurationMinutes": minutes });
    let made = copy(aws, &source, HERE, within(15));
    aws.pass(Duration::from_mins(15));
    let found = described(aws, &made);
    assert_eq!(found["State"], "completed");
    assert_eq!(found["TransferType"], "time-based");
    assert_eq!(found["CompletionDurationMinutes"], 15);
    for minutes in [10, 20, 2_895] {
        let request = copying(&source, HERE, within(minutes));
        let refused = aws.ec2_code("CopySnapshot", request);
        assert_eq!(refused, "InvalidParameterValue", "{minutes}");
    }
}

fn a_disk_is_imported(aws: &Aws<'_>) {
    let disk = json!({
        "Format": "RAW", "UserBucket": { "S3Bucket": "disks", "S3Key": "golden.raw" },
    });
    let begun = aws.ec2(
        "ImportSnapshot",
        json!({ "DiskContainer": disk, "Description": "golden" }),
    );
    assert_eq!(begun["SnapshotTaskDetail"]["Status"], "active");
    let named = json!({ "ImportTaskIds": [begun["ImportTaskId"]] });
    aws.pass(Duration::from_mins(5));
    let task = aws.ec2("DescribeImportSnapshotTasks", named.clone());
    let detail = &task["ImportSnapshotTasks"][0]["SnapshotTaskDetail"];
    let progress: i64 = text(&detail["Progress"]).parse().expect("a number");
    assert!((1..100).contains(&progress));
    aws.pass(hours(1));
    let task = aws.ec2("DescribeImportSnapshotTasks", named.clone());
    let detail = &task["ImportSnapshotTasks"][0]["SnapshotTaskDetail"];
    assert_eq!(detail["Status"], "completed");
    let id = text(&detail["SnapshotId"]);
    assert_eq!(described(aws, &id)["State"], "completed");
    let others = aws.by(OTHER).ec2_code("DescribeImportSnapshotTasks", named);
    assert_eq!(others, "InvalidConversionTaskId");
    let unknown = json!({ "DiskContainer": { "Format": "ISO", "Url": "s3://disks/golden.iso" } });
    assert_eq!(
        aws.ec2_code("ImportSnapshot", unknown),
        "InvalidParameterValue"
    );
    let nowhere = json!({ "DiskContainer": { "Format": "RAW" } });
    assert_eq!(
        aws.ec2_code("ImportSnapshot", nowhere),
        "InvalidParameterCombination"
    );
}

fn a_snapshot_of_an_image_is_not_deleted(aws: &Aws<'_>) {
    let snapshot = aws.snapshot();
    let image = aws.image_over("golden", &snapshot);
    let named = json!({ "SnapshotId": snapshot });
    let refused = aws.ec2_code("DeleteSnapshot", named.clone());
    assert_eq!(refused, "InvalidSnapshot.InUse");
    aws.ec2("DeregisterImage", json!({ "ImageId": image }));
    aws.ec2("DeleteSnapshot", named.clone());
    let refused = aws.ec2_code("DeleteSnapshot", named);
    assert_eq!(refused, "InvalidSnapshot.NotFound");
}

fn snapshots_are_found_by_id(aws: &Aws<'_>) {
    let snapshot = aws.snapshot();
    let named = |id: &str| json!({ "SnapshotIds": [id] });
    assert_eq!(listed(aws, named(&snapshot)), [snapshot.as_str()]);
    assert!(listed(&aws.by(OTHER), named(&snapshot)).is_empty());
    let absent = aws.ec2_code("DescribeSnapshots", named("snap-00000000000000000"));
    assert_eq!(absent, "InvalidSnapshot.NotFound");
    let malformed = aws.ec2_code("DescribeSnapshots", named("snapshot"));
    assert_eq!(malformed, "InvalidSnapshotID.Malformed");
}

fn snapshots_are_found_by_owner_and_user(aws: &Aws<'_>) {
    let (private, given, public) = (aws.snapshot(), aws.snapshot(), aws.snapshot());
    assert!(share(aws, &given, json!({ "UserId": OTHER })).is_ok());
    assert!(share(aws, &public, json!({ "Group": "all" })).is_ok());
    let other = aws.by(OTHER);
    let sorted = |ids: &[&String]| {
        let mut ids: Vec<String> = ids.iter().map(|id| (*id).clone()).collect();
        ids.sort();
        ids
    };
    assert_eq!(listed(&other, json!({})), sorted(&[&given, &public]));
    assert!(listed(&other, json!({ "OwnerIds": ["self"] })).is_empty());
    let by_owner = listed(&other, json!({ "OwnerIds": [OWNER] }));
    assert_eq!(by_owner, sorted(&[&given, &public]));
    let by_self = json!({ "RestorableByUserIds": ["self"] });
    assert_eq!(listed(&other, by_self.clone()), sorted(&[&given]));
    assert_eq!(listed(aws, by_self), sorted(&[&private, &given, &public]));
    let by_all = json!({ "RestorableByUserIds": ["all"] });
    assert_eq!(listed(aws, by_all), sorted(&[&public]));
    let by_other = json!({ "RestorableByUserIds": [OTHER] });
    assert_eq!(listed(aws, by_other), sorted(&[&given]));
}

fn snapshots_are_filtered_and_paged(aws: &Aws<'_>) {
    let mut all: Vec<String> = (0..6).map(|_| aws.snapshot()).collect();
    all.sort();
    let found = described(aws, &all[0]);
    for name in ["snapshot-id", "volume-id", "start-time"] {
        let value = match name {
            "snapshot-id" => &found["SnapshotId"],
            "volume-id" => &found["VolumeId"],
            _ => &found["StartTime"],
        };
        let filter = json!({ "Filters": [{ "Name": name, "Values": [value] }] });
        assert_eq!(listed(aws, filter), [all[0].as_str()], "{name}");
    }
    for (name, value) in [
        ("status", "completed"),
        ("progress", "100%"),
        ("volume-size", "8"),
        ("owner-id", OWNER),
        ("storage-tier", "standard"),
        ("encrypted", "false"),
    ] {
        let filter = json!({ "Filters": [{ "Name": name, "Values": [value] }] });
        assert_eq!(listed(aws, filter), all, "{name}");
    }
    let alias = json!({ "Filters": [{ "Name": "owner-alias", "Values": ["amazon"] }] });
    assert!(listed(aws, alias).is_empty());
    let first = aws.ec2("DescribeSnapshots", json!({ "MaxResults": 5 }));
    assert_eq!(first["Snapshots"].as_array().map(Vec::len), Some(5));
    let second = json!({ "MaxResults": 5, "NextToken": first["NextToken"] });
    assert_eq!(listed(aws, second).len(), 1);
    for wrong in [
        json!({ "MaxResults": 4 }),
        json!({ "Filters": [{ "Name": "colour", "Values": ["blue"] }] }),
    ] {
        assert_eq!(
            aws.ec2_code("DescribeSnapshots", wrong),
            "InvalidParameterValue"
        );
    }
}

fn a_snapshot_is_shared_in_both_forms(aws: &Aws<'_>) {
    let snapshot = aws.snapshot();
    assert_eq!(permissions(aws, &snapshot), json!([]));
    let modify = |mut parameters: Value| {
        parameters["SnapshotId"] = json!(snapshot);
        let answer = aws.ask("ec2", "ModifySnapshotAttribute", parameters);
        answer.map(|_| ()).map_err(|refused| refused.code)
    };
    let structure = json!({ "CreateVolumePermission": { "Add": [{ "UserId": OTHER }] } });
    assert_eq!(modify(structure), Ok(()));
    assert_eq!(permissions(aws, &snapshot), json!([{ "UserId": OTHER }]));
    let lists = |kind: &str| {
        json!({
            "Attribute": "createVolumePermission", "OperationType": kind,
            "UserIds": [OTHER], "GroupNames": ["all"],
        })
    };
    assert_eq!(modify(lists("add")), Ok(()));
    let both = json!([{ "UserId": OTHER }, { "Group": "all" }]);
    assert_eq!(permissions(aws, &snapshot), both);
    assert_eq!(modify(lists("remove")), Ok(()));
    assert_eq!(permissions(aws, &snapshot), json!([]));
    let mixed = json!({ "CreateVolumePermission": {
        "Add": [{ "UserId": OTHER }], "Remove": [{ "Group": "all" }],
    }});
    assert_eq!(modify(mixed), Err("InvalidParameterCombination".to_owned()));
    let many: Vec<Value> = (0..501)
        .map(|number| json!({ "UserId": format!("{number:012}") }))
        .collect();
    let many = json!({ "CreateVolumePermission": { "Add": many } });
    assert_eq!(modify(many), Err("InvalidParameterValue".to_owned()));
    assert_eq!(modify(json!({})), Err("MissingParameter".to_owned()));
}

fn the_recipient_is_told_of_a_share(aws: &Aws<'_>) {
    let snapshot = aws.snapshot();
    aws.events();
    assert!(share(aws, &snapshot, json!({ "UserId": OTHER })).is_ok());
    let events = told(aws, "shareSnapshot");
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["account"], OTHER);
    assert_eq!(events[0]["detail"]["result"], "succeeded");
    assert_eq!(events[0]["detail"]["source"], OWNER);
    let arn = format!("arn:aws:ec2:{HERE}::snapshot/{snapshot}");
    assert_eq!(events[0]["detail"]["snapshot_id"], arn);
    assert!(share(aws, &snapshot, json!({ "UserId": OTHER })).is_ok());
    assert!(share(aws, &snapshot, json!({ "Group": "all" })).is_ok());
    assert!(told(aws, "shareSnapshot").is_empty());
}

fn encrypted_snapshots_are_shared_with_care(aws: &Aws<'_>) {
    let source = aws.snapshot();
    let (own, managed) = (
        json!({ "Encrypted": true, "KmsKeyId": key(aws) }),
        json!({ "Encrypted": true }),
    );
    let (own, managed) = (
        copy(aws, &source, HERE, own),
        copy(aws, &source, HERE, managed),
    );
    aws.pass(hours(1));
    let refused = || Err("OperationNotPermitted".to_owned());
    assert_eq!(share(aws, &own, json!({ "Group": "all" })), refused());
    assert_eq!(share(aws, &managed, json!({ "UserId": OTHER })), refused());
    assert!(share(aws, &own, json!({ "UserId": OTHER })).is_ok());
}

fn public_sharing_is_blocked(aws: &Aws<'_>) {
    let (snapshot, other) = (aws.snapshot(), aws.by(OTHER));
    let everyone = json!({ "Group": "all" });
    let state = || aws.ec2("GetSnapshotBlockPublicAccessState", json!({}))["State"].clone();
    assert_eq!(state(), "unblocked");
    assert!(share(aws, &snapshot, everyone.clone()).is_ok());
    let block = |state: &str| json!({ "State": state });
    aws.ec2(
        "EnableSnapshotBlockPublicAccess",
        block("block-new-sharing"),
    );
    let another = share(aws, &aws.snapshot(), everyone.clone());
    assert_eq!(another, Err("OperationNotPermitted".to_owned()));
    assert_eq!(listed(&other, json!({})), [snapshot.as_str()]);
    aws.events();
    aws.ec2(
        "EnableSnapshotBlockPublicAccess",
        block("block-all-sharing"),
    );
    let events = aws.events();
    assert_eq!(
        events[0]["detail-type"],
        "EBS Snapshot Block Public Access Enabled"
    );
    assert_eq!(state(), "block-all-sharing");
    assert!(listed(&other, json!({})).is_empty());
    assert_eq!(permissions(aws, &snapshot), json!([everyone]));
    assert!(share(aws, &snapshot, json!({ "UserId": "333333333333" })).is_ok());
    let wrong = aws.ec2_code("EnableSnapshotBlockPublicAccess", block("unblocked"));
    assert_eq!(wrong, "InvalidParameterValue");
    aws.ec2("DisableSnapshotBlockPublicAccess", json!({}));
    assert_eq!(state(), "unblocked");
    assert_eq!(listed(&other, json!({})), [snapshot.as_str()]);
}
