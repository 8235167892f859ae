//! Owns writing the record: a change is one transaction, and it fails whole where the record was
//! written since it was read.

use super::items::{Child, Item, Pointer, encode, encode_notice, encode_record};
use super::keys::{self, Key};
use super::{Attributes, number, text};
use crate::Aws;
use crate::errors::Call;
use amiary_domain::ids::ImageRef;
use amiary_domain::lineage::{Change, HistoryEntry, Record};
use amiary_engine::ports::{Answer, PortError, WriteRecord};
use amiary_engine::retention::Tally;
use async_trait::async_trait;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::Ordering;

/// The operation that all of this is.
const OPERATION: &str = "TransactWriteItems";

/// Where nothing may be stored yet.
pub(super) const NEW: &str = "attribute_not_exists(pk)";

#[async_trait]
impl WriteRecord for Aws {
    /// A notice's id follows from the change that caused it, so that one which is stored already
    /// means that this change was committed before: a conflict like any other.
    async fn commit(&self, change: &Change, at: Timestamp, by: &str) -> Answer<()> {
        let mut puts = vec![
            self.put_record(&change.record)?,
            self.put_history(change, at, by)?,
        ];
        puts.extend(self.put_pointers(&change.record)?);
        for notice in &change.notices {
            let key = keys::notice(&notice.id);
            let item = encode_notice(&key, notice, at).map_err(|error| self.not_sent(error))?;
            puts.push(self.put(item).condition_expression(NEW));
        }
        self.transact(puts).await
    }

    async fn keep_tally(&self, tally: &Tally) -> Answer<()> {
        self.store_tally(tally).await
    }
}

impl Aws {
    /// Writes these items, all or none. See
    /// [`TransactWriteItems`](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html).
    pub(super) async fn transact(&self, puts: Vec<PutBuilder>) -> Answer<()> {
        let call = self.on_table(OPERATION);
        let puts: Vec<Put> = puts
            .into_iter()
            .map(PutBuilder::build)
            .collect::<Result<_, _>>()
            .map_err(|e| call.not_sent(e))?;
        let token = self.token(&puts);
        let items = puts
            .into_iter()
            .map(|put| TransactWriteItem::builder().put(put).build())
            .collect();
        let answer = self
            .dynamodb()
            .await
            .transact_write_items()
            .client_request_token(token)
            .set_transact_items(Some(items))
            .send()
            .await;
        answer.map(drop).map_err(|error| failed(&call, error))
    }

    /// A put of an item into the table.
    pub(super) fn put(&self, item: Item) -> PutBuilder {
        Put::builder()
            .table_name(&*self.table)
            .set_item(Some(item.into()))
    }

    /// The error of an item that could not be written down.
    pub(super) fn not_sent(&self, error: serde_dynamo::Error) -> PortError {
        self.on_table(OPERATION).not_sent(error)
    }

    /// The record, over the version that was read.
    fn put_record(&self, record: &Record) -> Answer<PutBuilder> {
        let key = keys::record(record);
        let put = self.put(encode_record(&key, record).map_err(|error| self.not_sent(error))?);
        Ok(match version(record) {
            0 => put.condition_expression(NEW),
            read => put
                .condition_expression("#version = :read")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":read", number(read)),
        })
    }

    fn put_history(&self, change: &Change, at: Timestamp, by: &str) -> Answer<PutBuilder> {
        let (place, revision) = match &change.record {
            Record::Source(source) => (&source.image.place, source.revision),
            Record::Replica(replica) => (&replica.destination, replica.revision),
        };
        let entry = HistoryEntry {
            at,
            place: place.clone(),
            what: change.entry.clone(),
            revision,
            by: by.to_owned(),
        };
        let key = keys::history(&change.record, version(&change.record) + 1, at);
        let item = encode(&key, &entry).map_err(|error| self.not_sent(error))?;
        Ok(self.put(item).condition_expression(NEW))
    }

    /// What leads to the record: from its image, and from the source it was built from.
    fn put_pointers(&self, record: &Record) -> Answer<Vec<PutBuilder>> {
        let mut puts = Vec::new();
        match record {
            Record::Source(source) if source.version == 0 => {
                puts.push(self.put_pointer(&source.image, &source.image)?);
                if let Some(parent) = source
                    .parent
                    .as_ref()
                    .filter(|parent| **parent != source.image)
                {
                    let key = keys::child(parent, &source.image);
                    let item = encode(
                        &key,
                        &Child {
                            child: source.image.clone(),
                        },
                    );
                    puts.push(self.put(item.map_err(|error| self.not_sent(error))?));
                }
            }
            Record::Source(_) => {}
            Record::Replica(replica) => {
                if let Some(id) = &replica.image {
                    let image = ImageRef::new(replica.destination.clone(), id.clone());
                    puts.push(self.put_pointer(&image, &replica.source)?);
                }
            }
        }
        Ok(puts)
    }

    /// An image belongs to one lineage, for ever.
    fn put_pointer(&self, image: &ImageRef, lineage: &ImageRef) -> Answer<PutBuilder> {
        let key: Key = keys::image(image);
        let item = encode(
            &key,
            &Pointer {
                lineage: lineage.clone(),
            },
        );
        let put = self.put(item.map_err(|error| self.not_sent(error))?);
        Ok(put
            .condition_expression("attribute_not_exists(pk) OR lineage = :lineage")
            .expression_attribute_values(":lineage", text(lineage.to_string())))
    }

    /// A token that no other transaction has, in the 36 characters that `DynamoDB` allows: the SDK's
    /// own retries of this one are the same transaction, and nothing else is.
    fn token(&self, puts: &[Put]) -> String {
        let mut hasher = Sha256::new();
        hasher.update(
            self.transactions
                .fetch_add(1, Ordering::Relaxed)
                .to_be_bytes(),
        );
        for put in puts {
            hasher.update(canonical(put.item()));
        }
        hasher
            .finalize()
            .iter()
            .take(16)
            .fold(String::new(), |mut token, byte| {
                let _ = write!(token, "{byte:02x}");
                token
            })
    }
}

