//! Owns observing: which facts a run needs, and reading them, each once. What can't be read
//! becomes unknown; only what the whole decision hangs on is an error.

use crate::ports::{Answer, Class, PortError, Reading};
use amiary_domain::ids::{AccountId, ImageId, ImageRef, Place};
use amiary_domain::image::{Image, ImageState, Key, LaunchPermission};
use amiary_domain::lineage::{Ancestor, Lineage, Replica, ReplicaState};
use amiary_domain::naming::SOURCE_TAG;
use amiary_domain::observation::{ImageFacts, Mandate, Observation, Parent, Seen};
use amiary_domain::plan::{Action, ActivePolicy, Depth, Plan, select, wanted};
use amiary_domain::policy::{Encryption, Family};
use std::collections::{BTreeMap, BTreeSet};

/// Turns a reading's answer into what was seen; a failure is logged by whoever reads the plan's
/// reasons.
fn seen<T>(answer: Answer<T>) -> Seen<T> {
    match answer {
        Ok(value) => Seen::Read(value),
        Err(error) if error.class == Class::Gone => Seen::Absent,
        Err(error) if error.class == Class::Permanent => Seen::Refused(error.to_string()),
        Err(error) => Seen::Unknown(error.to_string()),
    }
}

fn seen_if_there<T>(answer: Answer<Option<T>>) -> Seen<T> {
    match answer {
        Ok(Some(value)) => Seen::Read(value),
        Ok(None) => Seen::Absent,
        Err(error) => seen(Err(error)),
    }
}

/// Observes the lineage that an image belongs to, as far as the mandate asks for it.
///
/// An event about a replica reads only that replica. An event about a source reads the source, and
/// its replicas only where the source changed. A schedule or a person reads everything.
///
/// # Errors
/// Where the record, or the image that an event named, can't be read for a passing reason: the
/// whole run is then worth repeating.
pub async fn observe(
    reading: Reading<'_>,
    active: &ActivePolicy,
    image: &ImageRef,
    mandate: Mandate,
) -> Answer<Observation> {
    let mut observation = Observation {
        image: image.clone(),
        source: Seen::NotRead,
        lineage: reading.record.find(image).await?,
        parent: None,
        replicas: BTreeMap::new(),
        keys: BTreeMap::new(),
        mandate,
    };
    match observation.lineage.clone() {
        None => unrecorded(reading, active, &mut observation).await?,
        Some(lineage) if mandate == Mandate::Event && lineage.source.image != *image => {
            let replica = lineage.replicas.values().find(|r| is_image(r, image));
            if let Some(replica) = replica {
                let facts = replica_facts(reading, replica, &image.id, &lineage, active).await;
                observation
                    .replicas
                    .insert(replica.destination.clone(), passing(facts)?);
            }
        }
        Some(lineage) => recorded(reading, active, &mut observation, &lineage).await?,
    }
    Ok(observation)
}

/// A passing failure to read the very thing an event is about makes the event worth repeating.
fn passing<T>(facts: Result<Seen<T>, PortError>) -> Answer<Seen<T>> {
    match facts {
        Ok(facts) => Ok(facts),
        Err(error) if error.class == Class::Retry => Err(error),
        Err(error) => Ok(seen(Err(error))),
    }
}

fn is_image(replica: &Replica, image: &ImageRef) -> bool {
    replica.destination == image.place && replica.image.as_ref() == Some(&image.id)
}

async fn unrecorded(
    reading: Reading<'_>,
    active: &ActivePolicy,
    observation: &mut Observation,
) -> Answer<()> {
    let at = observation.image.clone();
    let policy = &active.policy;
    let sources = policy.source_places();
    if !sources.contains(&at.place) && !policy.destination_places().contains(&at.place) {
        return Ok(());
    }
    let Some(image) = reading.images.image(&at.place, &at.id).await? else {
        observation.source = Seen::Absent;
        return Ok(());
    };
    if let Some(lineage) = asked_for(reading, &image).await? {
        let place = image.at.place.clone();
        let depth = depth(active, &lineage, &lineage.replicas[&place]);
        let facts = details(reading, image, depth).await;
        observation.replicas.insert(place, Seen::Read(facts));
        observation.lineage = Some(lineage);
        return Ok(());
    }
    let Ok(family) = select(active, &image, reading.clock.now()) else {
        observation.source = Seen::Read(ImageFacts::of(image));
        return Ok(());
    };
    observation.parent = parent(reading, &image).await?;
    observation.source =
        Seen::Read(source_facts(reading, image, family, observation.mandate).await);
    read_keys(reading, observation, family).await;
    Ok(())
}

