//! Owns the ports: what Amiary asks of AWS and of its record, in its own words. Reading and
//! writing are apart, so that a signature shows what may change something.

use crate::retention::Tally;
use amiary_domain::ids::{AccountId, ImageId, ImageRef, Place, SnapshotId};
use amiary_domain::image::{Image, Key, LaunchPermission, Snapshot, Tags};
use amiary_domain::lineage::{Change, CopyRequest, HistoryEntry, Lineage, Record};
use amiary_domain::notice::Notice;
use amiary_domain::retention::{Lookout, Protection, Report};
use async_trait::async_trait;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What a failed call means for what happens next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Throttled, a fault of AWS's, or no answer: the same call may work later.
    Retry,
    /// A full quota: the same call works once others have ended.
    Quota,
    /// The thing is not ready for the call yet.
    NotReady,
    /// What the call names does not exist (any more).
    Gone,
    /// The name is taken.
    NameTaken,
    /// The client token was used with other parameters.
    TokenMismatch,
    /// Somebody else wrote the record first.
    Conflict,
    /// Refused, and it would be refused again.
    Permanent,
}

/// A call that failed: which, where, what AWS said, and what that means.
#[derive(Debug, thiserror::Error)]
#[error("{operation} in {place}: {code}: {message}")]
pub struct PortError {
    /// What it means.
    pub class: Class,
    /// The operation, in AWS's name for it.
    pub operation: &'static str,
    /// Account and Region, as text.
    pub place: String,
    /// AWS's error code, or a word of our own where AWS did not answer.
    pub code: String,
    /// AWS's message, with what to do about it where that is known.
    pub message: String,
    /// The id that AWS gave the request: for logs and for AWS's support, not part of what people
    /// are told, as it differs each time.
    pub request: Option<String>,
    /// Whether the call was sent more than once: an earlier sending, whose answer was lost, may have
    /// been done. Told of copies only.
    pub repeated: bool,
    /// What lies below.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What a port answers.
pub type Answer<T> = Result<T, PortError>;

/// One page of a listing.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// Its items.
    pub items: Vec<T>,
    /// Where the next page begins; none is the end.
    pub next: Option<String>,
}

/// Reads images and snapshots.
#[async_trait]
pub trait ReadImages: Send + Sync {
    /// One image as seen from a place, disabled and deprecated ones too; `None` where EC2 says
    /// that there is none. Its `at` names its owner's account, whoever looked.
    async fn image(&self, place: &Place, id: &ImageId) -> Answer<Option<Image>>;
    /// The images of this exact name that the place's account owns.
    async fn images_named(&self, place: &Place, name: &str) -> Answer<Vec<Image>>;
    /// A page of all images that the place's account owns, disabled and deprecated ones too.
    async fn images(&self, place: &Place, from: Option<String>) -> Answer<Page<Image>>;
    /// Who may launch an image: only its owner may ask.
    async fn launch_permissions(&self, image: &ImageRef) -> Answer<BTreeSet<LaunchPermission>>;
    /// Snapshots by id.
    async fn snapshots(
        &self,
        place: &Place,
        ids: &BTreeSet<SnapshotId>,
    ) -> Answer<BTreeMap<SnapshotId, Snapshot>>;
    /// Which accounts may make volumes from a snapshot: only its owner may ask.
    async fn volume_permissions(
        &self,
        place: &Place,
        snapshot: &SnapshotId,
    ) -> Answer<BTreeSet<AccountId>>;
}

/// An image as it is listed to be judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The image.
    pub image: Image,
    /// When it was last launched, by whomever; EC2 tells a day later.
    pub launched: Option<Timestamp>,
    /// What keeps it from being deregistered.
    pub protection: Protection,
}

/// What names the newest version of a launch template.
pub const LATEST: &str = "$Latest";
/// What names the default version of a launch template.
pub const DEFAULT: &str = "$Default";

