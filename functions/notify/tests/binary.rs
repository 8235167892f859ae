//! The real binary, run as Lambda runs it, against a simulated AWS on the wire.

use amiary_simulator::{FaultKind, PlannedFault, World};
use amiary_tests::lambda::Environment;
use amiary_tests::{Stage, Wants, golden, topic};
use jiff::SignedDuration;
use serde_json::{Value, json};

fn start(world: &World) -> Environment {
    Environment::start(env!("CARGO_BIN_EXE_notify").as_ref(), "notify", world)
}

/// A stage on which an image is replicated, and its owner not told yet.
async fn replicated() -> Stage {
    let stage = Stage::new(&Wants::default()).await;
    let source = stage.publish(golden("golden-1"));
    for _ in 0..2 {
        let done = stage
            .local
            .invoke_by_hand("ReconcileFunction", json!({}))
            .await;
        done.expect("it works");
        stage.world().advance(SignedDuration::from_mins(10));
    }
    assert!(stage.is_replicated(&source, 2).await);
    assert!(stage.inbox().is_empty());
    stage
}

/// What the stream hands over once the table's changes went through the template's filter.
fn batch(stage: &mut Stage) -> Value {
    let now = stage.world().now();
    stage.route(now);
    while let Some(delivery) = stage.local.bus().due(now) {
        if delivery.function == "NotifyFunction" && delivery.payload["Records"].is_array() {
            return delivery.payload;
        }
    }
    panic!("the filter let nothing through");
}

#[tokio::test]
async fn the_schedule_publishes_what_is_pending_once() {
    let stage = replicated().await;
    let mut function = start(stage.world());
    let schedule = json!({"source": "aws.scheduler"});
    let answer = function.invoke(schedule.clone()).await;
    assert_eq!(answer, Ok(json!({"published": 1, "failed_topics": []})));
    let answer = function.invoke(schedule).await;
    assert_eq!(answer, Ok(json!({"published": 0, "failed_topics": []})));
    let inbox = stage.inbox();
    assert_eq!(inbox.len(), 1);
    assert_eq!(inbox[0].attributes["kind"], "replicated");
}

#[tokio::test]
async fn the_stream_publishes_a_notice_once_however_often_it_comes() {
    let mut stage = replicated().await;
    let batch = batch(&mut stage);
    let mut function = start(stage.world());
    for _ in 0..2 {
        let answer = function.invoke(batch.clone()).await;
        assert_eq!(answer, Ok(json!({"batchItemFailures": []})));
    }
    assert_eq!(stage.inbox().len(), 1);
}

#[tokio::test]
async fn a_record_that_is_no_notice_is_reported_by_its_sequence_number() {
    let stage = Stage::new(&Wants::default()).await;
    let mut function = start(stage.world());
    let record = json!({"dynamodb": {"SequenceNumber": "42", "NewImage": {"pk": {"S": "x"}}}});
    let answer = function.invoke(json!({"Records": [record]})).await;
    assert_eq!(
        answer,
        Ok(json!({"batchItemFailures": [{"itemIdentifier": "42"}]}))
    );
}

#[tokio::test]
async fn a_notice_that_cannot_be_published_is_logged_with_the_same_whole_chain_by_stream_and_schedule()
 {
    let mut stage = replicated().await;
    let batch = batch(&mut stage);
    let refused = FaultKind::refused("InternalErrorException", 500, "as planned");
    let refused = PlannedFault::new(refused).operation("Publish");
    stage.world().plan_fault(refused.every());
    let mut function = start(stage.world());
    let answer = function.invoke(batch).await.unwrap();
    assert_eq!(
        answer["batchItemFailures"].as_array().map(Vec::len),
        Some(1)
    );
    let answer = function.invoke(json!({"source": "aws.scheduler"})).await;
    let expected = json!({"published": 0, "failed_topics": [topic()]});
    assert_eq!(answer, Ok(expected));
    let told = function.end().await.of_level("ERROR");
    let [by_stream, by_schedule] = &told[..] else {
        panic!("each is told once: {told:?}");
    };
    for told in [by_stream, by_schedule] {
        let chain = told["error"].as_str().unwrap();
        assert!(chain.contains("Publish in "), "{chain}");
        assert!(chain.contains("as planned: service error: "), "{chain}");
    }
}
