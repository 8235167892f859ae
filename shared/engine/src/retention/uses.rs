//! Owns what is asked about single images: only about those that nothing else keeps.

use super::tally::held_against;
use super::{Survey, Tally};
use crate::ports::{Answer, ReadUses, Reading};
use amiary_domain::ids::{ImageId, ImageRef, Place};
use amiary_domain::observation::Seen;
use amiary_domain::retention::{Evidence, Look, Lookout, Outcome, Subject, Use, is_used};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// How many images one
/// [`DescribeImageReferences`](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImageReferences.html)
/// takes.
const IMAGES: usize = 10;

/// Reads whom open images are shared with, where no run has written it down lately.
pub(super) async fn read_sharing(
    reading: Reading<'_>,
    open: &BTreeSet<ImageRef>,
    survey: &mut Survey,
) {
    for subject in &mut survey.inventory {
        let at = &subject.image.at;
        if subject.shared.read().is_some() || !open.contains(at) {
            continue;
        }
        subject.shared = match reading.images.launch_permissions(at).await {
            Ok(shared) => Seen::Read(shared),
            Err(error) => {
                let why = error.to_string();
                survey.unread.push(error);
                Seen::Unknown(why)
            }
        };
    }
}

/// Asks what of a place refers to the open images that nothing is known to use. How much that is is
/// held against the last look at all of them.
pub(super) async fn ask(
    uses: &dyn ReadUses,
    place: &Place,
    open: &BTreeSet<ImageRef>,
    before: Option<&Tally>,
    survey: &mut Survey,
    now: Timestamp,
) {
    let unused = unused(place, open, survey).map(|subject| subject.image.at.id.clone());
    let images: Vec<ImageId> = unused.collect();
    let key = (place.clone(), Lookout::References);
    let outcome = match references(uses, place, &images, &mut survey.evidence).await {
        Ok(_) if images.is_empty() => Outcome::Complete,
        Ok(found) => before.map_or(Outcome::Complete, |before| {
            let (kept, outcome) = held_against(before.get(&key).copied(), found, now);
            survey.tally.insert(key.clone(), kept);
            outcome
        }),
        Err(error) => {
            let why = error.to_string();
            survey.unread.push(error);
            Outcome::Unread(why)
        }
    };
    survey.evidence.looks.insert(key, Look { at: now, outcome });
}

/// Whether a place could use open images that nothing is known to use.
pub(super) fn is_open(place: &Place, open: &BTreeSet<ImageRef>, survey: &Survey) -> bool {
    unused(place, open, survey).next().is_some()
}

fn unused<'a>(
    place: &'a Place,
    open: &'a BTreeSet<ImageRef>,
    survey: &'a Survey,
) -> impl Iterator<Item = &'a Subject> {
    survey.inventory.iter().filter(move |subject| {
        open.contains(&subject.image.at)
            && concerns(subject, place)
            && !is_used(subject, &survey.evidence)
    })
}

/// Reads the usage reports of the open images that are shared.
pub(super) async fn read_reports(
    uses: &dyn ReadUses,
    open: &BTreeSet<ImageRef>,
    survey: &mut Survey,
) {
    let inventory = survey.inventory.iter();
    let shared = inventory.filter(|subject| open.contains(&subject.image.at) && is_shared(subject));
    for subject in shared {
        let at = &subject.image.at;
        match uses.usage_report(at).await {
            Ok(report) => {
                let report = report.map(|report| (at.clone(), report));
                survey.evidence.reports.extend(report);
            }
            Err(error) => {
                let unreported = &mut survey.evidence.unreported;
                unreported.insert(at.clone(), error.to_string());
                survey.unread.push(error);
            }
        }
    }
}

/// Whether something in a place could refer to an image.
fn concerns(subject: &Subject, place: &Place) -> bool {
    let at = &subject.image.at.place;
    at.region == place.region
        && (at.account == place.account
            || super::readers(&subject.shared).any(|account| *account == place.account))
}

fn is_shared(subject: &Subject) -> bool {
    let shared = match &subject.shared {
        Seen::Read(shared) => !shared.is_empty(),
        _ => false,
    };
    shared || subject.image.public
}

async fn references(
    uses: &dyn ReadUses,
    place: &Place,
    images: &[ImageId],
    evidence: &mut Evidence,
) -> Answer<u64> {
    let mut found = 0;
    for some in images.chunks(IMAGES) {
        for (image, by) in uses.references(place, some).await? {
            let found_use = Use {
                lookout: Lookout::References,
                place: place.clone(),
                by,
            };
            let key = (place.region.clone(), image);
            evidence.uses.entry(key).or_default().push(found_use);
            found += 1;
        }
        let asked = evidence.asked.entry(place.clone()).or_default();
        asked.extend(some.iter().cloned());
    }
    Ok(found)
}
