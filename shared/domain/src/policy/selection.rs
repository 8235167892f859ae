//! Owns the reading of a family's selection: whose images, where, of which name and tags, since
//! when, and when they are ready.

use super::diagnostic::{Code, Span};
use super::document::{Key, Listed, Node, Table, Text};
use super::duration;
use super::findings::Findings;
use super::names::{Chosen, Names};
use super::suggest::{meant, quoted};
use super::tags::check_key;
use super::{Pattern, Ready, Selection};
use crate::ids::{AccountId, Place, Region};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use toml::de::DeValue;

pub(super) const ACCOUNTS: Key = Key::new("accounts", r#"["builders"]"#);
pub(super) const REGIONS: Key = Key::new("regions", r#"["us-east-1"]"#);
const NAME: Key = Key::new("name", r#""golden-web-*""#);
const MATCH_TAGS: Key = Key::new("match-tags", r#"{ Role = "golden" }"#);
const MATCH_TAG: Key = Key::any("the tag's value", r#""golden""#);
const NOT_BEFORE: Key = Key::new("not-before", "2026-01-01T00:00:00Z");
const READY: Key = Key::new(
    "ready",
    r#""available", { tag = "Status", value = "released" } or { settled = "30m" }"#,
);
const TAG: Key = Key::new("tag", r#""Status""#);
const VALUE: Key = Key::new("value", r#""released""#);
const SETTLED: Key = Key::new("settled", r#""30m""#);

/// A family's selection, with the places that other checks refer to.
pub(super) struct Selected {
    pub(super) selection: Selection,
    /// The place of the name's pattern.
    pub(super) name: Span,
    /// Each account, with the place that named it.
    pub(super) accounts: BTreeMap<AccountId, Span>,
}

impl Selected {
    /// The one place where all sources are, if they are all in one.
    pub(super) fn only_place(&self) -> Option<Place> {
        let (accounts, regions) = (&self.selection.accounts, &self.selection.regions);
        let (account, region) = (accounts.first()?, regions.first()?);
        (accounts.len() == 1 && regions.len() == 1)
            .then(|| Place::new(account.clone(), region.clone()))
    }
}

/// Reads what a family selects. Every key is asked for, whatever is wrong with the others.
pub(super) fn read(
    family: &mut Table<'_>,
    names: &Names,
    findings: &mut Findings,
) -> Option<Selected> {
    let accounts = read_accounts(family, names, findings);
    let regions = read_regions(family, findings);
    let name = family
        .required(NAME)
        .and_then(|node| read_pattern(node, findings));
    let tags = family
        .optional(MATCH_TAGS)
        .map(|node| read_match_tags(node, findings));
    let not_before = family
        .optional(NOT_BEFORE)
        .map(|node| read_moment(node, findings));
    let (name, span) = name?;
    if name.is_unlimited() && tags.is_none() {
        let message = format!("the name {} selects every image", quoted(name.as_str()));
        let help = "write what the names begin with, such as \"golden-web-*\", or add match-tags";
        findings.error(Code::SelectsEverything, &span, message, help);
        return None;
    }
    let (accounts, regions) = (accounts?, regions?);
    let complete = accounts.complete && regions.complete;
    let selection = Selection {
        accounts: accounts.set(),
        regions: regions.set(),
        name,
        tags: tags.unwrap_or(Some(BTreeMap::new()))?,
        not_before: not_before.map_or(Some(None), |moment| moment.map(Some))?,
    };
    complete.then_some(Selected {
        selection,
        name: span,
        accounts: accounts.items,
    })
}

/// The accounts that a table's `accounts` name.
pub(super) fn read_accounts(
    table: &mut Table<'_>,
    names: &Names,
    findings: &mut Findings,
) -> Option<Chosen<AccountId>> {
    let list = table.required(ACCOUNTS)?.filled_texts(findings)?;
    Some(names.accounts(&list, findings))
}

/// The Regions that a table's `regions` name.
pub(super) fn read_regions(
    table: &mut Table<'_>,
    findings: &mut Findings,
) -> Option<Chosen<Region>> {
    let list = table.required(REGIONS)?.filled_texts(findings)?;
    Some(regions_of(&list, findings))
}

fn regions_of(list: &Listed<Text<'_>>, findings: &mut Findings) -> Chosen<Region> {
    let mut chosen = Chosen {
        items: BTreeMap::new(),
        complete: list.complete,
    };
    for text in &list.items {
        match read_region(text, findings) {
            Some(region) => {
                chosen.items.insert(region, text.span.clone());
            }
            None => chosen.complete = false,
        }
    }
    chosen
}

/// Reads a Region's code.
pub(super) fn read_region(text: &Text<'_>, findings: &mut Findings) -> Option<Region> {
    if let Ok(region) = text.text.parse() {
        return Some(region);
    }
    let zone = text
        .text
        .strip_suffix(|c: char| c.is_ascii_lowercase())
        .and_then(|rest| rest.parse::<Region>().ok());
    let help = if let Some(region) = zone {
        format!("this is an Availability Zone; its Region is \"{region}\"")
    } else if text.text.contains(['*', '?']) {
        "name each Region; there are no patterns of Regions".to_owned()
    } else {
        "write a Region's code, such as \"eu-west-1\"".to_owned()
    };
    let message = format!("{} is not a Region", quoted(text.text));
    findings.error(Code::MalformedRegion, &text.span, message, help);
    None
}

/// Reads a pattern that something can match.
pub(super) fn read_pattern(node: Node<'_>, findings: &mut Findings) -> Option<(Pattern, Span)> {
    let text = node.filled_text(findings)?;
    check_pattern(&text, findings).then(|| (Pattern::new(text.text), text.span))
}

/// Reports a pattern that nothing could match.
pub(super) fn check_pattern(text: &Text<'_>, findings: &mut Findings) -> bool {
    let message = if text.text.chars().count() > 256 {
        "a pattern of more than 256 characters"
    } else if text.text.chars().any(char::is_control) {
        "a pattern with a control character, which no name and no tag has"
    } else {
        return true;
    };
    findings.error(
        Code::MalformedPattern,
        &text.span,
        message,
        "write a shorter one on one line, such as \"golden-web-*\"",
    );
    false
}

/// Reads tags with a pattern of each one's values, at least one.
pub(super) fn read_match_tags(
    node: Node<'_>,
    findings: &mut Findings,
) -> Option<BTreeMap<String, Pattern>> {
    let table = node.table(findings)?;
    if table.is_empty() {
        let message = format!("{} is empty", node.shown());
        let help = format!("leave it out, or {}", node.help());
        findings.error(Code::EmptySelector, &table.span, message, help);
        return None;
    }
    let mut tags = Some(BTreeMap::new());
    for (key, node) in table.named(MATCH_TAG) {
        let pattern = read_pattern(node, findings);
        let good = check_key(&key, findings);
        match (pattern, &mut tags) {
            (Some((pattern, _)), Some(tags)) if good => {
                tags.insert(key.text.to_owned(), pattern);
            }
            _ => tags = None,
        }
    }
    tags
}

/// Reads a date and time with its offset.
pub(super) fn read_moment(node: Node<'_>, findings: &mut Findings) -> Option<Timestamp> {
    let DeValue::Datetime(datetime) = node.value() else {
        return node.wrong_type("a date and time without quotes", findings);
    };
    if datetime.offset.is_none() {
        let help = match (datetime.date, datetime.time) {
            (Some(date), Some(time)) => {
                format!("say of which zone: {date}T{time}Z, or with an offset such as +02:00")
            }
            (Some(date), None) => format!("add a time and its zone: {date}T00:00:00Z"),
            _ => "write a date, a time and a zone: 2026-01-01T00:00:00Z".to_owned(),
        };
        let message = "without an offset this is another moment in each time zone";
        findings.error(Code::DatetimeWithoutOffset, &node.span(), message, help);
        return None;
    }
    let moment = datetime.to_string().parse().ok();
    if moment.is_none() {
        let message = "there is no such moment";
        findings.error(
            Code::OutOfRange,
            &node.span(),
            message,
            "write one such as 2026-01-01T00:00:00Z",
        );
    }
    moment
}

/// Reads when an image of the family is ready.
pub(super) fn read_ready(family: &mut Table<'_>, findings: &mut Findings) -> Option<Ready> {
    let Some(node) = family.optional(READY) else {
        return Some(Ready::Available);
    };
    match node.value() {
        DeValue::String(word) if word.as_ref() == "available" => Some(Ready::Available),
        DeValue::String(word) => {
            let otherwise = "say \"available\", { tag = \"Status\", value = \"released\" } or { settled = \"30m\" }";
            let help = meant(word, BTreeSet::from(["available"]), otherwise);
            let message = format!("{} is nothing that makes an image ready", quoted(word));
            findings.error(Code::MalformedReady, &node.span(), message, help);
            None
        }
        DeValue::Table(_) => read_ready_table(node.table(findings)?, findings),
        _ => node.wrong_type("\"available\" or a table", findings),
    }
}

fn read_ready_table(mut table: Table<'_>, findings: &mut Findings) -> Option<Ready> {
    let span = table.span.clone();
    let (tag, value, settled) = (
        table.optional(TAG),
        table.optional(VALUE),
        table.optional(SETTLED),
    );
    table.finish(findings);
    let help = "say { tag = \"Status\", value = \"released\" } or { settled = \"30m\" }";
    match (tag, value, settled) {
        (Some(tag), Some(value), None) => {
            let (key, value) = (tag.text(findings), value.filled_text(findings));
            let key = key.filter(|key| check_key(key, findings))?;
            Some(Ready::Tagged {
                key: key.text.to_owned(),
                value: value?.text.to_owned(),
            })
        }
        (None, None, Some(settled)) => {
            if !matches!(settled.value(), DeValue::String(_)) {
                return settled.wrong_type("a string with a unit", findings);
            }
            let text = settled.text(findings)?;
            match duration::parse(text.text) {
                Ok(duration) => Some(Ready::Settled(duration)),
                Err(invalid) => {
                    findings.error(
                        Code::MalformedDuration,
                        &text.span,
                        invalid.message,
                        invalid.help,
                    );
                    None
                }
            }
        }
        (Some(_), None, None) | (None, Some(_), None) => {
            findings.error(
                Code::MissingKey,
                &span,
                "a tag needs both `tag` and `value`",
                help,
            );
            None
        }
        _ => {
            findings.error(
                Code::MalformedReady,
                &span,
                "`ready` needs a tag or a settling time, and not both",
                help,
            );
            None
        }
    }
}
