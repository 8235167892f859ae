//! Owns what is decided about the source itself: whether an image becomes one, what is remembered
//! of it, and when its replication is complete.

use super::{Action, ActivePolicy, Context, Group, RECHECK_AFTER, RETRY_AFTER, Step, told};
use crate::ids::{ImageId, Place};
use crate::image::{Image, ImageState, LaunchPermission};
use crate::lineage::{Change, Record, Replica, ReplicaState, Source, SourceStatus};
use crate::naming::OPERATION_TAG;
use crate::notice::NoticeKind;
use crate::observation::{ImageFacts, Mandate, Observation, Seen};
use crate::policy::{Family, Ready};
use jiff::Timestamp;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// The source's record as this observation makes it, and its family; or why there is none.
pub(super) fn decide<'a>(
    active: &'a ActivePolicy,
    observation: &Observation,
    now: Timestamp,
) -> Result<(Source, Cow<'a, Family>), String> {
    if let Some(lineage) = &observation.lineage {
        let source = seen_again(&lineage.source, &observation.source);
        let family = active.policy.families.get(&source.family);
        let family = family.map_or_else(
            || Cow::Owned(Family::dropped(&source.family)),
            Cow::Borrowed,
        );
        return Ok((source, family));
    }
    match &observation.source {
        Seen::Read(facts) => {
            let family = select(active, &facts.image, now)?;
            let source = first_seen(active, observation, facts, family, now);
            Ok((source, Cow::Borrowed(family)))
        }
        Seen::Absent => Err("there is no such image, or it can't be seen".to_owned()),
        Seen::Unknown(reason) | Seen::Refused(reason) => {
            Err(format!("it could not be read: {reason}"))
        }
        Seen::NotRead => Err("no account or Region that the policy names".to_owned()),
    }
}

/// The family that an unrecorded image becomes a source of; or why it becomes none.
///
/// # Errors
/// The reason, for a person.
pub fn select<'a>(
    active: &'a ActivePolicy,
    image: &Image,
    now: Timestamp,
) -> Result<&'a Family, String> {
    if image.tags.contains_key(OPERATION_TAG) {
        return Err(format!(
            "it carries the tag {OPERATION_TAG}, so it is a replica and never a source, and no record \
             is waiting for it"
        ));
    }
    let family = active
        .policy
        .family_of(image)
        .ok_or("no family of the policy selects it")?;
    if image.state != ImageState::Available {
        return Err(format!("it is not available but {:?}", image.state));
    }
    if !image.ebs_backed {
        return Err("its root is a bundle in S3, which can't be copied under a key".to_owned());
    }
    not_ready(&family.ready, image, now).map_or(Ok(family), Err)
}

fn not_ready(ready: &Ready, image: &Image, now: Timestamp) -> Option<String> {
    match ready {
        Ready::Available => None,
        Ready::Tagged { key, value } => {
            let is = image.tags.get(key) == Some(value);
            (!is).then(|| format!("it is not ready: the tag {key} is not {value:?} yet"))
        }
        Ready::Settled(time) => match image.created {
            Some(created) if created + *time <= now => None,
            Some(created) => Some(format!(
                "it is not ready: it settles until {}",
                created + *time
            )),
            None => Some("it is not ready: when it was made is unknown".to_owned()),
        },
    }
}

fn first_seen(
    active: &ActivePolicy,
    observation: &Observation,
    facts: &ImageFacts,
    family: &Family,
    now: Timestamp,
) -> Source {
    let image = &facts.image;
    let direct = || {
        image
            .source
            .clone()
            .map(|(region, id)| crate::lineage::Ancestor { region, id })
    };
    let blank = Source {
        image: image.at.clone(),
        family: family.name.clone(),
        name: image.name.clone(),
        architecture: image.architecture.clone(),
        created: image.created,
        ancestors: observation.parent.as_ref().map_or_else(
            || direct().into_iter().collect(),
            |parent| parent.ancestors.clone(),
        ),
        parent: observation
            .parent
            .as_ref()
            .map(|parent| parent.source.clone()),
        tags: BTreeMap::new(),
        snapshots: BTreeSet::new(),
        encrypted: false,
        permissions: None,
        permissions_at: None,
        loans: BTreeMap::new(),
        permissions_dropped: false,
        told: BTreeSet::new(),
        status: SourceStatus::Replicating,
        revision: active.revision,
        due: now + RECHECK_AFTER,
        version: 0,
    };
    seen_again(&blank, &observation.source)
}

