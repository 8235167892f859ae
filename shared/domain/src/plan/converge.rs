//! Owns how an available replica is brought to what the policy wants: its tags, then who may use
//! it. Only what Amiary put there is ever taken away.

use super::copy::{for_good, write};
use super::decided::Decided;
use super::wanted::{Wanted, is_fresh, wanted};
use super::{Action, Context, Step, list};
use crate::ids::{AccountId, SnapshotId};
use crate::image::{LaunchPermission, Snapshot, Tags};
use crate::lineage::{Replica, ReplicaState, SourceStatus};
use crate::naming;
use crate::observation::{ImageFacts, Mandate, Seen};
use std::collections::{BTreeMap, BTreeSet};

/// Plans what an available replica lacks; once it lacks nothing, that it is verified.
pub(super) fn decide(context: &Context, replica: &Replica, facts: &ImageFacts) -> Decided {
    let Some(snapshots) = facts.snapshots.read() else {
        return Decided::left(unread("its snapshots", &facts.snapshots));
    };
    let described = facts
        .image
        .snapshots
        .iter()
        .all(|id| snapshots.contains_key(id));
    if facts.image.snapshots.is_empty() || !described {
        return soon(context, "EC2 does not describe its snapshots yet");
    }
    if let Some(cause) = wrong_encryption(replica, snapshots) {
        if replica.state == ReplicaState::Failed {
            return Decided::left(cause);
        }
        return Decided::write(for_good(
            &context.active.policy,
            context.source,
            replica,
            &cause,
        ));
    }
    let may_be_read = context.source.status != SourceStatus::Unavailable;
    if context.family.sharing.as_source && context.source.permissions.is_none() && may_be_read {
        return soon(
            context,
            "it is shared as its source, whose permissions were never read",
        );
    }
    let wanted = wanted(context.family, context.source, &replica.destination);
    let nobody = BTreeSet::new();
    let permissions = match &facts.permissions {
        Seen::Read(permissions) => permissions,
        Seen::NotRead if is_fresh(replica) && !wanted.launch.is_empty() => &nobody,
        other => return Decided::left(unread("its launch permissions", other)),
    };
    let mut left = Vec::new();
    let tags = tag_differences(context, replica, facts, snapshots);
    let launch = launch_differences(context, replica, permissions, &wanted, &mut left);
    let volumes = match volume_differences(context, replica, facts, &wanted.volumes, &mut left) {
        Ok(volumes) => volumes,
        Err(reason) => return Decided::left(reason),
    };
    let actions = actions(replica, facts, &tags, &launch, &volumes);
    let mut decided = if actions.is_empty() {
        verified(context, replica, permissions, facts)
    } else {
        Decided::steps(repair(context, replica, &tags, &launch, &volumes, actions))
    };
    let is_deferred = left.iter().any(|left| left.is_deferred);
    decided.again = is_deferred.then_some(context.now);
    decided
        .left
        .extend(left.into_iter().map(|left| left.reason));
    decided
}

/// Left alone now, and looked at by the next scheduled run.
fn soon(context: &Context, reason: &str) -> Decided {
    Decided {
        again: Some(context.now),
        ..Decided::left(reason)
    }
}

/// Something of an available replica that is left alone.
struct LeftAlone {
    reason: String,
    /// Whether a scheduled run may do it.
    is_deferred: bool,
}

impl LeftAlone {
    fn foreign(permissions: Vec<&LaunchPermission>) -> Self {
        let reason = format!("shared by someone else, and left so: {}", list(permissions));
        Self {
            reason,
            is_deferred: false,
        }
    }

    fn deferred<T: std::fmt::Display>(superfluous: BTreeSet<T>) -> Self {
        let reason = format!(
            "no longer wanted, but taken back only by a scheduled run that read the source while \
             available: {}",
            list(superfluous)
        );
        Self {
            reason,
            is_deferred: true,
        }
    }
}

fn unread<T>(what: &str, seen: &Seen<T>) -> String {
    match seen {
        Seen::Unknown(reason) | Seen::Refused(reason) => {
            format!("{what} could not be read: {reason}")
        }
        _ => format!("{what} were not read in this run"),
    }
}

/// Why a replica is not encrypted as it was asked for. It is neither shared nor called verified.
fn wrong_encryption(
    replica: &Replica,
    snapshots: &BTreeMap<SnapshotId, Snapshot>,
) -> Option<String> {
    let key = replica.request.as_ref()?.key.as_ref()?;
    let wrong = snapshots
        .values()
        .find(|s| !s.encrypted || s.key.as_ref() != Some(key))?;
    let found = wrong.key.as_deref().unwrap_or("no key");
    Some(format!(
        "{} is encrypted under {found}, not under {key} as asked",
        wrong.id
    ))
}

