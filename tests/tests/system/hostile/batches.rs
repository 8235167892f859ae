//! Hostile payloads of `replicate` as a whole: each with what becomes of it.

use super::events::CHANGE;
use super::told::{Log, shows_as_it_is};
use amiary_tests::{Stage, Wants};
use serde_json::{Value, json};

/// The messages that come again.
pub fn failed(answer: &Value) -> Vec<&str> {
    let items = answer["batchItemFailures"].as_array().unwrap().iter();
    items
        .map(|item| item["itemIdentifier"].as_str().unwrap())
        .collect()
}

/// What becomes of a whole batch.
enum Batch {
    /// These messages come again.
    Fails(&'static [&'static str]),
    /// All of it comes again: the payload is none.
    Refused,
}

/// Payloads of the function: what they are, the payload, and what becomes of them.
#[rustfmt::skip]
fn batches() -> Vec<(&'static str, Value, Batch)> {
    let message = |id: &str, body: &str| json!({"messageId": id, "body": body});
    let other = CHANGE.replace("aws.ec2", "aws.s3");
    let many = |count: usize| json!({"Records": vec![message("m", &other); count]});
    vec![
        ("no record", json!({"Records": []}), Batch::Fails(&[])),
        ("ten records", many(10), Batch::Fails(&[])),
        ("ten thousand records", many(10_000), Batch::Fails(&[])),
        ("a message without an id", json!({"Records": [{"body": "{"}]}), Batch::Fails(&[""])),
        ("a message without an id, and one with", json!({"Records": [{"body": other}, message("b", "{")]}), Batch::Fails(&["b"])),
        ("an id of null", json!({"Records": [{"messageId": null, "body": "{"}]}), Batch::Fails(&[""])),
        ("an id with control characters", json!({"Records": [message("\u{1b}[31m\r\n", "{")]}), Batch::Fails(&["\u{1b}[31m\r\n"])),
        ("two messages of one id", json!({"Records": [message("a", "{"), message("a", &other)]}), Batch::Fails(&["a"])),
        ("a message without a body", json!({"Records": [{"messageId": "a"}]}), Batch::Fails(&["a"])),
        ("a body of null", json!({"Records": [{"messageId": "a", "body": null}]}), Batch::Fails(&["a"])),
        ("an empty body", json!({"Records": [message("a", "")]}), Batch::Fails(&["a"])),
        ("an empty record", json!({"Records": [{}]}), Batch::Fails(&[""])),
        ("a body that is an object", json!({"Records": [{"messageId": "a", "body": {}}]}), Batch::Refused),
        ("an id that is a number", json!({"Records": [{"messageId": 1, "body": ""}]}), Batch::Refused),
        ("a record that is a text", json!({"Records": ["a"]}), Batch::Refused),
        ("records of null", json!({"Records": null}), Batch::Refused),
        ("records that are an object", json!({"Records": {"0": {}}}), Batch::Refused),
        ("no records at all", json!({}), Batch::Refused),
        ("a schedule", json!({"source": "aws.scheduler"}), Batch::Refused),
        ("null", Value::Null, Batch::Refused),
        ("a text", json!("Records"), Batch::Refused),
    ]
}

/// How many batches there are.
pub fn count() -> usize {
    batches().len()
}

#[tokio::test]
async fn a_batch_of_any_form_is_answered_or_refused_as_the_table_says() {
    let stage = Stage::new(&Wants::default()).await;
    let log = Log::kept();
    for (what, payload, then) in batches() {
        let answer = stage
            .local
            .invoke_by_hand("ReplicateFunction", payload)
            .await;
        match (answer, then) {
            (Ok(answer), Batch::Fails(expected)) => assert_eq!(failed(&answer), expected, "{what}"),
            (Err(said), Batch::Refused) => {
                assert!(
                    said.contains("not one this function takes"),
                    "{what}: {said}"
                );
                shows_as_it_is(&said);
            }
            (other, _) => panic!("{what}: {other:?}"),
        }
    }
    assert_eq!(
        stage.calls("ec2").len(),
        0,
        "none of them names an image of ours"
    );
    log.lines();
}
