//! Owns how it is stored what the last looks for uses found.

use super::items::{decode, encode};
use super::keys;
use crate::Aws;
use amiary_domain::ids::Place;
use amiary_domain::retention::Lookout;
use amiary_engine::ports::Answer;
use amiary_engine::retention::{Count, Tally};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The tally as it is stored: by place, then by lookout.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Stored {
    places: BTreeMap<String, BTreeMap<String, StoredCount>>,
}

/// How much one look found, and when; since when what looks find is doubted.
#[derive(Debug, Serialize, Deserialize)]
struct StoredCount {
    found: u64,
    at: Timestamp,
    doubted_since: Option<Timestamp>,
}

impl From<StoredCount> for Count {
    fn from(stored: StoredCount) -> Self {
        let StoredCount {
            found,
            at,
            doubted_since,
        } = stored;
        Self {
            found,
            at,
            doubted_since,
        }
    }
}

impl From<Count> for StoredCount {
    fn from(count: Count) -> Self {
        let Count {
            found,
            at,
            doubted_since,
        } = count;
        Self {
            found,
            at,
            doubted_since,
        }
    }
}

impl Aws {
    /// What the last looks found; nothing of a lookout that this version does not know.
    pub(super) async fn stored_tally(&self) -> Answer<Tally> {
        let Some(item) = self.item(&keys::tally()).await? else {
            return Ok(Tally::new());
        };
        let stored: Stored = self.readable("GetItem", decode(item))?;
        let mut tally = Tally::new();
        for (place, lookouts) in stored.places {
            let place: Place = place
                .parse()
                .map_err(|error| self.on_table("GetItem").unreadable(error))?;
            for (name, count) in lookouts {
                if let Some(lookout) = named(&name) {
                    tally.insert((place.clone(), lookout), count.into());
                }
            }
        }
        Ok(tally)
    }

    /// Keeps what looks found; what was kept of other places stays.
    pub(super) async fn store_tally(&self, tally: &Tally) -> Answer<()> {
        let mut all = self.stored_tally().await?;
        all.extend(tally.iter().map(|(key, count)| (key.clone(), *count)));
        let mut stored = Stored::default();
        for ((place, lookout), count) in all {
            let lookouts = stored.places.entry(place.to_string()).or_default();
            lookouts.insert(lookout.to_string(), count.into());
        }
        let key = keys::tally();
        let item = encode(&key, &stored).map_err(|error| self.not_sent(error))?;
        self.transact(vec![self.put(item)]).await
    }
}

fn named(name: &str) -> Option<Lookout> {
    Lookout::ALL
        .into_iter()
        .find(|lookout| lookout.to_string() == name)
}
