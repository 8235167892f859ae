//! How much a day may take.

use std::collections::BTreeSet;

use crate::ec2::image::Image;

use super::act::Stage;
use super::family::anywhere;
use super::rules::Check;
use super::violation::Rule;

/// Holds an act to the cap of its operation. What one call after another takes of the same image,
/// snapshot or bundle counts once.
pub(super) fn check(check: &mut Check<'_>) {
    let operation = &check.call.operation;
    let Some(cap) = check.guard.safeguards.most_per_day.get(operation) else {
        return;
    };
    let taken = check.memory.taken_today(operation, check.now());
    let mut resources = BTreeSet::from([check.act.resource.as_str()]);
    let mut ended = BTreeSet::new();
    for (resource, images) in taken {
        resources.insert(resource);
        ended.extend(images.iter().map(String::as_str));
    }
    if let Some(most) = cap.count.filter(|most| resources.len() > *most) {
        let why = format!("it is number {} of {most} today", resources.len());
        check.breaks(Rule::OverCap, why);
    }
    let Some(percent) = cap.percent else { return };
    for image in check.act.own() {
        if let Some(why) = share(check, image, &ended, percent) {
            check.breaks(Rule::OverCap, why);
        }
    }
}

/// Says so where an image and those that have ended today are more than their family's share.
fn share(
    check: &Check<'_>,
    image: &Image,
    ended: &BTreeSet<&str>,
    percent: usize,
) -> Option<String> {
    let world = (check.state, check.memory);
    let family = check.guard.member(world, image)?.family;
    let is_of = |image: &Image| {
        let member = check.guard.member(world, image);
        member.is_some_and(|member| member.family.name == family.name)
    };
    let ended = ended.iter().copied();
    let mut ended: BTreeSet<&str> = ended
        .filter(|id| anywhere(world, id).is_some_and(is_of))
        .collect();
    ended.insert(&image.id);
    let binned = check.act.stage == Stage::Deletion;
    let others = check.guard.members(world, family, binned);
    let others = others.filter(|id| !ended.contains(id));
    // Members are counted no further than it takes to know.
    let enough = (ended.len() * 100)
        .div_ceil(percent.max(1))
        .saturating_sub(ended.len());
    let others = others.take(enough).count();
    let (ended, all) = (ended.len(), ended.len() + others);
    (ended * 100 > all * percent)
        .then(|| format!("{ended} of the {all} images of {} in one day", family.name))
}
