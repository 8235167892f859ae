//! Owns what is known of one recorded image before anyone asks who uses it.

use crate::ids::{ImageRef, Place, SnapshotId};
use crate::image::{Image, LaunchPermission};
use crate::observation::Seen;
use crate::policy::Delays;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A recorded image of a family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The image as it was listed.
    pub image: Image,
    /// Its family by the record: tags and names change nothing of it.
    pub family: String,
    /// What it is.
    pub kind: Kind,
    /// The place in its family's order: when the source was made that it is, or is a copy of.
    pub version: Option<Timestamp>,
    /// Whether it is known to work: a replica that was verified, a source that is available.
    pub verified: bool,
    /// Whether the record holds it back.
    pub held: Option<String>,
    /// When it was last launched; read as nothing where EC2 says that it never was.
    pub launched: Seen<Option<Timestamp>>,
    /// Whom it can be launched by, beyond its owner.
    pub shared: Seen<BTreeSet<LaunchPermission>>,
    /// What keeps it from being deregistered.
    pub protection: Seen<Protection>,
    /// Its locked snapshots, each until when; for ever where EC2 names no end.
    pub locked: Seen<BTreeMap<SnapshotId, Option<Timestamp>>>,
    /// How far its retiring is.
    pub retirement: Retirement,
}

/// What an image is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A source, with the destinations that have no verified replica yet.
    Source {
        /// Where its replication is unfinished.
        unfinished: BTreeSet<Place>,
    },
    /// A replica of a source.
    Replica {
        /// The source.
        of: ImageRef,
    },
}

impl Kind {
    /// Whether it is a source.
    pub fn is_source(&self) -> bool {
        matches!(self, Self::Source { .. })
    }
}

/// Deregistration protection, see
/// [protecting an AMI](https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-deregistration-protection.html).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// None.
    Off,
    /// It can't be deregistered until somebody switches the protection off, and not for a while
    /// after that where it has a cooldown.
    On,
    /// Switched off, and still protecting until its cooldown ends.
    Until(Timestamp),
}

/// The stages of retiring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Its owner was told.
    Marked,
    /// Nobody new is offered it.
    Deprecated,
    /// It can't be launched.
    Disabled,
    /// It is in the Recycle Bin, or gone for good where no rule covers it.
    Deregistered,
}

/// How far an image's retiring is, by the record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retirement {
    /// Its stage and the recorded moment it came to it; nothing where it is in use.
    pub at: Option<(Stage, Timestamp)>,
}

impl Retirement {
    /// The stage after the present one; nothing after the last.
    pub fn next(self) -> Option<Stage> {
        match self.at.map(|(stage, _)| stage) {
            None => Some(Stage::Marked),
            Some(Stage::Marked) => Some(Stage::Deprecated),
            Some(Stage::Deprecated) => Some(Stage::Disabled),
            Some(Stage::Disabled) => Some(Stage::Deregistered),
            Some(Stage::Deregistered) => None,
        }
    }

    /// When the present stage has lasted long enough; nothing before the first.
    pub fn not_before(self, delays: &Delays) -> Option<Timestamp> {
        let (stage, since) = self.at?;
        let delay = match stage {
            Stage::Marked => delays.deprecated,
            Stage::Deprecated => delays.disabled,
            Stage::Disabled | Stage::Deregistered => delays.deregistered,
        };
        Some(since.checked_add(delay).unwrap_or(Timestamp::MAX))
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Marked => "marked",
            Self::Deprecated => "deprecated",
            Self::Disabled => "disabled",
            Self::Deregistered => "deregistered",
        })
    }
}
