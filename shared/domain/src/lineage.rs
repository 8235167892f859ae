//! Owns the lineage record: what Amiary remembers of a source, of each of its replicas, and of
//! what happened to them. AWS is asked what is; only the record knows what was meant.

use crate::ids::{AccountId, ImageId, ImageRef, Place, Region, SnapshotId};
use crate::image::{LaunchPermission, Tags};
use crate::notice::Notice;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Everything recorded about one source, its history apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lineage {
    /// The source.
    pub source: Source,
    /// Its replicas by destination.
    pub replicas: BTreeMap<Place, Replica>,
    /// Images that were made from an instance of the source and are sources themselves.
    pub descendants: BTreeSet<ImageRef>,
}

/// What is remembered of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The image.
    pub image: ImageRef,
    /// Its family, fixed when the image was first recorded: tags changed later move nothing.
    pub family: String,
    /// Its name.
    pub name: String,
    /// Its architecture.
    pub architecture: String,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// Its ancestors as far as they are known, the nearest first.
    pub ancestors: Vec<Ancestor>,
    /// The recorded source that it was built from, directly or from one of its replicas.
    pub parent: Option<ImageRef>,
    /// Its tags, as last read.
    pub tags: Tags,
    /// Its snapshots: what cross-account copies borrow.
    pub snapshots: BTreeSet<SnapshotId>,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// Its launch permissions by their last complete read while it was available, without
    /// Amiary's own loans; `None` until there was one.
    pub permissions: Option<BTreeSet<LaunchPermission>>,
    /// When they were read, as far as that was written down: a run that finds nothing new writes
    /// nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions_at: Option<Timestamp>,
    /// What Amiary lent to other accounts so that they can copy it.
    pub loans: BTreeMap<AccountId, Loan>,
    /// Whether disabling it dropped its launch permissions. They are then wanted as they were
    /// recorded, until its owner grants some anew.
    #[serde(default)]
    pub permissions_dropped: bool,
    /// The verified replicas that its owner was told of.
    #[serde(default)]
    pub told: BTreeSet<ImageId>,
    /// How far its replication is.
    pub status: SourceStatus,
    /// The policy revision it was last decided under.
    pub revision: u64,
    /// When it is looked at again, whatever events say.
    pub due: Timestamp,
    /// How often this record was written: fences a stale writer. 0 is a record not yet written.
    pub version: u64,
}

/// What was lent to one account while it copies: only what it did not have already.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loan {
    /// Whether the launch permission of the image was lent.
    pub image: bool,
    /// The snapshots whose volume permission was lent.
    pub snapshots: BTreeSet<SnapshotId>,
}

/// An ancestor of a source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Ancestor {
    /// Its Region.
    pub region: Region,
    /// Its id.
    pub id: ImageId,
}

/// How far a source's replication is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceStatus {
    /// Some destination is not verified yet.
    Replicating,
    /// Every destination was verified, and the owner was told.
    Replicated,
    /// Nothing is under way, and some destination has no verified replica: it failed or was lost.
    Incomplete,
    /// It was seen disabled, deregistered or otherwise not available: nothing new is started, and
    /// nothing is taken back because of it.
    Unavailable,
}

/// What is remembered of a replica.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replica {
    /// The source.
    pub source: ImageRef,
    /// Where the replica is, or will be.
    pub destination: Place,
    /// Which version of which family it is a copy of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_of: Option<Version>,
    /// How far it is.
    pub state: ReplicaState,
    /// Which attempt this is, from 1 and never less than before: it is part of the token.
    pub attempt: u32,
    /// How many attempts were made since this destination was last asked for.
    pub tries: u32,
    /// What the present attempt asks of `CopyImage`, written down before the call so that a
    /// repeated call is the same call.
    pub request: Option<CopyRequest>,
    /// The image, once it is known.
    pub image: Option<ImageId>,
    /// Launch permissions that Amiary put on it: only these are ever taken back.
    pub granted: BTreeSet<LaunchPermission>,
    /// Accounts that Amiary let make volumes from its snapshots.
    pub granted_snapshots: BTreeSet<AccountId>,
    /// Whom it is shared with, by its last complete read, whoever shared it; `None` until there was
    /// one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared: Option<BTreeSet<LaunchPermission>>,
    /// When that was read, as far as it was written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared_at: Option<Timestamp>,
    /// Keys of the tags that Amiary put on it.
    pub tagged: BTreeSet<String>,
    /// Why it waits or failed.
    pub cause: Option<String>,
    /// The policy revision it was last decided under.
    pub revision: u64,
    /// When it is looked at again, whatever events say.
    pub due: Timestamp,
    /// How often this record was written: fences a stale writer. 0 is a record not yet written.
    pub version: u64,
}

/// A version of a family: what images are counted by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// The family.
    pub family: String,
    /// The architecture.
    pub architecture: String,
    /// When the source was made.
    pub created: Option<Timestamp>,
}

impl Source {
    /// The version that it is.
    pub fn version_of(&self) -> Version {
        Version {
            family: self.family.clone(),
            architecture: self.architecture.clone(),
            created: self.created,
        }
    }
}

