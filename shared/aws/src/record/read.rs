//! Owns reading the record.

use super::items::{
    Active, DecodeError, Item, Pointer, StoredRevision, decode, decode_history, decode_lineage,
    decode_member,
};
use super::{Attributes, LINEAGE_PREFIX, keys, page_limit, text};
use crate::Aws;
use amiary_domain::ids::ImageRef;
use amiary_domain::lineage::{HistoryEntry, Lineage, Record};
use amiary_engine::ports::{Answer, Class, Page, PortError, ReadRecord, Revision};
use amiary_engine::retention::Tally;
use async_trait::async_trait;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The most items one
/// [`BatchGetItem`](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html)
/// takes.
const BATCH: usize = 100;

/// How often what a batch left unprocessed is asked for again before that is left to the next run.
const ROUNDS: usize = 8;

/// Whether a moment itself counts.
#[derive(Debug, Clone, Copy)]
pub(super) enum Limit {
    /// It does.
    By,
    /// It doesn't.
    Before,
}

#[async_trait]
impl ReadRecord for Aws {
    async fn find(&self, image: &ImageRef) -> Answer<Option<Lineage>> {
        match self.item(&keys::image(image)).await? {
            Some(item) => {
                let pointer: Pointer = self.readable("GetItem", decode(item))?;
                self.lineage(&pointer.lineage).await
            }
            None => Ok(None),
        }
    }

    async fn lineage(&self, source: &ImageRef) -> Answer<Option<Lineage>> {
        let items = self
            .partition(&keys::lineage(source), keys::PRESENT)
            .await?;
        self.readable("Query", decode_lineage(items))
    }

    async fn history(&self, source: &ImageRef) -> Answer<Vec<HistoryEntry>> {
        let items = self
            .partition(&keys::lineage(source), keys::HISTORY)
            .await?;
        items
            .into_iter()
            .map(|item| self.readable("Query", decode_history(item)))
            .collect()
    }

    async fn unfinished(&self) -> Answer<Vec<ImageRef>> {
        let items = self.work(keys::UNFINISHED, None, usize::MAX).await?;
        Ok(sources(&items))
    }

    /// Unfinished sources are not among them: [`unfinished`](ReadRecord::unfinished) has those,
    /// due or not.
    async fn due(&self, now: Timestamp, most: usize) -> Answer<Vec<ImageRef>> {
        let items = self.work(keys::CHECK, Some((Limit::By, now)), most).await?;
        Ok(sources(&items))
    }

    /// The index is read to its end: this is asked only while a revision is new.
    async fn decided_before(&self, revision: u64, most: usize) -> Answer<Vec<ImageRef>> {
        let revision = AttributeValue::N(revision.to_string());
        let query = self
            .query()
            .await
            .index_name("work")
            .key_condition_expression("work_kind = :kind")
            .filter_expression("revision < :revision")
            .expression_attribute_values(":kind", text(keys::CHECK))
            .expression_attribute_values(":revision", revision);
        let items = self.items(query, most).await?;
        Ok(sources(&items))
    }

    async fn family(&self, name: &str, from: Option<String>) -> Answer<Page<Record>> {
        let query = self
            .query()
            .await
            .index_name("family")
            // `family` is a reserved word.
            .key_condition_expression("#family = :family")
            .expression_attribute_names("#family", "family")
            .expression_attribute_values(":family", text(name));
        let call = self.on_table("Query");
        let from = from.map(|from| family_key(name, &from)).transpose();
        let from = from.map_err(|error| call.not_sent(error))?;
        let answer = query.set_exclusive_start_key(from).send().await;
        let answer = answer.map_err(|error| call.failed(error))?;
        let items = answer.items.unwrap_or_default().into_iter().map(Item::from);
        let members = items.map(|item| self.readable("Query", decode_member(item)));
        Ok(Page {
            items: members.collect::<Answer<_>>()?,
            next: answer.last_evaluated_key.map(|key| page_key(&key)),
        })
    }

    async fn known(&self, images: &[ImageRef]) -> Answer<BTreeSet<ImageRef>> {
        let wanted: BTreeMap<String, &ImageRef> = images
            .iter()
            .map(|image| (keys::image(image).pk, image))
            .collect();
        let keys: BTreeSet<&ImageRef> = images.iter().collect();
        let keys: Vec<Attributes> = keys
            .into_iter()
            .map(|image| keys::image(image).attributes())
            .collect();
        let mut known = BTreeSet::new();
        for some in keys.chunks(BATCH) {
            for pk in self.present(some).await? {
                known.extend(wanted.get(&pk).map(|image| (*image).clone()));
            }
        }
        Ok(known)
    }

    async fn tally(&self) -> Answer<Tally> {
        self.stored_tally().await
    }