struct TagDifferences {
    set: Tags,
    remove: BTreeSet<String>,
}

fn tag_differences(
    context: &Context,
    replica: &Replica,
    facts: &ImageFacts,
    snapshots: &BTreeMap<SnapshotId, Snapshot>,
) -> TagDifferences {
    let source = context.source;
    let (wanted, _) = naming::replica_tags(
        &context.family.tags,
        &source.image,
        &source.tags,
        &source.family,
        &replica.destination,
    );
    let carriers: Vec<&Tags> = std::iter::once(&facts.image.tags)
        .chain(snapshots.values().map(|s| &s.tags))
        .collect();
    let remove = replica
        .tagged
        .iter()
        .filter(|key| {
            !wanted.contains_key(*key) && carriers.iter().any(|tags| tags.contains_key(*key))
        })
        .cloned()
        .collect();
    let set = wanted
        .into_iter()
        .filter(|(key, value)| carriers.iter().any(|tags| tags.get(key) != Some(value)))
        .collect();
    TagDifferences { set, remove }
}

struct Differences<T: Ord> {
    add: BTreeSet<T>,
    remove: BTreeSet<T>,
}

fn launch_differences(
    context: &Context,
    replica: &Replica,
    present: &BTreeSet<LaunchPermission>,
    wanted: &Wanted,
    left: &mut Vec<LeftAlone>,
) -> Differences<LaunchPermission> {
    let wanted = &wanted.launch;
    let superfluous: BTreeSet<_> = replica
        .granted
        .intersection(present)
        .filter(|p| !wanted.contains(p))
        .cloned()
        .collect();
    let foreign: Vec<_> = present
        .iter()
        .filter(|p| !wanted.contains(p) && !replica.granted.contains(p))
        .collect();
    if !foreign.is_empty() {
        left.push(LeftAlone::foreign(foreign));
    }
    let remove = if superfluous.is_empty() || may_revoke(context) {
        superfluous
    } else {
        left.push(LeftAlone::deferred(superfluous));
        BTreeSet::new()
    };
    Differences {
        add: wanted.difference(present).cloned().collect(),
        remove,
    }
}

/// Taking permissions back needs a run whose revocations are capped as a whole, and a source that
/// was read completely while it was available.
fn may_revoke(context: &Context) -> bool {
    let read = context
        .observation
        .source
        .read()
        .is_some_and(|facts| facts.permissions.read().is_some());
    read && context.observation.mandate != Mandate::Event && context.source_is_available()
}

fn volume_differences(
    context: &Context,
    replica: &Replica,
    facts: &ImageFacts,
    wanted: &BTreeSet<AccountId>,
    left: &mut Vec<LeftAlone>,
) -> Result<BTreeMap<SnapshotId, Differences<AccountId>>, String> {
    let mut all = BTreeMap::new();
    if wanted.is_empty() && replica.granted_snapshots.is_empty() {
        return Ok(all);
    }
    let nobody = BTreeSet::new();
    for snapshot in &facts.image.snapshots {
        let present = match facts
            .volume_permissions
            .get(snapshot)
            .unwrap_or(&Seen::NotRead)
        {
            Seen::Read(accounts) => accounts,
            Seen::NotRead if is_fresh(replica) => &nobody,
            other => return Err(unread("who may use its snapshots", other)),
        };
        let superfluous: BTreeSet<_> = replica
            .granted_snapshots
            .intersection(present)
            .filter(|account| !wanted.contains(account))
            .cloned()
            .collect();
        let remove = if superfluous.is_empty() || may_revoke(context) {
            superfluous
        } else {
            left.push(LeftAlone::deferred(superfluous));
            BTreeSet::new()
        };
        let add: BTreeSet<_> = wanted.difference(present).cloned().collect();
        if !add.is_empty() || !remove.is_empty() {
            all.insert(snapshot.clone(), Differences { add, remove });
        }
    }
    Ok(all)
}

