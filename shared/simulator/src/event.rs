//! `EventBridge` events in their documented envelope.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::fault::courier;
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

/// An event on the default bus of an account's Region.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The account whose bus it is on.
    pub account: String,
    /// The Region.
    pub region: String,
    /// The envelope:
    /// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html>.
    pub body: Value,
}

/// Operations whose calls `CloudTrail` reports here.
const TRAILED: [&str; 3] = ["ModifyImageAttribute", "CreateTags", "DeleteTags"];

/// Puts an event of `aws.ec2` on a bus.
fn emit(state: &mut State, place: (&str, &str), kind: &str, resources: &[String], detail: &Value) {
    let (account, region) = place;
    let body = json!({
        "version": "0",
        "id": state.ids.uuid(),
        "detail-type": kind,
        "source": "aws.ec2",
        "account": account,
        "time": format!("{:.0}", state.clock.now()),
        "region": region,
        "resources": resources,
        "detail": detail,
    });
    let event = Event {
        account: account.to_owned(),
        region: region.to_owned(),
        body,
    };
    courier::send(state, event);
}

/// `EC2 AMI State Change`, which goes to the image's owner:
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitor-ami-events.html>.
pub(crate) fn image_state(
    state: &mut State,
    place: (&str, &str),
    image_id: &str,
    image_state: &str,
    error: &str,
) {
    let detail = json!({
        "RequestId": state.ids.uuid(),
        "ImageId": image_id,
        "State": image_state,
        "ErrorMessage": error,
    });
    let arn = format!("arn:aws:ec2:{}::image/{image_id}", place.1);
    emit(state, place, "EC2 AMI State Change", &[arn], &detail);
}

/// `AWS API Call via CloudTrail`, refused calls included:
/// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>.
pub(crate) fn api_call(state: &mut State, request: &Request, error: Option<&ApiError>) {
    let trailed = request.service == "ec2" && TRAILED.contains(&request.operation.as_str());
    if !trailed || !state.settings.recording {
        return;
    }
    let mut detail = json!({
        "eventVersion": "1.10",
        "userIdentity": {
            "type": if request.caller.arn.contains(":assumed-role/") { "AssumedRole" } else { "Root" },
            "arn": request.caller.arn,
            "accountId": request.account(),
        },
        "eventTime": format!("{:.0}", state.clock.now()),
        "eventSource": "ec2.amazonaws.com",
        "eventName": request.operation,
        "awsRegion": request.region,
        "userAgent": request.user_agent,
        "requestParameters": trail_parameters(&request.parameters),
        "responseElements": { "requestId": request.id, "_return": true },
        "requestID": request.id,
        "eventID": state.ids.uuid(),
        "readOnly": false,
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": request.account(),
        "eventCategory": "Management",
    });
    if let Some(error) = error {
        detail["errorCode"] = Value::from(error.code.clone());
        detail["errorMessage"] = Value::from(error.message.clone());
        detail["responseElements"] = Value::Null;
    }
    let place = (request.account(), request.region.as_str());
    emit(state, place, "AWS API Call via CloudTrail", &[], &detail);
}

/// Parameters as `CloudTrail` writes EC2's: lower camel case, lists under `items`.
fn trail_parameters(value: &Value) -> Value {
    match value {
        Value::Object(entries) => {
            let mut written = Map::new();
            for (name, value) in entries {
                let (name, value) = match name.as_str() {
                    "Resources" => ("resourcesSet".to_owned(), wrapped(value, "resourceId")),
                    "Tags" => ("tagSet".to_owned(), trail_parameters(value)),
                    _ => (lower_camel(name), trail_parameters(value)),
                };
                written.insert(name, value);
            }
            Value::Object(written)
        }
        Value::Array(items) => {
            json!({ "items": items.iter().map(trail_parameters).collect::<Vec<_>>() })
        }
        other => other.clone(),
    }
}

fn wrapped(value: &Value, name: &str) -> Value {
    let items = value.as_array().into_iter().flatten();
    json!({ "items": items.map(|item| json!({ name: item })).collect::<Vec<_>>() })
}

fn lower_camel(name: &str) -> String {
    let mut letters = name.chars();
    letters
        .next()
        .map(|first| first.to_ascii_lowercase().to_string() + letters.as_str())
        .unwrap_or_default()
}
