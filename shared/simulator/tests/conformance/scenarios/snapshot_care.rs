//! Snapshots that are kept: locked, archived.

use std::time::Duration;

use serde_json::{Value, json};

use crate::aws::{Aws, HERE, OTHER};
use crate::scenario::{Section, scenario};

pub const SECTION: Section = Section {
    name: "snapshot_care",
    title: "Snapshots that are kept: locked, archived",
    scenarios: &[
        scenario!(
            a_locked_snapshot_is_not_deleted,
            Inferred,
            "ebs/latest/userguide/ebs-snapshot-lock.html",
            "A snapshot that is locked in governance mode is not deleted until it is unlocked.",
        ),
        scenario!(
            a_lock_expires,
            Inferred,
            "AWSEC2/latest/APIReference/API_LockSnapshot.html",
            "A lock expires after its days, or at its date.",
        ),
        scenario!(
            compliance_mode_can_be_left_only_while_it_cools_off,
            Inferred,
            "ebs/latest/userguide/snapshot-lock-concepts.html",
            "In compliance mode a lock can be changed or taken off only while it cools off; after \
             that it can only be made longer.",
        ),
        scenario!(
            locks_have_rules,
            Inferred,
            "AWSEC2/latest/APIReference/API_LockSnapshot.html",
            "A lock has either days or a date, and cools off in compliance mode only.",
        ),
        scenario!(
            a_lock_of_a_pending_snapshot_begins_when_it_is_completed,
            Documented,
            "AWSEC2/latest/APIReference/API_LockedSnapshotsInfo.html",
            "The days of a pending snapshot's lock count from its completion.",
        ),
        scenario!(
            locked_snapshots_are_described,
            Documented,
            "AWSEC2/latest/APIReference/API_DescribeLockedSnapshots.html",
            "Locked snapshots are described to their owner, by the state of the lock.",
        ),
        scenario!(
            a_locked_snapshot_outlives_its_image,
            Inferred,
            "ebs/latest/userguide/ebs-snapshot-lock.html",
            "Deregistering an image with its snapshots leaves a locked one, and says so.",
        ),
        scenario!(
            a_snapshot_is_archived,
            Inferred,
            "ebs/latest/userguide/snapshot-archive.html",
            "A snapshot moves to the archive tier within 72 hours; nothing is made of it there.",
        ),
        scenario!(
            a_snapshot_of_an_image_is_archived_once_the_image_is_disabled,
            Inferred,
            "AWSEC2/latest/UserGuide/disable-an-ami.html",
            "A snapshot that an image uses can be archived only while the image is disabled.",
        ),
        scenario!(
            an_image_over_an_archived_snapshot_is_neither_enabled_nor_used,
            Documented,
            "AWSEC2/latest/UserGuide/disable-an-ami.html",
            "A disabled image is enabled only after its archived snapshots are restored; while one is archived, the image is neither launched nor copied.",
        ),
        scenario!(
            a_snapshot_is_restored_for_good,
            Documented,
            "AWSEC2/latest/APIReference/API_RestoreSnapshotTier.html",
            "An archived snapshot is restored for good within 72 hours.",
        ),
        scenario!(
            a_snapshot_is_restored_for_a_time,
            Documented,
            "AWSEC2/latest/APIReference/API_RestoreSnapshotTier.html",
            "A snapshot that is restored for some days is archived again after them; the days can \
             be changed meanwhile.",
        ),
        scenario!(
            restoring_has_rules,
            Chosen,
            "AWSEC2/latest/APIReference/API_RestoreSnapshotTier.html",
            "Only an archived snapshot is restored, for 1 to 180 days or for good.",
        ),
    ],
};

const DAY: Duration = Duration::from_hours(24);

fn lock(aws: &Aws<'_>, snapshot: &str, mut more: Value) -> Result<Value, String> {
    more["SnapshotId"] = json!(snapshot);
    let answer = aws.ask("ec2", "LockSnapshot", more);
    answer.map_err(|refused| refused.code)
}

fn lock_state(aws: &Aws<'_>, snapshot: &str) -> Value {
    let named = json!({ "SnapshotIds": [snapshot] });
    let answer = aws.ec2("DescribeLockedSnapshots", named);
    answer["Snapshots"][0]["LockState"].clone()
}

fn deleted(aws: &Aws<'_>, snapshot: &str) -> Result<(), String> {
    let answer = aws.ask("ec2", "DeleteSnapshot", json!({ "SnapshotId": snapshot }));
    answer.map(|_| ()).map_err(|refused| refused.code)
}

fn refused<T>() -> Result<T, String> {
    Err("OperationNotPermitted".to_owned())
}

