//! Owns the reading of what keeps images that no reading of AWS could show to be used: declared
//! references, and waivers for accounts that can't be read.

use super::diagnostic::Code;
use super::document::{Key, Node, Table};
use super::families::Families;
use super::findings::Findings;
use super::names::Names;
use super::retention::read_images;
use super::selection::{check_pattern, read_moment};
use super::suggest::{meant, quoted};
use super::{Pattern, References, Waiver};
use crate::ids::AccountId;
use std::collections::{BTreeMap, BTreeSet};

const REFERENCES: Key = Key::new("references", r#"{ images = ["ami-0123456789abcdef0"] }"#);
const IMAGES: Key = Key::new("images", r#"["ami-0123456789abcdef0"]"#);
const PARAMETERS: Key = Key::new("parameters", r#"["/golden/web/*"]"#);
const FAMILIES: Key = Key::new("families", r#"["web"]"#);
const WAIVERS: Key = Key::new(
    "waivers",
    r#"{ legacy = { until = 2026-12-31T00:00:00Z, reason = "…" } }"#,
);
const WAIVER: Key = Key::any(
    "a waiver",
    r#"{ until = 2026-12-31T00:00:00Z, reason = "…" }"#,
);
const UNTIL: Key = Key::new("until", "2026-12-31T00:00:00Z");
const REASON: Key = Key::new("reason", r#""the account is being closed""#);

/// Reads what somebody refers to outside of what AWS shows.
pub(super) fn read(
    document: &mut Table<'_>,
    families: &Families,
    findings: &mut Findings,
) -> Option<References> {
    let Some(node) = document.optional(REFERENCES) else {
        return Some(References::default());
    };
    let mut table = node.table(findings)?;
    let images = read_images(&mut table, IMAGES, findings);
    let parameters = read_parameters(&mut table, findings);
    let names = read_families(&mut table, families, findings);
    table.finish(findings);
    Some(References {
        images: images?,
        parameters: parameters?,
        families: names?,
    })
}

fn read_parameters(table: &mut Table<'_>, findings: &mut Findings) -> Option<Vec<Pattern>> {
    let Some(node) = table.optional(PARAMETERS) else {
        return Some(Vec::new());
    };
    let list = node.filled_texts(findings)?;
    let mut whole = list.complete;
    for text in &list.items {
        whole &= check_pattern(text, findings);
    }
    let patterns = list.items.iter().map(|text| Pattern::new(text.text));
    whole.then(|| patterns.collect())
}

fn read_families(
    table: &mut Table<'_>,
    families: &Families,
    findings: &mut Findings,
) -> Option<BTreeSet<String>> {
    let Some(node) = table.optional(FAMILIES) else {
        return Some(BTreeSet::new());
    };
    let list = node.filled_texts(findings)?;
    let mut whole = list.complete;
    for name in &list.items {
        if !families.names.contains(name.text) {
            let known = families.names.iter().map(String::as_str);
            let help = meant(name.text, known, "name a family of [families.<name>]");
            let message = format!("there is no family {}", quoted(name.text));
            findings.error(Code::UnknownFamily, &name.span, message, help);
            whole = false;
        }
    }
    let names = list.items.iter().map(|name| name.text.to_owned());
    whole.then(|| names.collect())
}

/// Reads which accounts need not be read, and until when.
pub(super) fn read_waivers(
    document: &mut Table<'_>,
    names: &Names,
    findings: &mut Findings,
) -> Option<BTreeMap<AccountId, Waiver>> {
    let Some(node) = document.optional(WAIVERS) else {
        return Some(BTreeMap::new());
    };
    let mut waivers = Some(BTreeMap::new());
    for (name, node) in node.table(findings)?.named(WAIVER) {
        let account = names.account(&name, findings);
        match (account, read_waiver(node, findings), &mut waivers) {
            (Some(account), Some(waiver), Some(waivers)) => {
                waivers.insert(account, waiver);
            }
            _ => waivers = None,
        }
    }
    waivers
}

fn read_waiver(node: Node<'_>, findings: &mut Findings) -> Option<Waiver> {
    let mut table = node.table(findings)?;
    let until = table
        .required(UNTIL)
        .and_then(|node| read_moment(node, findings));
    let reason = table
        .required(REASON)
        .and_then(|node| node.filled_text(findings));
    table.finish(findings);
    Some(Waiver {
        until: until?,
        reason: reason?.text.to_owned(),
    })
}