/// The lineage that waits for an image whose id it does not know yet: the image's tags name it,
/// and a replica at its place is being copied without a known image.
async fn asked_for(reading: Reading<'_>, image: &Image) -> Answer<Option<Lineage>> {
    let Some(Ok(source)) = image
        .tags
        .get(SOURCE_TAG)
        .map(|text| text.parse::<ImageRef>())
    else {
        return Ok(None);
    };
    let lineage = reading.record.lineage(&source).await?;
    Ok(lineage.filter(|lineage| {
        lineage
            .replicas
            .get(&image.at.place)
            .is_some_and(|replica| {
                replica.state == ReplicaState::Copying && replica.image.is_none()
            })
    }))
}

/// Where a new source comes from, if EC2 names an image that is recorded.
async fn parent(reading: Reading<'_>, image: &Image) -> Answer<Option<Parent>> {
    let Some((region, id)) = &image.source else {
        return Ok(None);
    };
    let place = Place::new(image.at.place.account.clone(), region.clone());
    let Some(lineage) = reading
        .record
        .find(&ImageRef::new(place, id.clone()))
        .await?
    else {
        return Ok(None);
    };
    let of = |image: &ImageRef| Ancestor {
        region: image.place.region.clone(),
        id: image.id.clone(),
    };
    let mut ancestors = vec![Ancestor {
        region: region.clone(),
        id: id.clone(),
    }];
    if lineage.source.image.id != *id {
        ancestors.push(of(&lineage.source.image));
    }
    ancestors.extend(lineage.source.ancestors.iter().cloned());
    Ok(Some(Parent {
        source: lineage.source.image,
        ancestors,
    }))
}

async fn recorded(
    reading: Reading<'_>,
    active: &ActivePolicy,
    observation: &mut Observation,
    lineage: &Lineage,
) -> Answer<()> {
    let named = active.policy.families.get(&lineage.source.family);
    let dropped = Family::dropped(&lineage.source.family);
    let family = named.unwrap_or(&dropped);
    let at = &lineage.source.image;
    let image = reading.images.image(&at.place, &at.id).await;
    observation.source = match image {
        Ok(Some(image)) => {
            Seen::Read(source_facts(reading, image, family, observation.mandate).await)
        }
        Err(error) if observation.mandate == Mandate::Event => return Err(error),
        other => seen_if_there(other).into_facts(),
    };
    if observation.mandate != Mandate::Event || differs(lineage, &observation.source) {
        for replica in lineage.replicas.values() {
            let facts = match &replica.image {
                Some(id) => replica_facts(reading, replica, id, lineage, active).await,
                None => lost_copy(reading, replica).await,
            };
            let facts = facts.unwrap_or_else(|error| seen(Err(error)));
            observation
                .replicas
                .insert(replica.destination.clone(), facts);
        }
    }
    read_keys(reading, observation, family).await;
    Ok(())
}

/// Looks a copy up by its name whose image was never recorded.
async fn lost_copy(reading: Reading<'_>, replica: &Replica) -> Answer<Seen<ImageFacts>> {
    let (Some(request), ReplicaState::Copying) = (&replica.request, replica.state) else {
        return Ok(Seen::NotRead);
    };
    let found = reading
        .images
        .images_named(&replica.destination, &request.name)
        .await?;
    Ok(found
        .into_iter()
        .next()
        .map_or(Seen::Absent, |image| Seen::Read(ImageFacts::of(image))))
}

/// Whether a source is not as it is recorded, in what its replicas follow.
fn differs(lineage: &Lineage, source: &Seen<ImageFacts>) -> bool {
    let recorded = &lineage.source;
    source.read().is_some_and(|facts| {
        let permissions = facts.permissions.read().map(|present| {
            let mut present = present.clone();
            present.retain(|permission| {
                !recorded.loans.iter().any(|(account, loan)| {
                    let lent = LaunchPermission::Account(account.clone());
                    loan.image && *permission == lent
                })
            });
            present
        });
        facts.image.state == ImageState::Available
            && (facts.image.tags != recorded.tags
                || permissions.is_some() && permissions != recorded.permissions)
    })
}

/// Reads what a source's decision needs: who may launch it, where that is followed or where
/// permissions may be taken back; and, where other accounts copy it, who
/// may read its snapshots and under which key they are.
async fn source_facts(
    reading: Reading<'_>,
    image: Image,
    family: &Family,
    mandate: Mandate,
) -> ImageFacts {
    let at = image.at.clone();
    let available = image.state == ImageState::Available;
    let mut facts = ImageFacts::of(image);
    if !available {
        return facts;
    }
    let lent = family
        .destinations
        .keys()
        .any(|place| place.account != at.place.account);
    if lent || family.sharing.as_source || mandate != Mandate::Event {
        facts.permissions = seen(reading.images.launch_permissions(&at).await);
    }
    if !lent {
        return facts;
    }
    for snapshot in facts.image.snapshots.clone() {
        let accounts = seen(
            reading
                .images
                .volume_permissions(&at.place, &snapshot)
                .await,
        );
        facts.volume_permissions.insert(snapshot, accounts);
    }
    if facts.image.encrypted {
        facts.snapshots = seen(
            reading
                .images
                .snapshots(&at.place, &facts.image.snapshots)
                .await,
        );
        facts.under_aws_key = under_aws_key(reading, &at.place, &facts).await;
    }
    facts
}

