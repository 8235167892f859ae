//! Auto Scaling: launch configurations and groups, as users of images: what there is of each.

mod configuration;
mod describe;
mod group;
mod group_calls;
mod policy;
mod scale;
mod source;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::dispatch::Handler;
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

use configuration::Configuration;
use group::Group;

/// The launch configurations and groups of all accounts.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct AutoScaling {
    /// By account and Region.
    places: BTreeMap<String, Place>,
}

/// What an account has in a Region, by name.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) configurations: BTreeMap<String, Configuration>,
    pub(crate) groups: BTreeMap<String, Group>,
}

impl AutoScaling {
    /// What each account has in a Region.
    pub(crate) fn at<'a>(&'a self, region: &'a str) -> impl Iterator<Item = (&'a str, &'a Place)> {
        let places = self.places.iter();
        places.filter_map(move |(name, place)| {
            let (account, at) = name.split_once(' ')?;
            (at == region).then_some((account, place))
        })
    }

    fn place(&mut self, (account, region): (&str, &str)) -> &mut Place {
        let name = format!("{account} {region}");
        self.places.entry(name).or_default()
    }
}

/// The place a call is about.
fn place(call: &Request) -> (&str, &str) {
    (call.account(), &call.region)
}

/// The operation's handler.
pub(crate) fn handler(operation: &str) -> Option<Handler> {
    let handler: Handler = match operation {
        "CreateAutoScalingGroup" => group_calls::create_auto_scaling_group,
        "CreateLaunchConfiguration" => configuration::create_launch_configuration,
        "DeleteAutoScalingGroup" => group_calls::delete_auto_scaling_group,
        "DeleteLaunchConfiguration" => configuration::delete_launch_configuration,
        "DescribeAutoScalingGroups" => describe::describe_auto_scaling_groups,
        "DescribeAutoScalingInstances" => describe::describe_auto_scaling_instances,
        "DescribeLaunchConfigurations" => configuration::describe_launch_configurations,
        "SetDesiredCapacity" => group_calls::set_desired_capacity,
        "UpdateAutoScalingGroup" => group_calls::update_auto_scaling_group,
        _ => return None,
    };
    Some(handler)
}

/// Lets the groups know that an instance is about to go: its group launches another.
pub(crate) fn instance_left(state: &mut State, place: (&str, &str), id: &str) {
    scale::instance_left(state, place, id);
}

/// Auto Scaling's refusal of parameters:
/// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/CommonErrors.html>.
fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationError", message)
}

/// Refuses parameters whose effect is not simulated.
fn refuse(call: &Request, unsimulated: &[&str]) -> Result<(), ApiError> {
    let params = call.params();
    match unsimulated.iter().find(|name| params.has(name)) {
        Some(name) => Err(invalid(format!("The parameter {name} is not simulated"))),
        None => Ok(()),
    }
}

/// How many are on a page: what the call says, within limits, or the usual number.
fn page_size(call: &Request, usual: i64, most: i64) -> Result<i64, ApiError> {
    let size = call.params().number("MaxRecords").unwrap_or(usual);
    if (1..=most).contains(&size) {
        Ok(size)
    } else {
        let message = format!("MaxRecords must be between 1 and {most}");
        Err(invalid(message))
    }
}
