//! Owns the record: one `DynamoDB` table, its keys, its stored formats, and the ports over it.
//!
//! | partition (`pk`) | item (`sk`) | what |
//! | --- | --- | --- |
//! | `LINEAGE#<source>` | `IMAGE#SOURCE` | a source |
//! | | `IMAGE#REPLICA#<account>#<region>` | its replica at a destination |
//! | | `IMAGE#CHILD#<image>` | a source that was built from it |
//! | | `HISTORY#<time>#<place>#<kind>#<version>` | what happened, append-only |
//! | `IMAGE#<image>` | `IMAGE` | which lineage an image belongs to |
//! | `POLICY` | `REVISION#<number>` | a revision of the policy |
//! | | `ACTIVE` | which revision is active |
//! | `SURVEY` | `TALLY` | how much the last looks for uses of images found |
//! | `NOTICE#<id>` | `NOTICE` | a notice; pending while it has `work_kind` |
//!
//! Index `work` (`work_kind`, `work_due`) is sparse: pending notices, sources that are unfinished,
//! and sources by when they are checked again. Index `family` (`family`, `family_order`) has a
//! family's sources and replicas by architecture, account, Region and age. Every item carries its `format`.

mod items;
mod keys;
mod outbox;
mod policies;
mod read;
mod table;
mod tally;
mod write;

pub use items::{DecodeError, FORMAT, notice_from_json};
pub use keys::{LINEAGE_PREFIX, NOTICE_PREFIX};
pub use table::{DEFINITION, Definition, Index};

use crate::Aws;
use crate::clients::Identity;
use crate::errors::Call;
use amiary_engine::pages::Pages;
use amiary_engine::ports::Answer;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use items::Item;
use keys::Key;
use std::collections::{BTreeMap, HashMap};

/// An item in the SDK's form.
type Attributes = HashMap<String, AttributeValue>;

impl Aws {
    /// `DynamoDB` where the table is: Amiary's own account and Region.
    async fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        self.clients.dynamodb(Identity::Own, None).await
    }

    /// A call of `DynamoDB`, for its errors.
    fn on_table(&self, operation: &'static str) -> Call {
        Call::dynamodb(operation, &self.table)
    }

    /// One item, by a
    /// [consistent read](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.ReadConsistency.html).
    async fn item(&self, key: &Key) -> Answer<Option<Item>> {
        let call = self.on_table("GetItem");
        let answer = self
            .dynamodb()
            .await
            .get_item()
            .table_name(&*self.table)
            .set_key(Some(key.attributes()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| call.failed(error))?;
        let item = answer.item.map(known_item).transpose();
        item.map_err(|unknown| call.unreadable(unknown))
    }

    /// The items of a partition whose sort keys begin so, in order of those keys, by consistent
    /// reads of all pages.
    async fn partition(&self, pk: &str, prefix: &str) -> Answer<Vec<Item>> {
        let query = self
            .query()
            .await
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":pk", text(pk))
            .expression_attribute_values(":prefix", text(prefix));
        self.items(query, usize::MAX).await
    }

    async fn query(&self) -> QueryFluentBuilder {
        self.dynamodb().await.query().table_name(&*self.table)
    }

    /// Up to `most` items of a query, over as many
    /// [pages](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html)
    /// as that takes.
    async fn items(&self, query: QueryFluentBuilder, most: usize) -> Answer<Vec<Item>> {
        let call = self.on_table("Query");
        let mut items = Vec::new();
        let (mut pages, mut from) = (Pages::default(), None);
        loop {
            let page = query.clone().set_exclusive_start_key(from).send().await;
            let page = page.map_err(|error| call.failed(error))?;
            let found = page
                .items
                .ok_or_else(|| call.unreadable("the answer has no items"))?;
            for item in found {
                items.push(known_item(item).map_err(|unknown| call.unreadable(unknown))?);
            }
            from = page.last_evaluated_key.filter(|key| !key.is_empty());
            let next = pages.turn(from.as_ref().map(page_name));
            let next = next.map_err(|no_end| call.unreadable(no_end))?;
            if next.is_none() || items.len() >= most {
                break;
            }
        }
        items.truncate(most);
        Ok(items)
    }
}

/// An item apart from any SDK; or that it has an attribute of a type that nobody knows, which the
/// conversion can't take.
fn known_item(item: Attributes) -> Result<Item, &'static str> {
    if item.values().all(is_known) {
        Ok(Item::from(item))
    } else {
        Err("an attribute has a type that is not known here")
    }
}

fn is_known(value: &AttributeValue) -> bool {
    match value {
        AttributeValue::L(list) => list.iter().all(is_known),
        AttributeValue::M(map) => map.values().all(is_known),
        other => !other.is_unknown(),
    }
}

/// A page's key as one text.
fn page_name(key: &Attributes) -> String {
    let sorted: BTreeMap<&String, &AttributeValue> = key.iter().collect();
    format!("{sorted:?}")
}

/// A text as an attribute.
fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A number as an attribute.
fn number(value: impl Into<i128>) -> AttributeValue {
    AttributeValue::N(value.into().to_string())
}

/// The limit of one page for a query that wants so many items.
fn page_limit(most: usize) -> i32 {
    i32::try_from(most.clamp(1, 1000)).unwrap_or(1000)
}
