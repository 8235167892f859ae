//! Owns looking from one place's lookouts: every list read to its end, what it points at resolved,
//! and how much was found held against the last time.

use super::tally::held_against;
use super::{Survey, Tally};
use crate::pages::Pages;
use crate::ports::{Answer, DEFAULT, Found, LATEST, ReadUses, Target};
use amiary_domain::ids::Place;
use amiary_domain::policy::Policy;
use amiary_domain::retention::{Evidence, Look, Lookout, Outcome, Use};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What is listed from a place, before anything is asked about single images.
const LISTED: [Lookout; 8] = [
    Lookout::Instances,
    Lookout::LaunchTemplates,
    Lookout::LaunchConfigurations,
    Lookout::AutoScalingGroups,
    Lookout::Fleets,
    Lookout::SpotFleets,
    Lookout::SpotRequests,
    Lookout::Parameters,
];

/// What the listed versions of launch templates point at, by every [`Target::Template`] that means
/// one.
type Templates = BTreeMap<Target, BTreeSet<Target>>;

/// What one lookout of a place shows.
struct Shown {
    lookout: Lookout,
    found: Vec<Found>,
    outcome: Outcome,
}

/// Looks from every lookout of a place.
pub(super) async fn look(
    uses: &dyn ReadUses,
    policy: &Policy,
    place: &Place,
    before: &Tally,
    now: Timestamp,
    survey: &mut Survey,
) {
    let mut shown = Vec::new();
    for lookout in LISTED {
        let (mut found, mut outcome) = list(uses, place, lookout, survey).await;
        if outcome == Outcome::Complete {
            let key = (place.clone(), lookout);
            let count = u64::try_from(found.len()).unwrap_or(u64::MAX);
            let (kept, held) = held_against(before.get(&key).copied(), count, now);
            survey.tally.insert(key, kept);
            outcome = held;
        }
        if let Some(secret) = declare(policy, &mut found) {
            let why = format!("the declared SSM parameter {secret} is a secret, and not read");
            outcome = Outcome::Partial(why);
        }
        shown.push(Shown {
            lookout,
            found,
            outcome,
        });
    }
    resolve_templates(uses, place, &mut shown, survey).await;
    resolve_parameters(uses, place, &mut shown, survey).await;
    for shown in shown {
        for found in shown.found {
            note(policy, place, shown.lookout, found, &mut survey.evidence);
        }
        let outcome = shown.outcome;
        let looks = &mut survey.evidence.looks;
        looks.insert((place.clone(), shown.lookout), Look { at: now, outcome });
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
    let (mut pages, mut from) = (Pages::default(), None);
    loop {
        let page = uses.uses(place, lookout, from).await;
        let turned = page.and_then(|page| {
            found.extend(page.items);
            let next = pages.turn(page.next);
            next.map_err(|no_end| no_end.of("Listing", place))
        });
        match turned {
            Ok(None) => return (found, Outcome::Complete),
            Ok(next) => from = next,
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

/// Of parameters that may hold anything, those count that the policy declares. Answers one that is
/// declared and can't be read, as it is a secret.
fn declare(policy: &Policy, found: &mut [Found]) -> Option<String> {
    let mut secret = None;
    for one in found {
        let targets = std::mem::take(&mut one.targets).into_iter();
        let counted = targets.filter_map(|target| match target {
            Target::Text(name) => is_declared(policy, &name).then_some(Target::Parameter(name)),
            Target::Secret(name) => {
                if is_declared(policy, &name) {
                    secret = Some(name);
                }
                None
            }
            other => Some(other),
        });
        one.targets = counted.collect();
    }
    secret
}

fn is_declared(policy: &Policy, name: &str) -> bool {
    let patterns = &policy.references.parameters;
    patterns.iter().any(|pattern| pattern.matches(name))
}

/// Puts what templates' versions point at in their place.
async fn resolve_templates(
    uses: &dyn ReadUses,
    place: &Place,
    shown: &mut [Shown],
    survey: &mut Survey,
) {
    let listed: Templates = shown
        .iter()
        .flat_map(|shown| &shown.found)
        .flat_map(|found| found.named.iter().map(|name| (name, &found.targets)))
        .map(|(name, targets)| (name.clone(), targets.clone()))
        .collect();
    for shown in shown {
        let others = match unlisted(uses, place, &listed, &shown.found).await {
            Ok(others) => others,
            Err(error) => {
                shown.outcome = Outcome::Partial(error.to_string());
                survey.unread.push(error);
                continue;
            }
        };
        for one in &mut shown.found {
            for target in std::mem::take(&mut one.targets) {
                match listed_as(&listed, &target).or_else(|| others.get(&target)) {
                    Some(targets) => one.targets.extend(targets.iter().cloned()),
                    None => drop(one.targets.insert(target)),
                }
            }
        }
    }
}

/// Puts the images that parameters hold beside them.
async fn resolve_parameters(
    uses: &dyn ReadUses,
    place: &Place,
    shown: &mut [Shown],
    survey: &mut Survey,
) {
    let found = shown.iter().flat_map(|shown| &shown.found);
    let names: BTreeSet<String> = found.flat_map(parameters).cloned().collect();
    if names.is_empty() {
        return;
    }
    let values = match uses.parameters(place, &names).await {
        Ok(values) => values,
        Err(error) => {
            let pointing = |shown: &&mut Shown| shown.found.iter().flat_map(parameters).count() > 0;
            for shown in shown.iter_mut().filter(pointing) {
                shown.outcome = Outcome::Partial(error.to_string());
            }
            survey.unread.push(error);
            return;
        }
    };
    for one in shown.iter_mut().flat_map(|shown| &mut shown.found) {
        let held = parameters(one).filter_map(|name| values.get(name));
        let images: Vec<Target> = held.flat_map(|value| images_in(value)).collect();
        one.targets.extend(images);
    }
}

fn parameters(found: &Found) -> impl Iterator<Item = &String> {
    found.targets.iter().filter_map(parameter)
}

/// The images that a parameter's value names: it may be one id, a list, or a document.
fn images_in(value: &str) -> impl Iterator<Item = Target> {
    let words = value.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    words.filter_map(|word| word.parse().ok().map(Target::Image))
}

fn parameter(target: &Target) -> Option<&String> {
    match target {
        Target::Parameter(name) => Some(name),
        _ => None,
    }
}

/// What a template's version points at, where it was listed. Only the newest version and the default
/// one are: where none is listed as the newest, the default one is that, too.
fn listed_as<'a>(listed: &'a Templates, target: &Target) -> Option<&'a BTreeSet<Target>> {
    let as_default = || match target {
        Target::Template { template, version } if version == LATEST => {
            listed.get(&Target::Template {
                template: template.clone(),
                version: DEFAULT.to_owned(),
            })
        }
        _ => None,
    };
    listed.get(target).or_else(as_default)
}

/// What those versions of templates point at that something names and that were not listed.
async fn unlisted(
    uses: &dyn ReadUses,
    place: &Place,
    listed: &Templates,
    found: &[Found],
) -> Answer<Templates> {
    let mut named: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for target in found.iter().flat_map(|one| &one.targets) {
        match target {
            Target::Template { template, version } if listed_as(listed, target).is_none() => {
                named.entry(template).or_default().insert(version.clone());
            }
            _ => {}
        }
    }
    let mut pointed = Templates::new();
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
    let is_counted =
        |name: &&String| lookout == Lookout::Parameters && is_declared(policy, name.as_str());
    let declared = parameters(&found).find(is_counted).cloned();
    for target in found.targets {
        let region = place.region.clone();
        let found_use = Use {
            lookout,
            place: place.clone(),
            by: found.by.clone(),
        };
        match (target, &declared) {
            (Target::Image(image), Some(name)) => {
                evidence.parameters.insert(image, name.clone());
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
            (
                Target::Parameter(_)
                | Target::Text(_)
                | Target::Secret(_)
                | Target::Template { .. },
                _,
            ) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(id: &str) -> Target {
        Target::Image(id.parse().unwrap())
    }

    fn version(version: &str) -> Target {
        Target::Template {
            template: "lt-1".to_owned(),
            version: version.to_owned(),
        }
    }

    #[test]
    fn every_image_that_a_parameter_names_is_found_whatever_stands_around_it() {
        let (one, two) = ("ami-0123456789abcdef0", "ami-0123abcd");
        let list = format!("{one},{two}");
        let document = format!("{{\"web\": \"{one}\", \"old\": [\"{two}\"]}}\n");
        for value in [list, document] {
            let found: Vec<Target> = images_in(&value).collect();
            assert_eq!(found, [image(one), image(two)], "{value}");
        }
        assert_eq!(images_in(&format!(" {one}\n")).count(), 1);
        assert_eq!(images_in("ami- ami-xyz ami snap-0123abcd").count(), 0);
    }

    #[test]
    fn a_version_that_was_listed_is_found_by_its_number_and_by_what_it_is() {
        let (old, new) = (image("ami-0123abcd"), image("ami-0123abce"));
        let listed = |versions: &[(&str, &Target)]| -> Templates {
            let versions = versions.iter();
            let versions = versions.map(|(name, of)| (version(name), [Target::clone(of)].into()));
            versions.collect()
        };
        let both = listed(&[("1", &old), (DEFAULT, &old), ("3", &new), (LATEST, &new)]);
        for (name, expected) in [("1", &old), (DEFAULT, &old), ("3", &new), (LATEST, &new)] {
            let found = listed_as(&both, &version(name));
            assert_eq!(found, Some(&[expected.clone()].into()), "{name}");
        }
        assert_eq!(listed_as(&both, &version("2")), None, "it was not listed");
        let one = listed(&[("3", &new), (DEFAULT, &new)]);
        assert_eq!(listed_as(&one, &version(LATEST)), Some(&[new].into()));
        assert_eq!(listed_as(&Templates::new(), &version(LATEST)), None);
    }
}
