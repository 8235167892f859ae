//! Owns the stored formats: how records become items and are read again. Every item carries the
//! number of its format, and an unknown one is refused rather than misread.

use super::keys::{CHILD, Key, PENDING, REPLICA, SOURCE};
use super::keys::{family_order, sortable, work};
use amiary_domain::ids::{ImageRef, Place};
use amiary_domain::lineage::{HistoryEntry, Lineage, Record, Replica, Source};
use amiary_domain::notice::Notice;
use amiary_engine::ports::Revision;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_dynamo::AttributeValue;
use std::collections::{BTreeMap, BTreeSet};

/// The format in which items are written.
pub const FORMAT: u64 = 1;

/// An item, apart from any SDK.
pub(super) type Item = serde_dynamo::Item;

/// A stored item that can't be read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Its format is not known here.
    #[error(
        "the item {key} was written by a newer Amiary (format {found}; this one knows {FORMAT}): \
         deploy the newer version everywhere"
    )]
    Newer {
        /// The item's key.
        key: String,
        /// Its format.
        found: String,
    },
    /// It carries no format.
    #[error("the item {key} has no format: Amiary did not write it")]
    Foreign {
        /// The item's key.
        key: String,
    },
    /// It is a damaged one.
    #[error("the item {key} is not readable")]
    Damaged {
        /// The item's key.
        key: String,
        /// What is wrong with it.
        source: serde_dynamo::Error,
    },
    /// It is not an item in `DynamoDB`'s JSON.
    #[error("this is not an item in DynamoDB's JSON")]
    NoItem(#[from] serde_json::Error),
}

/// Which lineage an image belongs to.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Pointer {
    /// The lineage's source.
    pub lineage: ImageRef,
}

/// A source that was built from another.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Child {
    /// The later source.
    pub child: ImageRef,
}

/// A stored revision of the policy.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StoredRevision {
    number: u64,
    text: String,
    at: Timestamp,
    by: String,
}

/// Which revision of the policy is active.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Active {
    /// The revision's number.
    pub current: u64,
}

impl From<&Revision> for StoredRevision {
    fn from(revision: &Revision) -> Self {
        let Revision {
            number,
            text,
            at,
            by,
        } = revision.clone();
        Self {
            number,
            text,
            at,
            by,
        }
    }
}

impl From<StoredRevision> for Revision {
    fn from(stored: StoredRevision) -> Self {
        let StoredRevision {
            number,
            text,
            at,
            by,
        } = stored;
        Self {
            number,
            text,
            at,
            by,
        }
    }
}

/// A value as an item under a key.
pub(super) fn encode<T: Serialize>(key: &Key, value: &T) -> Result<Item, serde_dynamo::Error> {
    let mut item: Item = serde_dynamo::to_item(value)?;
    set(&mut item, "pk", &key.pk);
    set(&mut item, "sk", &key.sk);
    item.insert("format".to_owned(), AttributeValue::N(FORMAT.to_string()));
    Ok(item)
}

/// A record as its next version: the item that is stored.
pub(super) fn encode_record(key: &Key, record: &Record) -> Result<Item, serde_dynamo::Error> {
    match record {
        Record::Source(source) => {
            let stored = Source {
                version: source.version + 1,
                ..Source::clone(source)
            };
            let mut item = encode(key, &stored)?;
            let (kind, due) = work(&stored);
            set(&mut item, "work_kind", kind);
            set(&mut item, "work_due", due);
            let ImageRef { place, id } = &stored.image;
            let order = family_order(&stored.version_of(), place, id);
            set(&mut item, "family_order", order);
            Ok(item)
        }
        Record::Replica(replica) => {
            let stored = Replica {
                version: replica.version + 1,
                ..Replica::clone(replica)
            };
            let mut item = encode(key, &stored)?;
            if let Some(version) = &stored.version_of {
                set(&mut item, "family", &version.family);
                let at = &stored.destination;
                let order = family_order(version, at, &stored.source.id);
                set(&mut item, "family_order", order);
            }
            Ok(item)
        }
    }
}

/// A notice as an item that is pending since a moment.
pub(super) fn encode_notice(
    key: &Key,
    notice: &Notice,
    at: Timestamp,
) -> Result<Item, serde_dynamo::Error> {
    let mut item = encode(key, notice)?;
    set(&mut item, "work_kind", PENDING);
    set(&mut item, "work_due", sortable(at));
    Ok(item)
}

/// The value in an item.
pub(super) fn decode<T: DeserializeOwned>(item: Item) -> Result<T, DecodeError> {
    let known = FORMAT.to_string();
    match item.get("format") {
        Some(AttributeValue::N(format)) if *format == known => {}
        _ => return Err(unknown(&item)),
    }
    let key = name(&item);
    serde_dynamo::from_item(item).map_err(|source| DecodeError::Damaged { key, source })
}

/// A lineage from the items of its partition, its history apart. `None` where there is no source.
pub(super) fn decode_lineage(items: Vec<Item>) -> Result<Option<Lineage>, DecodeError> {
    let (mut found, mut replicas, mut descendants) =
        (None, BTreeMap::<Place, Replica>::new(), BTreeSet::new());
    for item in items {
        let sk = attribute(&item, "sk").to_owned();
        if sk == SOURCE {
            found = Some(decode::<Source>(item)?);
        } else if sk.starts_with(REPLICA) {
            let replica: Replica = decode(item)?;
            replicas.insert(replica.destination.clone(), replica);
        } else if sk.starts_with(CHILD) {
            descendants.insert(decode::<Child>(item)?.child);
        } else {
            let (key, found) = (name(&item), "of an unknown kind".to_owned());
            return Err(DecodeError::Newer { key, found });
        }
    }
    Ok(found.map(|source| Lineage {
        source,
        replicas,
        descendants,
    }))
}

/// A source or a replica from its item.
pub(super) fn decode_member(item: Item) -> Result<Record, DecodeError> {
    let is_source = attribute(&item, "sk") == SOURCE;
    if is_source {
        return decode(item).map(|source| Record::Source(Box::new(source)));
    }
    decode(item).map(|replica| Record::Replica(Box::new(replica)))
}

/// A history entry from its item.
pub(super) fn decode_history(item: Item) -> Result<HistoryEntry, DecodeError> {
    decode(item)
}

/// The notice in an item as the table's
/// [stream](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.Lambda.html)
/// shows it: a record's `dynamodb.NewImage`, in `DynamoDB`'s JSON.
pub fn notice_from_json(new_image: serde_json::Value) -> Result<Notice, DecodeError> {
    decode(serde_json::from_value(new_image)?)
}

/// Whether a notice's item is pending.
pub(super) fn is_pending(item: &Item) -> bool {
    attribute(item, "work_kind") == PENDING
}

fn set(item: &mut Item, name: &str, value: impl Into<String>) {
    item.insert(name.to_owned(), AttributeValue::S(value.into()));
}

fn attribute<'a>(item: &'a Item, name: &str) -> &'a str {
    match item.get(name) {
        Some(AttributeValue::S(text)) => text,
        _ => "",
    }
}

fn name(item: &Item) -> String {
    format!("{} / {}", attribute(item, "pk"), attribute(item, "sk"))
}

fn unknown(item: &Item) -> DecodeError {
    let key = name(item);
    match item.get("format") {
        Some(AttributeValue::N(format)) => DecodeError::Newer {
            key,
            found: format.clone(),
        },
        _ => DecodeError::Foreign { key },
    }
}

#[cfg(test)]
pub(super) mod tests;
