//! The numbers that a mixed instances policy may have:
//! <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstancesDistribution.html> and
//! <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_LaunchTemplateOverrides.html>.

use std::ops::RangeInclusive;

use serde_json::Value;

use super::invalid;
use crate::wire::error::ApiError;

/// The numbers of a distribution, and between what they are.
const DISTRIBUTION: [(&str, RangeInclusive<i64>); 3] = [
    ("OnDemandBaseCapacity", 0..=2_147_483_647),
    ("OnDemandPercentageAboveBaseCapacity", 0..=100),
    ("SpotInstancePools", 1..=20),
];
const WEIGHTS: RangeInclusive<i64> = 1..=999;

/// Refuses a policy with numbers that can't be.
pub(super) fn check(policy: &Value) -> Result<(), ApiError> {
    for (name, range) in DISTRIBUTION {
        let number = policy["InstancesDistribution"][name].as_i64();
        if let Some(number) = number.filter(|number| !range.contains(number)) {
            return Err(outside(name, &number.to_string(), &range));
        }
    }
    let overrides = policy["LaunchTemplate"]["Overrides"].as_array();
    for overrides in overrides.into_iter().flatten() {
        let weight = overrides["WeightedCapacity"].as_str();
        let right = |weight: &str| weight.parse().is_ok_and(|number| WEIGHTS.contains(&number));
        if let Some(weight) = weight.filter(|weight| !right(weight)) {
            return Err(outside("WeightedCapacity", weight, &WEIGHTS));
        }
    }
    Ok(())
}

fn outside(name: &str, value: &str, range: &RangeInclusive<i64>) -> ApiError {
    invalid(format!(
        "Value {value} for {name} is not valid. It must be a whole number between {} and {}.",
        range.start(),
        range.end()
    ))
}
