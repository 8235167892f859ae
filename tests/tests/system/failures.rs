use amiary_cli::local::Happened;
use amiary_domain::lineage::ReplicaState;
use amiary_domain::observation::Mandate;
use amiary_engine::run::look_at;
use amiary_simulator::{Fault, FaultKind, NewImage, PlannedFault};
use amiary_tests::{BUILDER, Stage, Wants, golden};
use jiff::SignedDuration;

const IRELAND: &str = "111111111111/eu-west-1";
const SYDNEY: &str = "111111111111/ap-southeast-2";

fn fault(operation: &str, kind: FaultKind) -> Fault {
    Fault {
        operation: operation.to_owned(),
        caller: None,
        region: None,
        nth: 1,
        kind,
    }
}

fn error(code: &str, status: u16) -> FaultKind {
    FaultKind::ErrorBefore {
        code: code.to_owned(),
        status,
        message: "as planned".to_owned(),
    }
}

/// The story behind it: openshift-tools #993.
#[tokio::test]
async fn a_copy_whose_reply_was_lost_is_not_made_twice() {
    let mut stage = Stage::new(&Wants::default()).await;
    stage
        .world()
        .fail_next(fault("CopyImage", FaultKind::ReplyLost));
    let source = stage.publish(golden("golden-1"));
    stage.local.settle().await;
    stage.local.pass(SignedDuration::from_hours(1)).await;
    assert_eq!(stage.world().faults_pending(), 0, "the fault happened");
    assert!(stage.is_replicated(&source, 2).await);
    assert_eq!(stage.images(BUILDER, "eu-west-1").len(), 1);
    assert_eq!(stage.images(BUILDER, "ap-southeast-2").len(), 1);
}

/// The story behind it: mantle; packer #12779.
#[tokio::test]
async fn one_destinations_failure_does_not_touch_the_others() {
    let mut stage = Stage::new(&Wants::default()).await;
    for _ in 0..3 {
        stage.world().fail_next(Fault {
            region: Some("ap-southeast-2".to_owned()),
            ..fault("CopyImage", error("UnauthorizedOperation", 403))
        });
    }
    let source = stage.publish(golden("golden-1"));
    stage.local.settle().await;
    let states = stage.states(&source).await;
    assert_eq!(states[IRELAND], ReplicaState::Verified);
    assert_ne!(states[SYDNEY], ReplicaState::Verified);
    stage.local.pass(SignedDuration::from_hours(2)).await;
    assert_eq!(stage.world().faults_pending(), 0);
    assert_eq!(stage.states(&source).await[SYDNEY], ReplicaState::Failed);
    let subjects: Vec<_> = stage
        .inbox()
        .into_iter()
        .filter_map(|m| m.subject)
        .collect();
    assert_eq!(subjects, ["Image golden-1 could not be replicated [web]"]);
}

/// The story behind it: packer-plugin-amazon #270; packer #6599, #11852.
#[tokio::test]
async fn a_disabled_key_is_told_with_its_mend_and_once_mended_only_that_destination_is_copied() {
    let mut stage = Stage::new(&Wants::default()).await;
    let key = stage.key(SYDNEY).to_owned();
    stage.world().set_key_enabled(&key, false);
    let source = stage.publish(golden("golden-1"));
    stage.local.settle().await;
    let states = stage.states(&source).await;
    assert_eq!(
        (states[IRELAND], states[SYDNEY]),
        (ReplicaState::Verified, ReplicaState::Wanted)
    );
    let told = stage.inbox().pop().unwrap().message;
    assert!(
        told.contains("aws kms enable-key --region ap-southeast-2"),
        "{told}"
    );

    stage.local.pass(SignedDuration::from_hours(1)).await;
    assert_eq!(stage.inbox().len(), 1, "told once of one cause");
    stage.world().set_key_enabled(&key, true);
    stage.world().forget_calls();
    let session = stage.person.session().await.unwrap();
    look_at(
        session.reading(),
        session.writing(),
        &session.active,
        &source,
        Mandate::Person,
        None,
    )
    .await
    .unwrap();
    stage.local.settle().await;
    assert!(stage.is_replicated(&source, 2).await);
    let regions: Vec<_> = stage
        .calls("ec2")
        .into_iter()
        .chain(
            stage
                .world()
                .calls()
                .into_iter()
                .filter(|call| call.caller.contains("engineer")),
        )
        .filter(|call| call.operation == "CopyImage")
        .map(|call| call.region)
        .collect();
    assert_eq!(regions, ["ap-southeast-2"]);
}

