//! Owns plans: what should be done about one lineage, each step with its reason, and why
//! everything else is left alone.
//!
//! [`plan`] is a pure function of policy, observation and time. Its steps are complete: applying
//! them takes no decision that is not made here.

mod check;
mod converge;
mod copy;
mod decided;
mod destination;
mod loan;
mod refused;
mod source;
mod told;
mod wanted;

#[cfg(test)]
mod tests;

pub use check::{Budget, Held, check};
pub use copy::{CopyAnswer, MOST_ATTEMPTS, after_copy, is_ours, started_after_all};
pub use refused::refused;
pub use source::select;
pub use wanted::{Depth, Wanted, wanted};

use crate::ids::{AccountId, ImageId, ImageRef, Place, SnapshotId};
use crate::image::{LaunchPermission, Tags};
use crate::lineage::{Change, Replica, Source};
use crate::observation::{Mandate, Observation};
use crate::policy::{Family, Policy};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::fmt;

/// How long after everything was right a lineage is looked at again without any event.
pub const RECHECK_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// How long a destination that waits or failed an attempt is left in peace.
pub const RETRY_AFTER: SignedDuration = SignedDuration::from_mins(10);

/// The policy that decisions are made under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivePolicy {
    /// Its revision.
    pub revision: u64,
    /// When it became the active one.
    pub since: Timestamp,
    /// The policy.
    pub policy: Policy,
}

/// What should be done about one lineage. An empty plan means that it is converged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// What concerns the source and its record; it comes first, and its failure ends the plan.
    pub source: Vec<Step>,
    /// What concerns each destination; one's failure does not touch another's.
    pub destinations: Vec<Group>,
    /// What is left alone, and why.
    pub left: Vec<Left>,
}

/// The steps of one destination, in their order; a step that fails ends its group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The destination.
    pub place: Place,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// One step and its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What is done.
    pub action: Action,
    /// Why, for a person.
    pub reason: String,
}

/// Something left alone, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// Where.
    pub place: Place,
    /// Why, for a person.
    pub reason: String,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Write a record.
    Write(Box<Change>),
    /// Start, or start again with the same token, the copy that this replica's request describes.
    Copy(Box<Replica>),
    /// Set tags on an image and its snapshots.
    Tag {
        /// The place of the resources.
        place: Place,
        /// The image.
        image: ImageId,
        /// Its snapshots.
        snapshots: BTreeSet<SnapshotId>,
        /// The tags.
        tags: Tags,
    },
    /// Remove tags that Amiary set from an image and its snapshots.
    Untag {
        /// The place of the resources.
        place: Place,
        /// The image.
        image: ImageId,
        /// Its snapshots.
        snapshots: BTreeSet<SnapshotId>,
        /// The tags' keys.
        keys: BTreeSet<String>,
    },
    /// Let these launch an image.
    Share {
        /// The image.
        image: ImageRef,
        /// Whom to let.
        add: BTreeSet<LaunchPermission>,
    },
    /// No longer let these launch an image.
    Unshare {
        /// The image.
        image: ImageRef,
        /// Whom to refuse.
        remove: BTreeSet<LaunchPermission>,
        /// Whether this gives back a loan of Amiary's own, which no cap counts.
        loan: bool,
    },
    /// Let accounts make volumes from a snapshot.
    ShareSnapshot {
        /// The snapshot's place.
        place: Place,
        /// The snapshot.
        snapshot: SnapshotId,
        /// Whom to let.
        add: BTreeSet<AccountId>,
    },
    /// No longer let accounts make volumes from a snapshot.
    UnshareSnapshot {
        /// The snapshot's place.
        place: Place,
        /// The snapshot.
        snapshot: SnapshotId,
        /// Whom to refuse.
        remove: BTreeSet<AccountId>,
        /// Whether this gives back a loan of Amiary's own, which no cap counts.
        loan: bool,
    },
}

