//! Hostile records of the table's stream, and other payloads of `notify`: each with what becomes of
//! it.

use super::told::{Log, is_a_sound_notice};
use amiary_notify::{Source, source};
use amiary_tests::{Stage, Wants, golden};
use serde_json::{Value, json};

/// What becomes of a stored notice as the stream shows it.
#[derive(Debug, Clone, Copy)]
enum Then {
    /// It is read.
    Read,
    /// It is refused with an error that says this.
    Refused(&'static str),
}
use Then::{Read, Refused};

/// A pending notice as the table's stream shows it.
fn item() -> Value {
    json!({
        "pk": {"S": "NOTICE#n-1"}, "sk": {"S": "NOTICE"}, "format": {"N": "1"},
        "work_kind": {"S": "NOTICE"}, "work_due": {"S": "2026-01-01T00:00:00.000000Z"},
        "id": {"S": "n-1"}, "owner": {"S": "platform"}, "kind": {"S": "waiting"},
        "family": {"S": "web"}, "name": {"S": "golden-1"},
        "topic": {"S": "arn:aws:sns:us-east-1:111111111111:platform-images"},
        "source": {"S": "111111111111/us-east-1/ami-0123456789abcdef0"},
        "destinations": {"L": [{"L": [
            {"M": {"account": {"S": "222222222222"}, "region": {"S": "eu-west-1"}}},
            {"S": "no such key"},
        ]}]},
    })
}

const NO_ITEM: &str = "not an item in DynamoDB's JSON";
const DAMAGED: &str = "not readable";
const FOREIGN: &str = "Amiary did not write it";
const NEWER: &str = "a newer Amiary";

/// What is hostile, the attribute that is another, the attribute's value (null takes it away), and
/// what becomes of it.
#[rustfmt::skip]
fn attributes() -> Vec<(&'static str, &'static str, Value, Then)> {
    vec![
        ("as it is", "owner", json!({"S": "platform"}), Read),
        ("no format", "format", Value::Null, Refused(FOREIGN)),
        ("a newer format", "format", json!({"N": "2"}), Refused(NEWER)),
        ("a format of a text", "format", json!({"S": "1"}), Refused(FOREIGN)),
        ("a format with a fraction", "format", json!({"N": "1.0"}), Refused(NEWER)),
        ("a negative format", "format", json!({"N": "-1"}), Refused(NEWER)),
        ("a format beyond all numbers", "format", json!({"N": "9".repeat(10_000)}), Refused(NEWER)),
        ("a format with an escape sequence", "format", json!({"N": "\u{1b}[31m\u{9b}"}), Refused(NEWER)),
        ("no id", "id", Value::Null, Refused(DAMAGED)),
        ("an id that is a number", "id", json!({"N": "1"}), Refused(DAMAGED)),
        ("an id of bytes", "id", json!({"B": "AAAA"}), Refused(DAMAGED)),
        ("an id of null", "id", json!({"NULL": true}), Refused(DAMAGED)),
        ("no topic", "topic", Value::Null, Refused(DAMAGED)),
        ("a topic that is a map", "topic", json!({"M": {}}), Refused(DAMAGED)),
        ("no kind", "kind", Value::Null, Refused(DAMAGED)),
        ("an unknown kind", "kind", json!({"S": "exploded"}), Refused(DAMAGED)),
        ("a kind in capitals", "kind", json!({"S": "WAITING"}), Refused(DAMAGED)),
        ("no source", "source", Value::Null, Refused(DAMAGED)),
        ("a source of an image alone", "source", json!({"S": "ami-0123456789abcdef0"}), Refused(DAMAGED)),
        ("a source with an escape sequence", "source", json!({"S": "\u{1b}]0;x\u{7}"}), Refused(DAMAGED)),
        ("a source of a set", "source", json!({"SS": ["a"]}), Refused(DAMAGED)),
        ("no name", "name", Value::Null, Refused(DAMAGED)),
        ("a name with control characters", "name", json!({"S": "\u{1b}[31m\r\nBcc: x\u{85}\u{202e}"}), Read),
        ("an empty name", "name", json!({"S": ""}), Read),
        ("a name of 100,000 characters", "name", json!({"S": "n".repeat(100_000)}), Read),
        ("no destinations", "destinations", Value::Null, Refused(DAMAGED)),
        ("an empty list of destinations", "destinations", json!({"L": []}), Read),
        ("destinations that are a text", "destinations", json!({"S": "all"}), Refused(DAMAGED)),
        ("a destination of one part", "destinations", json!({"L": [{"L": []}]}), Refused(DAMAGED)),
        ("a destination of no account", "destinations", json!({"L": [{"L": [{"M": {"account": {"S": "1"}, "region": {"S": "eu-west-1"}}}, {"S": ""}]}]}), Refused(DAMAGED)),
        ("an attribute that nobody knows", "colour", json!({"S": "red"}), Read),
        ("an attribute of no type", "name", json!({}), Refused(NO_ITEM)),
        ("an attribute of an unknown type", "name", json!({"X": "a"}), Refused(NO_ITEM)),
        ("an attribute of two types", "name", json!({"S": "a", "N": "1"}), Refused(NO_ITEM)),
        ("an attribute without a type", "name", json!("golden-1"), Refused(NO_ITEM)),
        ("a number that is a JSON number", "format", json!({"N": 1}), Refused(NO_ITEM)),
    ]
}

/// What stands in place of the item, and what becomes of it.
#[rustfmt::skip]
fn images() -> Vec<(&'static str, Value, Then)> {
    vec![
        ("nothing, as of a removal", Value::Null, Refused(NO_ITEM)),
        ("a text", json!("item"), Refused(NO_ITEM)),
        ("a list", json!([item()]), Refused(NO_ITEM)),
        ("a number", json!(1), Refused(NO_ITEM)),
        ("an empty item", json!({}), Refused(FOREIGN)),
        ("another kind of item", json!({"pk": {"S": "POLICY"}, "sk": {"S": "ACTIVE"}, "format": {"N": "1"}, "current": {"N": "1"}}), Refused(DAMAGED)),
        ("keys with control characters", json!({"pk": {"S": "\u{1b}[31m\u{9b}"}, "sk": {"S": "\r\n\u{202e}"}}), Refused(FOREIGN)),
        ("an item nested a hundred deep", json!({"format": {"N": "1"}, "id": nested(30)}), Refused(DAMAGED)),
    ]
}

fn nested(depth: usize) -> Value {
    (0..depth).fold(json!({"S": "x"}), |inner, _| json!({"L": [inner]}))
}

fn cases() -> Vec<(&'static str, Value, Then)> {
    let changed = attributes().into_iter().map(|(what, name, value, then)| {
        let mut item = item();
        let attributes = item.as_object_mut().unwrap();
        if value.is_null() {
            attributes.remove(name);
        } else {
            attributes.insert(name.to_owned(), value);
        }
        (what, item, then)
    });
    changed.chain(images()).collect()
}

fn record(sequence: &str, image: &Value) -> Value {
    json!({"eventName": "INSERT", "dynamodb": {"SequenceNumber": sequence, "NewImage": image}})
}

/// What a whole payload is taken for.
enum Taken {
    /// A schedule.
    Schedule,
    /// A batch whose records have these sequence numbers.
    Stream(&'static [&'static str]),
    /// A batch of so many records.
    Many(usize),
}

