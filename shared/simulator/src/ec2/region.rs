//! The Regions there are.

use serde_json::{Value, json};

use crate::ec2::filter::Filters;
use crate::ec2::tag::TagMap;
use crate::ec2::{Operation, op};
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

pub(crate) const OPERATIONS: &[Operation] = &[op("DescribeRegions", describe_regions)];

/// Regions that are on in every account:
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-regions-availability-zones.html>.
const REGIONS: [&str; 17] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// The names of the Regions.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    REGIONS.into_iter()
}

/// Whether there is a Region of that name.
pub(crate) fn exists(name: &str) -> bool {
    REGIONS.contains(&name)
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRegions.html>.
pub(crate) fn describe_regions(_: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let filters = Filters::read(params, &["endpoint", "opt-in-status", "region-name"])?;
    let named = params.texts("RegionNames");
    if let Some(unknown) = named.iter().find(|name| !exists(name)) {
        let message = format!("Invalid values found for region names: [{unknown}]");
        return Err(ApiError::invalid_value(message));
    }
    let endpoint = |name: &str| format!("ec2.{name}.amazonaws.com");
    let wanted = REGIONS.iter().filter(|name| {
        (named.is_empty() || named.contains(name))
            && filters.match_all(TagMap::new, |field| match field {
                "endpoint" => vec![endpoint(name)],
                "region-name" => vec![(**name).to_owned()],
                _ => vec!["opt-in-not-required".to_owned()],
            })
    });
    let regions = wanted.map(|name| {
        json!({ "RegionName": name, "Endpoint": endpoint(name), "OptInStatus": "opt-in-not-required" })
    });
    Ok(json!({ "Regions": regions.collect::<Vec<_>>() }))
}
