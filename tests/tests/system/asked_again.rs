//! Owns the proof that a run which starts a copy does not judge it by an image that it saw before.

use amiary_domain::ids::ImageRef;
use amiary_domain::lineage::ReplicaState;
use amiary_domain::observation::Mandate;
use amiary_engine::run::{Report, look_at};
use amiary_simulator::{Fault, FaultKind};
use amiary_tests::{BUILDER, Stage, Wants, golden};
use jiff::SignedDuration;

const IRELAND: &str = "111111111111/eu-west-1";

fn one_destination() -> Wants {
    Wants {
        own: vec!["eu-west-1"],
        ..Wants::default()
    }
}

async fn look(stage: &Stage, source: &ImageRef, mandate: Mandate) -> Report {
    let session = stage.person.session().await.unwrap();
    let (reading, writing) = (session.reading(), session.writing());
    look_at(reading, writing, &session.active, source, mandate, None)
        .await
        .unwrap()
}

fn copies(report: &Report) -> usize {
    report
        .applied
        .iter()
        .filter(|step| step.step.starts_with("copy "))
        .count()
}

#[tokio::test]
async fn a_person_who_asks_after_the_last_attempt_failed_gets_one_copy_and_it_is_kept() {
    let mut stage = Stage::new(&one_destination()).await;
    let key = stage.key(IRELAND).to_owned();
    let source = stage.publish(golden("golden-1"));
    for attempt in 1..=3 {
        stage.world().set_key_enabled(&key, true);
        while stage.count("CopyImage") < attempt {
            stage.local.pass(SignedDuration::from_mins(1)).await;
        }
        stage.world().set_key_enabled(&key, false);
        stage.local.pass(SignedDuration::from_mins(8)).await;
    }
    assert_eq!(stage.states(&source).await[IRELAND], ReplicaState::Failed);
    stage.world().set_key_enabled(&key, true);

    let report = look(&stage, &source, Mandate::Person).await;
    assert_eq!(copies(&report), 1, "{report:#?}");
    assert_eq!(stage.states(&source).await[IRELAND], ReplicaState::Copying);
    stage.local.pass(SignedDuration::from_hours(1)).await;
    assert!(stage.is_replicated(&source, 1).await);
}

#[tokio::test]
async fn a_person_who_asks_after_a_replica_was_disabled_gets_one_copy_and_no_second_loss() {
    let mut stage = Stage::new(&one_destination()).await;
    let source = stage.publish(golden("golden-1"));
    stage.local.settle().await;
    let replica = stage.replica(&source, IRELAND).await;
    stage.disable(&format!("{IRELAND}/{}", replica.id).parse().unwrap());
    stage.local.pass(SignedDuration::from_hours(25)).await;
    assert_eq!(stage.states(&source).await[IRELAND], ReplicaState::Gone);

    let report = look(&stage, &source, Mandate::Person).await;
    assert_eq!(copies(&report), 1, "{report:#?}");
    assert_eq!(stage.states(&source).await[IRELAND], ReplicaState::Copying);
    stage.local.pass(SignedDuration::from_hours(1)).await;
    assert!(stage.is_replicated(&source, 1).await);
    let lost = stage.inbox();
    let lost = lost.iter().filter(|m| m.attributes["kind"] == "lost");
    assert_eq!(lost.count(), 1);
}

#[tokio::test]
async fn that_no_image_was_found_before_a_copy_says_nothing_about_it_afterwards() {
    let stage = Stage::new(&one_destination()).await;
    let source = stage.publish(golden("golden-1"));
    stage.world().fail_next(Fault {
        operation: "CopyImage".to_owned(),
        caller: None,
        region: None,
        nth: 1,
        kind: FaultKind::ErrorBefore {
            code: "IncorrectState".to_owned(),
            status: 400,
            message: "as planned".to_owned(),
        },
    });
    look(&stage, &source, Mandate::Schedule).await;
    assert!(stage.images(BUILDER, "eu-west-1").is_empty());

    let report = look(&stage, &source, Mandate::Schedule).await;
    assert_eq!(copies(&report), 1, "the same call again");
    let lineage = stage.lineage(&source).await.unwrap();
    let replica = &lineage.replicas[&IRELAND.parse().unwrap()];
    assert!(replica.image.is_some());
    assert_eq!(replica.cause, None, "{report:#?}");
}