fn actions(
    replica: &Replica,
    facts: &ImageFacts,
    tags: &TagDifferences,
    launch: &Differences<LaunchPermission>,
    volumes: &BTreeMap<SnapshotId, Differences<AccountId>>,
) -> Vec<Action> {
    let image = &facts.image.at;
    let place = &replica.destination;
    let mut actions = Vec::new();
    if !tags.remove.is_empty() {
        actions.push(Action::Untag {
            place: place.clone(),
            image: image.id.clone(),
            snapshots: facts.image.snapshots.clone(),
            keys: tags.remove.clone(),
        });
    }
    if !tags.set.is_empty() {
        actions.push(Action::Tag {
            place: place.clone(),
            image: image.id.clone(),
            snapshots: facts.image.snapshots.clone(),
            tags: tags.set.clone(),
        });
    }
    for (snapshot, differences) in volumes {
        let (place, snapshot) = (place.clone(), snapshot.clone());
        if !differences.add.is_empty() {
            let add = differences.add.clone();
            actions.push(Action::ShareSnapshot {
                place: place.clone(),
                snapshot: snapshot.clone(),
                add,
            });
        }
        if !differences.remove.is_empty() {
            let remove = differences.remove.clone();
            actions.push(Action::UnshareSnapshot {
                place,
                snapshot,
                remove,
                loan: false,
            });
        }
    }
    if !launch.add.is_empty() {
        actions.push(Action::Share {
            image: image.clone(),
            add: launch.add.clone(),
        });
    }
    if !launch.remove.is_empty() {
        actions.push(Action::Unshare {
            image: image.clone(),
            remove: launch.remove.clone(),
            loan: false,
        });
    }
    actions
}

/// The actions between two writes: what Amiary is about to put there is written down first, so
/// that it is still known as Amiary's after a crash.
fn repair(
    context: &Context,
    replica: &Replica,
    tags: &TagDifferences,
    launch: &Differences<LaunchPermission>,
    volumes: &BTreeMap<SnapshotId, Differences<AccountId>>,
    actions: Vec<Action>,
) -> Vec<Step> {
    let mut intent = replica.clone();
    intent.state = ReplicaState::Available;
    intent.revision = context.active.revision;
    intent.tagged.extend(tags.set.keys().cloned());
    intent.granted.extend(launch.add.iter().cloned());
    intent
        .granted_snapshots
        .extend(volumes.values().flat_map(|d| d.add.iter().cloned()));

    let mut steps = Vec::new();
    let mut version = replica.version;
    if intent != *replica {
        let entry = format!("available; to do: {}", list(&actions));
        steps.push(Step {
            action: write(intent.clone(), entry),
            reason: "what Amiary puts there is written down first".to_owned(),
        });
        version += 1;
    }
    let reason = match replica.state {
        ReplicaState::Copying => "a copy drops permissions, and tags have to be as the policy says",
        _ => "it differs from what the policy wants",
    };
    let mut completed = Replica {
        state: ReplicaState::Completed,
        version,
        ..intent
    };
    completed.tagged.retain(|key| !tags.remove.contains(key));
    let applied = write(completed, format!("applied: {}", list(&actions)));
    steps.extend(actions.into_iter().map(|action| Step {
        action,
        reason: reason.to_owned(),
    }));
    steps.push(Step {
        action: applied,
        reason: "it is read back next".to_owned(),
    });
    steps
}

/// Everything was read and nothing differs.
fn verified(
    context: &Context,
    replica: &Replica,
    present: &BTreeSet<LaunchPermission>,
    facts: &ImageFacts,
) -> Decided {
    let mut verified = replica.clone();
    verified.state = ReplicaState::Verified;
    verified.cause = None;
    verified.version_of = Some(context.source.version_of());
    verified.shared = Some(present.clone());
    verified
        .granted
        .retain(|permission| present.contains(permission));
    let users: BTreeSet<&AccountId> = facts
        .volume_permissions
        .values()
        .filter_map(Seen::read)
        .flatten()
        .collect();
    verified
        .granted_snapshots
        .retain(|account| users.contains(account));
    // What was taken away just before a crash is recorded still: whoever sets it again, it is theirs.
    let snapshots = facts
        .snapshots
        .read()
        .into_iter()
        .flat_map(BTreeMap::values);
    let carriers: Vec<&Tags> = std::iter::once(&facts.image.tags)
        .chain(snapshots.map(|snapshot| &snapshot.tags))
        .collect();
    verified
        .tagged
        .retain(|key| carriers.iter().any(|tags| tags.contains_key(key)));
    if verified == *replica {
        return Decided::default();
    }
    verified.revision = context.active.revision;
    verified.shared_at = Some(context.now);
    let entry =
        "verified: read back, encryption, tags and permissions are as the policy wants".to_owned();
    Decided::steps(vec![Step {
        action: write(verified, entry),
        reason: "everything was read back and nothing differs".to_owned(),
    }])
}
