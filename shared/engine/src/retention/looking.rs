//! Owns looking from one place's lookouts: every list read to its end, what it points at resolved,
//! and how much was found held against the last time.

use super::{Survey, Tally};
use crate::ports::{Answer, Found, ReadUses, Target};
use amiary_domain::ids::Place;
use amiary_domain::policy::Policy;
use amiary_domain::retention::{Evidence, Look, Lookout, Outcome, Use};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// What is listed from a place, before anything is asked about single images.
const LISTED: [Lookout; 6] = [
    Lookout::Instances,
    Lookout::LaunchTemplates,
    Lookout::LaunchConfigurations,
    Lookout::AutoScalingGroups,
    Lookout::Fleets,
    Lookout::Parameters,
];

/// A look that finds less than half of what the last one did is doubted, from this many on.
const WORTH_COMPARING: u64 = 10;

/// After so long, what was doubted is believed.
const DOUBTED_FOR: SignedDuration = SignedDuration::from_hours(24 * 3);

/// Looks from every lookout of a place.
pub(super) async fn look(
    uses: &dyn ReadUses,
    policy: &Policy,
    place: &Place,
    before: &Tally,
    now: Timestamp,
    survey: &mut Survey,
) {
    for lookout in LISTED {
        let (mut found, mut outcome) = list(uses, place, lookout, survey).await;
        let key = (place.clone(), lookout);
        let count = u64::try_from(found.len()).unwrap_or(u64::MAX);
        if outcome == Outcome::Complete {
            outcome = held_against(before.get(&key).copied(), count, now);
        }
        if outcome == Outcome::Complete {
            survey.tally.insert(key.clone(), (count, now));
        }
        declare(policy, &mut found);
        if let Err(why) = resolve(uses, place, &mut found, survey).await {
            outcome = Outcome::Partial(why);
        }
        for found in found {
            note(policy, place, lookout, found, &mut survey.evidence);
        }
        survey.evidence.looks.insert(key, Look { at: now, outcome });
    }
}

fn held_against(before: Option<(u64, Timestamp)>, count: u64, now: Timestamp) -> Outcome {
    match before {
        Some((before, at))
            if before >= WORTH_COMPARING
                && count < before / 2
                && now.duration_since(at) < DOUBTED_FOR =>
        {
            Outcome::Implausible { before, now: count }
        }
        _ => Outcome::Complete,
    }
}

/// Everything that a lookout lists. What was read before a page failed still counts as a use.
async fn list(
    uses: &dyn ReadUses,
    place: &Place,
    lookout: Lookout,
    survey: &mut Survey,
) -> (Vec<Found>, Outcome) {
    let mut found = Vec::new();
    let mut from = None;
    loop {
        match uses.uses(place, lookout, from).await {
            Ok(page) => {
                found.extend(page.items);
                from = page.next;
                if from.is_none() {
                    return (found, Outcome::Complete);
                }
            }
            Err(error) => {
                let why = error.to_string();
                survey.unread.push(error);
                let outcome = if found.is_empty() {
                    Outcome::Unread(why)
                } else {
                    Outcome::Partial(why)
                };
                return (found, outcome);
            }
        }
    }
}

/// Of parameters that may hold anything, those count that the policy declares.
fn declare(policy: &Policy, found: &mut [Found]) {
    for one in found {
        let targets = std::mem::take(&mut one.targets).into_iter();
        let counted = targets.filter_map(|target| match target {
            Target::Text(name) => is_declared(policy, &name).then_some(Target::Parameter(name)),
            other => Some(other),
        });
        one.targets = counted.collect();
    }
}

fn is_declared(policy: &Policy, name: &str) -> bool {
    let patterns = &policy.references.parameters;
    patterns.iter().any(|pattern| pattern.matches(name))
}

/// Puts images and snapshots in the place of parameters and of templates' versions.
async fn resolve(
    uses: &dyn ReadUses,
    place: &Place,
    found: &mut [Found],
    survey: &mut Survey,
) -> Result<(), String> {
    let mut note = |error: crate::ports::PortError| {
        let why = error.to_string();
        survey.unread.push(error);
        why
    };
    let templates = templates(uses, place, found).await.map_err(&mut note)?;
    for one in found.iter_mut() {
        let pointed = std::mem::take(&mut one.targets);
        for target in pointed {
            match templates.get(&target) {
                Some(targets) => one.targets.extend(targets.iter().cloned()),
                None => drop(one.targets.insert(target)),
            }
        }
    }
    let names = found.iter().flat_map(|one| &one.targets);
    let names: BTreeSet<String> = names.filter_map(parameter).cloned().collect();
    if names.is_empty() {
        return Ok(());
    }
    let values = uses.parameters(place, &names).await.map_err(note)?;
    for one in found {
        let held = one.targets.iter().filter_map(parameter);
        let held = held.filter_map(|name| values.get(name)?.parse().ok());
        let images: Vec<Target> = held.map(Target::Image).collect();
        one.targets.extend(images);
    }
    Ok(())
}

fn parameter(target: &Target) -> Option<&String> {
    match target {
        Target::Parameter(name) => Some(name),
        _ => None,
    }
}

/// What the versions of templates point at that something names.
async fn templates(
    uses: &dyn ReadUses,
    place: &Place,
    found: &[Found],
) -> Answer<BTreeMap<Target, BTreeSet<Target>>> {
    let mut named: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for target in found.iter().flat_map(|one| &one.targets) {
        if let Target::Template { template, version } = target {
            named.entry(template).or_default().insert(version.clone());
        }
    }
    let mut pointed = BTreeMap::new();
    for (template, versions) in named {
        let read = uses.template(place, template, &versions).await?;
        let targets: BTreeSet<Target> = read.into_iter().flat_map(|found| found.targets).collect();
        for version in versions {
            let template = template.to_owned();
            pointed.insert(Target::Template { template, version }, targets.clone());
        }
    }
    Ok(pointed)
}

fn note(policy: &Policy, place: &Place, lookout: Lookout, found: Found, evidence: &mut Evidence) {
    let mut names = found.targets.iter().filter_map(parameter);
    let declared = names
        .find(|name| lookout == Lookout::Parameters && is_declared(policy, name))
        .cloned();
    for target in found.targets {
        let region = place.region.clone();
        let found_use = Use {
            lookout,
            place: place.clone(),
            by: found.by.clone(),
        };
        match (target, &declared) {
            (Target::Image(image), Some(name)) => {
                evidence.parameters.insert((region, image), name.clone());
            }
            (Target::Image(image), None) => {
                evidence
                    .uses
                    .entry((region, image))
                    .or_default()
                    .push(found_use);
            }
            (Target::Snapshot(snapshot), _) => {
                let uses = evidence.snapshots.entry((region, snapshot)).or_default();
                uses.push(found_use);
            }
            (Target::Parameter(_) | Target::Text(_) | Target::Template { .. }, _) => {}
        }
    }
}
