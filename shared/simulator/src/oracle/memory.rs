//! What the oracle has seen itself, for no resource of the world tells it: when each stage was
//! reached, which images are gone, what was taken on which day.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::ec2::image::Image;
use crate::request::Request;
use crate::sns::{Message, Sns};
use crate::state::State;

use super::Sight;
use super::act::{Act, Stage};
use super::family::Guard;
use super::record::{self, Item};
use super::text::image_ids;

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// How many messages were read, of all that were ever published.
    heard: u64,
    /// The first notice that named an image.
    pub(super) noticed: BTreeMap<String, Timestamp>,
    /// When an image was last given a time of deprecation, and when it was last disabled.
    pub(super) deprecated: BTreeMap<String, Timestamp>,
    pub(super) disabled: BTreeMap<String, Timestamp>,
    /// Deregistered images as they were.
    pub(super) gone: BTreeMap<String, Image>,
    taken: BTreeMap<Key, BTreeSet<String>>,
    /// Where an item named an image when the table was last read.
    pub(super) items: BTreeMap<String, Item>,
}

/// An operation, a day, and the resource that it took.
type Key = (String, i64, String);

/// What a call takes.
#[derive(Debug)]
pub(super) struct Taken {
    key: Key,
    images: BTreeSet<String>,
}

impl Taken {
    pub(super) fn of(act: &Act<'_>, call: &Request, now: Timestamp) -> Self {
        let images = act.own().into_iter().map(|image| image.id.clone());
        Self {
            key: (call.operation.clone(), day(now), act.resource.clone()),
            images: images.collect(),
        }
    }
}

fn day(at: Timestamp) -> i64 {
    at.as_second().div_euclid(86_400)
}

impl Memory {
    /// Lets the inbox be read again from its beginning.
    pub(super) fn read_again(&mut self) {
        self.heard = 0;
    }

    /// Reads the messages that are new.
    pub(super) fn hear(&mut self, sns: &Sns, guard: &Guard) {
        let new = usize::try_from(sns.published - self.heard).unwrap_or(usize::MAX);
        self.heard = sns.published;
        let old = sns.messages.len().saturating_sub(new);
        for message in sns.messages.iter().skip(old) {
            if is_notice(message, guard) {
                let attributes = message.attributes.values();
                let texts = attributes.chain(&message.subject).chain([&message.message]);
                for id in texts.flat_map(|text| image_ids(text)) {
                    self.noticed.entry(id.to_owned()).or_insert(message.at);
                }
            }
        }
    }

    /// Reads the table again if it isn't known where one of the act's images is named.
    pub(super) fn find_items(&mut self, state: &State, guard: &Guard, act: &Act<'_>) {
        let table = &guard.safeguards.table;
        let missing = act.own().into_iter().any(|image| {
            let item = self.items.get(&image.id);
            !item.is_some_and(|item| item.names(state, table, &image.id))
        });
        if missing {
            self.items = record::items(state, table);
        }
    }

    /// Notes what a call did that succeeded.
    pub(super) fn note(&mut self, call: &Request, sight: Sight, now: Timestamp) {
        if let Some(image) = sight.leaving {
            self.gone.insert(image.id.clone(), image);
        }
        for taken in sight.taken {
            self.taken.insert(taken.key, taken.images);
        }
        let stage = match (call.service.as_str(), call.operation.as_str()) {
            ("ec2", "EnableImageDeprecation") => &mut self.deprecated,
            ("ec2", "DisableImage") => &mut self.disabled,
            _ => return,
        };
        if let Some(id) = call.params().text("ImageId") {
            stage.insert(id.to_owned(), now);
        }
    }

    /// When the stage before this one was reached, as far as it was seen.
    pub(super) fn stage_before(&self, stage: Stage, id: &str) -> Option<Timestamp> {
        let noticed = self.noticed.get(id).copied();
        let reached = match stage {
            Stage::Deprecation => return noticed,
            Stage::Disabling => self.deprecated.get(id).copied(),
            Stage::Deregistration => self.disabled.get(id).copied(),
            Stage::Deletion => None,
        };
        // Whoever reached it, before the owner was told it doesn't count.
        reached.max(reached.and(noticed))
    }

    /// The resources that an operation took today, and the images that it took them of.
    pub(super) fn taken_today(
        &self,
        operation: &str,
        now: Timestamp,
    ) -> impl Iterator<Item = (&str, &BTreeSet<String>)> {
        let today = (operation.to_owned(), day(now), String::new());
        let rest = self.taken.range(today..);
        let of_today = rest.take_while(move |((_, on, _), _)| *on == day(now));
        of_today
            .filter(move |((of, _, _), _)| of == operation)
            .map(|((_, _, resource), images)| (resource.as_str(), images))
    }
}

fn is_notice(message: &Message, guard: &Guard) -> bool {
    let marked = guard.safeguards.notice.as_ref();
    guard.safeguards.topics.contains(&message.topic)
        && marked.is_none_or(|(name, value)| message.attributes.get(name) == Some(value))
}
