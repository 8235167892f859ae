//! EC2 Fleets, Spot Fleets and Spot requests, as users of images: what they are.

mod create;
mod delete;
mod describe;
mod keep;
pub(crate) mod pool;
pub(crate) mod spot;
mod spot_calls;
mod spot_fleet;
mod spot_fleet_calls;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ec2::tag::Tags;
use crate::ec2::{Operation, Region, op};
use crate::state::State;
use crate::wire::error::ApiError;

use spot::SpotRequest;
use spot_fleet::SpotFleet;

pub(crate) const OPERATIONS: &[Operation] = &[
    op(
        "CancelSpotFleetRequests",
        spot_fleet_calls::cancel_spot_fleet_requests,
    ),
    op(
        "CancelSpotInstanceRequests",
        spot_calls::cancel_spot_instance_requests,
    ),
    op("CreateFleet", create::create_fleet).without(&[
        "Context",
        "ReservedCapacityOptions",
        "ValidFrom",
        "ValidUntil",
    ]),
    op("DeleteFleets", delete::delete_fleets),
    op("DescribeFleetInstances", describe::describe_fleet_instances),
    op("DescribeFleets", describe::describe_fleets),
    op(
        "DescribeSpotFleetInstances",
        spot_fleet_calls::describe_spot_fleet_instances,
    ),
    op(
        "DescribeSpotFleetRequests",
        spot_fleet_calls::describe_spot_fleet_requests,
    ),
    op(
        "DescribeSpotInstanceRequests",
        spot_calls::describe_spot_instance_requests,
    ),
    op("RequestSpotFleet", spot_fleet::request_spot_fleet),
    op("RequestSpotInstances", spot_calls::request_spot_instances).without(&[
        "AvailabilityZoneGroup",
        "BlockDurationMinutes",
        "LaunchGroup",
        "ValidFrom",
        "ValidUntil",
    ]),
];

/// The fleets and Spot requests of a Region, of all accounts.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Fleets {
    pub(crate) plain: BTreeMap<String, Fleet>,
    pub(crate) requests: BTreeMap<String, SpotRequest>,
    pub(crate) spot: BTreeMap<String, SpotFleet>,
}

/// An EC2 Fleet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Fleet {
    pub(crate) id: String,
    pub(crate) owner: String,
    created: Timestamp,
    pub(crate) state: String,
    /// `instant`, `request` or `maintain`.
    pub(crate) kind: String,
    /// The parameters it was made with.
    pub(crate) request: Value,
    /// What it launched: instances with their pools.
    launched: Vec<Launched>,
    errors: Vec<Value>,
    pub(crate) tags: Tags,
}

/// An instance that a fleet launched.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Launched {
    instance: String,
    spot: bool,
    weight: f64,
    /// The launch template and overrides it came from.
    from: Value,
}

/// Lets the fleets know that an instance is about to go.
pub(crate) fn instance_left(state: &mut State, place: (&str, &str), id: &str) {
    spot::instance_left(state, place, id);
    keep::instance_left(state, place, id);
}

/// Whether an instance is a Spot Instance that was asked for once only.
pub(crate) fn is_one_time(region: &Region, instance: &str) -> bool {
    let instance = region.instances.get(instance);
    let request = instance.and_then(|instance| instance.spot_request.as_ref());
    let request = request.and_then(|id| region.fleets.requests.get(id));
    request.is_some_and(|request| request.kind == "one-time")
}

/// The fleets and Spot requests of a Region, for `DescribeTags`.
pub(crate) fn tagged(region: &Region) -> impl Iterator<Item = (&String, &'static str, &Tags)> {
    let fleets = &region.fleets;
    let plain = fleets.plain.values();
    let plain = plain.map(|fleet| (&fleet.id, "fleet", &fleet.tags));
    let spot = fleets.spot.values();
    let spot = spot.map(|fleet| (&fleet.id, "spot-fleet-request", &fleet.tags));
    let requests = fleets.requests.values();
    let requests = requests.map(|request| (&request.id, "spot-instances-request", &request.tags));
    plain.chain(spot).chain(requests)
}

/// The tags of a fleet or a Spot request.
pub(crate) fn tags_of<'a>(fleets: &'a mut Fleets, id: &str) -> Option<&'a mut Tags> {
    if let Some(fleet) = fleets.plain.get_mut(id) {
        return Some(&mut fleet.tags);
    }
    if let Some(fleet) = fleets.spot.get_mut(id) {
        return Some(&mut fleet.tags);
    }
    let request = fleets.requests.get_mut(id)?;
    Some(&mut request.tags)
}

/// What kind of fleet or Spot request of an account goes by an id.
pub(crate) fn kind_of(region: &Region, account: &str, id: &str) -> Option<&'static str> {
    let fleets = &region.fleets;
    let fleet = fleets.plain.get(id).map(|fleet| (&fleet.owner, "fleet"));
    let spot = || {
        let fleet = fleets.spot.get(id)?;
        Some((&fleet.owner, "spot-fleet-request"))
    };
    let request = || {
        let request = fleets.requests.get(id)?;
        Some((&request.owner, "spot-instances-request"))
    };
    let (owner, kind) = fleet.or_else(spot).or_else(request)?;
    (owner == account).then_some(kind)
}

/// The error for a fleet or a Spot request that doesn't exist.
pub(crate) fn absent(id: &str) -> ApiError {
    match id.split_once('-') {
        Some(("fleet", _)) => describe::no_fleet(id),
        Some(("sfr", _)) => spot_fleet_calls::no_spot_fleet(id),
        _ => spot_calls::no_request(id),
    }
}
