//! Owns what is asked about single images: only about those that nothing else keeps.

use super::Survey;
use crate::ports::ReadUses;
use amiary_domain::ids::{ImageId, Place};
use amiary_domain::observation::Seen;
use amiary_domain::retention::{Look, Lookout, Outcome, Subject, Use};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// How many images one
/// [`DescribeImageReferences`](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImageReferences.html)
/// takes.
const IMAGES: usize = 10;

/// Asks what refers to the open images, in every account that could, and reads the usage reports of
/// those that are shared.
pub(super) async fn ask(
    uses: &dyn ReadUses,
    places: &BTreeSet<Place>,
    open: &[Subject],
    now: Timestamp,
    survey: &mut Survey,
) {
    for place in places {
        let images: Vec<ImageId> = open
            .iter()
            .filter(|subject| concerns(subject, place))
            .map(|subject| subject.image.at.id.clone())
            .collect();
        let outcome = references(uses, place, &images, survey).await;
        let key = (place.clone(), Lookout::References);
        survey.evidence.looks.insert(key, Look { at: now, outcome });
    }
    for subject in open.iter().filter(|subject| is_shared(subject)) {
        match uses.usage_report(&subject.image.at).await {
            Ok(report) => {
                let at = subject.image.at.clone();
                survey
                    .evidence
                    .reports
                    .extend(report.map(|report| (at, report)));
            }
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
    survey: &mut Survey,
) -> Outcome {
    for some in images.chunks(IMAGES) {
        let found = match uses.references(place, some).await {
            Ok(found) => found,
            Err(error) => {
                let why = error.to_string();
                survey.unread.push(error);
                return Outcome::Unread(why);
            }
        };
        for (image, by) in found {
            let used = Use {
                lookout: Lookout::References,
                place: place.clone(),
                by,
            };
            let key = (place.region.clone(), image);
            survey.evidence.uses.entry(key).or_default().push(used);
        }
    }
    Outcome::Complete
}
