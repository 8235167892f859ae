//! `DescribeFleets` and `DescribeFleetInstances`.

use serde_json::{Value, json};

use super::create::told;
use super::{Fleet, Launched};
use crate::clock::millis;
use crate::ec2::filter::Filters;
use crate::ec2::page;
use crate::ec2::tag::{self, TagMap};
use crate::ec2::{Region, instance::Instance};
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

const FILTERS: [&str; 5] = [
    "activity-status",
    "excess-capacity-termination-policy",
    "fleet-state",
    "replace-unhealthy-instances",
    "type",
];

/// Parameters of `CreateFleet` that are told of as they were given.
const AS_GIVEN: [&str; 5] = [
    "ClientToken",
    "OnDemandOptions",
    "ReplaceUnhealthyInstances",
    "SpotOptions",
    "TerminateInstancesWithExpiration",
];

/// The error for a fleet that doesn't exist.
pub(crate) fn no_fleet(id: &str) -> ApiError {
    ApiError::new(
        "InvalidFleetId.NotFound",
        format!("The fleet ID '{id}' does not exist"),
    )
}

/// Whether an instance is terminated, or forgotten.
pub(super) fn is_gone(region: &Region, id: &str) -> bool {
    region.instances.get(id).is_none_or(Instance::is_gone)
}

impl Fleet {
    fn excess(&self) -> &str {
        let policy = self.request["ExcessCapacityTerminationPolicy"].as_str();
        policy.unwrap_or("termination")
    }

