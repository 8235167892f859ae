//! Making, changing and deleting groups.

use serde_json::{Value, json};

use super::group::Group;
use super::{invalid, place, refuse, scale, source};
use crate::ec2::instance::phase;
use crate::request::{Params, Request};
use crate::state::State;
use crate::wire::error::ApiError;

/// Parameters whose effect is not simulated.
const UNSIMULATED: [&str; 10] = [
    "AvailabilityZoneDistribution",
    "AvailabilityZoneIds",
    "AvailabilityZoneImpairmentPolicy",
    "CapacityReservationSpecification",
    "InstanceId",
    "InstanceLifecyclePolicy",
    "LifecycleHookSpecificationList",
    "MaxInstanceLifetime",
    "Operator",
    "SkipZonalShiftValidation",
];

/// Parameters that a group keeps elsewhere than in its settings.
const ELSEWHERE: [&str; 8] = [
    "AutoScalingGroupName",
    "DesiredCapacity",
    "LaunchConfigurationName",
    "LaunchTemplate",
    "MaxSize",
    "MinSize",
    "MixedInstancesPolicy",
    "Tags",
];

/// The error for a group that doesn't exist.
fn no_group(name: &str) -> ApiError {
    invalid(format!(
        "AutoScalingGroup name not found - AutoScalingGroup '{name}' not found"
    ))
}

/// The group a call names.
fn named(state: &mut State, call: &Request) -> Result<Group, ApiError> {
    let name = call.params().need("AutoScalingGroupName")?;
    let held = state.autoscaling.place(place(call));
    let group = held.groups.get(name).cloned();
    let group = group.ok_or_else(|| no_group(name))?;
    state.touch(group.arn.clone());
    Ok(group)
}

/// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html>: its
/// instances are launched at once.
pub(super) fn create_auto_scaling_group(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    refuse(call, &UNSIMULATED)?;
    let params = call.params();
    let name = params.need("AutoScalingGroupName")?;
    if state
        .autoscaling
        .place(place(call))
        .groups
        .contains_key(name)
    {
        let message = format!(
            "AutoScalingGroup by this name already exists - A group with the name {name} already \
             exists"
        );
        return Err(ApiError::new("AlreadyExists", message));
    }
    if source::named(params)?.is_none() {
        return Err(invalid(
            "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, \
             InstanceId or MixedInstancesPolicy parameter.",
        ));
    }
    if params.texts("AvailabilityZones").is_empty() && !params.has("VPCZoneIdentifier") {
        let message = "At least one Availability Zone or VPC Subnet is required.";
        return Err(invalid(message));
    }
    let id = state.ids.uuid();
    let mut group = Group {
        name: name.to_owned(),
        arn: format!(
            "arn:aws:autoscaling:{}:{}:autoScalingGroup:{id}:autoScalingGroupName/{name}",
            call.region,
            call.account()
        ),
        created: state.clock.now(),
        least: 0,
        most: 0,
        desired: params.number("MinSize").unwrap_or_default(),
        settings: json!({}),
        members: Vec::new(),
        tags: tags(params),
    };
    change(state, call, &mut group)?;
    keep(state, call, group);
    Ok(json!({}))
}

fn tags(params: Params<'_>) -> Vec<(String, String, bool)> {
    let tags = params.list("Tags").into_iter().map(|tag| {
        let text = |name: &str| tag.text(name).unwrap_or_default().to_owned();
        (
            text("Key"),
            text("Value"),
            tag.flag("PropagateAtLaunch") == Some(true),
        )
    });
    tags.collect()
}

/// Changes a group as a call says, or refuses.
fn change(state: &mut State, call: &Request, group: &mut Group) -> Result<(), ApiError> {
    let params = call.params();
    for (name, value) in call.parameters.as_object().into_iter().flatten() {
        if !ELSEWHERE.contains(&name.as_str()) {
            group.settings[name] = value.clone();
        }
    }
    if let Some(name) = source::named(params)? {
        source::put(state, place(call), (&mut group.settings, params), name)?;
        let pools = source::pools(state, place(call), group)?;
        if name != "LaunchConfigurationName" {
            source::check_images(state, place(call), &pools)?;
        }
    }
    group.least = params.number("MinSize").unwrap_or(group.least);
    group.most = params.number("MaxSize").unwrap_or(group.most);
    let (least, most) = (group.least, group.most);
    if least < 0 || most < least {
        return Err(invalid(format!(
            "Max bound, {most}, must be greater than or equal to min bound, {least}"
        )));
    }
    match params.number("DesiredCapacity") {
        Some(desired) if (least..=most).contains(&desired) => group.desired = desired,
        Some(desired) => {
            return Err(invalid(format!(
                "Desired capacity:{desired} must be between the specified min size:{least} and \
                 max size:{most}"
            )));
        }
        None => group.desired = group.desired.clamp(least, most),
    }
    Ok(())
}

/// Keeps a group, and brings it to its number of instances.
fn keep(state: &mut State, call: &Request, group: Group) {
    let name = group.name.clone();
    state.touch(group.arn.clone());
    let held = state.autoscaling.place(place(call));
    held.groups.insert(name.clone(), group);
    scale::settle(state, place(call), &name);
}

/// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html>:
/// instances that run already stay as they are.
pub(super) fn update_auto_scaling_group(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    refuse(call, &UNSIMULATED)?;
    let mut group = named(state, call)?;
    change(state, call, &mut group)?;
    keep(state, call, group);
    Ok(json!({}))
}

/// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_SetDesiredCapacity.html>. There
/// are no cooldowns here, so that none can be honoured.
pub(super) fn set_desired_capacity(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let mut group = named(state, call)?;
    let desired = call.params().number("DesiredCapacity").unwrap_or_default();
    let (bound, which) = if desired > group.most {
        (group.most, "above max")
    } else {
        (group.least, "below min")
    };
    if !(group.least..=group.most).contains(&desired) {
        return Err(invalid(format!(
            "New SetDesiredCapacity value {desired} is {which} value {bound} for the \
             AutoScalingGroup."
        )));
    }
    group.desired = desired;
    keep(state, call, group);
    Ok(json!({}))
}

/// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DeleteAutoScalingGroup.html>: one
/// with instances only by force, and they are terminated.
pub(super) fn delete_auto_scaling_group(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let group = named(state, call)?;
    let forced = call.params().flag("ForceDelete") == Some(true);
    let protection = group.setting().text("DeletionProtection").unwrap_or("none");
    if protection == "prevent-all-deletion" || (forced && protection == "prevent-force-deletion") {
        let message = format!("The deletion protection of the group is {protection}");
        return Err(invalid(message));
    }
    if !forced && !group.members.is_empty() {
        return Err(ApiError::new(
            "ResourceInUse",
            "You cannot delete an AutoScalingGroup while there are instances or pending Spot \
             instance request(s) still in the group.",
        ));
    }
    let held = state.autoscaling.place(place(call));
    held.groups.remove(&group.name);
    for member in group.members {
        phase::terminate(state, &call.region, &member.instance);
    }
    Ok(json!({}))
}
