//! Where an instance stands: its zone, and the names of a network that is not simulated. Each
//! account has one VPC in a Region, with one subnet in each zone; any well-formed id is taken.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::ids::{hex, is_resource_id};
use crate::request::Params;
use crate::wire::error::ApiError;

/// An id that always is the same for the same thing.
fn derived(prefix: &str, of: &str) -> String {
    let digest = Sha256::digest(of.as_bytes());
    format!("{prefix}-0{}", hex(digest.into_iter().take(8)))
}

/// The zone that launch parameters ask for, or the Region's first.
pub(super) fn zone(data: Params<'_>, region: &str) -> Result<String, ApiError> {
    let placement = data.child("Placement");
    let named = placement.and_then(|placement| placement.text("AvailabilityZone"));
    let zone = named.map_or_else(|| format!("{region}a"), str::to_owned);
    let letter = zone.strip_prefix(region).unwrap_or_default();
    if letter.len() == 1 && letter.bytes().all(|letter| letter.is_ascii_lowercase()) {
        return Ok(zone);
    }
    let message = format!("Invalid availability zone: [{zone}]");
    Err(ApiError::invalid_value(message))
}

/// Refuses ids of subnets and security groups that aren't any.
pub(super) fn check(data: Params<'_>) -> Result<(), ApiError> {
    let subnet = data.text("SubnetId");
    if let Some(id) = subnet.filter(|id| !is_resource_id(id, "subnet")) {
        let message = format!("The subnet ID '{id}' does not exist");
        return Err(ApiError::new("InvalidSubnetID.NotFound", message));
    }
    let groups = data.texts("SecurityGroupIds");
    if let Some(id) = groups.iter().find(|id| !is_resource_id(id, "sg")) {
        let message = format!("Invalid id: \"{id}\" (expecting \"sg-...\")");
        return Err(ApiError::new("InvalidGroupId.Malformed", message));
    }
    Ok(())
}

/// The first of the network interfaces that launch parameters describe.
fn interface(data: Params<'_>) -> Option<Params<'_>> {
    data.list("NetworkInterfaces").into_iter().next()
}

pub(super) fn vpc(account: &str, zone: &str) -> String {
    let region = zone.get(..zone.len().saturating_sub(1)).unwrap_or_default();
    derived("vpc", &format!("{account} {region}"))
}

pub(super) fn subnet(data: Params<'_>, account: &str, zone: &str) -> String {
    let named = data.text("SubnetId");
    let named = named.or_else(|| interface(data)?.text("SubnetId"));
    named.map_or_else(
        || derived("subnet", &format!("{account} {zone}")),
        str::to_owned,
    )
}

/// The security groups, the default one where none is named.
pub(super) fn groups(data: Params<'_>, account: &str) -> Vec<Value> {
    let mut ids = data.texts("SecurityGroupIds");
    ids.extend(
        interface(data)
            .into_iter()
            .flat_map(|interface| interface.texts("Groups")),
    );
    let names = data.texts("SecurityGroups");
    if ids.is_empty() && names.is_empty() {
        let id = derived("sg", account);
        return vec![json!({ "GroupId": id, "GroupName": "default" })];
    }
    let ids = ids.into_iter().map(|id| json!({ "GroupId": id }));
    let by_name = names.into_iter().map(|name| {
        let id = derived("sg", &format!("{account} {name}"));
        json!({ "GroupId": id, "GroupName": name })
    });
    ids.chain(by_name).collect()
}

/// The private address: the one asked for, or one of a default VPC's.
pub(super) fn address(data: Params<'_>, instance_id: &str) -> String {
    let digest = Sha256::digest(instance_id.as_bytes());
    let made = || format!("172.31.{}.{}", digest[0], digest[1]);
    data.text("PrivateIpAddress")
        .map_or_else(made, str::to_owned)
}