/// The error of a failed transaction; where it was cancelled, the reasons say what that means.
fn failed(call: &Call, error: SdkError<TransactWriteItemsError>) -> PortError {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
        error.as_service_error()
    else {
        return call.failed(error);
    };
    let reasons: Vec<String> = cancelled
        .cancellation_reasons()
        .iter()
        .filter_map(|r| r.code())
        .map(str::to_owned)
        .collect();
    call.cancelled(&reasons, error.into())
}

/// Attributes as a text that is the same for the same attributes.
fn canonical(attributes: &Attributes) -> String {
    let sorted: BTreeMap<&String, String> = attributes
        .iter()
        .map(|(name, value)| (name, canonical_value(value)))
        .collect();
    format!("{sorted:?}")
}

fn canonical_value(value: &AttributeValue) -> String {
    match value {
        AttributeValue::M(attributes) => canonical(attributes),
        AttributeValue::L(values) => {
            format!(
                "{:?}",
                values.iter().map(canonical_value).collect::<Vec<_>>()
            )
        }
        other => format!("{other:?}"),
    }
}

fn version(record: &Record) -> u64 {
    match record {
        Record::Source(source) => source.version,
        Record::Replica(replica) => replica.version,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;
    use crate::clients::tests::world;

    async fn aws() -> Aws {
        let (transport, _) = world();
        Aws::new(Settings {
            transport,
            ..Settings::from_env("amiary")
        })
        .await
    }

    fn attributes(names: &[&str]) -> Attributes {
        let list = AttributeValue::L(vec![number(1_u64), text("a")]);
        names
            .iter()
            .map(|name| ((*name).to_owned(), list.clone()))
            .collect()
    }

    #[tokio::test]
    async fn every_transaction_has_its_own_token_of_at_most_36_characters() {
        let aws = aws().await;
        let item = [
            ("pk".to_owned(), text("a")),
            ("map".to_owned(), AttributeValue::M(attributes(&["x", "y"]))),
        ];
        let put = Put::builder()
            .table_name("amiary")
            .set_item(Some(item.into()))
            .build()
            .unwrap();
        let puts = [put];
        let tokens = [aws.token(&puts), aws.clone().token(&puts)];
        assert_ne!(tokens[0], tokens[1]);
        assert!(tokens.iter().all(|token| token.len() <= 36));
        assert_eq!(
            tokens[0],
            super::tests::aws().await.token(&puts),
            "one seed gives one trace"
        );
    }

    #[test]
    fn attributes_are_the_same_in_any_order() {
        let one = AttributeValue::M(attributes(&["a", "b", "c", "d", "e"]));
        let other = AttributeValue::M(attributes(&["e", "d", "c", "b", "a"]));
        assert_eq!(canonical_value(&one), canonical_value(&other));
        assert_ne!(
            canonical_value(&one),
            canonical_value(&AttributeValue::M(attributes(&["a"])))
        );
    }
}