/// How far a replica is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReplicaState {
    /// The policy names the destination; no copy is under way. `cause` says what it waits for.
    Wanted,
    /// A copy was asked for. Its image may not be known yet.
    Copying,
    /// The copy is there; tags and permissions are not.
    Available,
    /// Tags and permissions were applied.
    Completed,
    /// Everything was read back and is as the policy wants it.
    Verified,
    /// All attempts failed. `cause` says why.
    Failed,
    /// The policy took the destination back before anything was copied.
    Withdrawn,
    /// The image was seen deregistered or disabled by someone else.
    Gone,
}

/// The parameters of one `CopyImage` call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyRequest {
    /// The token that makes a repeated call the same call.
    pub token: String,
    /// The copy's name.
    pub name: String,
    /// The copy's description.
    pub description: String,
    /// The ARN of the key in the destination's Region; none leaves the copy unencrypted.
    pub key: Option<String>,
    /// The tags of image and snapshots, the operation's among them.
    pub tags: Tags,
}

impl Replica {
    /// A replica that is wanted at a place, and of which nothing is done yet.
    pub fn wanted(source: &Source, destination: &Place, revision: u64, now: Timestamp) -> Self {
        Self {
            source: source.image.clone(),
            destination: destination.clone(),
            version_of: Some(source.version_of()),
            state: ReplicaState::Wanted,
            attempt: 1,
            tries: 1,
            request: None,
            image: None,
            granted: BTreeSet::new(),
            granted_snapshots: BTreeSet::new(),
            shared: None,
            shared_at: None,
            tagged: BTreeSet::new(),
            cause: None,
            revision,
            due: now,
            version: 0,
        }
    }
}

impl ReplicaState {
    /// Whether something remains to be done without anyone asking for it.
    pub fn is_unfinished(self) -> bool {
        matches!(
            self,
            Self::Wanted | Self::Copying | Self::Available | Self::Completed
        )
    }
}

impl fmt::Display for ReplicaState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Wanted => "wanted",
            Self::Copying => "copying",
            Self::Available => "available",
            Self::Completed => "completed",
            Self::Verified => "verified",
            Self::Failed => "failed",
            Self::Withdrawn => "withdrawn",
            Self::Gone => "gone",
        })
    }
}

impl fmt::Display for SourceStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Replicating => "replicating",
            Self::Replicated => "replicated",
            Self::Incomplete => "incomplete",
            Self::Unavailable => "unavailable",
        })
    }
}

/// One change of the record: a source or a replica, the history entry that says why, and the
/// notices it causes. Written whole or not at all, and only over the version it was read at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What is written. Its `version` is the one that was read; it is stored one higher.
    pub record: Record,
    /// What happened, for the history.
    pub entry: String,
    /// Who is told.
    pub notices: Vec<Notice>,
}

/// A record as it will be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// A source.
    Source(Box<Source>),
    /// A replica.
    Replica(Box<Replica>),
}

/// One line of a lineage's append-only history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// When it was written.
    pub at: Timestamp,
    /// The place it happened at.
    pub place: Place,
    /// What happened, with its reason.
    pub what: String,
    /// The policy revision it was decided under.
    pub revision: u64,
    /// Who decided: a function's name, or `amiary` for a person at a terminal.
    pub by: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_told_by_the_word_it_is_stored_as() {
        let states = [
            (ReplicaState::Wanted, "wanted"),
            (ReplicaState::Copying, "copying"),
            (ReplicaState::Available, "available"),
            (ReplicaState::Completed, "completed"),
            (ReplicaState::Verified, "verified"),
            (ReplicaState::Failed, "failed"),
            (ReplicaState::Withdrawn, "withdrawn"),
            (ReplicaState::Gone, "gone"),
        ];
        for (state, word) in states {
            assert_eq!(state.to_string(), word);
            assert_eq!(serde_json::to_value(state).unwrap(), word);
            assert_eq!(
                format!("{state:>10}"),
                format!("{word:>10}"),
                "it fills a column"
            );
        }
        let statuses = [
            (SourceStatus::Replicating, "replicating"),
            (SourceStatus::Replicated, "replicated"),
            (SourceStatus::Incomplete, "incomplete"),
            (SourceStatus::Unavailable, "unavailable"),
        ];
        for (status, word) in statuses {
            assert_eq!(status.to_string(), word);
            assert_eq!(serde_json::to_value(status).unwrap(), word);
        }
    }

    #[test]
    fn what_goes_on_by_itself_is_unfinished_and_nothing_else_is() {
        use ReplicaState as S;
        let unfinished = [S::Wanted, S::Copying, S::Available, S::Completed];
        let ended = [S::Verified, S::Failed, S::Withdrawn, S::Gone];
        assert!(unfinished.into_iter().all(S::is_unfinished));
        assert!(!ended.into_iter().any(S::is_unfinished));
    }

    #[test]
    fn a_replica_that_was_written_before_its_sharing_had_an_age_has_none() {
        let place = |text: &str| -> Place { text.parse().unwrap() };
        let written = serde_json::json!({
            "source": "111111111111/us-east-1/ami-0123abcd",
            "destination": place("111111111111/eu-west-1"),
            "state": "verified", "attempt": 1, "tries": 1, "request": null,
            "image": "ami-0123abce", "granted": [], "granted_snapshots": [], "shared": [],
            "tagged": [], "cause": null, "revision": 1, "due": "2026-01-01T00:00:00Z", "version": 3,
        });
        let replica: Replica = serde_json::from_value(written).unwrap();
        assert_eq!(replica.shared, Some(BTreeSet::new()));
        assert_eq!(replica.shared_at, None);
    }
}