impl Plan {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.source.is_empty() && self.destinations.is_empty()
    }

    /// Every step with the place it concerns.
    pub fn steps(&self) -> impl Iterator<Item = (Option<&Place>, &Step)> {
        let source = self.source.iter().map(|step| (None, step));
        let destinations = self.destinations.iter().flat_map(|group| {
            group
                .steps
                .iter()
                .map(move |step| (Some(&group.place), step))
        });
        source.chain(destinations)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write(change) => write!(f, "record: {}", change.entry),
            Self::Copy(replica) => {
                write!(
                    f,
                    "copy {} to {}, attempt {}",
                    replica.source, replica.destination, replica.attempt
                )
            }
            Self::Tag { image, tags, .. } => {
                write!(f, "tag {image} and its snapshots: {}", list(tags.keys()))
            }
            Self::Untag { image, keys, .. } => {
                write!(f, "untag {image} and its snapshots: {}", list(keys))
            }
            Self::Share { image, add } => write!(f, "share {} with {}", image.id, list(add)),
            Self::Unshare { image, remove, .. } => {
                write!(f, "stop sharing {} with {}", image.id, list(remove))
            }
            Self::ShareSnapshot { snapshot, add, .. } => {
                write!(f, "share {snapshot} with {}", list(add))
            }
            Self::UnshareSnapshot {
                snapshot, remove, ..
            } => {
                write!(f, "stop sharing {snapshot} with {}", list(remove))
            }
        }
    }
}

/// Names joined by commas.
pub(crate) fn list<T: fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    let names: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    names.join(", ")
}

/// What every decision about a recorded or newly selected source needs.
struct Context<'a> {
    active: &'a ActivePolicy,
    observation: &'a Observation,
    now: Timestamp,
    family: &'a Family,
    source: &'a Source,
}

impl Context<'_> {
    /// Whether the source was read just now, complete and available.
    fn source_is_available(&self) -> bool {
        self.observation
            .source
            .read()
            .is_some_and(|facts| facts.image.state == crate::image::ImageState::Available)
    }

    fn asked_by_a_person(&self) -> bool {
        self.observation.mandate == Mandate::Person
    }
}

/// Computes what should be done about the lineage of an observation.
pub fn plan(active: &ActivePolicy, observation: &Observation, now: Timestamp) -> Plan {
    let mut plan = Plan::default();
    let before = observation.lineage.as_ref().map(|lineage| &lineage.source);
    let (source, family) = match source::decide(active, observation, now) {
        Ok(decided) => decided,
        Err(reason) => {
            plan.left.push(Left {
                place: observation.image.place.clone(),
                reason,
            });
            return plan;
        }
    };
    let empty = std::collections::BTreeMap::new();
    let replicas = observation
        .lineage
        .as_ref()
        .map_or(&empty, |lineage| &lineage.replicas);
    let context = Context {
        active,
        observation,
        now,
        family: &family,
        source: &source,
    };

    let places: BTreeSet<&Place> = family.destinations.keys().chain(replicas.keys()).collect();
    let mut borrowers = BTreeSet::new();
    let mut again: Option<Timestamp> = None;
    for place in places {
        let decided = destination::decide(&context, place, replicas.get(place));
        if decided.needs_loan {
            borrowers.insert(place.account.clone());
        }
        again = again.into_iter().chain(decided.again).min();
        plan.left
            .extend(decided.left.into_iter().map(|reason| Left {
                place: place.clone(),
                reason,
            }));
        if !decided.steps.is_empty() {
            plan.destinations.push(Group {
                place: place.clone(),
                steps: decided.steps,
            });
        }
    }
    // What a scheduled run could not read is left to the next one, and not to the next day.
    if observation.mandate != Mandate::Event && observation.is_incomplete() {
        again = Some(now);
    }
    let mut with_loans = source.clone();
    if let Some(again) = again {
        with_loans.due = with_loans.due.min(again);
    }
    let lending = loan::lend(&context, &mut with_loans, &borrowers);
    let is_idle = plan.destinations.is_empty() && again.is_none();
    let lends = !lending.is_empty();
    plan.source = source::steps(&context, before, with_loans, replicas, is_idle, lends);
    if source::is_untouched(&plan.source, &lending) {
        plan.destinations.extend(loan::give_back(
            &context,
            &source,
            replicas,
            &plan.destinations,
            &borrowers,
        ));
    }
    plan.destinations.extend(lending);
    plan
}
