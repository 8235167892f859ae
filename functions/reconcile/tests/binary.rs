//! The real binary, run as Lambda runs it, against a simulated AWS on the wire.

use amiary_cli::local::clients;
use amiary_simulator::World;
use amiary_tests::lambda::Environment;
use amiary_tests::{BUILDER, PRODUCTION, Stage, Wants, golden};
use jiff::SignedDuration;
use serde_json::{Value, json};

fn start(world: &World) -> Environment {
    Environment::start(env!("CARGO_BIN_EXE_reconcile").as_ref(), "reconcile", world)
}

fn schedule() -> Value {
    json!({"source": "aws.scheduler", "detail-type": "Scheduled Event", "detail": {}})
}

#[tokio::test]
async fn the_schedule_alone_replicates_what_no_event_reported_and_says_what_it_did() {
    let wants = Wants {
        production: vec!["eu-west-1"],
        ..Wants::default()
    };
    let stage = Stage::new(&wants).await;
    let source = stage.publish(golden("golden-1"));
    let mut function = start(stage.world());
    let answer = function.invoke(schedule()).await.unwrap();
    assert_eq!(answer["revision"], 1, "{answer}");
    assert_eq!(answer["looked_at"], 1);
    assert_eq!(answer["discovered"], 1);
    assert_eq!(answer["failures"], 0);
    assert_eq!(answer["unread"], json!([]));
    assert_eq!(answer["held"], json!({"copies": 0, "revocations": 0}));
    assert!(answer["steps"].as_u64() > Some(0));
    assert_eq!(stage.count("CopyImage"), 3);
    stage.world().advance(SignedDuration::from_mins(10));
    let answer = function.invoke(schedule()).await.unwrap();
    assert_eq!(answer["discovered"], 0, "{answer}");
    assert!(stage.is_replicated(&source, 3).await);
    assert_eq!(stage.images(PRODUCTION, "eu-west-1").len(), 1);
    assert_eq!(stage.count("CopyImage"), 3, "nothing is copied twice");
}

#[tokio::test]
async fn without_a_policy_lambda_is_told_so() {
    let world = World::new(1);
    let admin = clients(&world, BUILDER, "administrator").await;
    admin.create_table().await.unwrap();
    let mut function = start(&world);
    let error = function.invoke(schedule()).await.unwrap_err();
    assert_eq!(error["errorType"], "NoPolicy");
    let expected = "no policy is active: amiary policy apply FILE";
    assert_eq!(error["errorMessage"], expected);
}

#[tokio::test]
async fn a_failed_call_reaches_lambda_with_its_whole_chain_and_the_next_invocation_is_answered() {
    let world = World::new(1);
    let mut function = start(&world);
    let error = function.invoke(schedule()).await.unwrap_err();
    assert_eq!(error["errorType"], "Call");
    let message = error["errorMessage"].as_str().unwrap();
    for part in ["a call failed: ", "ResourceNotFoundException"] {
        assert!(message.contains(part), "{message}");
    }
    let admin = clients(&world, BUILDER, "administrator").await;
    admin.create_table().await.unwrap();
    let error = function.invoke(schedule()).await.unwrap_err();
    assert_eq!(error["errorType"], "NoPolicy");
}