/// The story behind it: boto3 #3493; packer #7954, #6737, #7673.
#[tokio::test]
async fn a_key_that_goes_while_the_copy_runs_is_a_bounded_number_of_attempts_and_then_told() {
    let mut stage = Stage::new(&Wants {
        own: vec!["eu-west-1"],
        ..Wants::default()
    })
    .await;
    let key = stage.key(IRELAND).to_owned();
    let source = stage.publish(golden("golden-1"));
    for attempt in 1..=3 {
        stage.world().set_key_enabled(&key, true);
        while stage.count("CopyImage") < attempt {
            stage.local.pass(SignedDuration::from_mins(1)).await;
        }
        // The copy was accepted; then its key goes.
        stage.world().set_key_enabled(&key, false);
        stage.local.pass(SignedDuration::from_mins(8)).await;
    }
    assert_eq!(stage.states(&source).await[IRELAND], ReplicaState::Failed);
    assert_eq!(stage.count("CopyImage"), 3);
    let inbox = stage.inbox();
    assert_eq!(
        inbox.last().unwrap().attributes["kind"],
        "failed",
        "{inbox:#?}"
    );
}

#[tokio::test]
async fn a_name_that_a_stranger_has_is_named_in_the_outcome() {
    let mut stage = Stage::new(&Wants {
        own: vec!["eu-west-1"],
        ..Wants::default()
    })
    .await;
    let stranger = stage.publish(NewImage::new(BUILDER, "eu-west-1", "golden-1"));
    let source = stage.publish(golden("golden-1"));
    stage.local.settle().await;
    let lineage = stage.lineage(&source).await.unwrap();
    let replica = &lineage.replicas[&IRELAND.parse().unwrap()];
    assert_eq!(replica.state, ReplicaState::Failed);
    assert!(
        replica
            .cause
            .as_ref()
            .unwrap()
            .contains(stranger.id.as_str()),
        "{replica:?}"
    );
    assert_eq!(stage.images(BUILDER, "eu-west-1").len(), 1);
}

#[tokio::test]
async fn a_full_quota_is_a_queue() {
    let mut stage = Stage::new(&Wants {
        own: vec!["eu-west-1"],
        ..Wants::default()
    })
    .await;
    stage.world().set_concurrent_copies(2);
    let sources: Vec<_> = (0..5)
        .map(|n| stage.publish(golden(&format!("golden-{n}"))))
        .collect();
    stage.local.settle().await;
    stage.local.pass(SignedDuration::from_hours(2)).await;
    for source in &sources {
        assert!(
            stage.is_replicated(source, 1).await,
            "{:?}",
            stage.states(source).await
        );
    }
    assert!(
        stage
            .inbox()
            .iter()
            .all(|message| message.attributes["kind"] == "replicated")
    );
}

#[tokio::test]
async fn an_event_whose_image_cannot_be_read_comes_again() {
    let mut stage = Stage::new(&Wants::default()).await;
    // The SDK tries three times by itself; the queue brings the event back after that.
    for _ in 0..3 {
        stage
            .world()
            .fail_next(fault("DescribeImages", error("RequestLimitExceeded", 503)));
    }
    let source = stage.publish(golden("golden-1"));
    stage.local.settle().await;
    assert_eq!(stage.world().faults_pending(), 0);
    assert!(stage.is_replicated(&source, 2).await);
}

