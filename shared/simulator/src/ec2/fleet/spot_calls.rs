//! `RequestSpotInstances` and its kin: requests that are fulfilled at once.

use serde_json::{Value, json};

use super::spot::{self, SpotRequest};
use crate::clock::millis;
use crate::ec2::arn;
use crate::ec2::filter::Filters;
use crate::ec2::instance::launch::{self, Order};
use crate::ec2::page;
use crate::ec2::tag::{self, TagMap, Tags};
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

const FILTERS: [&str; 16] = [
    "create-time",
    "instance-id",
    "launch.image-id",
    "launch.instance-type",
    "launch.key-name",
    "launch.monitoring-enabled",
    "launched-availability-zone",
    "product-description",
    "spot-instance-request-id",
    "spot-price",
    "state",
    "status-code",
    "status-message",
    "tag-key",
    "type",
    "network-interface.subnet-id",
];

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RequestSpotInstances.html>.
pub(crate) fn request_spot_instances(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let place = (call.account(), call.region.as_str());
    let mut data = params.value("LaunchSpecification").cloned();
    let mut data = data.take().ok_or_else(|| {
        let message = "The request must contain the parameter LaunchSpecification";
        ApiError::new("MissingParameter", message)
    })?;
    let count = params.number("InstanceCount").unwrap_or(1);
    if !(1..=1000).contains(&count) {
        let message = format!("Value ({count}) for parameter instanceCount is invalid.");
        return Err(ApiError::invalid_value(message));
    }
    let mut tags = tag::specifications(state, call, &["spot-instances-request"])?;
    let tags = tags.remove("spot-instances-request").unwrap_or_default();
    data["InstanceMarketOptions"] = json!({ "MarketType": "spot", "SpotOptions": {
        "MaxPrice": params.text("SpotPrice"),
        "SpotInstanceType": params.text("Type").unwrap_or("one-time"),
        "InstanceInterruptionBehavior": params.text("InstanceInterruptionBehavior"),
    } });
    if let Some(id) = data["ImageId"].as_str() {
        state.touch(arn(&call.region, "image", id));
    }
    let order = Order {
        place,
        data: &data,
        count,
        marks: TagMap::new(),
    };
    let mut written = Vec::new();
    for id in launch::launch(state, &order)? {
        let id = spot::fulfilled(state, place, &data, &id)?;
        let requests = &mut state.ec2.region_mut(&call.region).fleets.requests;
        if let Some(request) = requests.get_mut(&id) {
            request.tags = Tags::of_owner(call.account(), tags.clone());
            written.push(request.written(call.account()));
        }
    }
    Ok(json!({ "SpotInstanceRequests": written }))
}

/// The error for a Spot request that doesn't exist.
pub(crate) fn no_request(id: &str) -> ApiError {
    ApiError::new(
        "InvalidSpotInstanceRequestID.NotFound",
        format!("The spot instance request ID '{id}' does not exist"),
    )
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSpotInstanceRequests.html>.
pub(crate) fn describe_spot_instance_requests(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let params = call.params();
    let filters = Filters::read(params, &FILTERS)?;
    let cursor = page::open(call, 5)?;
    let ids = params.texts("SpotInstanceRequestIds");
    let requests = &state.ec2.region_mut(&call.region).fleets.requests;
    let own = |request: &SpotRequest| request.owner == call.account();
    let missing = |id: &&&str| !requests.get(**id).is_some_and(own);
    if let Some(id) = ids.iter().find(missing) {
        return Err(no_request(id));
    }
    let wanted = cursor.rest(requests).filter(|(id, request)| {
        own(request)
            && (ids.is_empty() || ids.contains(id))
            && filters.match_all(
                || request.tags.own(call.account()),
                |name| field(request, name).into_iter().collect(),
            )
    });
    let page = cursor.cut(call, wanted, |request| request.written(call.account()));
    Ok(json!({ "SpotInstanceRequests": page.items, "NextToken": page.next }))
}

fn field(request: &SpotRequest, name: &str) -> Option<String> {
    let launch = |name: &str| request.specification[name].as_str().map(str::to_owned);
    match name {
        "create-time" => Some(millis(request.created)),
        "instance-id" => Some(request.instance.clone()),
        "launch.image-id" => launch("ImageId"),
        "launch.instance-type" => launch("InstanceType"),
        "launch.key-name" => launch("KeyName"),
        "launch.monitoring-enabled" => {
            let on = request.specification["Monitoring"]["Enabled"].as_bool();
            Some(on.unwrap_or_default().to_string())
        }
        "launched-availability-zone" => Some(request.zone.clone()),
        "product-description" => Some("Linux/UNIX".to_owned()),
        "spot-instance-request-id" => Some(request.id.clone()),
        "spot-price" => request.price.clone(),
        "state" => Some(request.state.clone()),
        "status-code" => Some(request.status.0.clone()),
        "status-message" => Some(request.status.1.clone()),
        "type" => Some(request.kind.clone()),
        _ => launch("SubnetId"),
    }
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CancelSpotInstanceRequests.html>:
/// the instances run on.
pub(crate) fn cancel_spot_instance_requests(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let ids = call.params().texts("SpotInstanceRequestIds");
    let now = state.clock.now();
    let requests = &mut state.ec2.region_mut(&call.region).fleets.requests;
    let own = |request: &SpotRequest| request.owner == call.account();
    let missing = |id: &&&str| !requests.get(**id).is_some_and(own);
    if let Some(id) = ids.iter().find(missing) {
        return Err(no_request(id));
    }
    let mut written = Vec::new();
    for id in ids {
        if let Some(request) = requests.get_mut(id) {
            let message = "The request was cancelled while its instance is still running.";
            if request.state == "active" {
                request.enter(
                    "cancelled",
                    "request-canceled-and-instance-running",
                    message,
                    now,
                );
            }
            let state = "cancelled";
            written.push(json!({ "SpotInstanceRequestId": id, "State": state }));
        }
    }
    Ok(json!({ "CancelledSpotInstanceRequests": written }))
}