#[rustfmt::skip]
fn payloads() -> Vec<(&'static str, Value, Taken)> {
    vec![
        ("a schedule", json!({"source": "aws.scheduler"}), Taken::Schedule),
        ("nothing", Value::Null, Taken::Schedule),
        ("a text", json!("x"), Taken::Schedule),
        ("a list", json!([]), Taken::Schedule),
        ("records of null", json!({"Records": null}), Taken::Schedule),
        ("records that are a text", json!({"Records": "all"}), Taken::Schedule),
        ("no record", json!({"Records": []}), Taken::Stream(&[])),
        ("records of other types", json!({"Records": [null, 1, "x", [], {}]}), Taken::Stream(&["", "", "", "", ""])),
        ("a record without a change", json!({"Records": [{"eventName": "INSERT"}]}), Taken::Stream(&[""])),
        ("a sequence number that is a number", json!({"Records": [{"dynamodb": {"SequenceNumber": 1}}]}), Taken::Stream(&[""])),
        ("a sequence number with control characters", json!({"Records": [record("\u{1b}", &item())]}), Taken::Stream(&["\u{1b}"])),
        ("a message of SQS", json!({"Records": [{"messageId": "m", "body": "{}"}]}), Taken::Stream(&[""])),
        ("ten thousand records", json!({"Records": vec![json!({}); 10_000]}), Taken::Many(10_000)),
    ]
}

