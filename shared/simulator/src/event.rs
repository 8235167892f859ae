//! `EventBridge` events in their documented envelope.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::fault::courier;
use crate::state::State;

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

/// Puts an event of `aws.ec2` on a bus.
pub(crate) fn emit(
    state: &mut State,
    place: (&str, &str),
    kind: &str,
    resources: &[String],
    detail: &Value,
) {
    emit_from(state, place, ("aws.ec2", kind), resources, detail);
}

/// Puts an event of a source and a detail type on a bus.
pub(crate) fn emit_from(
    state: &mut State,
    place: (&str, &str),
    (source, kind): (&str, &str),
    resources: &[String],
    detail: &Value,
) {
    let (account, region) = place;
    let body = json!({
        "version": "0",
        "id": state.ids.uuid(),
        "detail-type": kind,
        "source": source,
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

/// `EC2 Instance State-change Notification`:
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html>.
pub(crate) fn instance_state(state: &mut State, place: (&str, &str), id: &str, phase: &str) {
    let detail = json!({ "instance-id": id, "state": phase });
    let arn = format!("arn:aws:ec2:{}:{}:instance/{id}", place.1, place.0);
    let kind = "EC2 Instance State-change Notification";
    emit(state, place, kind, &[arn], &detail);
}
