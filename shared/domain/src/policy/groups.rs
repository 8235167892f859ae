//! Owns the groups of accounts: their members, groups within groups, and the circles among them.

use super::diagnostic::{Code, Span};
use super::document::{Key, Listed, Table, Text};
use super::findings::Findings;
use super::names::check_name;
use super::suggest::{meant, quoted};
use crate::ids::AccountId;
use std::collections::{BTreeMap, BTreeSet};

const GROUPS: Key = Key::new("groups", r#"{ workloads = ["production"] }"#);
const GROUP: Key = Key::any("a group", r#"["production", "staging"]"#);

/// What names stand for, as far as it is known.
type Selectors = BTreeMap<String, Option<BTreeSet<AccountId>>>;

/// The groups that are not expanded yet, by name.
type Groups<'d> = BTreeMap<&'d str, Listed<Text<'d>>>;

/// Reads the groups and adds what each stands for to `selectors`, which has the accounts already.
pub(super) fn read(
    document: &mut Table<'_>,
    accounts: &BTreeMap<String, Span>,
    selectors: &mut Selectors,
    findings: &mut Findings,
) {
    let Some(table) = document
        .optional(GROUPS)
        .and_then(|node| node.table(findings))
    else {
        return;
    };
    let mut groups = Groups::new();
    for (name, node) in table.named(GROUP) {
        check_name(&name, "a group", findings);
        let members = node.filled_texts(findings);
        if let Some(account) = accounts.get(name.text) {
            let message = format!("{} is an account already", quoted(name.text));
            findings
                .error(
                    Code::NameCollision,
                    &name.span,
                    message,
                    "give the group another name",
                )
                .related(account, "the account");
            continue;
        }
        groups.insert(
            name.text,
            members.unwrap_or(Listed {
                items: Vec::new(),
                complete: false,
            }),
        );
    }
    report_unknown(&mut groups, selectors, findings);
    expand(&mut groups, selectors);
    while let Some(circle) = find_circle(&groups) {
        report_circle(&groups, &circle, findings);
        for name in circle {
            groups.remove(name);
            selectors.insert(name.to_owned(), None);
        }
        expand(&mut groups, selectors);
    }
}

fn report_unknown(groups: &mut Groups<'_>, selectors: &Selectors, findings: &mut Findings) {
    let names: BTreeSet<&str> = groups.keys().copied().collect();
    for list in groups.values_mut() {
        list.items.retain(|member| {
            if names.contains(member.text) || selectors.contains_key(member.text) {
                return true;
            }
            list.complete = false;
            let known = selectors
                .keys()
                .map(String::as_str)
                .chain(names.iter().copied());
            let help = meant(
                member.text,
                known,
                "name an account of [accounts.<name>] or another group",
            );
            let message = format!("there is no account or group {}", quoted(member.text));
            findings.error(Code::UnknownAccount, &member.span, message, help);
            false
        });
    }
}

/// Moves every group whose members are all known to `selectors`, until none is left that can be.
fn expand(groups: &mut Groups<'_>, selectors: &mut Selectors) {
    loop {
        let before = groups.len();
        groups.retain(|name, list| {
            let mut whole = list.complete.then(BTreeSet::new);
            for member in &list.items {
                let Some(accounts) = selectors.get(member.text) else {
                    return true;
                };
                match (&mut whole, accounts) {
                    (Some(all), Some(accounts)) => all.extend(accounts.iter().cloned()),
                    _ => whole = None,
                }
            }
            selectors.insert((*name).to_owned(), whole);
            false
        });
        if groups.len() == before {
            return;
        }
    }
}

/// A circle among groups each of which waits for another. They are walked from the first; every
/// one has a member that is among them, so the walk must come back to where it has been.
fn find_circle<'d>(groups: &Groups<'d>) -> Option<Vec<&'d str>> {
    let mut path: Vec<&'d str> = vec![groups.keys().next()?];
    loop {
        let last = path.last()?;
        let next = groups
            .get(last)?
            .items
            .iter()
            .find(|member| groups.contains_key(member.text))?
            .text;
        if let Some(start) = path.iter().position(|name| *name == next) {
            return Some(path.split_off(start));
        }
        path.push(next);
    }
}

fn report_circle(groups: &Groups<'_>, circle: &[&str], findings: &mut Findings) {
    let (Some(first), Some(last)) = (circle.first(), circle.last()) else {
        return;
    };
    let closing = groups
        .get(last)
        .and_then(|list| list.items.iter().find(|member| member.text == *first));
    let Some(closing) = closing else { return };
    let shown: Vec<String> = circle
        .iter()
        .chain([first])
        .map(|name| quoted(name))
        .collect();
    let message = format!("a group contains itself: {}", shown.join(" → "));
    findings.error(
        Code::GroupCycle,
        &closing.span,
        message,
        "take this member out of the group",
    );
}
