//! What must be kept, as whoever sets a world up says it: the policy a second time, in words of
//! its own.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

/// What Amiary's destructive calls are held to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Safeguards {
    /// The families whose images may be retired at all.
    pub families: Vec<Family>,
    /// The accounts whose images and snapshots may be retired.
    pub accounts: BTreeSet<String>,
    /// Ids of images that are held, whatever else is said.
    pub held: BTreeSet<String>,
    /// Ids of images and snapshots that are said to be in use where nobody can look.
    pub references: BTreeSet<String>,
    /// Names of Systems Manager parameters, with a version or a label or without, whose image is
    /// in use.
    pub parameters: BTreeSet<String>,
    /// The most that each operation may take in a day (of UTC), by the operation's name.
    pub most_per_day: BTreeMap<String, Cap>,
    /// The name of the record's table.
    pub table: String,
    /// The ARNs of the topics that owners hear of retirements on.
    pub topics: BTreeSet<String>,
    /// The message attribute and its value that tell a notice of retirement from any other; where
    /// there is none, every message counts.
    pub notice: Option<(String, String)>,
}

/// A family of images: its sources, and the copies made of them, of copies of them and so on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Family {
    /// The name.
    pub name: String,
    /// The ids of its sources.
    pub sources: BTreeSet<String>,
    /// What is kept of the sources.
    pub keep_sources: Keep,
    /// What is kept of the copies.
    pub keep_replicas: Keep,
    /// What must pass before each stage.
    pub delays: Delays,
    /// Tags that hold an image or a snapshot: a key, and its value where only that one holds.
    pub hold_tags: Vec<(String, Option<String>)>,
}

/// What is kept in any case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keep {
    /// The newest so many of each architecture, account and Region.
    pub last: usize,
    /// Whatever was made less than so long ago.
    pub lasting: SignedDuration,
}

/// How long after the stage before a stage may come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Delays {
    /// From the first notice to the deprecation.
    pub deprecation: SignedDuration,
    /// From the deprecation to the disabling.
    pub disabling: SignedDuration,
    /// From the disabling to the deregistration.
    pub deregistration: SignedDuration,
}

/// How much an operation may take in a day. What isn't said is without a limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cap {
    /// So many images, snapshots or bundles of all families.
    pub count: Option<usize>,
    /// So many of a hundred members that a family has. A share that is less than one allows none.
    pub percent: Option<usize>,
}
