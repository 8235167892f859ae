//! `DescribeAutoScalingGroups` and `DescribeAutoScalingInstances`.

use serde_json::{Value, json};

use super::group::Group;
use super::{invalid, page_size, place};
use crate::ec2::page;
use crate::request::{Params, Request};
use crate::state::State;
use crate::wire::error::ApiError;

/// The filters of a call; a group must match them all.
fn filters(params: Params<'_>) -> Result<Vec<(&str, Vec<&str>)>, ApiError> {
    let mut filters = Vec::new();
    for filter in params.list("Filters") {
        let name = filter.text("Name").unwrap_or_default();
        if !["tag-key", "tag-value"].contains(&name) && !name.starts_with("tag:") {
            let message = format!(
                "Filter type {name} is not correct. Allowed Filter types are: tag-key tag-value tag:<key>"
            );
            return Err(invalid(message));
        }
        filters.push((name, filter.texts("Values")));
    }
    Ok(filters)
}

fn matches(group: &Group, filters: &[(&str, Vec<&str>)]) -> bool {
    filters.iter().all(|(name, wanted)| {
        group.tags.iter().any(|(key, value, _)| match *name {
            "tag-key" => wanted.contains(&key.as_str()),
            "tag-value" => wanted.contains(&value.as_str()),
            name => name.strip_prefix("tag:") == Some(key) && wanted.contains(&value.as_str()),
        })
    })
}

/// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingGroups.html>:
/// names that aren't there are passed over.
pub(super) fn describe_auto_scaling_groups(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let params = call.params();
    let filters = filters(params)?;
    let cursor = page::of_size(call, page_size(call, 50, 100)?)?;
    let names = params.texts("AutoScalingGroupNames");
    let members = params.flag("IncludeInstances") != Some(false);
    let at = &*state.ec2.region_mut(&call.region);
    let held = state.autoscaling.place(place(call));
    let wanted = cursor.rest(&held.groups).filter(|(name, group)| {
        (names.is_empty() || names.contains(name)) && matches(group, &filters)
    });
    let page = cursor.cut(call, wanted, |group| {
        group.written(place(call), at, members)
    });
    Ok(json!({ "AutoScalingGroups": page.items, "NextToken": page.next }))
}

/// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingInstances.html>:
/// ids that are in no group are passed over.
pub(super) fn describe_auto_scaling_instances(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let cursor = page::of_size(call, page_size(call, 50, 50)?)?;
    let ids = call.params().texts("InstanceIds");
    let at = &*state.ec2.region_mut(&call.region);
    let held = state.autoscaling.place(place(call));
    let mut found = Vec::new();
    for group in held.groups.values() {
        for member in &group.members {
            let id = member.instance.as_str();
            if let Some(instance) = at.instances.get(id)
                && (ids.is_empty() || ids.contains(&id))
            {
                found.push((id, (group, member, instance)));
            }
        }
    }
    found.sort_by_key(|(id, _)| *id);
    let page = cursor.cut(call, found.into_iter(), |(group, member, instance)| {
        let mut written = member.written(instance);
        written["AutoScalingGroupName"] = Value::from(group.name.clone());
        written["HealthStatus"] = Value::from("HEALTHY");
        written
    });
    Ok(json!({ "AutoScalingInstances": page.items, "NextToken": page.next }))
}
