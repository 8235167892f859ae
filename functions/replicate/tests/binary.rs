//! The real binary, run as Lambda runs it, against a simulated AWS on the wire.

use amiary_cli::local::clients;
use amiary_domain::lineage::ReplicaState;
use amiary_simulator::World;
use amiary_tests::lambda::Environment;
use amiary_tests::{BUILDER, Stage, Wants, golden};
use serde_json::{Value, json};

fn start(world: &World) -> Environment {
    Environment::start(env!("CARGO_BIN_EXE_replicate").as_ref(), "replicate", world)
}

/// What the queue hands over once the world's events went through the template's rules.
fn batch(stage: &mut Stage) -> Value {
    let now = stage.world().now();
    stage.route(now);
    let delivery = stage.local.bus().due(now).expect("the rules match");
    assert_eq!(delivery.function, "ReplicateFunction");
    delivery.payload
}

fn message(id: &str, body: &str) -> Value {
    json!({"messageId": id, "body": body, "eventSource": "aws:sqs"})
}

#[tokio::test]
async fn an_image_event_from_the_queue_starts_every_copy() {
    let mut stage = Stage::new(&Wants::default()).await;
    let source = stage.publish(golden("golden-1"));
    let mut function = start(stage.world());
    let answer = function.invoke(batch(&mut stage)).await;
    assert_eq!(answer, Ok(json!({"batchItemFailures": []})));
    assert_eq!(stage.count("CopyImage"), 2);
    let states = stage.states(&source).await;
    assert!(
        states.values().all(|state| *state == ReplicaState::Copying),
        "{states:?}"
    );
}

#[tokio::test]
async fn a_malformed_message_is_reported_alone_and_logged_once() {
    let mut stage = Stage::new(&Wants::default()).await;
    stage.publish(golden("golden-1"));
    let mut batch = batch(&mut stage);
    let records = batch["Records"].as_array_mut().unwrap();
    records.insert(0, message("bad", "not an event"));
    let mut function = start(stage.world());
    let answer = function.invoke(batch).await;
    assert_eq!(
        answer,
        Ok(json!({"batchItemFailures": [{"itemIdentifier": "bad"}]}))
    );
    assert_eq!(
        stage.count("CopyImage"),
        2,
        "the other message is carried out"
    );
    let errors = function.end().await.of_level("ERROR");
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0]["message.id"], "bad");
}

#[tokio::test]
async fn without_a_policy_the_invocation_fails_and_its_messages_come_again() {
    let world = World::new(1);
    let admin = clients(&world, BUILDER, "administrator").await;
    admin.create_table().await.unwrap();
    let id = world.publish_image(golden("golden-1"));
    let body = &world.take_events()[0].body;
    assert_eq!(body["detail"]["ImageId"], id);
    let mut function = start(&world);
    let batch = json!({"Records": [message("one", &body.to_string())]});
    let answer = function.invoke(batch).await;
    let error = answer.unwrap_err();
    assert_eq!(error["errorType"], "NoPolicy");
    let said = error["errorMessage"].as_str().unwrap();
    assert!(
        said.contains("no policy is active: amiary policy apply FILE"),
        "{said}"
    );
}
