//! `DescribeInstances`.

use serde_json::{Value, json};

use super::written::{Volumes, goes};
use super::{Instance, check_ids, network};
use crate::clock::millis;
use crate::ec2::filter::Filters;
use crate::ec2::page;
use crate::request::{Params, Request};
use crate::state::State;
use crate::wire::error::ApiError;

const FILTERS: [&str; 38] = [
    "architecture",
    "availability-zone",
    "block-device-mapping.delete-on-termination",
    "block-device-mapping.device-name",
    "block-device-mapping.status",
    "block-device-mapping.volume-id",
    "boot-mode",
    "hypervisor",
    "iam-instance-profile.arn",
    "image-id",
    "instance-id",
    "instance-lifecycle",
    "instance-state-code",
    "instance-state-name",
    "instance-type",
    "instance.group-id",
    "instance.group-name",
    "key-name",
    "launch-index",
    "launch-time",
    "monitoring-state",
    "owner-id",
    "placement-group-name",
    "platform-details",
    "private-ip-address",
    "reservation-id",
    "root-device-name",
    "root-device-type",
    "source-dest-check",
    "spot-instance-request-id",
    "state-reason-code",
    "state-reason-message",
    "subnet-id",
    "tag-key",
    "tenancy",
    "usage-operation",
    "virtualization-type",
    "vpc-id",
];

/// A page's size and ids can't be asked for together.
pub(super) fn refuse_both(params: Params<'_>) -> Result<(), ApiError> {
    if params.has("MaxResults") && !params.texts("InstanceIds").is_empty() {
        let message = "The parameter instancesSet cannot be used with the parameter maxResults";
        return Err(ApiError::new("InvalidParameterCombination", message));
    }
    Ok(())
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html>.
pub(crate) fn describe_instances(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let filters = Filters::read(params, &FILTERS)?;
    refuse_both(params)?;
    let cursor = page::open(call, 5)?;
    let ids = params.texts("InstanceIds");
    let region = state.ec2.reading(&call.region);
    check_ids(region, call.account(), &ids)?;
    let wanted = cursor.rest(&region.instances).filter(|(id, instance)| {
        let named = ids.is_empty() || ids.contains(id);
        named
            && instance.owner == call.account()
            && filters.match_all(
                || instance.tags.own(call.account()),
                |name| field(instance, &region.volumes, name),
            )
    });
    let page = cursor.cut(call, wanted, |instance| {
        let written = instance.written(call.account(), &region.volumes);
        json!({ "in": instance.reservation, "is": written })
    });
    let reservations = reservations(call.account(), page.items);
    Ok(json!({ "Reservations": reservations, "NextToken": page.next }))
}

/// Puts the instances of a page under their reservations.
fn reservations(account: &str, instances: Vec<Value>) -> Vec<Value> {
    let mut reservations: Vec<Value> = Vec::new();
    let mut places = std::collections::BTreeMap::new();
    for mut instance in instances {
        let id = instance["in"].take();
        let name = id.as_str().unwrap_or_default().to_owned();
        let at = *places.entry(name).or_insert(reservations.len());
        if at == reservations.len() {
            reservations.push(json!({
                "ReservationId": id, "OwnerId": account, "Groups": [], "Instances": [],
            }));
        }
        if let Some(list) = reservations[at]["Instances"].as_array_mut() {
            list.push(instance["is"].take());
        }
    }
    reservations
}

/// An instance's values under a filter's name.
fn field(instance: &Instance, volumes: &Volumes, name: &str) -> Vec<String> {
    if let Some(part) = name.strip_prefix("block-device-mapping.") {
        return device_field(instance, volumes, part);
    }
    if let Some(member) = name.strip_prefix("instance.group-") {
        let member = if member == "id" {
            "GroupId"
        } else {
            "GroupName"
        };
        let groups = network::groups(instance.data(), &instance.owner).into_iter();
        return groups
            .filter_map(|group| group[member].as_str().map(str::to_owned))
            .collect();
    }
    one_field(instance, name).into_iter().collect()
}

fn device_field(instance: &Instance, all: &Volumes, part: &str) -> Vec<String> {
    let devices = instance.volumes.iter();
    let of = |(device, volume): &(String, String)| match part {
        "device-name" => device.clone(),
        "volume-id" => volume.clone(),
        "status" => "attached".to_owned(),
        _ => goes(all, volume).to_string(),
    };
    devices.map(of).collect()
}

fn one_field(instance: &Instance, name: &str) -> Option<String> {
    let data = instance.data();
    let hardware = |name: &str| instance.hardware[name].as_str().map(str::to_owned);
    let here = (!instance.is_going()).then_some(instance);
    let reason = instance.reason.clone();
    match name {
        "architecture" => hardware("Architecture"),
        "availability-zone" => Some(instance.zone.clone()),
        "boot-mode" => hardware("BootMode"),
        "hypervisor" => Some("xen".to_owned()),
        "iam-instance-profile.arn" => instance.profile_arn(),
        "image-id" => Some(instance.image_id.clone()),
        "instance-id" => Some(instance.id.clone()),
        "instance-lifecycle" => instance.spot_request.as_ref().map(|_| "spot".to_owned()),
        "instance-state-code" => Some(instance.phase.code().to_string()),
        "instance-state-name" => Some(instance.state_name().to_owned()),
        "instance-type" => Some(instance.kind.clone()),
        "key-name" => data.text("KeyName").map(str::to_owned),
        "launch-index" => Some(instance.index.to_string()),
        "launch-time" => Some(millis(instance.launched)),
        "monitoring-state" => Some(instance.monitoring().to_owned()),
        "owner-id" => Some(instance.owner.clone()),
        "placement-group-name" => {
            let group = data.child("Placement")?.text("GroupName");
            group.map(str::to_owned)
        }
        "platform-details" => Some("Linux/UNIX".to_owned()),
        "private-ip-address" => here.map(|it| network::address(data, &it.id)),
        "reservation-id" => Some(instance.reservation.clone()),
        "root-device-name" => Some(instance.root_device.clone()),
        "root-device-type" => Some("ebs".to_owned()),
        "source-dest-check" => here.map(|_| "true".to_owned()),
        "spot-instance-request-id" => instance.spot_request.clone(),
        "state-reason-code" => reason.map(|(code, _)| code),
        "state-reason-message" => reason.map(|(_, message)| message),
        "subnet-id" => here.map(|it| network::subnet(data, &it.owner, &it.zone)),
        "tenancy" => Some(instance.tenancy().to_owned()),
        "usage-operation" => Some("RunInstances".to_owned()),
        "virtualization-type" => hardware("VirtualizationType"),
        "vpc-id" => here.map(|it| network::vpc(&it.owner, &it.zone)),
        _ => None,
    }
}