/// How many cases there are.
pub fn count() -> usize {
    cases().len() + payloads().len()
}

#[test]
fn each_record_is_read_or_refused_as_the_table_says() {
    for (what, image, then) in cases() {
        let Source::Stream(records) = source(&json!({"Records": [record("1", &image)]})) else {
            panic!("{what}: it is no schedule");
        };
        match (&records[0].notice, then) {
            (Ok(notice), Read) => {
                let message = format!("{}\n\n---\n{}", notice.text(), notice.data_line());
                is_a_sound_notice(&notice.subject(), &message);
            }
            (Err(said), Refused(expected)) => assert!(said.contains(expected), "{what}: {said}"),
            (other, _) => panic!("{what}: {then:?}, but {other:?}"),
        }
    }
}

#[test]
fn each_payload_is_taken_for_what_the_table_says() {
    for (what, payload, taken) in payloads() {
        match (source(&payload), taken) {
            (Source::Schedule, Taken::Schedule) => {}
            (Source::Stream(records), Taken::Stream(expected)) => {
                let sequences: Vec<&str> = records.iter().map(|r| r.sequence.as_str()).collect();
                assert_eq!(sequences, expected, "{what}");
            }
            (Source::Stream(records), Taken::Many(count)) => assert_eq!(records.len(), count),
            _ => panic!("{what}"),
        }
    }
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_reported_and_nothing_of_it_is_published() {
    let stage = Stage::new(&Wants::default()).await;
    let log = Log::kept();
    for (what, image, then) in cases() {
        let batch = json!({"Records": [record("4711", &image)]});
        let answer = stage
            .local
            .invoke_by_hand("NotifyFunction", batch)
            .await
            .unwrap();
        let failed = match then {
            // No such notice is pending, so there is nothing to publish.
            Read => json!([]),
            Refused(_) => json!([{"itemIdentifier": "4711"}]),
        };
        assert_eq!(answer["batchItemFailures"], failed, "{what}");
    }
    assert_eq!(stage.inbox(), []);
    assert!(
        log.lines()
            .iter()
            .any(|line| line.contains("the notice was not published"))
    );
}

/// An event is a hint: what is published is the notice on record, whatever a record of the stream
/// says it is.
#[tokio::test]
async fn a_forged_record_of_a_pending_notice_publishes_what_is_stored() {
    let mut stage = Stage::new(&Wants::default()).await;
    stage.publish(golden("golden-1"));
    // The stream's own delivery waits; the notice is pending.
    let mut forged = Value::Null;
    for _ in 0..200 {
        stage.local.step().await;
        let pending = stage
            .world()
            .take_stream_records()
            .into_iter()
            .find(|record| record.record["dynamodb"]["NewImage"]["work_kind"]["S"] == "NOTICE");
        if let Some(pending) = pending {
            forged = pending.record;
            break;
        }
    }
    assert!(forged.is_object(), "a notice was stored");
    let image = &mut forged["dynamodb"]["NewImage"];
    image["name"] = json!({"S": "transfer money at once"});
    image["owner"] = json!({"S": "mallory"});
    let batch = json!({"Records": [forged]});
    let answer = stage
        .local
        .invoke_by_hand("NotifyFunction", batch)
        .await
        .unwrap();
    assert_eq!(answer["batchItemFailures"], json!([]));
    let told = stage.inbox();
    assert_eq!(told.len(), 1);
    assert!(
        !told[0].message.contains("money") && told[0].message.contains("golden-1"),
        "{}",
        told[0].message
    );
}
