//! Owns the reading of a family's destinations: accounts × Regions, each place once.

use super::Destination;
use super::diagnostic::{Code, Span};
use super::document::{Key, Node, Table};
use super::encryption::{self, Said};
use super::findings::Findings;
use super::names::Names;
use super::selection::{Selected, read_accounts, read_regions};
use super::suggest::quoted;
use crate::ids::{AccountId, Place};
use std::collections::{BTreeMap, BTreeSet};

const DESTINATIONS: Key = Key::new(
    "destinations",
    r#"[{ accounts = ["builders"], regions = ["eu-west-1"], key = "alias/golden" }]"#,
);

/// A family's destinations, with the places that other checks refer to.
#[derive(Default)]
pub(super) struct Wanted {
    pub(super) destinations: BTreeMap<Place, Destination>,
    /// Each account.
    pub(super) accounts: BTreeSet<AccountId>,
    /// The place of the first key that copies are encrypted under.
    pub(super) encrypted: Option<Span>,
    /// The places of keys that AWS manages.
    pub(super) aws_managed: Vec<Span>,
    complete: bool,
}

impl Wanted {
    /// The destinations, unless a mistake left some of them out.
    pub(super) fn whole(self) -> Option<BTreeMap<Place, Destination>> {
        self.complete.then_some(self.destinations)
    }
}

/// Reads a family's destinations.
pub(super) fn read(
    family: &mut Table<'_>,
    selected: Option<&Selected>,
    names: &Names,
    findings: &mut Findings,
) -> Wanted {
    let mut reader = Reader {
        wanted: Wanted::default(),
        seen: BTreeMap::new(),
        names,
    };
    let Some(node) = family.required(DESTINATIONS) else {
        return reader.wanted;
    };
    let Some(tables) = filled_tables(node, findings) else {
        return reader.wanted;
    };
    let entries = tables.len();
    let read = tables
        .into_iter()
        .filter_map(|table| reader.read_entry(table, selected, findings))
        .count();
    reader.wanted.complete = read == entries;
    reader.wanted
}

fn filled_tables<'d>(node: Node<'d>, findings: &mut Findings) -> Option<Vec<Table<'d>>> {
    let tables = node.tables(findings)?;
    if tables.is_empty() {
        let help = "write at least one [[families.<name>.destinations]]";
        findings.error(
            Code::EmptySelector,
            &node.span(),
            "`destinations` is empty",
            help,
        );
        return None;
    }
    Some(tables)
}

struct Reader<'n> {
    wanted: Wanted,
    /// Where each place was named first.
    seen: BTreeMap<Place, Span>,
    names: &'n Names,
}

impl Reader<'_> {
    fn read_entry(
        &mut self,
        mut table: Table<'_>,
        selected: Option<&Selected>,
        findings: &mut Findings,
    ) -> Option<()> {
        let accounts = read_accounts(&mut table, self.names, findings);
        let regions = read_regions(&mut table, findings);
        let said = encryption::read(&mut table, findings);
        table.finish(findings);
        if let Some(said) = &said {
            self.wanted.encrypted = self.wanted.encrypted.take().or_else(|| said.encrypted());
            self.wanted.aws_managed.extend(said.aws_managed());
        }
        let (accounts, regions) = (accounts?, regions?);
        let encryptions =
            said.and_then(|said: Said<'_>| said.by_region(&accounts, &regions, findings));
        let mut repeated = BTreeMap::<usize, (Span, Vec<Place>)>::new();
        for (region, region_span) in &regions.items {
            for account in accounts.items.keys() {
                self.wanted.accounts.insert(account.clone());
                let place = Place::new(account.clone(), region.clone());
                if self.seen.contains_key(&place) {
                    let (_, places) = repeated
                        .entry(region_span.start)
                        .or_insert((region_span.clone(), Vec::new()));
                    places.push(place);
                    continue;
                }
                self.seen.insert(place.clone(), region_span.clone());
                let encryption = encryptions
                    .as_ref()
                    .and_then(|by_region| by_region.get(region))
                    .cloned();
                if let Some(encryption) = encryption {
                    self.wanted
                        .destinations
                        .insert(place.clone(), Destination { place, encryption });
                }
            }
            self.check_source(region_span, &accounts.set(), region, selected, findings);
        }
        for (span, places) in repeated.into_values() {
            self.report_repeated(&span, &places, findings);
        }
        (accounts.complete && regions.complete)
            .then_some(encryptions)
            .flatten()
            .map(|_| ())
    }

    fn report_repeated(&self, span: &Span, places: &[Place], findings: &mut Findings) {
        let Some(first) = places.first() else { return };
        let name = self
            .names
            .accounts
            .get(&first.account)
            .map_or("", |account| account.name.as_str());
        let more = if places.len() > 1 {
            format!(" (and {} more)", places.len() - 1)
        } else {
            String::new()
        };
        let message = format!(
            "{} in {} is a destination of this family already{more}",
            quoted(name),
            first.region
        );
        let help = "leave the account or the Region out of one of the two";
        let found = findings.error(Code::DuplicateDestination, span, message, help);
        if let Some(earlier) = self.seen.get(first) {
            found.related(earlier, "first here");
        }
    }

    fn check_source(
        &self,
        span: &Span,
        accounts: &BTreeSet<AccountId>,
        region: &crate::ids::Region,
        selected: Option<&Selected>,
        findings: &mut Findings,
    ) {
        let Some((selected, source)) =
            selected.and_then(|selected| Some((selected, selected.only_place()?)))
        else {
            return;
        };
        if source.region != *region || !accounts.contains(&source.account) {
            return;
        }
        let name = self
            .names
            .accounts
            .get(&source.account)
            .map_or("", |account| account.name.as_str());
        let message = format!(
            "{} in {region} is where all sources of this family are",
            quoted(name)
        );
        let help = if accounts.len() == 1 {
            "leave this Region out: the images are there already".to_owned()
        } else {
            format!(
                "leave the account out here, and give it the other Regions in an entry without {region}"
            )
        };
        let found = findings.error(Code::DestinationIsSource, span, message, help);
        if let Some(place) = selected.accounts.get(&source.account) {
            found.related(place, "the sources' account");
        }
    }
}
