//! What becomes of loans: where runs are made side by side, and where their source goes away while
//! they are out, or another run takes them back.

use amiary_cli::local::Circumstances;
use amiary_domain::observation::Mandate;
use amiary_domain::plan::{Action, Plan, Step};
use amiary_engine::apply::apply;
use amiary_engine::run::{look_at, preview};
use amiary_simulator::{ImageView, LaunchPermission};
use amiary_tests::{BUILDER, PARTNER, PRODUCTION, SOURCE_REGION, Stage, Wants, golden};
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

const IRELAND: &str = "111111111111/eu-west-1";

/// One run has written a loan down and not yet made it; another, for an event about another
/// destination, does not know what the loan is for.
#[tokio::test]
async fn a_loan_that_a_run_is_about_to_make_is_not_given_back_by_another() {
    let mut wants = Wants {
        own: vec!["eu-west-1"],
        ..Wants::default()
    };
    let mut stage = Stage::new(&wants).await;
    let source = stage.publish(golden("golden-1"));
    stage.local.settle().await;
    assert!(stage.is_replicated(&source, 1).await);
    wants.production = vec!["eu-west-1"];
    stage.replace_policy(&wants.policy()).await;

    let session = stage.person.session().await.unwrap();
    let (reading, writing, active) = (session.reading(), session.writing(), &session.active);
    let (observation, plan) = preview(reading, active, &source, Mandate::Schedule)
        .await
        .unwrap();
    let replica = stage.replica(&source, IRELAND).await;
    let replica = format!("{IRELAND}/{}", replica.id).parse().unwrap();
    let [
        Step {
            action: Action::Write(loan),
            ..
        },
    ] = &plan.source[..]
    else {
        panic!("the loan is written down first: {plan:#?}");
    };
    let now = reading.clock.now();
    writing.record.commit(loan, now, "one").await.unwrap();
    look_at(reading, writing, active, &replica, Mandate::Event, None)
        .await
        .unwrap();
    let lending = Plan {
        source: Vec::new(),
        ..plan
    };
    apply(reading, writing, active, &observation, &lending, None).await;

    stage.local.settle().await;
    stage.local.pass(SignedDuration::from_hours(2)).await;
    assert!(stage.is_replicated(&source, 2).await);
    let seen = stage
        .world()
        .image(BUILDER, SOURCE_REGION, source.id.as_str())
        .unwrap();
    let partner = LaunchPermission::Account(PARTNER.to_owned());
    assert_eq!(seen.launch_permissions, [partner].into(), "a loan is left");
    assert!(
        stage
            .lineage(&source)
            .await
            .unwrap()
            .source
            .loans
            .is_empty()
    );
}

/// A source that is lent to the production account, whose copy is under way.
async fn lent() -> (Stage, ImageView) {
    let wants = Wants {
        own: Vec::new(),
        production: vec!["eu-west-1"],
        ..Wants::default()
    };
    let mut stage = Stage::new(&wants).await;
    let source = stage.publish(golden("golden-1"));
    while stage.count("CopyImage") == 0 {
        stage.local.step().await.expect("a copy is started");
    }
    let source = stage
        .world()
        .image(BUILDER, SOURCE_REGION, source.id.as_str());
    (stage, source.unwrap())
}

fn who_may_read(stage: &Stage, snapshot: &str) -> Value {
    let parameters = json!({ "SnapshotId": snapshot, "Attribute": "createVolumePermission" });
    let answer = stage.world().perform(
        BUILDER,
        SOURCE_REGION,
        "ec2",
        "DescribeSnapshotAttribute",
        parameters,
    );
    answer.unwrap()["CreateVolumePermissions"].clone()
}