async fn under_aws_key(reading: Reading<'_>, place: &Place, facts: &ImageFacts) -> Seen<bool> {
    let snapshots = match &facts.snapshots {
        Seen::Read(snapshots) => snapshots,
        Seen::Refused(reason) => return Seen::Refused(reason.clone()),
        Seen::Unknown(reason) => return Seen::Unknown(reason.clone()),
        Seen::Absent => return Seen::Absent,
        Seen::NotRead => return Seen::NotRead,
    };
    let keys: BTreeSet<&String> = snapshots.values().filter_map(|s| s.key.as_ref()).collect();
    for arn in keys {
        match seen_if_there(reading.keys.key(place, arn).await) {
            Seen::Read(key) if key.aws_managed => return Seen::Read(true),
            Seen::Read(_) => {}
            Seen::Refused(reason) => return Seen::Refused(reason),
            Seen::Unknown(reason) => return Seen::Unknown(reason),
            Seen::Absent | Seen::NotRead => return Seen::Absent,
        }
    }
    Seen::Read(false)
}

/// Reads a replica: its image, and where that is available everything that is compared.
async fn replica_facts(
    reading: Reading<'_>,
    replica: &Replica,
    id: &ImageId,
    lineage: &Lineage,
    active: &ActivePolicy,
) -> Answer<Seen<ImageFacts>> {
    let Some(image) = reading.images.image(&replica.destination, id).await? else {
        return Ok(Seen::Absent);
    };
    if image.state != ImageState::Available {
        return Ok(Seen::Read(ImageFacts::of(image)));
    }
    let depth = depth(active, lineage, replica);
    Ok(Seen::Read(details(reading, image, depth).await))
}

/// How much of a replica is read: what the policy shares, and all of it where the policy says
/// nothing any more.
fn depth(active: &ActivePolicy, lineage: &Lineage, replica: &Replica) -> Depth {
    let family = active.policy.families.get(&lineage.source.family);
    family.map_or(
        Depth {
            permissions: true,
            volumes: true,
        },
        |family| wanted(family, &lineage.source, &replica.destination).depth(replica),
    )
}

async fn details(reading: Reading<'_>, image: Image, depth: Depth) -> ImageFacts {
    let at = image.at.clone();
    let mut facts = ImageFacts::of(image);
    if facts.image.state != ImageState::Available {
        return facts;
    }
    facts.snapshots = seen(
        reading
            .images
            .snapshots(&at.place, &facts.image.snapshots)
            .await,
    );
    if depth.permissions {
        facts.permissions = seen(reading.images.launch_permissions(&at).await);
    }
    if depth.volumes {
        for snapshot in facts.image.snapshots.clone() {
            let accounts = seen(
                reading
                    .images
                    .volume_permissions(&at.place, &snapshot)
                    .await,
            );
            facts.volume_permissions.insert(snapshot, accounts);
        }
    }
    facts
}

/// Reads the keys of the destinations that a copy may be started to.
async fn read_keys(reading: Reading<'_>, observation: &mut Observation, family: &Family) {
    let lineage = observation.lineage.as_ref();
    let replicas = lineage.map(|lineage| &lineage.replicas);
    let home = lineage
        .map_or(&observation.image.place, |l| &l.source.image.place)
        .clone();
    for (place, destination) in &family.destinations {
        let state = replicas
            .and_then(|replicas| replicas.get(place))
            .map(|replica| replica.state);
        let may_start = match state {
            None | Some(ReplicaState::Wanted | ReplicaState::Withdrawn) => true,
            Some(ReplicaState::Failed | ReplicaState::Gone) => {
                observation.mandate == Mandate::Person
            }
            Some(_) => false,
        };
        let Encryption::Key(name) = &destination.encryption else {
            continue;
        };
        if may_start && *place != home && !observation.keys.contains_key(place) {
            let key: Seen<Key> = seen_if_there(reading.keys.key(place, name).await);
            observation.keys.insert(place.clone(), key);
        }
    }
}

