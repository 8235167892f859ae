//! `CreateFleet`: instances at once, from launch templates and overrides.

use serde_json::{Map, Value, json};

use super::pool::{self, Filled, Pool, Wanted};
use super::{Fleet, Launched};
use crate::ec2::tag::{self, TagMap, Tags};
use crate::request::{Params, Request};
use crate::state::State;
use crate::wire::error::ApiError;

/// The tag that AWS puts on a fleet's instances.
pub(super) const MARK: &str = "aws:ec2:fleet-id";

/// The most that a fleet may be asked for:
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/fleet-quotas.html>.
const MOST: i64 = 10_000;

/// How much a fleet is to hold of each kind.
pub(super) struct Target {
    on_demand: i64,
    spot: i64,
}

/// Reads `TargetCapacitySpecification`; what is not said to be of either kind is of the default
/// one.
fn target(params: Params<'_>) -> Result<Target, ApiError> {
    let capacity = params.child("TargetCapacitySpecification");
    let number = |name: &str| capacity.and_then(|capacity| capacity.number(name));
    let text = |name: &str| capacity.and_then(|capacity| capacity.text(name));
    let total = number("TotalTargetCapacity").unwrap_or_default();
    if !(0..=MOST).contains(&total) {
        let message = format!("TotalTargetCapacity must be between 0 and {MOST}");
        return Err(ApiError::invalid_value(message));
    }
    let usual = text("DefaultTargetCapacityType").unwrap_or("on-demand");
    if !["on-demand", "spot"].contains(&usual)
        || text("TargetCapacityUnitType").is_some_and(|unit| unit != "units")
    {
        let message = "Only capacity of On-Demand and Spot Instances, in units, is simulated";
        return Err(ApiError::new("UnsupportedOperation", message));
    }
    let (mut on_demand, mut spot) = (
        number("OnDemandTargetCapacity").unwrap_or_default(),
        number("SpotTargetCapacity").unwrap_or_default(),
    );
    for (name, capacity) in [
        ("OnDemandTargetCapacity", on_demand),
        ("SpotTargetCapacity", spot),
    ] {
        if capacity < 0 {
            let message = format!("{name} must not be negative");
            return Err(ApiError::invalid_value(message));
        }
    }
    let rest = total.saturating_sub(on_demand).saturating_sub(spot);
    if rest < 0 {
        let message = "TotalTargetCapacity must be at least the sum of OnDemandTargetCapacity and \
                       SpotTargetCapacity";
        return Err(ApiError::new("InvalidParameterCombination", message));
    }
    if usual == "spot" {
        spot += rest;
    } else {
        on_demand += rest;
    }
    Ok(Target { on_demand, spot })
}

