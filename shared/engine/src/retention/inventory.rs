//! Owns the inventory: the images that the record knows, as they are listed now.

use super::{Scope, Survey};
use crate::pages::Pages;
use crate::ports::{Answer, Listed, ReadUses, Reading};
use amiary_domain::ids::{ImageRef, Place, SnapshotId};
use amiary_domain::image::{ImageState, LaunchPermission};
use amiary_domain::lineage::{Record, Replica, ReplicaState, Source};
use amiary_domain::observation::Seen;
use amiary_domain::policy::{Family, Policy};
use amiary_domain::retention::{Kind, MOST_AGE, Retirement, Subject};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What the record knows of an image that is relevant here.
struct Known {
    image: ImageRef,
    /// The source that it is a replica of; nothing where it is a source.
    of: Option<ImageRef>,
    version: Option<Timestamp>,
    verified: bool,
    shared: Option<BTreeSet<LaunchPermission>>,
    shared_at: Option<Timestamp>,
}

/// What a place's listings show.
struct AtPlace {
    images: BTreeMap<ImageRef, Listed>,
    locked: Seen<BTreeMap<SnapshotId, Option<Timestamp>>>,
}

/// Reads the inventory of every family.
///
/// # Errors
/// Where the record can't be read.
pub(super) async fn read(
    reading: Reading<'_>,
    uses: &dyn ReadUses,
    policy: &Policy,
    scope: &Scope,
    survey: &mut Survey,
) -> Answer<()> {
    let mut places: BTreeMap<Place, Option<AtPlace>> = BTreeMap::new();
    let is_meant = |name: &String| scope.family.as_ref().is_none_or(|family| family == name);
    let is_there = |place: &Place| scope.place.as_ref().is_none_or(|there| there == place);
    for family in policy
        .families
        .values()
        .filter(|family| is_meant(&family.name))
    {
        let known = recorded(reading, &family.name).await?;
        let mut verified = verified(&known);
        let mut missing = Vec::new();
        for known in known {
            let place = &known.image.place;
            let is_subject = is_there(place);
            // Whether a source may go depends on its replicas, wherever they are.
            if !is_subject && !known.of.as_ref().is_some_and(|of| is_there(&of.place)) {
                continue;
            }
            if !places.contains_key(place) {
                places.insert(place.clone(), list(uses, place, survey).await);
            }
            let at_place = places.get_mut(place).and_then(Option::as_mut);
            let listed =
                at_place.and_then(|at| Some((at.images.remove(&known.image)?, &at.locked)));
            let Some((listed, locked)) = listed else {
                if scope.is_gone(&known.image) {
                    continue;
                }
                missing.extend(known.of.map(|of| (of, known.image.place.clone())));
                if is_subject {
                    survey.unseen.push(known.image);
                }
                continue;
            };
            let is_usable = listed.image.state == ImageState::Available
                || scope.retirements.contains_key(&known.image);
            if let (false, Some(of)) = (is_usable, &known.of) {
                missing.push((of.clone(), known.image.place.clone()));
            }
            if !is_subject {
                continue;
            }
            let there = verified.remove(&known.image).unwrap_or_default();
            let mut subject = subject(family, known, listed, locked, &there, reading.clock.now());
            if let Some(retirement) = scope.retirements.get(&subject.image.at) {
                subject.retirement = *retirement;
            }
            survey.inventory.push(subject);
        }
        miss(family, &missing, &mut survey.inventory);
    }
    Ok(())
}

/// A replica that is recorded as verified, and that no listing shows or that can't be used, is none
/// that a source could go for.
fn miss(family: &Family, missing: &[(ImageRef, Place)], inventory: &mut [Subject]) {
    let wanted = missing
        .iter()
        .filter(|(_, place)| family.destinations.contains_key(place));
    let mut of_source: BTreeMap<&ImageRef, Vec<&Place>> = BTreeMap::new();
    for (of, place) in wanted {
        of_source.entry(of).or_default().push(place);
    }
    for subject in inventory {
        let places = of_source.get(&subject.image.at);
        if let (Kind::Source { unfinished }, Some(places)) = (&mut subject.kind, places) {
            unfinished.extend(places.iter().copied().cloned());
        }
    }
}

/// Every image of a family that the record knows.
async fn recorded(reading: Reading<'_>, family: &str) -> Answer<Vec<Known>> {
    let mut known = Vec::new();
    let (mut pages, mut from) = (Pages::default(), None);
    loop {
        let page = reading.record.family(family, from).await?;
        known.extend(page.items.into_iter().filter_map(Known::of));
        let next = pages.turn(page.next);
        from = next.map_err(|no_end| no_end.of("Query", family))?;
        if from.is_none() {
            return Ok(known);
        }
    }
}

impl Known {
    fn of(record: Record) -> Option<Self> {
        match record {
            Record::Source(source) => Some(Self::source(*source)),
            Record::Replica(replica) => Self::replica(*replica),
        }
    }

