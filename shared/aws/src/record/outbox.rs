//! Owns the outbox: notices that were stored with the change they tell of, until they are
//! published.

use super::items::{decode, is_pending};
use super::read::Limit;
use super::{keys, number, text};
use crate::Aws;
use amiary_domain::notice::Notice;
use amiary_engine::ports::{Answer, Outbox};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

/// How long a published notice is kept. Afterwards `DynamoDB`'s
/// [time to live](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html)
/// removes it.
const KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

#[async_trait]
impl Outbox for Aws {
    async fn pending(&self, before: Timestamp, most: usize) -> Answer<Vec<Notice>> {
        let items = self
            .work(keys::PENDING, Some((Limit::Before, before)), most)
            .await?;
        items
            .into_iter()
            .map(|item| self.readable("Query", decode(item)))
            .collect()
    }

    async fn still_pending(&self, id: &str) -> Answer<Option<Notice>> {
        let item = self.item(&keys::notice(id)).await?;
        let pending = item.filter(is_pending);
        pending
            .map(|item| self.readable("GetItem", decode(item)))
            .transpose()
    }

    /// Fails where there is no such notice; marking one twice is the same as once.
    async fn published(&self, id: &str, at: Timestamp) -> Answer<()> {
        let call = self.on_table("UpdateItem");
        self.dynamodb()
            .await
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(keys::notice(id).attributes()))
            .condition_expression("attribute_exists(pk)")
            .update_expression(
                "SET published_at = :at, expires = :expires REMOVE work_kind, work_due",
            )
            .expression_attribute_values(":at", text(keys::sortable(at)))
            .expression_attribute_values(":expires", number(expiry(at)))
            .send()
            .await
            .map_err(|error| call.failed(error))?;
        Ok(())
    }
}

/// When a notice that was published at a moment expires, in seconds since 1970.
fn expiry(at: Timestamp) -> i64 {
    at.as_second() + KEPT.as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_published_notice_is_kept_for_ninety_days() {
        let at: Timestamp = "2025-01-01T00:00:00.5Z".parse().unwrap();
        let expires: Timestamp = "2025-04-01T00:00:00Z".parse().unwrap();
        assert_eq!(expiry(at), expires.as_second());
    }
}
