//! Owns observations: what was read from AWS and from the record at one moment. What could not be
//! read is unknown, which is neither absent nor empty.

use crate::ids::{AccountId, ImageRef, Place, SnapshotId};
use crate::image::{Image, Key, LaunchPermission, Snapshot};
use crate::lineage::{Ancestor, Lineage};
use std::collections::{BTreeMap, BTreeSet};

/// What one look found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen<T> {
    /// Nobody looked: this run does not need it.
    NotRead,
    /// Someone looked and got no answer, for this reason.
    Unknown(String),
    /// AWS refused to show it, for this reason: asking again will not help until someone mends it.
    Refused(String),
    /// AWS says that there is no such thing.
    Absent,
    /// It was read, completely.
    Read(T),
}

impl<T> Seen<T> {
    /// What was read, if it was.
    pub fn read(&self) -> Option<&T> {
        match self {
            Self::Read(value) => Some(value),
            _ => None,
        }
    }
}

impl Observation {
    /// Whether the source or a replica, or a part of one, could not be read in passing.
    pub fn is_incomplete(&self) -> bool {
        self.any(Lack::Unknown)
    }

    /// Whether the source or a replica, or a part of one, was refused to whoever read it.
    pub fn is_refused(&self) -> bool {
        self.any(Lack::Refused)
    }

    fn any(&self, lack: Lack) -> bool {
        let mut seen = std::iter::once(&self.source).chain(self.replicas.values());
        seen.any(|seen| lack.is(seen) || seen.read().is_some_and(|facts| facts.any(lack)))
    }
}

/// Why something was not read that was to be.
#[derive(Clone, Copy)]
enum Lack {
    Unknown,
    Refused,
}

impl Lack {
    fn is<T>(self, seen: &Seen<T>) -> bool {
        match self {
            Self::Unknown => matches!(seen, Seen::Unknown(_)),
            Self::Refused => matches!(seen, Seen::Refused(_)),
        }
    }
}

/// What was seen of one lineage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// The image the run was asked to look at.
    pub image: ImageRef,
    /// The source.
    pub source: Seen<ImageFacts>,
    /// The record.
    pub lineage: Option<Lineage>,
    /// Where a source not yet recorded comes from, if that is recorded.
    pub parent: Option<Parent>,
    /// The replicas' images by destination.
    pub replicas: BTreeMap<Place, Seen<ImageFacts>>,
    /// The keys of destinations that a copy may be started to.
    pub keys: BTreeMap<Place, Seen<Key>>,
    /// Why the run was made, and so what it may do.
    pub mandate: Mandate,
}

/// Why a run was made, and so what it may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mandate {
    /// An event named the image. Nothing is taken back: only whole runs are capped.
    Event,
    /// The schedule: everything is put right, within the run's caps.
    Schedule,
    /// A person asked: as the schedule, and what failed for good is tried again.
    Person,
}

/// What was seen of one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageFacts {
    /// The image.
    pub image: Image,
    /// Who may launch it.
    pub permissions: Seen<BTreeSet<LaunchPermission>>,
    /// Its snapshots.
    pub snapshots: Seen<BTreeMap<SnapshotId, Snapshot>>,
    /// Which accounts may make volumes from each of its snapshots.
    pub volume_permissions: BTreeMap<SnapshotId, Seen<BTreeSet<AccountId>>>,
    /// Whether it is encrypted under a key that AWS manages, and so can't be lent.
    pub under_aws_key: Seen<bool>,
}

/// The recorded image that a new source was built from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parent {
    /// The source of the lineage that image belongs to.
    pub source: ImageRef,
    /// That image and everything before it, the nearest first.
    pub ancestors: Vec<Ancestor>,
}

impl ImageFacts {
    fn any(&self, lack: Lack) -> bool {
        let mut volumes = self.volume_permissions.values();
        lack.is(&self.permissions)
            || lack.is(&self.snapshots)
            || lack.is(&self.under_aws_key)
            || volumes.any(|seen| lack.is(seen))
    }

    /// An image of which nothing but its description was read.
    pub fn of(image: Image) -> Self {
        Self {
            image,
            permissions: Seen::NotRead,
            snapshots: Seen::NotRead,
            volume_permissions: BTreeMap::new(),
            under_aws_key: Seen::NotRead,
        }
    }
}