/// A record brought to what was just seen. What was not read, or read while the image was not
/// available, changes nothing that sharing rests on.
fn seen_again(recorded: &Source, seen: &Seen<ImageFacts>) -> Source {
    let mut source = recorded.clone();
    let facts = match seen {
        Seen::Read(facts) if facts.image.state == ImageState::Available => facts,
        Seen::Read(facts) => {
            source.permissions_dropped |= facts.image.state == ImageState::Disabled;
            source.status = SourceStatus::Unavailable;
            return source;
        }
        Seen::Absent => {
            source.status = SourceStatus::Unavailable;
            return source;
        }
        _ => return source,
    };
    source.tags.clone_from(&facts.image.tags);
    source.snapshots.clone_from(&facts.image.snapshots);
    source.encrypted = facts.image.encrypted;
    if source.status == SourceStatus::Unavailable {
        source.status = SourceStatus::Replicating;
    }
    if let Some(permissions) = facts.permissions.read() {
        let lent = |permission: &LaunchPermission| match permission {
            LaunchPermission::Account(account) => {
                recorded.loans.get(account).is_some_and(|loan| loan.image)
            }
            _ => false,
        };
        let present: BTreeSet<_> = permissions.iter().filter(|p| !lent(p)).cloned().collect();
        source.permissions_dropped &= present.is_empty();
        if !source.permissions_dropped {
            source.permissions = Some(present);
        }
    }
    source
}

/// The steps that concern the source's record, after its destinations were decided.
pub(super) fn steps(
    context: &Context,
    before: Option<&Source>,
    with_loans: Source,
    replicas: &BTreeMap<Place, Replica>,
    is_idle: bool,
    lends: bool,
) -> Vec<Step> {
    let mut source = with_loans;
    source.status = status(context, &source, replicas);
    // Only where all of it was looked at and nothing else is to be done: until then the lineage
    // stays due, and counts as decided under the older revision.
    if context.observation.mandate != Mandate::Event && is_idle {
        source.revision = context.active.revision;
        source.due = next_look(context, source.due);
    }
    let vanished = source.status == SourceStatus::Unavailable
        && before.is_some_and(|before| before.status != SourceStatus::Unavailable);
    if vanished {
        // It may have been EC2's delay.
        source.due = source.due.min(context.now + RETRY_AFTER);
    }
    // Whoever lends writes, even what is written already: a run that is about to give the same loan
    // back then can't record that it is gone.
    if before == Some(&source) && !lends {
        return Vec::new();
    }
    if reads_permissions(context, &source) {
        source.permissions_at = Some(context.now);
    }
    let (entry, notices) = match before {
        None => (
            format!("recorded: family {} selects it", context.family.name),
            Vec::new(),
        ),
        Some(before) if before.status != source.status => {
            let verified = verified(replicas);
            let is_news = source.status == SourceStatus::Replicated && source.told != verified;
            let notices = if is_news {
                replicated(context, &source, replicas)
            } else {
                Vec::new()
            };
            if is_news {
                source.told = verified;
            }
            (format!("{}, was {}", source.status, before.status), notices)
        }
        Some(before) => (
            format!("seen again: {}", changed(before, &source)),
            Vec::new(),
        ),
    };
    let reason = entry.clone();
    let change = Change {
        record: Record::Source(Box::new(source)),
        entry,
        notices,
    };
    vec![Step {
        action: Action::Write(Box::new(change)),
        reason,
    }]
}

