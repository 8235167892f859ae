//! `DeleteFleets`.

use serde_json::{Value, json};

use super::Fleet;
use crate::ec2::instance::phase;
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteFleets.html>: each has its own
/// outcome. The instances are terminated, or run on; those of an instant fleet can't.
#[expect(clippy::unnecessary_wraps, reason = "a dispatch table's entry")]
pub(crate) fn delete_fleets(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let terminate = params.flag("TerminateInstances") == Some(true);
    let (mut done, mut undone) = (Vec::new(), Vec::new());
    for id in params.texts("FleetIds") {
        let fleets = &state.ec2.region_mut(&call.region).fleets.plain;
        let fleet = fleets.get(id);
        let fleet = fleet.filter(|fleet| fleet.owner == call.account());
        match refusal(fleet, id, terminate) {
            Some((code, message)) => undone.push(json!({
                "FleetId": id, "Error": { "Code": code, "Message": message },
            })),
            None => done.push(delete(state, call, id, terminate)),
        }
    }
    Ok(json!({ "SuccessfulFleetDeletions": done, "UnsuccessfulFleetDeletions": undone }))
}

fn refusal(fleet: Option<&Fleet>, id: &str, terminate: bool) -> Option<(&'static str, String)> {
    if !id.starts_with("fleet-") {
        let message = format!("The fleet ID '{id}' is malformed");
        return Some(("fleetIdMalformed", message));
    }
    let Some(fleet) = fleet else {
        let message = format!("The fleet ID '{id}' does not exist");
        return Some(("fleetIdDoesNotExist", message));
    };
    if fleet.state.starts_with("deleted") {
        let message = format!("The fleet '{id}' is in the state {}", fleet.state);
        return Some(("fleetNotInDeletableState", message));
    }
    (fleet.kind == "instant" && !terminate).then(|| {
        let message = "The instances of a fleet of type instant must be terminated with it";
        ("unexpectedError", message.to_owned())
    })
}

fn delete(state: &mut State, call: &Request, id: &str, terminate: bool) -> Value {
    let region = state.ec2.region_mut(&call.region);
    let fleet = region.fleets.plain.get(id);
    let alive = fleet.into_iter().flat_map(|fleet| fleet.alive(region));
    let alive: Vec<String> = alive
        .map(|(launched, _)| launched.instance.clone())
        .collect();
    let after = match (terminate, alive.is_empty()) {
        (_, true) => "deleted",
        (true, false) => "deleted_terminating",
        (false, false) => "deleted_running",
    };
    let mut before = String::new();
    if let Some(fleet) = region.fleets.plain.get_mut(id) {
        before = std::mem::replace(&mut fleet.state, after.to_owned());
    }
    if terminate {
        for instance in alive {
            phase::terminate(state, &call.region, &instance);
        }
    }
    json!({ "FleetId": id, "PreviousFleetState": before, "CurrentFleetState": after })
}
