//! Proves that the deployed templates do what they are for: these tests read infra/ itself.

mod calls;
mod events;
mod templates;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Bus, Delivering, Delivery, Kind};

const HUB: &str = include_str!("../../../../../infra/template.yaml");
const SPOKE: &str = include_str!("../../../../../infra/spoke-region.yaml");
const ACCOUNT: &str = "111111111111";
const REGION: &str = "eu-west-1";

fn bus() -> Bus {
    let bus = Bus::from_template(HUB, ACCOUNT, REGION).expect("the hub's template is understood");
    bus.with_spokes(SPOKE)
        .expect("the spoke's template is understood")
}

/// A moment that no schedule fires at.
fn start() -> Timestamp {
    "2026-03-01T10:01:00Z".parse().expect("a time")
}

fn after(seconds: i64) -> Timestamp {
    start() + SignedDuration::from_secs(seconds)
}

fn state(image: &str, state: &str) -> Value {
    json!({
        "version": "0", "source": "aws.ec2", "detail-type": "EC2 AMI State Change",
        "detail": {"ImageId": image, "State": state, "ErrorMessage": ""},
    })
}

fn call(name: &str, fields: &Value) -> Value {
    let mut event = json!({
        "version": "0", "source": "aws.ec2", "detail-type": "AWS API Call via CloudTrail",
        "detail": {"eventSource": "ec2.amazonaws.com", "eventName": name},
    });
    for (name, value) in fields.as_object().into_iter().flatten() {
        event["detail"][name] = value.clone();
    }
    event
}

fn notice(event: &str, number: u32) -> Value {
    let keys = json!({"pk": {"S": format!("NOTICE#{number}")}, "sk": {"S": "NOTICE"}});
    let images = json!({"Keys": keys, "NewImage": keys, "OldImage": keys});
    json!({"eventName": event, "dynamodb": images})
}

fn images(delivery: &Delivery) -> Vec<String> {
    let records = delivery.payload["Records"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let event = |record: &Value| -> Option<String> {
        let event: Value = serde_json::from_str(record["body"].as_str()?).ok()?;
        Some(event["detail"]["ImageId"].as_str()?.to_owned())
    };
    records.iter().filter_map(event).collect()
}

fn keys(delivery: &Delivery) -> Vec<&str> {
    let records = delivery.payload["Records"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    records
        .iter()
        .filter_map(|r| r["dynamodb"]["Keys"]["pk"]["S"].as_str())
        .collect()
}

/// The answer that these items (message ids or sequence numbers) failed.
#[expect(clippy::unnecessary_wraps, reason = "it is what a function answers")]
fn failed(ids: &[&Value]) -> Result<Value, String> {
    let failures: Vec<Value> = ids.iter().map(|id| json!({"itemIdentifier": id})).collect();
    Ok(json!({"batchItemFailures": failures}))
}

fn broken() -> Result<Value, String> {
    Err("broken".into())
}

/// The next delivery for a function; those for others are answered on the way.
fn due_for(bus: &mut Bus, now: Timestamp, function: &str) -> Option<Delivery> {
    loop {
        let delivery = bus.due(now)?;
        if delivery.function == function {
            return Some(delivery);
        }
        bus.done(now, delivery.id, Ok(Value::Null));
    }
}