    /// The fleet's instances that are not about to go.
    pub(super) fn alive<'a>(
        &'a self,
        region: &'a Region,
    ) -> impl Iterator<Item = (&'a Launched, &'a Instance)> {
        let launched = self.launched.iter();
        launched.filter_map(|launched| {
            let instance = region.instances.get(&launched.instance)?;
            (!instance.is_going()).then_some((launched, instance))
        })
    }

    /// The fleet's state; a deleted one's is `deleted` once its instances are gone.
    pub(super) fn state_in(&self, region: &Region) -> &str {
        let mut launched = self.launched.iter();
        let gone = |launched: &Launched| is_gone(region, &launched.instance);
        if self.state.starts_with("deleted") && launched.all(gone) {
            return "deleted";
        }
        &self.state
    }

    fn capacity(&self, region: &Region, of: impl Fn(&Launched) -> bool) -> f64 {
        let alive = self.alive(region).filter(|(launched, _)| of(launched));
        alive.map(|(launched, _)| launched.weight).sum()
    }

    fn activity(&self, region: &Region) -> &'static str {
        match self.state_in(region) {
            "deleted_terminating" => "pending_termination",
            _ if !self.errors.is_empty() && self.launched.is_empty() => "error",
            _ => "fulfilled",
        }
    }

    /// What an instant fleet launched, those of one kind together.
    pub(super) fn instances_written(&self, region: &Region) -> Vec<Value> {
        let mut written: Vec<Value> = Vec::new();
        for launched in &self.launched {
            let lifecycle = if launched.spot { "spot" } else { "on-demand" };
            let instance = region.instances.get(&launched.instance);
            let kind = instance.map(|instance| instance.kind.as_str());
            let same = written.iter_mut().find(|entry| {
                entry["LaunchTemplateAndOverrides"] == launched.from
                    && entry["Lifecycle"] == lifecycle
            });
            let ids = same.and_then(|entry| entry["InstanceIds"].as_array_mut());
            if let Some(ids) = ids {
                ids.push(Value::from(launched.instance.clone()));
            } else {
                written.push(json!({
                    "LaunchTemplateAndOverrides": launched.from,
                    "Lifecycle": lifecycle,
                    "InstanceIds": [launched.instance],
                    "InstanceType": kind,
                }));
            }
        }
        written
    }

    fn configurations(&self) -> Vec<Value> {
        let configurations = self.request["LaunchTemplateConfigs"].as_array();
        let configurations = configurations.into_iter().flatten();
        let written = configurations.map(|configuration| {
            let overrides = configuration["Overrides"].as_array();
            let overrides: Vec<Value> = overrides.into_iter().flatten().map(told).collect();
            let mut named = configuration["LaunchTemplateSpecification"].clone();
            if let Some(named) = named.as_object_mut() {
                named.remove("LaunchTemplateSpecificationUserData");
            }
            json!({ "LaunchTemplateSpecification": named, "Overrides": overrides })
        });
        written.collect()
    }

    fn written(&self, at: &Region) -> Value {
        let mut target = self.request["TargetCapacitySpecification"].clone();
        if target["DefaultTargetCapacityType"].is_null() {
            target["DefaultTargetCapacityType"] = Value::from("on-demand");
        }
        let mut written = json!({
            "FleetId": self.id,
            "ActivityStatus": self.activity(at),
            "CreateTime": millis(self.created),
            "FleetState": self.state_in(at),
            "ExcessCapacityTerminationPolicy": self.excess(),
            "FulfilledCapacity": self.capacity(at, |_| true),
            "FulfilledOnDemandCapacity": self.capacity(at, |launched| !launched.spot),
            "LaunchTemplateConfigs": self.configurations(),
            "TargetCapacitySpecification": target,
            "Type": self.kind,
            "Tags": tag::written(&self.tags.own(&self.owner)),
        });
        for name in AS_GIVEN {
            if let Some(value) = self.request.get(name) {
                written[name] = value.clone();
            }
        }
        if self.kind == "instant" {
            written["Errors"] = Value::from(self.errors.clone());
            written["Instances"] = Value::from(self.instances_written(at));
        }
        written
    }

    fn field(&self, region: &Region, name: &str) -> String {
        match name {
            "activity-status" => self.activity(region).to_owned(),
            "excess-capacity-termination-policy" => self.excess().to_owned(),
            "fleet-state" => self.state_in(region).to_owned(),
            "replace-unhealthy-instances" => {
                let replaces = self.request["ReplaceUnhealthyInstances"].as_bool();
                replaces.unwrap_or_default().to_string()
            }
            _ => self.kind.clone(),
        }
    }
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeFleets.html>: an instant
/// fleet only where it is named.
pub(crate) fn describe_fleets(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let filters = Filters::read(params, &FILTERS)?;
    let cursor = page::open(call, 1)?;
    let ids = params.texts("FleetIds");
    let region = &*state.ec2.region_mut(&call.region);
    let fleets = &region.fleets.plain;
    let own = |fleet: &Fleet| fleet.owner == call.account();
    let missing = |id: &&&str| !fleets.get(**id).is_some_and(own);
    if let Some(id) = ids.iter().find(missing) {
        return Err(no_fleet(id));
    }
    let wanted = cursor.rest(fleets).filter(|(id, fleet)| {
        let named = ids.contains(id) || (ids.is_empty() && fleet.kind != "instant");
        named
            && own(fleet)
            && filters.match_all(TagMap::new, |name| vec![fleet.field(region, name)])
    });
    let page = cursor.cut(call, wanted, |fleet| fleet.written(region));
    Ok(json!({ "Fleets": page.items, "NextToken": page.next }))
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeFleetInstances.html>: not of
/// instant fleets.
pub(crate) fn describe_fleet_instances(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let params = call.params();
    let id = params.need("FleetId")?;
    let filters = Filters::read(params, &["instance-type"])?;
    let cursor = page::open(call, 1)?;
    let region = state.ec2.region_mut(&call.region);
    let fleet = region.fleets.plain.get(id);
    let fleet = fleet.filter(|fleet| fleet.owner == call.account());
    let fleet = fleet.ok_or_else(|| no_fleet(id))?;
    if fleet.kind == "instant" {
        let message = "DescribeFleetInstances does not support fleets of type instant";
        return Err(ApiError::new("UnsupportedOperation", message));
    }
    let mut found: Vec<&Instance> = fleet.alive(region).map(|(_, instance)| instance).collect();
    found.retain(|instance| filters.match_all(TagMap::new, |_| vec![instance.kind.clone()]));
    let page = active(&cursor, call, found);
    Ok(json!({ "ActiveInstances": page.items, "FleetId": id, "NextToken": page.next }))
}

/// A page of the instances of a fleet.
pub(super) fn active(
    cursor: &page::Cursor,
    call: &Request,
    mut found: Vec<&Instance>,
) -> page::Page {
    found.sort_by(|one, other| one.id.cmp(&other.id));
    let found = found.into_iter().map(|instance| (&instance.id, instance));
    cursor.cut(call, found, |instance| {
        json!({
            "InstanceId": instance.id,
            "InstanceType": instance.kind,
            "SpotInstanceRequestId": instance.spot_request,
            "InstanceHealth": "healthy",
        })
    })
}
