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
use amiary_engine::ports::Answer;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use items::Item;
use keys::Key;
use std::collections::HashMap;

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
        Ok(answer.item.map(Item::from))
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
        let mut pages = query.into_paginator().send();
        let mut items = Vec::new();
        while items.len() < most
            && let Some(page) = pages.next().await
        {
            let page = page.map_err(|error| call.failed(error))?;
            items.extend(page.items.unwrap_or_default().into_iter().map(Item::from));
        }
        items.truncate(most);
        Ok(items)
    }
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