#[tokio::test]
async fn a_cap_on_copies_lets_the_rest_wait_for_the_next_run() {
    let wants = Wants {
        caps: "copies-per-run = 1",
        ..Wants::default()
    };
    let mut stage = Stage::new(&wants).await;
    let mut image = golden("golden-1");
    image.launch_permissions.clear();
    let source = stage.publish(image);
    while stage.count("CopyImage") == 0 {
        stage.local.step().await.expect("a copy is started");
    }
    stage.local.pass(SignedDuration::from_mins(2)).await;
    assert_eq!(
        stage.count("CopyImage"),
        1,
        "the other waits for the schedule"
    );
    stage.local.pass(SignedDuration::from_hours(1)).await;
    assert!(stage.is_replicated(&source, 2).await);
}

/// The story behind it: fedora-coreos-tracker #1810; deepracer #106.
#[tokio::test]
async fn a_step_that_is_refused_after_the_copy_is_told_once_and_done_once_it_is_allowed() {
    let mut stage = Stage::new(&Wants {
        own: vec!["eu-west-1"],
        ..Wants::default()
    })
    .await;
    for _ in 0..6 {
        stage.world().fail_next(Fault {
            region: Some("eu-west-1".to_owned()),
            ..fault("ModifyImageAttribute", error("OperationNotPermitted", 403))
        });
    }
    let source = stage.publish(golden("golden-1"));
    stage.local.settle().await;
    stage.local.pass(SignedDuration::from_mins(40)).await;
    let lineage = stage.lineage(&source).await.unwrap();
    let cause = lineage.replicas[&IRELAND.parse().unwrap()]
        .cause
        .clone()
        .unwrap();
    assert!(cause.contains("OperationNotPermitted"), "{cause}");
    let kinds = |stage: &Stage| -> Vec<String> {
        stage
            .inbox()
            .iter()
            .map(|m| m.attributes["kind"].clone())
            .collect()
    };
    assert_eq!(kinds(&stage), ["waiting"]);
    stage.local.pass(SignedDuration::from_hours(2)).await;
    assert_eq!(stage.world().faults_pending(), 0);
    assert_eq!(kinds(&stage), ["waiting", "replicated"]);
}

#[tokio::test]
async fn a_key_that_may_not_be_read_is_told_once() {
    let mut stage = Stage::new(&Wants {
        own: vec!["eu-west-1"],
        ..Wants::default()
    })
    .await;
    for _ in 0..5 {
        stage
            .world()
            .fail_next(fault("DescribeKey", error("AccessDeniedException", 400)));
    }
    let source = stage.publish(golden("golden-1"));
    stage.local.settle().await;
    stage.local.pass(SignedDuration::from_hours(3)).await;
    assert_eq!(stage.world().faults_pending(), 0);
    let kinds: Vec<_> = stage
        .inbox()
        .iter()
        .map(|m| m.attributes["kind"].clone())
        .collect();
    assert_eq!(kinds, ["waiting", "replicated"]);
    assert!(stage.is_replicated(&source, 1).await);
}

/// An invocation that dies around any of its calls is made again, and ends as if it had not.
#[tokio::test]
async fn a_crash_around_a_copy_leaves_one_copy() {
    for kind in [
        FaultKind::CrashBefore,
        FaultKind::CrashAfter,
        FaultKind::CrashAfterReply,
    ] {
        let mut stage = Stage::new(&Wants::default()).await;
        stage.world().plan_fault(
            PlannedFault::new(kind.clone())
                .operation("CopyImage")
                .nth(1),
        );
        let source = stage.publish(golden("golden-1"));
        let happened = stage.local.pass(SignedDuration::from_hours(1)).await;
        let crashed = happened.iter().any(|one| {
            matches!(one, Happened::Invoked { result: Err(told), .. } if told.contains("crashed"))
        });
        assert!(crashed, "{kind:?}: an invocation died");
        let report = stage.world().fault_report();
        assert!(report.iter().all(|fault| fault.fired == 1), "{report:?}");
        assert!(stage.is_replicated(&source, 2).await, "{kind:?}");
        assert_eq!(stage.images(BUILDER, "eu-west-1").len(), 1, "{kind:?}");
        assert_eq!(stage.images(BUILDER, "ap-southeast-2").len(), 1, "{kind:?}");
    }
}
