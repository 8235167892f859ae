//! Describing and cancelling Spot Fleets.

use serde_json::{Value, json};

use super::describe::{active, is_gone};
use super::spot_fleet::SpotFleet;
use crate::clock::millis;
use crate::ec2::instance::{Instance, phase};
use crate::ec2::{Region, page, tag};
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

/// The error for a Spot Fleet that doesn't exist.
pub(crate) fn no_spot_fleet(id: &str) -> ApiError {
    ApiError::new(
        "InvalidSpotFleetRequestId.NotFound",
        format!("The spot fleet request ID '{id}' does not exist"),
    )
}

impl SpotFleet {
    /// The fleet's instances that are not about to go.
    fn alive<'a>(
        &'a self,
        region: &'a Region,
    ) -> impl Iterator<Item = (&'a (String, f64, bool), &'a Instance)> {
        let launched = self.launched.iter();
        launched.filter_map(|launched| {
            let instance = region.instances.get(&launched.0)?;
            (!instance.is_going()).then_some((launched, instance))
        })
    }

    /// The fleet's state; a cancelled one's is `cancelled` once its instances are gone.
    fn state_in(&self, region: &Region) -> &str {
        let mut launched = self.launched.iter();
        if self.state.starts_with("cancelled") && launched.all(|(id, ..)| is_gone(region, id)) {
            return "cancelled";
        }
        &self.state
    }

    fn written(&self, region: &Region) -> Value {
        let (mut all, mut on_demand) = (0.0, 0.0);
        for ((_, weight, spot), _) in self.alive(region) {
            all += weight;
            on_demand += if *spot { 0.0 } else { *weight };
        }
        let mut configuration = self.configuration.clone();
        configuration["FulfilledCapacity"] = Value::from(all);
        configuration["OnDemandFulfilledCapacity"] = Value::from(on_demand);
        for (name, usual) in [
            ("AllocationStrategy", "lowestPrice"),
            ("ExcessCapacityTerminationPolicy", "default"),
            ("Type", "maintain"),
        ] {
            if configuration[name].is_null() {
                configuration[name] = Value::from(usual);
            }
        }
        let activity = match self.state_in(region) {
            "cancelled_terminating" => "pending_termination",
            _ if self.failed => "error",
            _ => "fulfilled",
        };
        json!({
            "SpotFleetRequestId": self.id,
            "SpotFleetRequestState": self.state_in(region),
            "ActivityStatus": activity,
            "CreateTime": millis(self.created),
            "SpotFleetRequestConfig": configuration,
            "Tags": tag::written(&self.tags.own(&self.owner)),
        })
    }
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSpotFleetRequests.html>.
pub(crate) fn describe_spot_fleet_requests(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let ids = call.params().texts("SpotFleetRequestIds");
    let cursor = page::open(call, 1)?;
    let region = state.ec2.region_mut(&call.region);
    let fleets = &region.fleets.spot;
    let own = |fleet: &SpotFleet| fleet.owner == call.account();
    let missing = |id: &&&str| !fleets.get(**id).is_some_and(own);
    if let Some(id) = ids.iter().find(missing) {
        return Err(no_spot_fleet(id));
    }
    let wanted = cursor.rest(fleets);
    let wanted = wanted.filter(|(id, fleet)| own(fleet) && (ids.is_empty() || ids.contains(id)));
    let page = cursor.cut(call, wanted, |fleet| fleet.written(region));
    Ok(json!({ "SpotFleetRequestConfigs": page.items, "NextToken": page.next }))
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSpotFleetInstances.html>.
pub(crate) fn describe_spot_fleet_instances(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let id = call.params().need("SpotFleetRequestId")?;
    let cursor = page::open(call, 1)?;
    let region = state.ec2.region_mut(&call.region);
    let fleet = region.fleets.spot.get(id);
    let fleet = fleet.filter(|fleet| fleet.owner == call.account());
    let fleet = fleet.ok_or_else(|| no_spot_fleet(id))?;
    let found = fleet.alive(region).map(|(_, instance)| instance).collect();
    let page = active(&cursor, call, found);
    Ok(json!({ "ActiveInstances": page.items, "SpotFleetRequestId": id, "NextToken": page.next }))
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CancelSpotFleetRequests.html>: each
/// has its own outcome; the instances are terminated, or run on.
#[expect(clippy::unnecessary_wraps, reason = "a dispatch table's entry")]
pub(crate) fn cancel_spot_fleet_requests(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let params = call.params();
    let terminate = params.flag("TerminateInstances") == Some(true);
    let (mut done, mut undone) = (Vec::new(), Vec::new());
    for id in params.texts("SpotFleetRequestIds") {
        let fleets = &state.ec2.region_mut(&call.region).fleets.spot;
        let fleet = fleets.get(id);
        let fleet = fleet.filter(|fleet| fleet.owner == call.account());
        match refusal(fleet, id) {
            Some((code, message)) => undone.push(json!({
                "SpotFleetRequestId": id, "Error": { "Code": code, "Message": message },
            })),
            None => done.push(cancel(state, call, id, terminate)),
        }
    }
    Ok(json!({ "SuccessfulFleetRequests": done, "UnsuccessfulFleetRequests": undone }))
}

fn refusal(fleet: Option<&SpotFleet>, id: &str) -> Option<(&'static str, String)> {
    if !id.starts_with("sfr-") {
        let message = format!("The spot fleet request ID '{id}' is malformed");
        return Some(("fleetRequestIdMalformed", message));
    }
    let Some(fleet) = fleet else {
        let message = format!("The spot fleet request ID '{id}' does not exist");
        return Some(("fleetRequestIdDoesNotExist", message));
    };
    fleet.state.starts_with("cancelled").then(|| {
        let message = format!(
            "The spot fleet request '{id}' is in the state {}",
            fleet.state
        );
        ("fleetRequestNotInCancellableState", message)
    })
}

fn cancel(state: &mut State, call: &Request, id: &str, terminate: bool) -> Value {
    let region = state.ec2.region_mut(&call.region);
    let fleet = region.fleets.spot.get(id);
    let alive = fleet.into_iter().flat_map(|fleet| fleet.alive(region));
    let alive: Vec<String> = alive.map(|((instance, ..), _)| instance.clone()).collect();
    let after = match (terminate, alive.is_empty()) {
        (_, true) => "cancelled",
        (true, false) => "cancelled_terminating",
        (false, false) => "cancelled_running",
    };
    let mut before = String::new();
    if let Some(fleet) = region.fleets.spot.get_mut(id) {
        before = std::mem::replace(&mut fleet.state, after.to_owned());
    }
    if terminate {
        for instance in alive {
            phase::terminate(state, &call.region, &instance);
        }
    }
    json!({
        "SpotFleetRequestId": id,
        "PreviousSpotFleetRequestState": before,
        "CurrentSpotFleetRequestState": after,
    })
}
