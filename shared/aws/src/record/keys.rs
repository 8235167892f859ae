//! Owns the table's keys. They are forever: a key that changes loses what is stored under it.

use super::{Attributes, text};
use amiary_domain::ids::{ImageId, ImageRef, Place};
use amiary_domain::lineage::{Record, Source, SourceStatus, Version};
use jiff::Timestamp;

/// What the partition keys of lineages begin with.
pub const LINEAGE_PREFIX: &str = "LINEAGE#";
/// What the partition keys of notices begin with.
pub const NOTICE_PREFIX: &str = "NOTICE#";
/// What the sort keys of a lineage's present, its history apart, begin with.
pub(super) const PRESENT: &str = "IMAGE#";
/// The sort key of a source.
pub(super) const SOURCE: &str = "IMAGE#SOURCE";
/// What the sort keys of replicas begin with.
pub(super) const REPLICA: &str = "IMAGE#REPLICA#";
/// What the sort keys of descendants begin with.
pub(super) const CHILD: &str = "IMAGE#CHILD#";
/// What the sort keys of history entries begin with.
pub(super) const HISTORY: &str = "HISTORY#";
/// The partition of the policy.
pub(super) const POLICY: &str = "POLICY";
/// What the sort keys of the policy's revisions begin with.
pub(super) const REVISION: &str = "REVISION#";

/// `work_kind` of sources whose replication is unfinished.
pub(super) const UNFINISHED: &str = "UNFINISHED";
/// `work_kind` of sources that are looked at again when they are due.
pub(super) const CHECK: &str = "CHECK";
/// `work_kind` of notices that wait to be published.
pub(super) const PENDING: &str = "NOTICE";

/// The primary key of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub pk: String,
    pub sk: String,
}

impl Key {
    fn new(pk: String, sk: impl Into<String>) -> Self {
        Self { pk, sk: sk.into() }
    }

    /// The key as `DynamoDB` takes it.
    pub fn attributes(&self) -> Attributes {
        [
            ("pk".to_owned(), text(&self.pk)),
            ("sk".to_owned(), text(&self.sk)),
        ]
        .into()
    }
}

/// The partition of a source's lineage.
pub(super) fn lineage(source: &ImageRef) -> String {
    format!("{LINEAGE_PREFIX}{source}")
}

/// Where a record is stored.
pub(super) fn record(record: &Record) -> Key {
    match record {
        Record::Source(source) => Key::new(lineage(&source.image), SOURCE),
        Record::Replica(replica) => {
            let Place { account, region } = &replica.destination;
            Key::new(
                lineage(&replica.source),
                format!("{REPLICA}{account}#{region}"),
            )
        }
    }
}

/// Where a source's descendant is noted.
pub(super) fn child(parent: &ImageRef, child: &ImageRef) -> Key {
    Key::new(lineage(parent), format!("{CHILD}{child}"))
}

/// Where the history entry is stored of a record's change to this version. Entries sort by time.
pub(super) fn history(record: &Record, version: u64, at: Timestamp) -> Key {
    let (source, place, kind) = match record {
        Record::Source(source) => (&source.image, &source.image.place, "source"),
        Record::Replica(replica) => (&replica.source, &replica.destination, "replica"),
    };
    Key::new(
        lineage(source),
        format!("{HISTORY}{}#{place}#{kind}#{version:06}", sortable(at)),
    )
}

/// Where it is noted which lineage an image belongs to.
pub(super) fn image(image: &ImageRef) -> Key {
    Key::new(format!("IMAGE#{image}"), "IMAGE")
}

/// Where a revision of the policy is stored.
pub(super) fn revision(number: u64) -> Key {
    Key::new(POLICY.to_owned(), format!("{REVISION}{number:012}"))
}

/// Where it is noted which revision is active.
pub(super) fn active() -> Key {
    Key::new(POLICY.to_owned(), "ACTIVE")
}

/// Where it is kept what the last looks for uses found.
pub(super) fn tally() -> Key {
    Key::new("SURVEY".to_owned(), "TALLY")
}

/// Where a notice is stored.
pub(super) fn notice(id: &str) -> Key {
    Key::new(format!("{NOTICE_PREFIX}{id}"), "NOTICE")
}

/// A source's place in the index of work: its kind and when it is due.
pub(super) fn work(source: &Source) -> (&'static str, String) {
    let kind = match source.status {
        SourceStatus::Replicating => UNFINISHED,
        SourceStatus::Replicated | SourceStatus::Incomplete | SourceStatus::Unavailable => CHECK,
    };
    (kind, sortable(source.due))
}

/// A source's or replica's place among its family: by architecture, account and Region, then by the
/// age of its version. One whose age is unknown counts as the oldest.
pub(super) fn family_order(version: &Version, at: &Place, source: &ImageId) -> String {
    let Place { account, region } = at;
    let created = version.created.map_or_else(|| "-".to_owned(), sortable);
    format!(
        "{}#{account}#{region}#{created}#{source}",
        version.architecture
    )
}

/// A time as text that sorts as the times do: RFC 3339 with always six decimals.
pub(super) fn sortable(at: Timestamp) -> String {
    format!("{at:.6}")
}

#[cfg(test)]
mod tests;