/// Whether the recorded permissions are those that were read just now.
fn reads_permissions(context: &Context, source: &Source) -> bool {
    let facts = context.observation.source.read();
    context.source_is_available()
        && !source.permissions_dropped
        && facts.is_some_and(|facts| facts.permissions.read().is_some())
}

/// When a lineage that was decided about is looked at again. What AWS refused to show may be shown
/// after a person's mend, and is not left to the next day.
fn next_look(context: &Context, due: Timestamp) -> Timestamp {
    let after = if context.observation.is_refused() {
        RETRY_AFTER
    } else {
        RECHECK_AFTER
    };
    let next = context.now + after;
    if due <= context.now {
        next
    } else {
        due.min(next)
    }
}

fn changed(before: &Source, after: &Source) -> String {
    let parts = [
        ("tags", before.tags != after.tags),
        (
            "launch permissions",
            before.permissions != after.permissions,
        ),
        ("loans", before.loans != after.loans),
        ("snapshots", before.snapshots != after.snapshots),
        ("the policy's revision", before.revision != after.revision),
    ];
    let names: Vec<&str> = parts
        .iter()
        .filter(|(_, differs)| *differs)
        .map(|(name, _)| *name)
        .collect();
    if names.is_empty() {
        "nothing changed".to_owned()
    } else {
        format!("changed {}", names.join(", "))
    }
}

/// How far the replication is, by what is recorded of the destinations that the policy names.
fn status(context: &Context, source: &Source, replicas: &BTreeMap<Place, Replica>) -> SourceStatus {
    let under_way = replicas.values().any(|replica| match replica.state {
        ReplicaState::Copying => true,
        ReplicaState::Available | ReplicaState::Completed => context
            .family
            .destinations
            .contains_key(&replica.destination),
        _ => false,
    });
    // What is lent, or about to be, is not left to the look of the next day.
    if under_way || !source.loans.is_empty() {
        return SourceStatus::Replicating;
    }
    if context.source.status == SourceStatus::Unavailable {
        return SourceStatus::Unavailable;
    }
    if context.family.destinations.is_empty() {
        return SourceStatus::Incomplete;
    }
    let mut wanted = context
        .family
        .destinations
        .keys()
        .filter(|place| **place != context.source.image.place)
        .map(|place| replicas.get(place).map(|replica| replica.state));
    let mut ended = true;
    let mut verified = true;
    for state in wanted.by_ref() {
        verified &= state == Some(ReplicaState::Verified);
        ended &=
            state.is_some_and(|state| !state.is_unfinished() && state != ReplicaState::Withdrawn);
    }
    match (verified, ended) {
        (true, _) => SourceStatus::Replicated,
        (false, true) => SourceStatus::Incomplete,
        (false, false) => SourceStatus::Replicating,
    }
}

fn verified(replicas: &BTreeMap<Place, Replica>) -> BTreeSet<ImageId> {
    let verified = replicas
        .values()
        .filter(|replica| replica.state == ReplicaState::Verified);
    verified
        .filter_map(|replica| replica.image.clone())
        .collect()
}

fn replicated(
    context: &Context,
    source: &Source,
    replicas: &BTreeMap<Place, Replica>,
) -> Vec<crate::notice::Notice> {
    let destinations = replicas
        .values()
        .filter(|replica| replica.state == ReplicaState::Verified)
        .map(|replica| {
            let image = replica
                .image
                .as_ref()
                .map_or_else(String::new, ToString::to_string);
            (replica.destination.clone(), format!("{image} verified"))
        })
        .collect();
    let what = (source.version + 1).to_string();
    told::notice(
        &context.active.policy,
        source,
        NoticeKind::Replicated,
        &what,
        destinations,
    )
    .into_iter()
    .collect()
}

/// Whether what is planned leaves the source's record alone, so that another step may write it.
pub(super) fn is_untouched(steps: &[Step], groups: &[Group]) -> bool {
    steps.is_empty()
        && !groups.iter().flat_map(|group| &group.steps).any(|step| {
            matches!(&step.action, Action::Write(change) if matches!(change.record, Record::Source(_)))
        })
}