/// Observes again after a plan was applied: the record, and only what the plan's steps touched.
/// What was seen of an image that the record does not name any more is forgotten.
///
/// # Errors
/// Where the record can't be read.
pub async fn observe_again(
    reading: Reading<'_>,
    observation: &Observation,
    applied: &Plan,
) -> Answer<Observation> {
    let mut again = observation.clone();
    let source = match (&observation.lineage, &observation.source) {
        (Some(lineage), _) => lineage.source.image.clone(),
        (None, Seen::Read(facts)) => facts.image.at.clone(),
        _ => return Ok(again),
    };
    again.lineage = reading.record.lineage(&source).await?;
    again.parent = None;
    let (before, now) = (&observation.lineage, &again.lineage);
    again
        .replicas
        .retain(|place, seen| still_tells(place, seen, before.as_ref(), now.as_ref()));
    for (_, step) in applied.steps() {
        reread(reading, &mut again, &source, &step.action).await;
    }
    if has_lost_a_loan(observation, &again)
        && let Seen::Read(facts) = &mut again.source
    {
        facts.permissions = seen(reading.images.launch_permissions(&source).await);
    }
    Ok(again)
}

/// Whether what was seen at a place still tells anything after the record was read again: where the
/// record is as it was, or names the image that was seen. Otherwise a copy that was just started
/// would be judged by what was there before it.
fn still_tells(
    place: &Place,
    seen: &Seen<ImageFacts>,
    before: Option<&Lineage>,
    now: Option<&Lineage>,
) -> bool {
    let recorded = |lineage: Option<&Lineage>| lineage?.replicas.get(place).cloned();
    let (before, now) = (recorded(before), recorded(now));
    let image = |replica: &Option<Replica>| replica.as_ref()?.image.clone();
    let (named_before, named) = (image(&before), image(&now));
    before == now
        || (named.is_some() && named == named_before)
        || seen
            .read()
            .is_some_and(|facts| named.as_ref() == Some(&facts.image.at.id))
}

/// Whether another run took a loan back since the source was read: what was read then still shows
/// it, and would pass for its owner's wish.
fn has_lost_a_loan(before: &Observation, again: &Observation) -> bool {
    let lent = |observation: &Observation| -> BTreeSet<AccountId> {
        let loans = observation.lineage.iter().flat_map(|l| &l.source.loans);
        let images = loans.filter(|(_, loan)| loan.image);
        images.map(|(account, _)| account.clone()).collect()
    };
    let shown = again
        .source
        .read()
        .and_then(|facts| facts.permissions.read());
    let now = lent(again);
    lent(before).into_iter().any(|account| {
        let is_shown = LaunchPermission::Account(account.clone());
        !now.contains(&account) && shown.is_some_and(|shown| shown.contains(&is_shown))
    })
}

async fn reread(reading: Reading<'_>, again: &mut Observation, source: &ImageRef, action: &Action) {
    match action {
        Action::Write(_) | Action::Copy(_) => {}
        Action::Tag { place, image, .. } | Action::Untag { place, image, .. } => {
            let image = seen_if_there(reading.images.image(place, image).await);
            if let Some(Seen::Read(facts)) = again.replicas.get_mut(place) {
                let ids = facts.image.snapshots.clone();
                facts.snapshots = seen(reading.images.snapshots(place, &ids).await);
            }
            match (image, again.replicas.get_mut(place)) {
                (Seen::Read(image), Some(Seen::Read(facts))) => facts.image = image,
                (other, Some(slot)) => *slot = other.into_facts(),
                (_, None) => {}
            }
        }
        Action::Share { image, .. } | Action::Unshare { image, .. } => {
            let permissions = seen(reading.images.launch_permissions(image).await);
            if let Some(facts) = facts_of(again, source, &image.place) {
                facts.permissions = permissions;
            }
        }
        Action::ShareSnapshot {
            place, snapshot, ..
        }
        | Action::UnshareSnapshot {
            place, snapshot, ..
        } => {
            let accounts = seen(reading.images.volume_permissions(place, snapshot).await);
            if let Some(facts) = facts_of(again, source, place) {
                facts.volume_permissions.insert(snapshot.clone(), accounts);
            }
        }
    }
}

fn facts_of<'a>(
    observation: &'a mut Observation,
    source: &ImageRef,
    place: &Place,
) -> Option<&'a mut ImageFacts> {
    let seen = if *place == source.place {
        &mut observation.source
    } else {
        observation.replicas.get_mut(place)?
    };
    match seen {
        Seen::Read(facts) => Some(facts),
        _ => None,
    }
}

/// An image of which only its description was read, as facts.
trait IntoFacts {
    fn into_facts(self) -> Seen<ImageFacts>;
}

impl IntoFacts for Seen<Image> {
    fn into_facts(self) -> Seen<ImageFacts> {
        match self {
            Self::Read(image) => Seen::Read(ImageFacts::of(image)),
            Self::NotRead => Seen::NotRead,
            Self::Unknown(reason) => Seen::Unknown(reason),
            Self::Refused(reason) => Seen::Refused(reason),
            Self::Absent => Seen::Absent,
        }
    }
}
