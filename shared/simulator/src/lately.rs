//! What is held for some time only, so that a world that goes on for years doesn't grow by it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::state::later;

/// Values by key, each until a time of its own. What has ended is dropped when the next is put in.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound(
    serialize = "K: Serialize + Ord, V: Serialize",
    deserialize = "K: Deserialize<'de> + Ord, V: Deserialize<'de>"
))]
pub(crate) struct Lately<K, V> {
    held: BTreeMap<K, (Timestamp, V)>,
    ends: BTreeSet<(Timestamp, K)>,
}

impl<K, V> Default for Lately<K, V> {
    fn default() -> Self {
        Self {
            held: BTreeMap::new(),
            ends: BTreeSet::new(),
        }
    }
}

impl<K: Ord + Clone, V> Lately<K, V> {
    /// Puts a value in, for so long from now.
    pub(crate) fn put(&mut self, key: K, value: V, now: Timestamp, lasting: SignedDuration) {
        while self.ends.first().is_some_and(|(until, _)| *until <= now) {
            if let Some((_, ended)) = self.ends.pop_first() {
                self.held.remove(&ended);
            }
        }
        self.remove(&key);
        let until = later(now, lasting);
        self.ends.insert((until, key.clone()));
        self.held.insert(key, (until, value));
    }

    /// The value under a key, unless its time is over.
    pub(crate) fn get(&self, key: &K, now: Timestamp) -> Option<&V> {
        let (until, value) = self.held.get(key)?;
        (*until > now).then_some(value)
    }

    /// The value under a key, even if its time is over and none was put in since.
    pub(crate) fn still(&self, key: &K) -> Option<&V> {
        self.held.get(key).map(|(_, value)| value)
    }

    /// Whether [`Lately::still`] has a value.
    pub(crate) fn holds(&self, key: &K) -> bool {
        self.held.contains_key(key)
    }

    /// When the value under a key ends or ended.
    pub(crate) fn until(&self, key: &K) -> Option<Timestamp> {
        self.held.get(key).map(|(until, _)| *until)
    }

    pub(crate) fn remove(&mut self, key: &K) {
        if let Some((until, _)) = self.held.remove(key) {
            self.ends.remove(&(until, key.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_ended_is_told_no_more_and_dropped() {
        let at = |second| Timestamp::from_second(second).expect("a time");
        let lasting = SignedDuration::from_secs(10);
        let mut lately = Lately::default();
        lately.put("a", 1, at(0), lasting);
        lately.put("b", 1, at(5), lasting);
        lately.put("b", 2, at(6), lasting);
        assert_eq!(lately.get(&"a", at(9)), Some(&1));
        assert_eq!(lately.get(&"a", at(10)), None);
        lately.put("c", 3, at(15), lasting);
        assert!(!lately.holds(&"a"));
        assert_eq!(lately.get(&"b", at(15)), Some(&2));
        lately.remove(&"b");
        assert_eq!((lately.held.len(), lately.ends.len()), (1, 1));
    }
}