    fn source(source: Source) -> Self {
        Self {
            image: source.image,
            of: None,
            version: source.created,
            verified: true,
            shared: source.permissions.map(|mut permissions| {
                let lent = source.loans.into_keys();
                permissions.extend(lent.map(LaunchPermission::Account));
                permissions
            }),
            shared_at: source.permissions_at,
        }
    }

    fn replica(replica: Replica) -> Option<Self> {
        Some(Self {
            image: ImageRef::new(replica.destination, replica.image?),
            of: Some(replica.source),
            version: replica.version_of.and_then(|version| version.created),
            verified: replica.state == ReplicaState::Verified,
            shared: replica.shared.map(|mut shared| {
                shared.extend(replica.granted);
                shared
            }),
            shared_at: replica.shared_at,
        })
    }
}

/// Where each source has a verified replica.
fn verified(known: &[Known]) -> BTreeMap<ImageRef, BTreeSet<Place>> {
    let mut verified: BTreeMap<ImageRef, BTreeSet<Place>> = BTreeMap::new();
    for replica in known.iter().filter(|known| known.verified) {
        if let Some(of) = &replica.of {
            let places = verified.entry(of.clone()).or_default();
            places.insert(replica.image.place.clone());
        }
    }
    verified
}

/// What is listed at a place; nothing where it can't be.
async fn list(uses: &dyn ReadUses, place: &Place, survey: &mut Survey) -> Option<AtPlace> {
    match (images(uses, place).await, locked(uses, place).await) {
        (Ok(images), locked) => {
            let locked = locked.map_err(|error| {
                let why = error.to_string();
                survey.unread.push(error);
                why
            });
            Some(AtPlace {
                images,
                locked: locked.map_or_else(Seen::Unknown, Seen::Read),
            })
        }
        (Err(error), _) => {
            survey.unread.push(error);
            None
        }
    }
}

async fn images(uses: &dyn ReadUses, place: &Place) -> Answer<BTreeMap<ImageRef, Listed>> {
    let mut images = BTreeMap::new();
    let (mut pages, mut from) = (Pages::default(), None);
    loop {
        let page = uses.listed(place, from).await?;
        let listed = page.items.into_iter();
        images.extend(listed.map(|listed| (listed.image.at.clone(), listed)));
        let next = pages.turn(page.next);
        from = next.map_err(|no_end| no_end.of("DescribeImages", place))?;
        if from.is_none() {
            return Ok(images);
        }
    }
}

async fn locked(
    uses: &dyn ReadUses,
    place: &Place,
) -> Answer<BTreeMap<SnapshotId, Option<Timestamp>>> {
    let mut locked = BTreeMap::new();
    let (mut pages, mut from) = (Pages::default(), None);
    loop {
        let page = uses.locked(place, from).await?;
        locked.extend(page.items);
        let next = pages.turn(page.next);
        from = next.map_err(|no_end| no_end.of("DescribeLockedSnapshots", place))?;
        if from.is_none() {
            return Ok(locked);
        }
    }
}

fn subject(
    family: &Family,
    known: Known,
    listed: Listed,
    locked: &Seen<BTreeMap<SnapshotId, Option<Timestamp>>>,
    replicas: &BTreeSet<Place>,
    now: Timestamp,
) -> Subject {
    let image = listed.image;
    let locked_of_image = |locked: &BTreeMap<SnapshotId, Option<Timestamp>>| {
        let of_image = locked.iter().filter(|(id, _)| image.snapshots.contains(id));
        of_image.map(|(id, until)| (id.clone(), *until)).collect()
    };
    let wanted = family.destinations.keys();
    let kind = match known.of {
        Some(of) => Kind::Replica { of },
        None => Kind::Source {
            unfinished: wanted
                .filter(|place| **place != known.image.place && !replicas.contains(place))
                .cloned()
                .collect(),
        },
    };
    Subject {
        family: family.name.clone(),
        kind,
        version: known.version,
        verified: known.verified && image.state == ImageState::Available,
        held: None,
        launched: Seen::Read(listed.launched),
        shared: sharing(known.shared, known.shared_at, now),
        protection: Seen::Read(listed.protection),
        locked: match locked {
            Seen::Read(locked) => Seen::Read(locked_of_image(locked)),
            other => other.clone(),
        },
        retirement: Retirement::default(),
        image,
    }
}

/// Whom an image is shared with, by the record: an answer that is old, or of which nobody knows how
/// old it is, is none.
fn sharing<T>(shared: Option<T>, at: Option<Timestamp>, now: Timestamp) -> Seen<T> {
    let is_new = at.is_some_and(|at| now.duration_since(at) <= MOST_AGE);
    match shared {
        Some(shared) if is_new => Seen::Read(shared),
        _ => Seen::NotRead,
    }
}
