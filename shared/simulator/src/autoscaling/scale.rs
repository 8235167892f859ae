//! A group's number of instances: launching what lacks, terminating what is too much.

use serde_json::Value;

use super::group::{Group, Member};
use super::source;
use crate::ec2::fleet::pool::{self, Pool, Wanted};
use crate::ec2::instance::{Instance, phase};
use crate::ec2::tag::TagMap;
use crate::state::State;

/// Brings a group to its desired capacity. Where instances can't be launched, it stays below:
/// the call that changed the group has succeeded all the same.
pub(super) fn settle(state: &mut State, place: (&str, &str), name: &str) {
    let held = state.autoscaling.place(place);
    let Some(mut group) = held.groups.get(name).cloned() else {
        return;
    };
    let surplus = shrink(&mut group);
    let have = capacity(&group);
    if have < group.desired {
        let pools = source::pools(state, place, &group).unwrap_or_default();
        grow(state, place, &mut group, pools);
    }
    let held = state.autoscaling.place(place);
    held.groups.insert(name.to_owned(), group);
    for instance in surplus {
        phase::terminate(state, place.1, &instance);
    }
}

fn weight(member: &Member) -> i64 {
    let weight = member.weight.as_deref();
    weight.and_then(|weight| weight.parse().ok()).unwrap_or(1)
}

fn capacity(group: &Group) -> i64 {
    group.members.iter().map(weight).sum()
}

/// Takes the oldest instances that are too much out of the group.
fn shrink(group: &mut Group) -> Vec<String> {
    let mut surplus = Vec::new();
    loop {
        let above = capacity(group) - group.desired;
        let spare = |member: &Member| !member.protected && weight(member) <= above;
        let Some(at) = group.members.iter().position(spare) else {
            return surplus;
        };
        surplus.push(group.members.remove(at).instance);
    }
}

/// How many units of what lacks are On-Demand; the others are Spot:
/// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstancesDistribution.html>.
fn on_demand(group: &Group, lacking: i64) -> i64 {
    let distribution = &group.settings["MixedInstancesPolicy"]["InstancesDistribution"];
    let number = |name: &str| distribution[name].as_i64();
    let Some(share) = number("OnDemandPercentageAboveBaseCapacity") else {
        return lacking;
    };
    let base = number("OnDemandBaseCapacity").unwrap_or_default();
    let part = |desired: i64| {
        let above = (desired - base).max(0);
        desired.min(base) + (above * share + 99) / 100
    };
    part(group.desired) - part(group.desired - lacking)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "capacities are far below where that matters"
)]
fn grow(state: &mut State, place: (&str, &str), group: &mut Group, mut pools: Vec<Pool>) {
    let lacking = group.desired - capacity(group);
    let plain = on_demand(group, lacking);
    stand(group, place.1, &mut pools);
    let spot_priced = |pool: &Pool| pool.data["InstanceMarketOptions"]["MarketType"] == "spot";
    let all_spot = pools.iter().any(spot_priced);
    for (capacity, spot) in [(plain, all_spot), (lacking - plain, true)] {
        let wanted = Wanted {
            capacity: capacity as f64,
            spot,
            spread: spot && !all_spot,
            marks: marks(group),
        };
        for (number, instance) in pool::fill(state, place, &pools, &wanted).launched {
            let mut from = pools[number].from.clone();
            let weight = from["WeightedCapacity"].as_str().map(str::to_owned);
            if let Some(from) = from.as_object_mut() {
                from.remove("WeightedCapacity");
            }
            group.members.push(Member {
                instance,
                from,
                weight,
                protected: group.setting().flag("NewInstancesProtectedFromScaleIn") == Some(true),
            });
        }
    }
}

/// Lets pools launch where the group stands.
fn stand(group: &Group, region: &str, pools: &mut [Pool]) {
    let zones = group.zones(region);
    let subnets = group.subnets();
    for pool in pools {
        if let Some(subnet) = subnets.first() {
            pool.data["SubnetId"] = Value::from(*subnet);
        }
        if let Some(zone) = zones.first() {
            pool.data["Placement"]["AvailabilityZone"] = Value::from(zone.clone());
        }
    }
}

/// The tags of a group's instances.
fn marks(group: &Group) -> TagMap {
    let given = group.tags.iter().filter(|(.., given)| *given);
    let mut marks: TagMap = given
        .map(|(key, value, _)| (key.clone(), value.clone()))
        .collect();
    marks.insert("aws:autoscaling:groupName".to_owned(), group.name.clone());
    marks
}

/// Takes an instance that is about to go out of its group, which launches another. One that could
/// not be launched is not tried again, where AWS would try for a while.
pub(super) fn instance_left(state: &mut State, place: (&str, &str), id: &str) {
    let instances = &state.ec2.region_mut(place.1).instances;
    let instance = instances.get(id);
    let failed = instance.is_some_and(Instance::has_failed);
    let tags = instance.map(|instance| instance.tags.own(place.0));
    let Some(name) = tags.and_then(|mut tags| tags.remove("aws:autoscaling:groupName")) else {
        return;
    };
    let held = state.autoscaling.place(place);
    let Some(group) = held.groups.get_mut(&name) else {
        return;
    };
    let before = group.members.len();
    group.members.retain(|member| member.instance != id);
    if group.members.len() < before && !failed {
        settle(state, place, &name);
    }
}
