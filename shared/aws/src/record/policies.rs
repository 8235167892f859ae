//! Owns storing revisions of the policy.

use super::items::{Active, StoredRevision, decode, encode};
use super::{keys, number, text, write};
use crate::Aws;
use amiary_engine::ports::{Answer, Class, Revision, StorePolicy};
use async_trait::async_trait;
use jiff::Timestamp;

#[async_trait]
impl StorePolicy for Aws {
    async fn apply_policy(
        &self,
        document: &str,
        after: u64,
        at: Timestamp,
        by: &str,
    ) -> Answer<u64> {
        let active = self.active_revision().await?.unwrap_or_default();
        if active != after {
            return Err(self.on_table("GetItem").refused(
                Class::Conflict,
                "RevisionChanged",
                format!("revision {active} is active by now, not {after}; compare with it first"),
            ));
        }
        let next = self.newest_revision().await? + 1;
        let revision = Revision {
            number: next,
            text: document.to_owned(),
            at,
            by: by.to_owned(),
        };
        let stored = encode(&keys::revision(next), &StoredRevision::from(&revision))
            .map_err(|error| self.not_sent(error))?;
        let pointer = encode(&keys::active(), &Active { current: next })
            .map_err(|error| self.not_sent(error))?;
        let pointer = self.put(pointer);
        let pointer = match after {
            0 => pointer.condition_expression(write::NEW),
            after => pointer
                .condition_expression("#current = :after")
                .expression_attribute_names("#current", "current")
                .expression_attribute_values(":after", number(after)),
        };
        self.transact(vec![
            self.put(stored).condition_expression(write::NEW),
            pointer,
        ])
        .await?;
        Ok(next)
    }
}

impl Aws {
    /// The number of the newest revision, active or not; 0 for none.
    async fn newest_revision(&self) -> Answer<u64> {
        let query = self
            .query()
            .await
            .consistent_read(true)
            .scan_index_forward(false)
            .limit(1)
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":pk", text(keys::POLICY))
            .expression_attribute_values(":prefix", text(keys::REVISION));
        match self.items(query, 1).await?.pop() {
            Some(item) => {
                let newest: StoredRevision = self.readable("Query", decode(item))?;
                Ok(Revision::from(newest).number)
            }
            None => Ok(0),
        }
    }
}
