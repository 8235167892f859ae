//! Owns the reading of a family's retention: how many of its images stay, how long, what holds one
//! back, and how long each stage of retiring lasts.

use super::diagnostic::Code;
use super::document::{Key, Node, Table};
use super::duration;
use super::findings::Findings;
use super::selection::read_match_tags;
use super::suggest::quoted;
use super::{Delays, Retention, Rule};
use crate::ids::ImageId;
use jiff::SignedDuration;
use std::collections::{BTreeMap, BTreeSet};
use toml::de::DeValue;

const RETENTION: Key = Key::new(
    "retention",
    r#"{ replicas = { keep-last = 3, keep-for = "90d" } }"#,
);
const SOURCES: Key = Key::new("sources", r#"{ keep-last = 5, keep-for = "180d" }"#);
const REPLICAS: Key = Key::new("replicas", r#"{ keep-last = 3, keep-for = "90d" }"#);
const KEEP_LAST: Key = Key::new("keep-last", "3");
const KEEP_FOR: Key = Key::new("keep-for", r#""90d""#);
const LAUNCHED: Key = Key::new("unless-launched-within", r#""30d""#);
const HOLD_TAGS: Key = Key::new("hold-tags", r#"{ Keep = "*" }"#);
const HOLD_IMAGES: Key = Key::new("hold-images", r#"["ami-0123456789abcdef0"]"#);
const DELAYS: Key = Key::new(
    "delays",
    r#"{ deprecated = "7d", disabled = "14d", deregistered = "14d" }"#,
);
const DEPRECATED: Key = Key::new("deprecated", r#""7d""#);
const DISABLED: Key = Key::new("disabled", r#""14d""#);
const DEREGISTERED: Key = Key::new("deregistered", r#""14d""#);

/// The most images that a number may keep: more is no retention.
const MOST_KEPT: u32 = 10_000;

/// Reads a family's retention. Without one nothing of the family is ever retired.
pub(super) fn read(family: &mut Table<'_>, findings: &mut Findings) -> Option<Retention> {
    let Some(node) = family.optional(RETENTION) else {
        return Some(Retention::default());
    };
    let mut table = node.table(findings)?;
    let rules = [SOURCES, REPLICAS].map(|key| table.optional(key));
    let hold_tags = table.optional(HOLD_TAGS);
    let hold_tags = hold_tags.map_or(Some(BTreeMap::new()), |node| {
        read_match_tags(node, findings)
    });
    let hold_images = read_images(&mut table, HOLD_IMAGES, findings);
    let delays = read_delays(&mut table, findings);
    table.finish(findings);
    if rules.iter().all(Option::is_none) {
        let help =
            "say what stays: sources = { keep-last = 5, keep-for = \"180d\" }, or replicas = { … }";
        let message = "nothing of it retires";
        findings.error(Code::MissingKey, &node.span(), message, help);
        return None;
    }
    let mut whole = true;
    let [sources, replicas] = rules.map(|node| {
        let rule = read_rule(node?, findings);
        whole &= rule.is_some();
        rule
    });
    Some(Retention {
        sources,
        replicas,
        hold_tags: hold_tags?,
        hold_images: hold_images?,
        delays: delays?,
    })
    .filter(|_| whole)
}

fn read_rule(node: Node<'_>, findings: &mut Findings) -> Option<Rule> {
    let mut rule = node.table(findings)?;
    let keep_last = rule.required(KEEP_LAST);
    let keep_last = keep_last.and_then(|node| read_number(node, findings));
    let keep_for = rule.required(KEEP_FOR);
    let keep_for = keep_for.and_then(|node| read_duration(node, findings));
    let launched = rule.optional(LAUNCHED);
    rule.finish(findings);
    let within = launched.map(|node| read_duration(node, findings));
    Some(Rule {
        keep_last: keep_last?,
        keep_for: keep_for?,
        unless_launched_within: match within {
            Some(within) => Some(within?),
            None => None,
        },
    })
}

fn read_number(node: Node<'_>, findings: &mut Findings) -> Option<u32> {
    let DeValue::Integer(number) = node.value() else {
        return node.wrong_type("a whole number", findings);
    };
    let kept = u32::from_str_radix(number.as_str(), number.radix())
        .ok()
        .filter(|kept| (1..=MOST_KEPT).contains(kept));
    if kept.is_none() {
        let message = format!("from 1 to {MOST_KEPT} images can be kept by their number");
        let help = "the newest stays in any case: write at least 1";
        findings.error(Code::OutOfRange, &node.span(), message, help);
    }
    kept
}

fn read_duration(node: Node<'_>, findings: &mut Findings) -> Option<SignedDuration> {
    let text = node.text(findings)?;
    duration::parse(text.text)
        .map_err(|invalid| {
            let code = Code::MalformedDuration;
            findings.error(code, &text.span, invalid.message, invalid.help);
        })
        .ok()
}

/// Reads a list of images' ids that may be left out.
pub(super) fn read_images(
    table: &mut Table<'_>,
    key: Key,
    findings: &mut Findings,
) -> Option<BTreeSet<ImageId>> {
    let Some(node) = table.optional(key) else {
        return Some(BTreeSet::new());
    };
    let list = node.filled_texts(findings)?;
    let mut images = list.complete.then(BTreeSet::new);
    for text in &list.items {
        let Ok(image) = text.text.parse() else {
            let message = format!("{} is not an image's id", quoted(text.text));
            let help = "write one such as \"ami-0123456789abcdef0\"";
            findings.error(Code::MalformedImageId, &text.span, message, help);
            images = None;
            continue;
        };
        if let Some(images) = &mut images {
            images.insert(image);
        }
    }
    images
}

fn read_delays(table: &mut Table<'_>, findings: &mut Findings) -> Option<Delays> {
    let Some(node) = table.optional(DELAYS) else {
        return Some(Delays::default());
    };
    let mut delays = node.table(findings)?;
    let default = Delays::default();
    let mut read = |key, otherwise| {
        delays
            .optional(key)
            .map_or(Some(otherwise), |node| read_duration(node, findings))
    };
    let read = (
        read(DEPRECATED, default.deprecated),
        read(DISABLED, default.disabled),
        read(DEREGISTERED, default.deregistered),
    );
    delays.finish(findings);
    Some(Delays {
        deprecated: read.0?,
        disabled: read.1?,
        deregistered: read.2?,
    })
}
