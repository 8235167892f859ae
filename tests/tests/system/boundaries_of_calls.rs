use amiary_simulator::{Fault, FaultKind, LaunchPermission};
use amiary_tests::{BUILDER, PARTNER, PRODUCTION, SOURCE_REGION, Stage, Wants, golden};
use jiff::SignedDuration;

/// Every operation that the main job makes of AWS and of its record.
const OPERATIONS: [&str; 11] = [
    "AssumeRole",
    "CopyImage",
    "DescribeImageAttribute",
    "DescribeImages",
    "DescribeKey",
    "DescribeSnapshotAttribute",
    "DescribeSnapshots",
    "GetItem",
    "ModifyImageAttribute",
    "ModifySnapshotAttribute",
    "TransactWriteItems",
];

fn refusal() -> FaultKind {
    FaultKind::refused("UnauthorizedOperation", 403, "as planned")
}

/// One world with one refusal; answers whether it happened.
async fn world(operation: &str, nth: u32) -> bool {
    let wants = Wants {
        own: vec!["eu-west-1"],
        production: vec!["eu-west-1"],
        ..Wants::default()
    };
    let mut stage = Stage::new(&wants).await;
    let case = format!("{operation} {nth}");
    let fault = Fault {
        operation: operation.to_owned(),
        caller: None,
        region: None,
        nth,
        kind: refusal(),
    };
    stage.world().fail_next(fault);
    let mut image = golden("golden-1");
    image.encrypted_with = Some("alias/golden".to_owned());
    let source = stage.publish(image);
    stage.local.settle().await;
    stage.local.pass(SignedDuration::from_hours(2)).await;

    assert!(
        stage.is_replicated(&source, 2).await,
        "{case}: {:?}",
        stage.states(&source).await
    );
    let partner = LaunchPermission::Account(PARTNER.to_owned());
    for place in [
        format!("{BUILDER}/eu-west-1"),
        format!("{PRODUCTION}/eu-west-1"),
    ] {
        let replica = stage.replica(&source, &place).await;
        assert_eq!(
            replica.launch_permissions,
            [partner.clone()].into(),
            "{case}: {place}"
        );
        let copies = stage.images(&replica.account, "eu-west-1");
        assert_eq!(copies.len(), 1, "{case}: {place} has one copy");
        assert!(
            copies[0].snapshots.iter().all(|s| !s.tags.is_empty()),
            "{case}: untagged snapshots"
        );
    }
    let seen = stage
        .world()
        .image(BUILDER, SOURCE_REGION, source.id.as_str())
        .unwrap();
    assert_eq!(
        seen.launch_permissions,
        [partner].into(),
        "{case}: a loan is left"
    );
    let lent = seen
        .snapshots
        .iter()
        .any(|s| !s.create_volume_permissions.is_empty());
    assert!(!lent, "{case}: a snapshot is lent still");
    let told = stage.inbox();
    let replicated = told
        .iter()
        .filter(|m| m.attributes["kind"] == "replicated")
        .count();
    assert_eq!(replicated, 1, "{case}: told once that it is replicated");
    stage.world().faults_pending() == 0
}

/// What a crash or a lost reply at any call does is `crash_matrix`'s.
#[tokio::test]
async fn a_refusal_at_any_call_changes_nothing_of_the_end() {
    let mut happened = 0;
    for operation in OPERATIONS {
        for nth in 1..=6 {
            if !world(operation, nth).await {
                break;
            }
            happened += 1;
        }
    }
    assert!(happened > 30, "the faults did happen: {happened}");
}
