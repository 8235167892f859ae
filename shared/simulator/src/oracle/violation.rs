//! What is recorded of a call that breaks a rule.

use std::fmt;

use jiff::Timestamp;

/// A rule that every destructive call has to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// Something uses the image.
    InUse,
    /// The image or snapshot is held.
    Held,
    /// Deregistration protection, a snapshot's lock, AWS Backup or Data Lifecycle Manager.
    Protected,
    /// It is of no family, or of an account that isn't named.
    Foreign,
    /// No item of the record names the image.
    Unrecorded,
    /// No notice named the image before.
    Unnotified,
    /// The stage before was left out or is too recent, or the image is too young.
    InsideDelay,
    /// It is among the newest that the family keeps.
    AmongLast,
    /// More in a day than the operation may take.
    OverCap,
    /// Nothing that is available in its place is newer.
    NewestVerified,
    /// Something else still uses the snapshot or the bundle.
    SharedSnapshot,
    /// The snapshot was there before its image was made.
    OlderSnapshot,
    /// What is deleted belongs to an image that is still registered.
    NotInBin,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InUse => "in use",
            Self::Held => "held",
            Self::Protected => "protected",
            Self::Foreign => "foreign",
            Self::Unrecorded => "not on record",
            Self::Unnotified => "no notice before",
            Self::InsideDelay => "too early",
            Self::AmongLast => "among the last",
            Self::OverCap => "over the cap",
            Self::NewestVerified => "the newest",
            Self::SharedSnapshot => "shared",
            Self::OlderSnapshot => "older than its image",
            Self::NotInBin => "still registered",
        })
    }
}

/// A call of Amiary's that broke a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// When, on the world's clock.
    pub at: Timestamp,
    /// The operation.
    pub call: String,
    /// The account, the Region and the id of what the call was about.
    pub resource: Resource,
    /// The rule.
    pub rule: Rule,
    /// What in the world says so.
    pub why: String,
}

/// What a call is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// The account that is called.
    pub account: String,
    /// The Region that is called.
    pub region: String,
    /// The image's or snapshot's id, or the place of a bundle in S3: its bucket and prefix.
    pub id: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            at,
            call,
            resource,
            rule,
            why,
        } = self;
        let Resource {
            account,
            region,
            id,
        } = resource;
        write!(
            f,
            "{at}: {call} of {id} in {account} {region}: {rule}: {why}"
        )
    }
}
