//! Owns the reading of families: each from its parts, then the doubts that concern several.

use super::destinations;
use super::diagnostic::{Code, Span};
use super::document::{Key, Node, Table, Text};
use super::findings::Findings;
use super::names::{Names, check_name};
use super::retention;
use super::selection::{self, Selected};
use super::sharing;
use super::suggest::quoted;
use super::tags;
use super::{Family, Selection};
use crate::ids::AccountId;
use std::collections::{BTreeMap, BTreeSet};

const FAMILIES: Key = Key::new("families", r#"{ web = { owner = "platform", … } }"#);
const FAMILY: Key = Key::any("a family", r#"{ owner = "platform", … }"#);
const OWNER: Key = Key::new("owner", r#""platform""#);

/// What was read of the families.
#[derive(Default)]
pub(super) struct Families {
    /// The families without a mistake.
    pub(super) sound: BTreeMap<String, Family>,
    /// The names of all families, those with a mistake, too.
    pub(super) names: BTreeSet<String>,
    /// The selections read, each with its family's name and the place of its name pattern.
    selections: Vec<(String, Selection, Span)>,
    /// Each account in which Amiary reads or copies.
    accounts: BTreeSet<AccountId>,
}

/// Reads the families of the document.
pub(super) fn read(document: &mut Table<'_>, names: &Names, findings: &mut Findings) -> Families {
    let mut families = Families::default();
    let node = document.optional(FAMILIES);
    let span = node.map_or(document.span.clone(), |node| node.span());
    let entries = match node {
        Some(node) => match node.table(findings) {
            Some(table) => table.named(FAMILY),
            None => return families,
        },
        None => Vec::new(),
    };
    if entries.is_empty() {
        let help =
            "write at least one [families.<name>]; a policy of nothing would replicate nothing";
        findings.error(Code::NoFamilies, &span, "the policy has no families", help);
    }
    for (name, node) in entries {
        check_name(&name, "a family", findings);
        families.names.insert(name.text.to_owned());
        if let Some(family) = families.read_family(&name, node, names, findings) {
            families.sound.insert(family.name.clone(), family);
        }
    }
    families.warn_of_overlaps(findings);
    families.warn_of_roles(names, findings);
    families
}

impl Families {
    fn read_family(
        &mut self,
        name: &Text<'_>,
        node: Node<'_>,
        names: &Names,
        findings: &mut Findings,
    ) -> Option<Family> {
        let mut table = node.table(findings)?;
        let owner = table.required(OWNER).and_then(|node| node.text(findings));
        let owner = owner.and_then(|owner| names.owner(&owner, findings));
        let selected = selection::read(&mut table, names, findings);
        let ready = selection::read_ready(&mut table, findings);
        let wanted = destinations::read(&mut table, selected.as_ref(), names, findings);
        let sharing = sharing::read(&mut table, &wanted, names, findings);
        let tags = tags::read(&mut table, findings);
        let retention = retention::read(&mut table, findings);
        table.finish(findings);
        self.accounts.extend(wanted.accounts.iter().cloned());
        let select = selected.map(|selected| self.remember(name.text, selected));
        Some(Family {
            name: name.text.to_owned(),
            owner: owner?,
            select: select?,
            ready: ready?,
            destinations: wanted.whole()?,
            sharing: sharing?,
            tags: tags?,
            retention: retention?,
        })
    }

    fn remember(&mut self, name: &str, selected: Selected) -> Selection {
        self.accounts.extend(selected.accounts.into_keys());
        self.selections
            .push((name.to_owned(), selected.selection.clone(), selected.name));
        selected.selection
    }

    /// Warns of each family that could select what an earlier one selects, too.
    fn warn_of_overlaps(&self, findings: &mut Findings) {
        for (at, (name, selection, span)) in self.selections.iter().enumerate() {
            let earlier = self.selections[..at]
                .iter()
                .find(|(_, other, _)| overlap(selection, other));
            let Some((other, _, place)) = earlier else {
                continue;
            };
            let message = format!(
                "families {} and {} could select the same image",
                quoted(other),
                quoted(name)
            );
            let decides = name.min(other);
            let help = format!(
                "narrow one of the names, or tell them apart with match-tags; as it stands {} decides",
                quoted(decides)
            );
            findings
                .warning(Code::FamiliesOverlap, span, message, help)
                .related(place, "the other family's name");
        }
    }

    /// Warns of each account without a role but the first: Amiary's credentials are of one account.
    fn warn_of_roles(&self, names: &Names, findings: &mut Findings) {
        let mut without: Vec<(&Span, &str)> = self
            .accounts
            .iter()
            .filter_map(|id| {
                let account = names
                    .accounts
                    .get(id)
                    .filter(|account| account.role.is_none())?;
                Some((names.places.get(id)?, account.name.as_str()))
            })
            .collect();
        without.sort_by_key(|(span, _)| span.start);
        let Some(((first, first_name), others)) = without.split_first() else {
            return;
        };
        for (span, name) in others {
            let message = format!(
                "{} has no role: Amiary's own credentials are used there",
                quoted(name)
            );
            let help = format!(
                "add role = \"amiary\"; those credentials are of one account only, and {} uses them, too",
                quoted(first_name)
            );
            findings
                .warning(Code::NoRole, span, message, help)
                .related(first, "no role here, too");
        }
    }
}

/// Whether some image could be of both selections.
fn overlap(one: &Selection, other: &Selection) -> bool {
    !one.accounts.is_disjoint(&other.accounts)
        && !one.regions.is_disjoint(&other.regions)
        && one.name.overlaps(&other.name)
        && one.tags.iter().all(|(key, value)| {
            other
                .tags
                .get(key)
                .is_none_or(|theirs| value.overlaps(theirs))
        })
}
