//! CloudTrail, as far as `EventBridge` hears of it: every call that may change something, refused
//! ones too, as `AWS API Call via CloudTrail`.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html>.

mod form;
mod identity;

use serde_json::{Value, json};

use crate::event;
use crate::record::is_mutating;
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

/// The services whose calls are told. CloudTrail delivers what manages topics, buckets and tables,
/// too (`CreateTopic`, `CreateBucket`, `CreateTable`): those are left out here.
const SERVICES: [&str; 6] = ["autoscaling", "ec2", "imagebuilder", "kms", "rbin", "ssm"];

/// Where every call comes from: an address that is kept for documentation.
const ADDRESS: &str = "198.51.100.1";

/// Tells of a call, in the form of
/// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>.
/// Calls that only read are not delivered.
pub(crate) fn api_call(state: &mut State, call: &Request, result: Result<&Value, &ApiError>) {
    let told = SERVICES.contains(&call.service.as_str()) && is_mutating(&call.operation);
    let trailed = state.settings.trail && state.settings.recording;
    if !trailed || !told || is_left_out(call, result) {
        return;
    }
    let time = format!("{:.0}", state.clock.now());
    let mut detail = json!({
        "eventVersion": "1.11",
        "userIdentity": identity::of(&call.caller, &time),
        "eventTime": time,
        "eventSource": format!("{}.amazonaws.com", call.service),
        "eventName": call.operation,
        "awsRegion": call.region,
        "sourceIPAddress": ADDRESS,
        "userAgent": call.user_agent,
        "requestParameters": form::request(call),
        "responseElements": result.map_or(Value::Null, |answer| form::response(call, answer)),
        "requestID": call.id,
        "eventID": state.ids.uuid(),
        "readOnly": false,
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": call.account(),
        "eventCategory": "Management",
    });
    if let Err(error) = result {
        detail["errorCode"] = Value::from(code(call, error));
        detail["errorMessage"] = Value::from(error.message.clone());
    }
    let place = (call.account(), call.region.as_str());
    let source = format!("aws.{}", call.service);
    let kind = (source.as_str(), "AWS API Call via CloudTrail");
    event::emit_from(state, place, kind, &[], &detail);
}

/// A missing parameter is not recorded when it is deleted:
/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DeleteParameter.html>.
fn is_left_out(call: &Request, result: Result<&Value, &ApiError>) -> bool {
    call.operation == "DeleteParameter"
        && result.is_err_and(|error| error.code == "ParameterNotFound")
}

/// EC2's codes say whose fault it was; too many requests are the client's, whatever their status:
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>.
fn code(call: &Request, error: &ApiError) -> String {
    let servers = error.status >= 500 && error.code != "RequestLimitExceeded";
    match call.service.as_str() {
        "ec2" if servers => format!("Server.{}", error.code),
        "ec2" => format!("Client.{}", error.code),
        _ => error.code.clone(),
    }
}
