//! Spot Fleets, and `RequestSpotFleet`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::create::{pools, wanted};
use super::pool::{self, Pool};
use crate::ec2::tag::{self, TagMap, Tags};
use crate::request::{Params, Request};
use crate::state::State;
use crate::wire::error::ApiError;

/// The tag that AWS puts on a Spot Fleet's instances.
pub(super) const MARK: &str = "aws:ec2spot:fleet-request-id";

/// Parts of a configuration whose effect is not simulated.
const UNSIMULATED: [&str; 5] = [
    "Context",
    "LoadBalancersConfig",
    "TargetCapacityUnitType",
    "ValidFrom",
    "ValidUntil",
];

/// A Spot Fleet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SpotFleet {
    pub(crate) id: String,
    pub(crate) owner: String,
    pub(super) created: Timestamp,
    pub(crate) state: String,
    /// The configuration it was made with.
    pub(crate) configuration: Value,
    /// What it launched: each instance, its weight, and whether it is a Spot Instance.
    pub(super) launched: Vec<(String, f64, bool)>,
    pub(super) failed: bool,
    pub(crate) tags: Tags,
}

fn invalid(message: &str) -> ApiError {
    ApiError::new("InvalidSpotFleetRequestConfig", message)
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RequestSpotFleet.html>: instances at
/// once, from launch specifications or from launch templates.
pub(crate) fn request_spot_fleet(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let none = json!({});
    let given = call.params().value("SpotFleetRequestConfig");
    let given = given.unwrap_or(&none);
    let configuration = Params::of(given);
    if let Some(name) = UNSIMULATED.iter().find(|name| configuration.has(name)) {
        let message = format!("The parameter {name} is not simulated");
        return Err(ApiError::new("UnsupportedOperation", message));
    }
    let place = (call.account(), call.region.as_str());
    let total = configuration.number("TargetCapacity").unwrap_or_default();
    let on_demand = configuration
        .number("OnDemandTargetCapacity")
        .unwrap_or_default();
    if total < on_demand || on_demand < 0 || total > 10_000 {
        return Err(invalid("The target capacity is not valid"));
    }
    let pools = sources(state, place, configuration)?;
    let tags = fleet_tags(configuration)?;
    tag::requested(state, &tags);
    let id = format!("sfr-{}", state.ids.uuid());
    let marks = TagMap::from([(MARK.to_owned(), id.clone())]);
    let spread = configuration.text("AllocationStrategy") == Some("diversified");
    let mut fleet = SpotFleet {
        id: id.clone(),
        owner: call.account().to_owned(),
        created: state.clock.now(),
        state: "active".to_owned(),
        configuration: given.clone(),
        launched: Vec::new(),
        failed: false,
        tags: Tags::of_owner(call.account(), tags),
    };
    for (capacity, spot) in [(on_demand, false), (total - on_demand, true)] {
        let wanted = wanted(capacity, spot, spread && spot, &marks);
        let filled = pool::fill(state, place, &pools, &wanted);
        fleet.failed |= !filled.failed.is_empty();
        for (number, instance) in filled.launched {
            fleet.launched.push((instance, pools[number].weight, spot));
        }
    }
    let fleets = &mut state.ec2.region_mut(&call.region).fleets;
    fleets.spot.insert(id.clone(), fleet);
    Ok(json!({ "SpotFleetRequestId": id }))
}

/// The tags that a configuration puts on its fleet.
fn fleet_tags(configuration: Params<'_>) -> Result<TagMap, ApiError> {
    let mut tags = TagMap::new();
    for specification in configuration.list("TagSpecifications") {
        let kind = specification.text("ResourceType").unwrap_or_default();
        if kind != "spot-fleet-request" {
            let message =
                format!("'{kind}' is not a valid taggable resource type for this operation.");
            return Err(ApiError::invalid_value(message));
        }
        tags.extend(tag::read(&specification.list("Tags"))?);
    }
    Ok(tags)
}

/// What a fleet launches from: one of the two, not both.
pub(super) fn sources(
    state: &State,
    place: (&str, &str),
    configuration: Params<'_>,
) -> Result<Vec<Pool>, ApiError> {
    let specifications = configuration.value("LaunchSpecifications");
    let specifications = specifications.and_then(Value::as_array);
    let templates = configuration.list("LaunchTemplateConfigs");
    match (specifications, templates.is_empty()) {
        (Some(_), false) => Err(invalid(
            "LaunchSpecifications and LaunchTemplateConfigs can't be specified together",
        )),
        (None, true) => Err(invalid(
            "LaunchSpecifications or LaunchTemplateConfigs must be specified",
        )),
        (None, false) => pools(state, place, &templates),
        (Some(specifications), true) => specifications.iter().map(of_specification).collect(),
    }
}

/// A launch specification, which names its security groups in another form than a launch does.
fn of_specification(specification: &Value) -> Result<Pool, ApiError> {
    if specification["ImageId"].is_null() {
        return Err(invalid("The launch specification must contain an image ID"));
    }
    let mut data = specification.clone();
    let groups = Params::of(specification).list("SecurityGroups");
    let ids = groups.iter().filter_map(|group| group.text("GroupId"));
    data["SecurityGroupIds"] = Value::from(ids.collect::<Vec<_>>());
    let names = groups.iter().filter_map(|group| group.text("GroupName"));
    data["SecurityGroups"] = Value::from(names.collect::<Vec<_>>());
    Ok(Pool {
        weight: pool::weight(&data).map_err(|error| invalid(&error.message))?,
        data,
        marks: TagMap::new(),
        from: Value::Null,
    })
}