fn a_locked_snapshot_is_not_deleted(aws: &Aws<'_>) {
    let snapshot = aws.snapshot();
    let locked = lock(
        aws,
        &snapshot,
        json!({ "LockMode": "governance", "LockDuration": 30 }),
    );
    let locked = locked.expect("a lock");
    assert_eq!(locked["LockState"], "governance");
    assert_eq!(locked["LockDuration"], 30);
    assert_eq!(deleted(aws, &snapshot), refused());
    let named = json!({ "SnapshotId": snapshot });
    aws.ec2("UnlockSnapshot", named.clone());
    assert_eq!(aws.ec2_code("UnlockSnapshot", named), "IncorrectState");
    assert_eq!(deleted(aws, &snapshot), Ok(()));
}

fn a_lock_expires(aws: &Aws<'_>) {
    let (one, other) = (aws.snapshot(), aws.snapshot());
    let by_days = json!({ "LockMode": "governance", "LockDuration": 2 });
    assert!(lock(aws, &one, by_days).is_ok());
    let by_date = json!({ "LockMode": "compliance", "ExpirationDate": "2026-01-05T00:00:00Z" });
    assert!(lock(aws, &other, by_date).is_ok());
    aws.pass(DAY);
    assert_eq!(deleted(aws, &one), refused());
    aws.pass(DAY);
    assert_eq!(lock_state(aws, &one), "expired");
    assert_eq!(deleted(aws, &one), Ok(()));
    assert_eq!(deleted(aws, &other), refused());
    aws.pass(2 * DAY);
    assert_eq!(deleted(aws, &other), Ok(()));
}

fn compliance_mode_can_be_left_only_while_it_cools_off(aws: &Aws<'_>) {
    let snapshot = aws.snapshot();
    let compliance = json!({ "LockMode": "compliance", "LockDuration": 10, "CoolOffPeriod": 24 });
    let locked = lock(aws, &snapshot, compliance.clone()).expect("a lock");
    assert_eq!(locked["LockState"], "compliance-cooloff");
    assert_eq!(deleted(aws, &snapshot), refused());
    let governance = |days: i64| json!({ "LockMode": "governance", "LockDuration": days });
    assert!(lock(aws, &snapshot, governance(5)).is_ok());
    assert!(lock(aws, &snapshot, compliance.clone()).is_ok());
    aws.pass(2 * DAY);
    assert_eq!(lock_state(aws, &snapshot), "compliance");
    let unlock = aws.ec2_code("UnlockSnapshot", json!({ "SnapshotId": snapshot }));
    assert_eq!(unlock, "OperationNotPermitted");
    assert_eq!(lock(aws, &snapshot, governance(20)), refused());
    assert_eq!(lock(aws, &snapshot, compliance), refused());
    let days = |days: i64| json!({ "LockMode": "compliance", "LockDuration": days });
    assert_eq!(lock(aws, &snapshot, days(5)), refused());
    assert!(lock(aws, &snapshot, days(20)).is_ok());
}

fn locks_have_rules(aws: &Aws<'_>) {
    let snapshot = aws.snapshot();
    let date = "2027-01-01T00:00:00Z";
    for wrong in [
        json!({ "LockMode": "governance" }),
        json!({ "LockMode": "governance", "LockDuration": 1, "ExpirationDate": date }),
        json!({ "LockMode": "governance", "LockDuration": 1, "CoolOffPeriod": 1 }),
    ] {
        let code = lock(aws, &snapshot, wrong.clone());
        assert_eq!(
            code,
            Err("InvalidParameterCombination".to_owned()),
            "{wrong}"
        );
    }
    for wrong in [
        json!({ "LockMode": "governance", "LockDuration": 36_501 }),
        json!({ "LockMode": "governance", "ExpirationDate": "2025-01-01T00:00:00Z" }),
        json!({ "LockMode": "compliance", "LockDuration": 1, "CoolOffPeriod": 73 }),
    ] {
        let code = lock(aws, &snapshot, wrong.clone());
        assert_eq!(code, Err("InvalidParameterValue".to_owned()), "{wrong}");
    }
    let good = json!({ "LockMode": "governance", "LockDuration": 1 });
    let code = lock(&aws.by(OTHER), &snapshot, good);
    assert_eq!(code, Err("InvalidSnapshot.NotFound".to_owned()));
}