/// What something that was found points at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// An image.
    Image(ImageId),
    /// A snapshot.
    Snapshot(SnapshotId),
    /// An SSM parameter that holds an image's id: its name, with a version or label behind a colon
    /// where one is named.
    Parameter(String),
    /// An SSM parameter that may hold anything: it counts where the policy declares it.
    Text(String),
    /// An SSM parameter that is a secret, so that nobody may read it. Where the policy declares it,
    /// it is not known what it holds.
    Secret(String),
    /// A version of a launch template: its id or name, and a number, `$Latest` or `$Default`.
    Template {
        /// The template's id, or its name.
        template: String,
        /// The version.
        version: String,
    },
}

/// Something that can launch, and what from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// What it is, as a person would look for it.
    pub by: String,
    /// What others point at that mean this: each [`Target::Template`] of a template's version.
    pub named: BTreeSet<Target>,
    /// What it points at.
    pub targets: BTreeSet<Target>,
}

/// Finds who uses images. Nothing here changes anything.
#[async_trait]
pub trait ReadUses: Send + Sync {
    /// A page of all images that the place's account owns, disabled and deprecated ones too.
    async fn listed(&self, place: &Place, from: Option<String>) -> Answer<Page<Listed>>;
    /// A page of what a lookout of a place shows. [`Lookout::References`] has no pages: that is
    /// [`references`](Self::references).
    async fn uses(
        &self,
        place: &Place,
        lookout: Lookout,
        from: Option<String>,
    ) -> Answer<Page<Found>>;
    /// What these versions of a launch template point at: those that
    /// [`Lookout::LaunchTemplates`] does not list.
    async fn template(
        &self,
        place: &Place,
        template: &str,
        versions: &BTreeSet<String>,
    ) -> Answer<Vec<Found>>;
    /// What SSM parameters hold, by name with its version or label. Those that are not there are
    /// left out.
    async fn parameters(
        &self,
        place: &Place,
        names: &BTreeSet<String>,
    ) -> Answer<BTreeMap<String, String>>;
    /// What of a place's account refers to these images, at most ten.
    async fn references(&self, place: &Place, images: &[ImageId])
    -> Answer<Vec<(ImageId, String)>>;
    /// A page of the snapshots that are locked, each until when.
    async fn locked(
        &self,
        place: &Place,
        from: Option<String>,
    ) -> Answer<Page<(SnapshotId, Option<Timestamp>)>>;
    /// The newest usage report on an image that its owner asked for.
    async fn usage_report(&self, image: &ImageRef) -> Answer<Option<Report>>;
}

/// Asks EC2 to look into who uses images.
#[async_trait]
pub trait AskUses: Send + Sync {
    /// Asks for a usage report on an image: it is there some time later. Fails with
    /// [`Class::Quota`] while one is pending.
    async fn ask_usage_report(&self, image: &ImageRef) -> Answer<()>;
}

/// Changes images and snapshots. Nothing here deletes.
#[async_trait]
pub trait ChangeImages: Send + Sync {
    /// Starts a copy of a source at a destination.
    async fn copy(
        &self,
        source: &ImageRef,
        destination: &Place,
        request: &CopyRequest,
    ) -> Answer<ImageId>;
    /// Sets tags on resources, up to 1,000 by id.
    async fn tag(&self, place: &Place, resources: &[String], tags: &Tags) -> Answer<()>;
    /// Removes tags from resources by their keys.
    async fn untag(
        &self,
        place: &Place,
        resources: &[String],
        keys: &BTreeSet<String>,
    ) -> Answer<()>;
    /// Lets these launch an image, and refuses those.
    async fn share(
        &self,
        image: &ImageRef,
        add: &BTreeSet<LaunchPermission>,
        remove: &BTreeSet<LaunchPermission>,
    ) -> Answer<()>;
    /// Lets these accounts make volumes from a snapshot, and refuses those.
    async fn share_snapshot(
        &self,
        place: &Place,
        snapshot: &SnapshotId,
        add: &BTreeSet<AccountId>,
        remove: &BTreeSet<AccountId>,
    ) -> Answer<()>;
}

/// Reads keys.
#[async_trait]
pub trait ReadKeys: Send + Sync {
    /// The key of this id, ARN or alias at a place; `None` where KMS says that there is none.
    async fn key(&self, place: &Place, name: &str) -> Answer<Option<Key>>;
}

