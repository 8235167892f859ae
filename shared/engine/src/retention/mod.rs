//! Owns the survey that images are judged by: which images there are, by the record and by what is
//! listed, and everything that uses them.

mod inventory;
mod looking;
mod tally;
mod uses;

pub use tally::{Count, Tally};

use crate::ports::{Answer, PortError, ReadUses, Reading};
use amiary_domain::ids::{AccountId, ImageRef, Place};
use amiary_domain::image::LaunchPermission;
use amiary_domain::observation::Seen;
use amiary_domain::policy::Policy;
use amiary_domain::retention::{Evidence, Judged, Retirement, Subject, candidates, judge};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What a survey is about.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// One family only.
    pub family: Option<String>,
    /// Images at one place only.
    pub place: Option<Place>,
    /// How far the retiring of images is: those that are not named are in use.
    pub retirements: BTreeMap<ImageRef, Retirement>,
}

impl Scope {
    fn is_everything(&self) -> bool {
        self.family.is_none() && self.place.is_none()
    }

    /// Whether an image was retired to its end, so that no listing is to show it.
    fn is_gone(&self, image: &ImageRef) -> bool {
        let retirement = self.retirements.get(image);
        retirement.is_some_and(|retirement| retirement.at.is_some() && retirement.next().is_none())
    }
}

/// What a survey found.
#[derive(Debug, Default)]
pub struct Survey {
    /// Every recorded image that was listed.
    pub inventory: Vec<Subject>,
    /// Recorded images that no listing showed, or whose place could not be listed.
    pub unseen: Vec<ImageRef>,
    /// Who uses images.
    pub evidence: Evidence,
    /// How much each whole look found: the next survey is held against it.
    pub tally: Tally,
    /// What could not be read.
    pub unread: Vec<PortError>,
}

impl Survey {
    /// The verdict on each image of the inventory, in its order.
    pub fn judged(&self, policy: &Policy, now: Timestamp) -> Vec<Judged> {
        judge(policy, &self.inventory, &self.evidence, now)
    }
}

/// Surveys everything that the policy could retire.
///
/// Lists are read once for each account and Region, and only what nothing else keeps is asked for
/// one by one. What can't be read is noted, and keeps what it concerns.
///
/// # Errors
/// Where the record can't be read, so that it is not known which images are Amiary's.
pub async fn survey(
    reading: Reading<'_>,
    uses: &dyn ReadUses,
    policy: &Policy,
    scope: &Scope,
    before: &Tally,
) -> Answer<Survey> {
    let now = reading.clock.now();
    let mut survey = Survey::default();
    inventory::read(reading, uses, policy, scope, &mut survey).await?;
    let open = candidates(policy, &survey.inventory, now).into_iter();
    let open: BTreeSet<ImageRef> = open.map(|subject| subject.image.at.clone()).collect();
    uses::read_sharing(reading, &open, &mut survey).await;
    // Part of the images has part of the references, which can't be held against those of all.
    let before_of_all = scope.is_everything().then_some(before);
    let (own, others) = places(policy, &survey.inventory);
    for place in &own {
        looking::look(uses, policy, place, before, now, &mut survey).await;
        uses::ask(uses, place, &open, before_of_all, &mut survey, now).await;
    }
    for place in &others {
        // Whom an image is shared with is listed only while nothing is known to use the image.
        uses::ask(uses, place, &open, before_of_all, &mut survey, now).await;
        if uses::is_open(place, &open, &survey) {
            looking::look(uses, policy, place, before, now, &mut survey).await;
        }
    }
    uses::read_reports(uses, &open, &mut survey).await;
    Ok(survey)
}

/// Where uses are looked for: where images are, and in the same Regions of every account that the
/// policy names and an image is shared with.
fn places(policy: &Policy, inventory: &[Subject]) -> (BTreeSet<Place>, BTreeSet<Place>) {
    let own = inventory.iter().map(|subject| &subject.image.at.place);
    let own: BTreeSet<Place> = own.cloned().collect();
    let others = inventory.iter().flat_map(|subject| {
        let region = &subject.image.at.place.region;
        let known =
            readers(&subject.shared).filter(|account| policy.accounts.contains_key(*account));
        known.map(|account| Place::new(account.clone(), region.clone()))
    });
    let others = others.filter(|place| !own.contains(place)).collect();
    (own, others)
}

fn readers(shared: &Seen<BTreeSet<LaunchPermission>>) -> impl Iterator<Item = &AccountId> {
    let shared = shared.read().into_iter().flatten();
    shared.filter_map(|with| match with {
        LaunchPermission::Account(account) => Some(account),
        _ => None,
    })
}