fn a_lock_of_a_pending_snapshot_begins_when_it_is_completed(aws: &Aws<'_>) {
    let zone = format!("{HERE}a");
    let volume = aws.ec2(
        "CreateVolume",
        json!({ "AvailabilityZone": zone, "Size": 8 }),
    );
    let snapshot = aws.ec2("CreateSnapshot", json!({ "VolumeId": volume["VolumeId"] }));
    let id = snapshot["SnapshotId"].as_str().unwrap_or_default();
    let locked = lock(
        aws,
        id,
        json!({ "LockMode": "governance", "LockDuration": 1 }),
    );
    let locked = locked.expect("a lock");
    assert!(locked.get("LockExpiresOn").is_none());
    aws.pass(Duration::from_hours(1));
    let named = json!({ "SnapshotIds": [id] });
    let described = aws.ec2("DescribeLockedSnapshots", named);
    assert!(described["Snapshots"][0]["LockDurationStartTime"].is_string());
    assert!(described["Snapshots"][0]["LockExpiresOn"].is_string());
    aws.pass(DAY);
    assert_eq!(lock_state(aws, id), "expired");
}

fn locked_snapshots_are_described(aws: &Aws<'_>) {
    let (one, other) = (aws.snapshot(), aws.snapshot());
    aws.snapshot();
    let governance = json!({ "LockMode": "governance", "LockDuration": 1 });
    assert!(lock(aws, &one, governance).is_ok());
    let compliance = json!({ "LockMode": "compliance", "LockDuration": 1 });
    assert!(lock(aws, &other, compliance).is_ok());
    let all = aws.ec2("DescribeLockedSnapshots", json!({}));
    assert_eq!(all["Snapshots"].as_array().map(Vec::len), Some(2));
    let filter = json!({ "Filters": [{ "Name": "lock-state", "Values": ["compliance"] }] });
    let found = aws.ec2("DescribeLockedSnapshots", filter);
    assert_eq!(found["Snapshots"].as_array().map(Vec::len), Some(1));
    assert_eq!(found["Snapshots"][0]["SnapshotId"], other.as_str());
    let strangers = aws.by(OTHER).ec2("DescribeLockedSnapshots", json!({}));
    assert_eq!(strangers["Snapshots"], json!([]));
}

fn a_locked_snapshot_outlives_its_image(aws: &Aws<'_>) {
    let snapshot = aws.snapshot();
    let image = aws.image_over("golden", &snapshot);
    let governance = json!({ "LockMode": "governance", "LockDuration": 1 });
    assert!(lock(aws, &snapshot, governance).is_ok());
    let deregistered = aws.ec2(
        "DeregisterImage",
        json!({ "ImageId": image, "DeleteAssociatedSnapshots": true }),
    );
    let result = &deregistered["DeleteSnapshotResults"][0];
    assert_eq!(result["ReturnCode"], "client-error");
    assert_eq!(lock_state(aws, &snapshot), "governance");
}

fn tier(aws: &Aws<'_>, snapshot: &str) -> Value {
    let answer = aws.ec2("DescribeSnapshots", json!({ "SnapshotIds": [snapshot] }));
    answer["Snapshots"][0]["StorageTier"].clone()
}

fn status(aws: &Aws<'_>, snapshot: &str) -> Value {
    let filter = json!({ "Filters": [{ "Name": "snapshot-id", "Values": [snapshot] }] });
    let answer = aws.ec2("DescribeSnapshotTierStatus", filter);
    answer["SnapshotTierStatuses"][0]["LastTieringOperationStatus"].clone()
}

fn archive(aws: &Aws<'_>, snapshot: &str) {
    let parameters = json!({ "SnapshotId": snapshot, "StorageTier": "archive" });
    aws.ec2("ModifySnapshotTier", parameters);
}

fn archived(aws: &Aws<'_>) -> String {
    let snapshot = aws.snapshot();
    archive(aws, &snapshot);
    aws.pass(3 * DAY);
    assert_eq!(tier(aws, &snapshot), "archive");
    snapshot
}

fn a_snapshot_is_archived(aws: &Aws<'_>) {
    let snapshot = aws.snapshot();
    archive(aws, &snapshot);
    assert_eq!(tier(aws, &snapshot), "standard");
    assert_eq!(status(aws, &snapshot), "archival-in-progress");
    aws.pass(3 * DAY);
    assert_eq!(tier(aws, &snapshot), "archive");
    assert_eq!(status(aws, &snapshot), "archival-completed");
    for (operation, parameters) in [
        (
            "CreateVolume",
            json!({ "AvailabilityZone": format!("{HERE}a"), "SnapshotId": snapshot }),
        ),
        (
            "CopySnapshot",
            json!({ "SourceRegion": HERE, "SourceSnapshotId": snapshot }),
        ),
        (
            "RegisterImage",
            json!({
                "Name": "golden",
                "RootDeviceName": "/dev/xvda",
                "BlockDeviceMappings": [
                    { "DeviceName": "/dev/xvda", "Ebs": { "SnapshotId": snapshot } }
                ],
            }),
        ),
        (
            "ModifySnapshotAttribute",
            json!({
                "SnapshotId": snapshot,
                "CreateVolumePermission": { "Add": [{ "UserId": OTHER }] },
            }),
        ),
        ("ModifySnapshotTier", json!({ "SnapshotId": snapshot })),
    ] {
        let code = aws.ec2_code(operation, parameters);
        assert_eq!(code, "IncorrectState", "{operation}");
    }
    assert_eq!(deleted(aws, &snapshot), Ok(()));
}

