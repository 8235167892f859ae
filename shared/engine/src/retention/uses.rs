//! Owns what is asked about single images: only about those that nothing else keeps.

use super::Survey;
use crate::ports::{Answer, ReadUses, Reading};
use amiary_domain::ids::{ImageId, ImageRef, Place};
use amiary_domain::observation::Seen;
use amiary_domain::retention::{Evidence, Look, Lookout, Outcome, Subject, Use};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// How many images one
/// [`DescribeImageReferences`](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImageReferences.html)
/// takes.
const IMAGES: usize = 10;

/// Reads whom open images are shared with, where no earlier run has written it down.
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

/// Asks what refers to the open images, in every account that could, and reads the usage reports of
/// those that are shared.
pub(super) async fn ask(
    uses: &dyn ReadUses,
    places: &BTreeSet<Place>,
    open: &BTreeSet<ImageRef>,
    now: Timestamp,
    survey: &mut Survey,
) {
    let (inventory, evidence) = (&survey.inventory, &mut survey.evidence);
    let open = inventory
        .iter()
        .filter(|subject| open.contains(&subject.image.at));
    let open: Vec<&Subject> = open.collect();
    for place in places {
        let concerned = open.iter().filter(|subject| concerns(subject, place));
        let images: Vec<ImageId> = concerned.map(|s| s.image.at.id.clone()).collect();
        let outcome = match references(uses, place, &images, evidence).await {
            Ok(()) => Outcome::Complete,
            Err(error) => {
                let why = error.to_string();
                survey.unread.push(error);
                Outcome::Unread(why)
            }
        };
        let key = (place.clone(), Lookout::References);
        evidence.looks.insert(key, Look { at: now, outcome });
    }
    for subject in open.iter().filter(|subject| is_shared(subject)) {
        let at = &subject.image.at;
        match uses.usage_report(at).await {
            Ok(report) => evidence
                .reports
                .extend(report.map(|report| (at.clone(), report))),
            Err(error) => survey.unread.push(error),
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
) -> Answer<()> {
    for some in images.chunks(IMAGES) {
        for (image, by) in uses.references(place, some).await? {
            let found_use = Use {
                lookout: Lookout::References,
                place: place.clone(),
                by,
            };
            let key = (place.region.clone(), image);
            evidence.uses.entry(key).or_default().push(found_use);
        }
    }
    Ok(())
}
