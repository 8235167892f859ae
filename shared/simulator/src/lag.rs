//! Lists that lag: what EC2's `Describe` operations show is what was there some time ago.
//! <https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html>.
//!
//! While a lag is set, a [`Kept`] collection remembers what it held before each change. A list is
//! then answered from a Region that is set back for the moment, so that no operation knows of it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Deref, DerefMut};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::dispatch::Handler;
use crate::request::Request;
use crate::state::{State, earlier};
use crate::wire::error::ApiError;
use crate::wire::model;

/// Does a call; a list is answered as of some time ago.
pub(crate) fn listed(state: &mut State, call: &Request, run: Handler) -> Result<Value, ApiError> {
    let lag = state.ec2.list_lag().filter(|_| is_list(call));
    let Some(lag) = lag else {
        return run(state, call);
    };
    let now = state.clock.now();
    state.ec2.stamp(now);
    if let Some(region) = state.ec2.region_if_any(&call.region) {
        region.set_back(earlier(now, lag));
    }
    let result = run(state, call);
    if let Some(region) = state.ec2.region_if_any(&call.region) {
        region.set_forward();
    }
    result
}

/// Whether an operation lists: it is one of EC2's `Describe` operations, and answers in pages.
fn is_list(call: &Request) -> bool {
    let paged = || {
        let service = model::service(&call.service)?;
        let input = service.operations.get(&call.operation)?.input.as_ref()?;
        Some(service.shape(input)?.members.contains_key("NextToken"))
    };
    call.service == "ec2" && call.operation.starts_with("Describe") && paged() == Some(true)
}

/// Resources of one kind by id, a map in every respect. Where it remembers, it can be set back to
/// what it held earlier. What it remembers isn't saved.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent, bound(deserialize = "T: Deserialize<'de>"))]
pub(crate) struct Kept<T> {
    held: BTreeMap<String, T>,
    #[serde(skip)]
    past: Option<Past<T>>,
}

/// What a collection held earlier.
#[derive(Debug)]
struct Past<T> {
    /// What changed at the present moment, as it was before; none where it wasn't there.
    changed: BTreeMap<String, Option<T>>,
    /// What was there until when, oldest first.
    until: BTreeMap<String, Vec<(Timestamp, Option<T>)>>,
    /// The present of what is set back.
    present: BTreeMap<String, Option<T>>,
    /// Whether it is set back: until it is set forward, nothing may change in it.
    back: bool,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self {
            held: BTreeMap::new(),
            past: None,
        }
    }
}

impl<T> Default for Past<T> {
    fn default() -> Self {
        Self {
            changed: BTreeMap::new(),
            until: BTreeMap::new(),
            present: BTreeMap::new(),
            back: false,
        }
    }
}

impl<T> Deref for Kept<T> {
    type Target = BTreeMap<String, T>;

    fn deref(&self) -> &Self::Target {
        &self.held
    }
}

/// What changes the map in a way of its own may change all of it.
impl<T: Clone> DerefMut for Kept<T> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        if let Some(past) = &mut self.past {
            let ids: BTreeSet<String> = self.held.keys().cloned().collect();
            for id in ids {
                past.note(&id, self.held.get(&id));
            }
        }
        &mut self.held
    }
}

impl<'a, T> IntoIterator for &'a Kept<T> {
    type Item = (&'a String, &'a T);
    type IntoIter = std::collections::btree_map::Iter<'a, String, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.held.iter()
    }
}

impl<T: Clone> Kept<T> {
    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        self.note(id);
        self.held.get_mut(id)
    }

    pub(crate) fn insert(&mut self, id: String, value: T) -> Option<T> {
        self.note(&id);
        self.held.insert(id, value)
    }

    pub(crate) fn remove(&mut self, id: &str) -> Option<T> {
        self.note(id);
        self.held.remove(id)
    }

    fn note(&mut self, id: &str) {
        if let Some(past) = &mut self.past {
            past.note(id, self.held.get(id));
        }
    }

    /// Begins to remember, or forgets.
    pub(crate) fn remember(&mut self, remembers: bool) {
        self.past = match self.past.take() {
            Some(past) if remembers => Some(past),
            _ => remembers.then(Past::default),
        };
    }

    /// The moment is over: what changed in it was there until `now`.
    pub(crate) fn stamp(&mut self, now: Timestamp) {
        let Some(past) = &mut self.past else {
            return;
        };
        for (id, was) in std::mem::take(&mut past.changed) {
            past.until.entry(id).or_default().push((now, was));
        }
    }

    /// Holds what it held at a moment, until it is set forward. What is older is forgotten.
    pub(crate) fn set_back(&mut self, to: Timestamp) {
        let Some(past) = &mut self.past else {
            return;
        };
        past.back = true;
        past.until.retain(|_, versions| {
            versions.retain(|(until, _)| *until > to);
            !versions.is_empty()
        });
        for (id, versions) in &past.until {
            if let Some((_, then)) = versions.first() {
                let now = replace(&mut self.held, id, then.clone());
                past.present.insert(id.clone(), now);
            }
        }
    }

    /// Holds what it held before it was set back.
    pub(crate) fn set_forward(&mut self) {
        let Some(past) = &mut self.past else {
            return;
        };
        past.back = false;
        for (id, now) in std::mem::take(&mut past.present) {
            replace(&mut self.held, &id, now);
        }
    }
}

impl<T: Clone> Past<T> {
    /// Notes what was there before the first change of the moment.
    fn note(&mut self, id: &str, was: Option<&T>) {
        debug_assert!(!self.back, "a list changes nothing");
        if !self.changed.contains_key(id) {
            self.changed.insert(id.to_owned(), was.cloned());
        }
    }
}

fn replace<T>(held: &mut BTreeMap<String, T>, id: &str, with: Option<T>) -> Option<T> {
    match with {
        Some(value) => held.insert(id.to_owned(), value),
        None => held.remove(id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    fn shown(kept: &mut Kept<u32>, second: i64) -> Vec<(String, u32)> {
        kept.set_back(at(second));
        let shown = kept.iter().map(|(id, value)| (id.clone(), *value));
        let shown = shown.collect();
        kept.set_forward();
        shown
    }

    #[test]
    fn a_collection_shows_what_it_held_at_each_moment() {
        let mut kept = Kept::default();
        kept.insert("a".to_owned(), 1);
        kept.remember(true);
        kept.insert("b".to_owned(), 1);
        *kept.get_mut("b").expect("b") = 2;
        kept.stamp(at(10));
        kept.remove("a");
        kept.stamp(at(20));
        kept.values_mut().for_each(|value| *value += 1);
        kept.stamp(at(30));
        let (a, b) = (|n| ("a".to_owned(), n), |n| ("b".to_owned(), n));
        assert_eq!(shown(&mut kept, 9), [a(1)]);
        assert_eq!(shown(&mut kept, 10), [a(1), b(2)]);
        assert_eq!(shown(&mut kept, 20), [b(2)]);
        assert_eq!(shown(&mut kept, 30), [b(3)]);
        assert_eq!(kept.get("b"), Some(&3));
    }

    #[test]
    fn nothing_is_kept_unless_it_is_asked_for() {
        let mut kept = Kept::default();
        kept.insert("a".to_owned(), 1);
        kept.stamp(at(10));
        assert_eq!(shown(&mut kept, 0), [("a".to_owned(), 1)]);
        assert!(kept.past.is_none());
    }
}