fn a_snapshot_of_an_image_is_archived_once_the_image_is_disabled(aws: &Aws<'_>) {
    let snapshot = aws.snapshot();
    let image = aws.image_over("golden", &snapshot);
    let parameters = json!({ "SnapshotId": snapshot, "StorageTier": "archive" });
    let code = aws.ec2_code("ModifySnapshotTier", parameters);
    assert_eq!(code, "InvalidSnapshot.InUse");
    aws.ec2("DisableImage", json!({ "ImageId": image }));
    archive(aws, &snapshot);
    aws.pass(3 * DAY);
    assert_eq!(tier(aws, &snapshot), "archive");
}

fn an_image_over_an_archived_snapshot_is_neither_enabled_nor_used(aws: &Aws<'_>) {
    let snapshot = aws.snapshot();
    let image = aws.image_over("golden", &snapshot);
    aws.ec2("DisableImage", json!({ "ImageId": image }));
    archive(aws, &snapshot);
    aws.pass(3 * DAY);
    let enable = json!({ "ImageId": image });
    let code = aws.ec2_code("EnableImage", enable.clone());
    assert_eq!(code, "IncorrectState");
    let restore = json!({ "SnapshotId": snapshot, "TemporaryRestoreDays": 5 });
    aws.ec2("RestoreSnapshotTier", restore);
    aws.pass(3 * DAY);
    aws.ec2("EnableImage", enable);
    let run = json!({ "ImageId": image, "MinCount": 1, "MaxCount": 1 });
    aws.ec2("RunInstances", run.clone());
    aws.pass(9 * DAY);
    let copy = json!({ "Name": "copy", "SourceImageId": image, "SourceRegion": aws.region() });
    for (operation, parameters) in [("RunInstances", run), ("CopyImage", copy)] {
        let code = aws.ec2_code(operation, parameters);
        assert_eq!(code, "IncorrectState", "{operation}");
    }
}

fn a_snapshot_is_restored_for_good(aws: &Aws<'_>) {
    let snapshot = archived(aws);
    let restore = json!({ "SnapshotId": snapshot, "PermanentRestore": true });
    let begun = aws.ec2("RestoreSnapshotTier", restore);
    assert_eq!(begun["IsPermanentRestore"], true);
    assert_eq!(status(aws, &snapshot), "permanent-restore-in-progress");
    assert_eq!(tier(aws, &snapshot), "archive");
    aws.pass(3 * DAY);
    assert_eq!(status(aws, &snapshot), "permanent-restore-completed");
    aws.pass(200 * DAY);
    assert_eq!(tier(aws, &snapshot), "standard");
    aws.image_over("golden", &snapshot);
}

fn a_snapshot_is_restored_for_a_time(aws: &Aws<'_>) {
    let snapshot = archived(aws);
    let restore = |days: i64| {
        let parameters = json!({ "SnapshotId": snapshot, "TemporaryRestoreDays": days });
        aws.ec2("RestoreSnapshotTier", parameters)
    };
    assert_eq!(restore(10)["RestoreDuration"], 10);
    aws.pass(3 * DAY);
    assert_eq!(status(aws, &snapshot), "temporary-restore-completed");
    assert_eq!(tier(aws, &snapshot), "standard");
    restore(20);
    aws.pass(15 * DAY);
    assert_eq!(tier(aws, &snapshot), "standard");
    aws.pass(6 * DAY);
    assert_eq!(tier(aws, &snapshot), "archive");
}

fn restoring_has_rules(aws: &Aws<'_>) {
    let (standard, snapshot) = (aws.snapshot(), archived(aws));
    let code = |snapshot: &str, mut more: Value| {
        more["SnapshotId"] = json!(snapshot);
        aws.ec2_code("RestoreSnapshotTier", more)
    };
    let good = json!({ "PermanentRestore": true });
    assert_eq!(code(&standard, good), "IncorrectState");
    assert_eq!(code(&snapshot, json!({})), "MissingParameter");
    for days in [0, 181] {
        let wrong = json!({ "TemporaryRestoreDays": days });
        assert_eq!(code(&snapshot, wrong), "InvalidParameterValue", "{days}");
    }
    let both = json!({ "TemporaryRestoreDays": 1, "PermanentRestore": true });
    assert_eq!(code(&snapshot, both), "InvalidParameterCombination");
}