/// A stored revision of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// Its number, from 1.
    pub number: u64,
    /// The document.
    pub text: String,
    /// When it was stored.
    pub at: Timestamp,
    /// Who stored it.
    pub by: String,
}

/// Reads the record.
#[async_trait]
pub trait ReadRecord: Send + Sync {
    /// The lineage that an image belongs to, as source or as replica.
    async fn find(&self, image: &ImageRef) -> Answer<Option<Lineage>>;
    /// The lineage of a source, by a consistent read.
    async fn lineage(&self, source: &ImageRef) -> Answer<Option<Lineage>>;
    /// A lineage's history, the oldest entry first.
    async fn history(&self, source: &ImageRef) -> Answer<Vec<HistoryEntry>>;
    /// Sources whose replication is unfinished.
    async fn unfinished(&self) -> Answer<Vec<ImageRef>>;
    /// Up to `most` sources that are due to be looked at again, the longest due first.
    async fn due(&self, now: Timestamp, most: usize) -> Answer<Vec<ImageRef>>;
    /// Up to `most` sources that were last decided about under a revision before this one.
    async fn decided_before(&self, revision: u64, most: usize) -> Answer<Vec<ImageRef>>;
    /// A page of every source and replica of a family that is on record, the oldest first in each
    /// architecture, account and Region.
    async fn family(&self, name: &str, from: Option<String>) -> Answer<Page<Record>>;
    /// Which of these images are recorded as sources or replicas.
    async fn known(&self, images: &[ImageRef]) -> Answer<BTreeSet<ImageRef>>;
    /// What the last looks for uses found.
    async fn tally(&self) -> Answer<Tally>;
    /// The active policy; `None` before the first was applied.
    async fn active_policy(&self) -> Answer<Option<Revision>>;
}

/// Writes the record.
#[async_trait]
pub trait WriteRecord: Send + Sync {
    /// Writes one change with its history entry and its notices, whole or not at all; fails with
    /// [`Class::Conflict`] where the record was written since it was read. `by` is who decided.
    async fn commit(&self, change: &Change, at: Timestamp, by: &str) -> Answer<()>;
    /// Keeps what looks for uses found.
    async fn keep_tally(&self, tally: &Tally) -> Answer<()>;
}

/// Stores revisions of the policy.
#[async_trait]
pub trait StorePolicy: Send + Sync {
    /// Stores a document as the next revision and makes it the active one. Fails with
    /// [`Class::Conflict`] where `after` (0 for none) is not the active revision any more.
    async fn apply_policy(&self, text: &str, after: u64, at: Timestamp, by: &str) -> Answer<u64>;
}

/// The notices that wait to be published.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Up to `most` pending notices stored before a moment, the oldest first.
    async fn pending(&self, before: Timestamp, most: usize) -> Answer<Vec<Notice>>;
    /// The notice of this id as it is stored, by a consistent read; `None` where it is not pending
    /// any more.
    async fn still_pending(&self, id: &str) -> Answer<Option<Notice>>;
    /// Marks a notice as published.
    async fn published(&self, id: &str, at: Timestamp) -> Answer<()>;
}

/// Publishes notices.
#[async_trait]
pub trait Publish: Send + Sync {
    /// Publishes a notice to its topic; answers SNS's message id.
    async fn publish(&self, notice: &Notice) -> Answer<String>;
}

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now, UTC.
    fn now(&self) -> Timestamp;
}

/// Everything that reads.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    /// Images and snapshots.
    pub images: &'a dyn ReadImages,
    /// Keys.
    pub keys: &'a dyn ReadKeys,
    /// The record.
    pub record: &'a dyn ReadRecord,
    /// The time.
    pub clock: &'a dyn Clock,
}

/// Everything that changes something.
#[derive(Clone, Copy)]
pub struct Writing<'a> {
    /// Images and snapshots.
    pub images: &'a dyn ChangeImages,
    /// The record.
    pub record: &'a dyn WriteRecord,
    /// Who decides, for the history: a function's name, or `amiary` for a person.
    pub by: &'a str,
}
