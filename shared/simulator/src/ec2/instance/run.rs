//! `RunInstances`: a launch by hand, with a launch template or without.

use serde_json::{Value, json};

use super::launch::{self, Order};
use super::written::instances_written;
use crate::ec2::launch_template::{self, data};
use crate::ec2::{arn, fleet, tag};
use crate::request::{Params, Request};
use crate::state::State;
use crate::wire::error::ApiError;

const TAGGED: [&str; 5] = [
    "instance",
    "volume",
    "spot-instances-request",
    "network-interface",
    "elastic-gpu",
];

/// Parameters of the call itself, which say nothing about the instances.
const OF_THE_CALL: [&str; 5] = [
    "ClientToken",
    "DryRun",
    "LaunchTemplate",
    "MaxCount",
    "MinCount",
];

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html>: instances are
/// pending at first, with volumes like the image's block devices.
pub(crate) fn run_instances(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let count = count(params)?;
    let place = (call.account(), call.region.as_str());
    let mut wanted = call.parameters.clone();
    if let Some(wanted) = wanted.as_object_mut() {
        wanted.retain(|name, _| !OF_THE_CALL.contains(&name.as_str()));
    }
    let mut marks = tag::TagMap::new();
    if let Some(named) = params.child("LaunchTemplate") {
        let chosen = launch_template::chosen(state, place, named)?;
        let kind = format!("launch-template/{}", chosen.id);
        state.touch(format!("arn:aws:ec2:{}:{}:{kind}", place.1, place.0));
        marks = chosen.marks();
        wanted = data::overlaid(&chosen.data, &wanted);
    }
    let named = Params::of(&wanted).need("ImageId")?;
    let id = launch::image_id(state, place, named)?;
    state.touch(arn(&call.region, "image", &id));
    tag::specifications(state, call, &TAGGED)?;
    let order = Order {
        place,
        data: &wanted,
        count,
        marks,
    };
    let ids = launch::launch(state, &order)?;
    if is_spot(&wanted) {
        for id in &ids {
            fleet::spot::fulfilled(state, place, &wanted, id)?;
        }
    }
    instances_written(state, place, &ids)
}

fn is_spot(data: &Value) -> bool {
    data["InstanceMarketOptions"]["MarketType"] == json!("spot")
}

fn count(params: Params<'_>) -> Result<i64, ApiError> {
    let least = params.number("MinCount").unwrap_or(1);
    let most = params.number("MaxCount").unwrap_or(1);
    if least < 1 || most < least {
        let message = format!("Invalid value '{most}' for maxCount. Must be at least minCount.");
        return Err(ApiError::invalid_value(message));
    }
    if most > 1000 {
        let message = format!(
            "You have requested more instances ({most}) than your current instance limit of 1000 \
             allows for the specified instance type."
        );
        return Err(ApiError::new("InstanceLimitExceeded", message));
    }
    Ok(most)
}