/// Lets the source go by an operation, and answers who may read its snapshot in the end.
async fn once_it_is_gone(operation: &str) {
    let (mut stage, source) = lent().await;
    let snapshot = &source.snapshots[0].id;
    let lent = who_may_read(&stage, snapshot);
    assert_eq!(lent[0]["UserId"], PRODUCTION, "{operation}: lent at first");
    let parameters = json!({ "ImageId": source.id });
    let world = stage.world().clone();
    world
        .perform(BUILDER, SOURCE_REGION, "ec2", operation, parameters)
        .unwrap();
    stage.local.pass(SignedDuration::from_hours(2)).await;
    let lent = who_may_read(&stage, snapshot);
    assert!(
        lent.as_array().is_none_or(Vec::is_empty),
        "{operation}: lent still: {lent}"
    );
    let at = format!("{BUILDER}/{SOURCE_REGION}/{}", source.id);
    let lineage = stage.lineage(&at.parse().unwrap()).await.unwrap();
    assert!(lineage.source.loans.is_empty(), "{operation}");
    stage.world().forget_calls();
    stage.local.pass(SignedDuration::from_hours(1)).await;
    assert_eq!(stage.count("ModifyImageAttribute"), 0, "{operation}");
}

#[tokio::test]
async fn the_snapshots_of_a_source_that_was_disabled_are_not_lent_for_ever() {
    once_it_is_gone("DisableImage").await;
}

#[tokio::test]
async fn the_snapshots_of_a_source_that_was_deregistered_are_not_lent_for_ever() {
    once_it_is_gone("DeregisterImage").await;
}

/// A scheduled run is held up at one of its calls until another run, which the copy's own event
/// started, has given the loan back. Answers whether the loan then spread to the other replica.
async fn spreads_when_overtaken_at(call: u32) -> bool {
    let wants = Wants {
        own: vec!["eu-west-1"],
        production: vec!["eu-west-1"],
        sharing: "as-source = true\nsnapshots = [\"partner\"]",
        ..Wants::default()
    };
    let mut stage = Stage::new(&wants).await;
    stage.publish(golden("golden-1"));
    while stage.count("CopyImage") < 2 {
        stage.local.step().await.expect("copies are started");
    }
    let world = stage.world().clone();
    world.advance(SignedDuration::from_mins(7));
    let copied = world.images(PRODUCTION, "eu-west-1")[0].id.clone();
    let event = json!({
        "version": "0", "id": "1", "detail-type": "EC2 AMI State Change", "source": "aws.ec2",
        "account": PRODUCTION, "region": "eu-west-1", "time": "2026-01-01T00:00:00Z",
        "resources": [], "detail": { "ImageId": copied, "State": "available" },
    });
    let message = json!({ "Records": [{ "messageId": "1", "body": event.to_string() }] });
    // The first process is the one of the scheduled run.
    let (processes, is_held_up) = (AtomicU32::new(0), Arc::new(AtomicBool::new(false)));
    let holding = Arc::clone(&is_held_up);
    stage.local.set_circumstances(Arc::new(move || {
        let is_first = processes.fetch_add(1, Ordering::Relaxed) == 0;
        let (calls, holding) = (AtomicU32::new(0), Arc::clone(&holding));
        let yields = move || {
            let is_now = is_first && calls.fetch_add(1, Ordering::Relaxed) == call;
            holding.fetch_or(is_now, Ordering::Relaxed);
            if is_now { 10_000 } else { 0 }
        };
        Circumstances {
            yields: Arc::new(yields),
            ..Circumstances::default()
        }
    }));
    let reconcile = async {
        let answer = stage.local.invoke_by_hand("ReconcileFunction", Value::Null);
        answer.await.expect("it runs");
        is_held_up.store(true, Ordering::Relaxed);
    };
    let replicate = async {
        while !is_held_up.load(Ordering::Relaxed) {
            tokio::task::yield_now().await;
        }
        let answer = stage.local.invoke_by_hand("ReplicateFunction", message);
        answer.await.expect("it runs");
    };
    tokio::join!(reconcile, replicate);
    let replica = &world.images(BUILDER, "eu-west-1")[0];
    let lent = LaunchPermission::Account(PRODUCTION.to_owned());
    replica.launch_permissions.contains(&lent)
}

#[tokio::test]
async fn a_loan_that_another_run_takes_back_meanwhile_does_not_spread_to_replicas() {
    for call in 0..40 {
        assert!(
            !spreads_when_overtaken_at(call).await,
            "held up at call {call}"
        );
    }
}