    async fn active_policy(&self) -> Answer<Option<Revision>> {
        let Some(number) = self.active_revision().await? else {
            return Ok(None);
        };
        let Some(item) = self.item(&keys::revision(number)).await? else {
            let call = self.on_table("GetItem");
            return Err(call.unreadable(format!("revision {number} is active and not stored")));
        };
        let stored: StoredRevision = self.readable("GetItem", decode(item))?;
        Ok(Some(stored.into()))
    }
}

/// Where the next page of a family begins, as text: the keys of the last item of this one.
fn page_key(last: &Attributes) -> String {
    let parts = ["pk", "sk", "family_order"];
    let texts = parts.map(|part| last.get(part).and_then(|value| value.as_s().ok()));
    serde_json::json!(texts).to_string()
}

fn family_key(family: &str, from: &str) -> Result<Attributes, serde_json::Error> {
    let [pk, sk, order]: [String; 3] = serde_json::from_str(from)?;
    let parts = [("pk", pk), ("sk", sk), ("family_order", order)];
    let parts = parts.into_iter().chain([("family", family.to_owned())]);
    Ok(parts
        .map(|(name, value)| (name.to_owned(), text(value)))
        .collect())
}

impl Aws {
    /// The number of the active revision.
    pub(super) async fn active_revision(&self) -> Answer<Option<u64>> {
        let item = self.item(&keys::active()).await?;
        let active = item
            .map(|item| self.readable("GetItem", decode::<Active>(item)))
            .transpose()?;
        Ok(active.map(|active| active.current))
    }

    /// Up to `most` items of one kind of work, due by or before a moment, the longest due first.
    pub(super) async fn work(
        &self,
        kind: &str,
        when: Option<(Limit, Timestamp)>,
        most: usize,
    ) -> Answer<Vec<Item>> {
        if most == 0 {
            return Ok(Vec::new());
        }
        let mut query = self
            .query()
            .await
            .index_name("work")
            .limit(page_limit(most))
            .expression_attribute_values(":kind", text(kind));
        query = match when {
            Some((limit, moment)) => query
                .key_condition_expression(match limit {
                    Limit::By => "work_kind = :kind AND work_due <= :moment",
                    Limit::Before => "work_kind = :kind AND work_due < :moment",
                })
                .expression_attribute_values(":moment", text(keys::sortable(moment))),
            None => query.key_condition_expression("work_kind = :kind"),
        };
        self.items(query, most).await
    }

    /// What was decoded, or why it could not be.
    pub(super) fn readable<T>(
        &self,
        operation: &'static str,
        decoded: Result<T, DecodeError>,
    ) -> Answer<T> {
        decoded.map_err(|error| self.on_table(operation).unreadable(error))
    }

    /// The partition keys of those items that exist. What `DynamoDB` leaves unprocessed is asked for
    /// again.
    async fn present(&self, keys: &[Attributes]) -> Answer<Vec<String>> {
        let call = self.on_table("BatchGetItem");
        let client = self.dynamodb().await;
        let mut wanted = keys.to_vec();
        let mut present = Vec::new();
        for _ in 0..ROUNDS {
            if wanted.is_empty() {
                return Ok(present);
            }
            let request = KeysAndAttributes::builder()
                .set_keys(Some(wanted))
                .consistent_read(true)
                .projection_expression("pk")
                .build()
                .map_err(|error| call.not_sent(error))?;
            let answer = client
                .batch_get_item()
                .request_items(&*self.table, request)
                .send()
                .await
                .map_err(|error| call.failed(error))?;
            let responses = answer.responses;
            let responses =
                responses.ok_or_else(|| call.unreadable("the answer has no responses"))?;
            let items = responses.into_values().flatten();
            present.extend(items.filter_map(partition_key));
            let left = answer
                .unprocessed_keys
                .into_iter()
                .flat_map(HashMap::into_values);
            wanted = left.flat_map(|left| left.keys).collect();
        }
        if wanted.is_empty() {
            Ok(present)
        } else {
            Err(self.unprocessed())
        }
    }

    fn unprocessed(&self) -> PortError {
        self.on_table("BatchGetItem").refused(
            Class::Retry,
            "UnprocessedKeys",
            "DynamoDB leaves keys unprocessed, time and again".to_owned(),
        )
    }
}

fn partition_key(mut item: Attributes) -> Option<String> {
    match item.remove("pk") {
        Some(AttributeValue::S(pk)) => Some(pk),
        _ => None,
    }
}

/// The sources that items of the work index belong to, by their keys alone: a record that this
/// version can't read fails the look at its own lineage, and no other.
fn sources(items: &[Item]) -> Vec<ImageRef> {
    let key = |item: &Item| match item.get("pk") {
        Some(serde_dynamo::AttributeValue::S(pk)) => pk.strip_prefix(LINEAGE_PREFIX)?.parse().ok(),
        _ => None,
    };
    items.iter().filter_map(key).collect()
}
