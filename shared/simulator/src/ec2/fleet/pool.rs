//! Pools: what a fleet or a group may launch, and how it comes to its number of instances.

use serde_json::Value;

use super::spot;
use crate::ec2::instance::launch::{self, Order};
use crate::ec2::launch_template::{self, data};
use crate::ec2::tag::TagMap;
use crate::request::Params;
use crate::state::State;
use crate::wire::error::ApiError;

/// One way to launch an instance.
#[derive(Debug, Clone)]
pub(crate) struct Pool {
    /// The parameters of `RunInstances`.
    pub(crate) data: Value,
    /// How much one of its instances counts.
    pub(crate) weight: f64,
    /// Tags that AWS puts on its instances itself.
    pub(crate) marks: TagMap,
    /// What the caller named it by.
    pub(crate) from: Value,
}

/// Overrides that are launch parameters under the same name.
const SAME: [&str; 7] = [
    "BlockDeviceMappings",
    "IamInstanceProfile",
    "ImageId",
    "InstanceType",
    "KeyName",
    "MetadataOptions",
    "SubnetId",
];

impl Pool {
    /// A version of a launch template, with overrides over it.
    pub(crate) fn of_template(
        state: &State,
        place: (&str, &str),
        named: Params<'_>,
        overrides: &Value,
    ) -> Result<Self, ApiError> {
        let chosen = launch_template::chosen(state, place, named)?;
        let mut above = Value::Object(serde_json::Map::new());
        for name in SAME {
            if let Some(value) = overrides.get(name) {
                above[name] = value.clone();
            }
        }
        if let Some(placement) = overrides.get("Placement") {
            above["Placement"] = placement.clone();
        }
        if let Some(zone) = overrides.get("AvailabilityZone") {
            above["Placement"]["AvailabilityZone"] = zone.clone();
        }
        let mut data = data::overlaid(&chosen.data, &above);
        if above.get("InstanceType").is_none() && overrides.get("InstanceRequirements").is_some() {
            data["InstanceRequirements"] = overrides["InstanceRequirements"].clone();
            if let Some(data) = data.as_object_mut() {
                data.remove("InstanceType");
            }
        }
        Ok(Self {
            data,
            weight: weight(overrides)?,
            marks: chosen.marks(),
            from: Value::Null,
        })
    }
}

/// The weight in overrides: a number, or a text where Auto Scaling has it.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-fleet-instance-weighting.html>. What it
/// may be at most is told of Auto Scaling alone.
pub(super) fn weight(overrides: &Value) -> Result<f64, ApiError> {
    let given = &overrides["WeightedCapacity"];
    let text = given.as_str().and_then(|text| text.parse().ok());
    let weight = given.as_f64().or(text).unwrap_or(1.0);
    if (1.0..=999.0).contains(&weight) {
        return Ok(weight);
    }
    let message =
        format!("Value ({weight}) for parameter WeightedCapacity is invalid. It must be 1 to 999");
    Err(ApiError::invalid_value(message))
}

/// How much is to be launched, and how.
pub(crate) struct Wanted {
    pub(crate) capacity: f64,
    /// As Spot Instances.
    pub(crate) spot: bool,
    /// From all pools in turn, rather than from the first that works.
    pub(crate) spread: bool,
    /// Tags that AWS puts on the instances itself.
    pub(crate) marks: TagMap,
}

/// What came of launching.
#[derive(Default)]
pub(crate) struct Filled {
    /// The numbers of pools, and the instances launched from them.
    pub(crate) launched: Vec<(usize, String)>,
    /// The numbers of pools that can't be launched from, and why.
    pub(crate) failed: Vec<(usize, ApiError)>,
}

/// Launches from pools until the capacity is there, or no pool is left.
pub(crate) fn fill(
    state: &mut State,
    place: (&str, &str),
    pools: &[Pool],
    wanted: &Wanted,
) -> Filled {
    let mut filled = Filled::default();
    let mut usable: Vec<usize> = (0..pools.len()).collect();
    let (mut capacity, mut turn) = (0.0, 0);
    while capacity < wanted.capacity && !usable.is_empty() {
        let at = if wanted.spread {
            turn % usable.len()
        } else {
            0
        };
        let number = usable[at];
        let pool = &pools[number];
        match one(state, place, pool, wanted) {
            Ok(id) => {
                filled.launched.push((number, id));
                capacity += pool.weight;
                turn += 1;
            }
            Err(error) => {
                filled.failed.push((number, error));
                usable.remove(at);
            }
        }
    }
    filled
}

fn one(
    state: &mut State,
    place: (&str, &str),
    pool: &Pool,
    wanted: &Wanted,
) -> Result<String, ApiError> {
    let mut marks = pool.marks.clone();
    marks.extend(wanted.marks.clone());
    let order = Order {
        place,
        data: &pool.data,
        count: 1,
        marks,
    };
    let ids = launch::launch(state, &order)?;
    let id = ids.into_iter().next();
    let id = id.ok_or_else(|| ApiError::internal("nothing was launched"))?;
    if wanted.spot {
        spot::fulfilled(state, place, &pool.data, &id)?;
    }
    Ok(id)
}
