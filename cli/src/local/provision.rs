//! Owns making what a policy names and Amiary does not make itself: roles, topics and keys. In a
//! real installation they are their owners'; on a simulated AWS nobody else is there to make them.

use amiary_domain::policy::{Destination, Encryption, Policy};
use amiary_simulator::World;
use serde_json::json;

/// Makes the roles, topics and key aliases that a policy names, where they are missing; tells
/// which. Keys that are named by id or ARN can't be made, and are left out.
pub fn provision(world: &World, policy: &Policy) -> Vec<String> {
    let families = policy.families.values();
    let destinations = families.flat_map(|family| family.destinations.values());
    let roles = policy.accounts.iter().filter_map(|(account, settings)| {
        let role = settings.role.as_deref()?;
        let name = role.rsplit('/').next().unwrap_or(role);
        let made = world.create_role(account.as_str(), name);
        made.then(|| format!("role {name} in {account}"))
    });
    let mut made: Vec<String> = roles.collect();
    let owners = policy.owners.values();
    made.extend(owners.filter_map(|owner| topic(world, &owner.topic)));
    made.extend(destinations.filter_map(|destination| key(world, destination)));
    made
}

fn topic(world: &World, arn: &str) -> Option<String> {
    let mut parts = arn.splitn(6, ':').skip(3);
    let (region, account, name) = (parts.next()?, parts.next()?, parts.next()?);
    let perform =
        |operation, parameters| world.perform(account, region, "sns", operation, parameters);
    let listed = perform("ListTopics", json!({})).ok()?;
    let topics = listed["Topics"].as_array();
    if topics.is_some_and(|topics| topics.iter().any(|topic| topic["TopicArn"] == arn)) {
        return None;
    }
    let made = perform("CreateTopic", json!({ "Name": name }));
    made.ok()
        .map(|_| format!("topic {name} in {region} of {account}"))
}

fn key(world: &World, destination: &Destination) -> Option<String> {
    let Encryption::Key(alias) = &destination.encryption else {
        return None;
    };
    let place = &destination.place;
    let (account, region) = (place.account.as_str(), place.region.as_str());
    let named = json!({ "KeyId": alias });
    let missing = world
        .perform(account, region, "kms", "DescribeKey", named)
        .is_err();
    if !missing || !alias.starts_with("alias/") {
        return None;
    }
    world.create_key(account, region, alias);
    Some(format!("key {alias} in {region} of {account}"))
}