/// The pools of a fleet's configurations: each override of each one, or its template alone. A
/// template or version that isn't there is refused.
pub(super) fn pools(
    state: &State,
    place: (&str, &str),
    configurations: &[Params<'_>],
) -> Result<Vec<Pool>, ApiError> {
    let none = json!({});
    let mut pools = Vec::new();
    for configuration in configurations {
        let named = configuration.child("LaunchTemplateSpecification");
        let named = named.ok_or_else(|| {
            let message = "The request must contain the parameter LaunchTemplateSpecification";
            ApiError::new("MissingParameter", message)
        })?;
        let overrides = configuration.value("Overrides").and_then(Value::as_array);
        let overrides = overrides.filter(|overrides| !overrides.is_empty());
        let overrides = overrides.map_or_else(|| vec![&none], |all| all.iter().collect());
        for overrides in overrides {
            let mut pool = Pool::of_template(state, place, named, overrides)?;
            pool.from = json!({
                "LaunchTemplateSpecification": configuration.value("LaunchTemplateSpecification"),
                "Overrides": told(overrides),
            });
            pools.push(pool);
        }
    }
    Ok(pools)
}

/// Overrides as `DescribeFleets` tells of them, which is not all of what a request may say.
pub(super) fn told(overrides: &Value) -> Value {
    let untold = ["IamInstanceProfile", "KeyName", "MetadataOptions"];
    let members = overrides.as_object().cloned().unwrap_or_default();
    let mut told: Map<String, Value> = members;
    told.retain(|name, _| !untold.contains(&name.as_str()));
    let placement = told.get_mut("Placement").and_then(Value::as_object_mut);
    if let Some(placement) = placement {
        placement.retain(|name, _| name == "GroupName");
    }
    Value::Object(told)
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFleet.html>. Only an `instant`
/// fleet tells at once what it launched.
pub(crate) fn create_fleet(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let place = (call.account(), call.region.as_str());
    let target = target(params)?;
    let kind = params.text("Type").unwrap_or("maintain").to_owned();
    let allowed: &[&str] = if kind == "instant" {
        &["fleet", "instance"]
    } else {
        &["fleet"]
    };
    let mut tags = tag::specifications(state, call, allowed)?;
    let mut pools = pools(state, place, &params.list("LaunchTemplateConfigs"))?;
    let fleet_tags = tags.remove("fleet").unwrap_or_default();
    let instance_tags = tags.remove("instance").unwrap_or_default();
    sort_by_priority(&mut pools, params);
    let id = format!("fleet-{}", state.ids.uuid());
    let mut fleet = Fleet {
        id: id.clone(),
        owner: call.account().to_owned(),
        created: state.clock.now(),
        state: "active".to_owned(),
        kind: kind.clone(),
        request: call.parameters.clone(),
        launched: Vec::new(),
        errors: Vec::new(),
        tags: Tags::of_owner(call.account(), fleet_tags),
    };
    let spread = params
        .child("SpotOptions")
        .and_then(|options| options.text("AllocationStrategy"))
        == Some("diversified");
    let mut marks = instance_tags;
    marks.insert(MARK.to_owned(), id.clone());
    for (capacity, spot) in [(target.on_demand, false), (target.spot, true)] {
        let wanted = wanted(capacity, spot, spread && spot, &marks);
        let filled = pool::fill(state, place, &pools, &wanted);
        note(&mut fleet, &pools, spot, filled);
    }
    let answer = if kind == "instant" {
        json!({
            "FleetId": id,
            "Errors": fleet.errors,
            "Instances": fleet.instances_written(state.ec2.region_mut(&call.region)),
        })
    } else {
        json!({ "FleetId": id })
    };
    let fleets = &mut state.ec2.region_mut(&call.region).fleets;
    fleets.plain.insert(id, fleet);
    Ok(answer)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "capacities are far below where that matters"
)]
pub(super) fn wanted(capacity: i64, spot: bool, spread: bool, marks: &TagMap) -> Wanted {
    Wanted {
        capacity: capacity as f64,
        spot,
        spread,
        marks: marks.clone(),
    }
}

/// Puts pools in the order of their priorities, where the fleet goes by them.
fn sort_by_priority(pools: &mut [Pool], params: Params<'_>) {
    let strategy = |options: &str| params.child(options)?.text("AllocationStrategy");
    let by_priority = strategy("OnDemandOptions") == Some("prioritized")
        || strategy("SpotOptions") == Some("capacity-optimized-prioritized");
    if by_priority {
        let priority = |pool: &Pool| pool.from["Overrides"]["Priority"].as_f64();
        let priority = |pool: &Pool| priority(pool).unwrap_or(f64::MAX);
        pools.sort_by(|one, other| priority(one).total_cmp(&priority(other)));
    }
}

/// Notes in a fleet what came of launching.
pub(super) fn note(fleet: &mut Fleet, pools: &[Pool], spot: bool, filled: Filled) {
    let lifecycle = if spot { "spot" } else { "on-demand" };
    for (number, instance) in filled.launched {
        fleet.launched.push(Launched {
            instance,
            spot,
            weight: pools[number].weight,
            from: pools[number].from.clone(),
        });
    }
    for (number, error) in filled.failed {
        fleet.errors.push(json!({
            "LaunchTemplateAndOverrides": pools[number].from,
            "Lifecycle": lifecycle,
            "ErrorCode": error.code,
            "ErrorMessage": error.message,
        }));
    }
}
