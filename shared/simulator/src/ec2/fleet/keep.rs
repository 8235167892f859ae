//! Fleets of the type `maintain` launch another instance in place of one that is terminated:
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-fleet-request-type.html>.

use super::create;
use super::pool::{self, Filled, Pool, Wanted};
use super::spot_fleet;
use crate::ec2::tag::TagMap;
use crate::request::Params;
use crate::state::State;

/// Replaces an instance that is about to go, where its fleet keeps its number. One that could not
/// be launched is not tried again, where AWS would try for a while.
pub(super) fn instance_left(state: &mut State, place: (&str, &str), id: &str) {
    let instance = state.ec2.region_mut(place.1).instances.get(id);
    let Some(instance) = instance.filter(|instance| !instance.has_failed()) else {
        return;
    };
    let tags = instance.tags.own(place.0);
    if let Some(fleet) = tags.get(create::MARK) {
        replace(state, place, fleet, id);
    }
    if let Some(fleet) = tags.get(spot_fleet::MARK) {
        replace_in_spot(state, place, fleet, id);
    }
}

/// Launches as much as an instance counted.
fn fill(
    state: &mut State,
    place: (&str, &str),
    pools: &[Pool],
    (capacity, spot): (f64, bool),
    mark: (&str, &str),
) -> Filled {
    let wanted = Wanted {
        capacity,
        spot,
        spread: false,
        marks: TagMap::from([(mark.0.to_owned(), mark.1.to_owned())]),
    };
    pool::fill(state, place, pools, &wanted)
}

fn replace(state: &mut State, place: (&str, &str), fleet_id: &str, id: &str) {
    let fleets = &state.ec2.region_mut(place.1).fleets.plain;
    let Some(mut fleet) = fleets.get(fleet_id).cloned() else {
        return;
    };
    let at = fleet
        .launched
        .iter()
        .position(|launched| launched.instance == id);
    let Some(at) = at.filter(|_| fleet.kind == "maintain" && fleet.state == "active") else {
        return;
    };
    let gone = fleet.launched.remove(at);
    let configurations = Params::of(&fleet.request).list("LaunchTemplateConfigs");
    let pools = create::pools(state, place, &configurations).unwrap_or_default();
    let wanted = (gone.weight, gone.spot);
    let filled = fill(state, place, &pools, wanted, (create::MARK, fleet_id));
    create::note(&mut fleet, &pools, gone.spot, filled);
    let fleets = &mut state.ec2.region_mut(place.1).fleets.plain;
    fleets.insert(fleet_id.to_owned(), fleet);
}

fn replace_in_spot(state: &mut State, place: (&str, &str), fleet_id: &str, id: &str) {
    let fleets = &state.ec2.region_mut(place.1).fleets.spot;
    let Some(mut fleet) = fleets.get(fleet_id).cloned() else {
        return;
    };
    let kind = fleet.configuration["Type"].as_str().unwrap_or("maintain");
    let at = fleet
        .launched
        .iter()
        .position(|(instance, ..)| instance == id);
    let Some(at) = at.filter(|_| kind == "maintain" && fleet.state == "active") else {
        return;
    };
    let (_, weight, spot) = fleet.launched.remove(at);
    let pools = spot_fleet::sources(state, place, Params::of(&fleet.configuration));
    let pools = pools.unwrap_or_default();
    let filled = fill(
        state,
        place,
        &pools,
        (weight, spot),
        (spot_fleet::MARK, fleet_id),
    );
    fleet.failed |= !filled.failed.is_empty();
    for (number, instance) in filled.launched {
        fleet.launched.push((instance, pools[number].weight, spot));
    }
    let fleets = &mut state.ec2.region_mut(place.1).fleets.spot;
    fleets.insert(fleet_id.to_owned(), fleet);
}
