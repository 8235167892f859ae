//! Owns the names a policy gives: accounts, groups and owners, and finding what a name stands for.

use super::arn;
use super::diagnostic::{Code, Span};
use super::document::{Key, Listed, Node, Table, Text};
use super::findings::Findings;
use super::groups;
use super::suggest::{meant, quoted};
use super::{Account, Owner};
use crate::ids::AccountId;
use std::collections::{BTreeMap, BTreeSet};
use toml::de::DeValue;

const ACCOUNTS: Key = Key::new("accounts", r#"{ builders = { id = "111111111111" } }"#);
const ACCOUNT: Key = Key::any("an account", r#"{ id = "111111111111" }"#);
const ID: Key = Key::new("id", r#""111111111111""#);
const ROLE: Key = Key::new("role", r#""amiary""#);
const OWNERS: Key = Key::new("owners", r#"{ platform = { topic = "arn:aws:sns:…" } }"#);
const OWNER: Key = Key::any("an owner", r#"{ topic = "arn:aws:sns:…" }"#);
const TOPIC: Key = Key::new("topic", r#""arn:aws:sns:us-east-1:111111111111:images""#);

/// What the names of a policy stand for.
#[derive(Default)]
pub(super) struct Names {
    /// The accounts by id.
    pub(super) accounts: BTreeMap<AccountId, Account>,
    /// The place of each account's name.
    pub(super) places: BTreeMap<AccountId, Span>,
    /// The owners by name.
    pub(super) owners: BTreeMap<String, Owner>,
    /// The accounts each name of an account or a group stands for; nothing where a mistake in its
    /// definition was reported.
    pub(super) selectors: BTreeMap<String, Option<BTreeSet<AccountId>>>,
    /// The names of all owners, those with a mistake, too.
    known_owners: BTreeSet<String>,
}

/// Items of a list, each with the place that named it first.
pub(super) struct Chosen<T> {
    pub(super) items: BTreeMap<T, Span>,
    pub(super) complete: bool,
}

impl<T: Ord + Clone> Chosen<T> {
    /// The items alone.
    pub(super) fn set(&self) -> BTreeSet<T> {
        self.items.keys().cloned().collect()
    }
}

impl Names {
    /// Reads the accounts, groups and owners of the document.
    pub(super) fn read(document: &mut Table<'_>, findings: &mut Findings) -> Self {
        let mut names = Self::default();
        let mut places = BTreeMap::new();
        if let Some(table) = document
            .optional(ACCOUNTS)
            .and_then(|node| node.table(findings))
        {
            for (name, node) in table.named(ACCOUNT) {
                places.insert(name.text.to_owned(), name.span.clone());
                names.read_account(&name, node, findings);
            }
        }
        groups::read(document, &places, &mut names.selectors, findings);
        if let Some(table) = document
            .optional(OWNERS)
            .and_then(|node| node.table(findings))
        {
            for (name, node) in table.named(OWNER) {
                names.read_owner(&name, node, findings);
            }
        }
        names
    }

    fn read_account(&mut self, name: &Text<'_>, node: Node<'_>, findings: &mut Findings) {
        check_name(name, "an account", findings);
        self.selectors.insert(name.text.to_owned(), None);
        let Some(mut table) = node.table(findings) else {
            return;
        };
        let id = table.required(ID).and_then(|node| read_id(node, findings));
        let role = table.optional(ROLE).and_then(|node| node.text(findings));
        table.finish(findings);
        if let Some(role) = &role {
            check_role(role, id.as_ref().map(|(id, _)| id), findings);
        }
        let Some((id, span)) = id else { return };
        self.selectors
            .insert(name.text.to_owned(), Some(BTreeSet::from([id.clone()])));
        if let Some(first) = self.accounts.get(&id) {
            let message = format!("account {id} is {} already", quoted(&first.name));
            let help = "give each account one name; a group can give it another";
            let found = findings.error(Code::DuplicateAccountId, &span, message, help);
            if let Some(place) = self.places.get(&id) {
                found.related(place, "first here");
            }
            return;
        }
        self.places.insert(id.clone(), name.span.clone());
        let role = role.map(|role| role.text.to_owned());
        self.accounts.insert(
            id,
            Account {
                name: name.text.to_owned(),
                role,
            },
        );
    }

    fn read_owner(&mut self, name: &Text<'_>, node: Node<'_>, findings: &mut Findings) {
        check_name(name, "an owner", findings);
        self.known_owners.insert(name.text.to_owned());
        let Some(mut table) = node.table(findings) else {
            return;
        };
        let topic = table.required(TOPIC).and_then(|node| node.text(findings));
        table.finish(findings);
        let Some(topic) = topic else { return };
        if arn::is_topic(topic.text) {
            self.owners.insert(
                name.text.to_owned(),
                Owner {
                    topic: topic.text.to_owned(),
                },
            );
        } else {
            findings.error(
                Code::MalformedArn,
                &topic.span,
                format!("{} is not the ARN of an SNS topic", quoted(topic.text)),
                "write a standard topic's ARN, such as arn:aws:sns:us-east-1:111111111111:images (no FIFO topic)",
            );
        }
    }

    /// The name of an owner, if there is one of that name.
    pub(super) fn owner(&self, name: &Text<'_>, findings: &mut Findings) -> Option<String> {
        if self.known_owners.contains(name.text) {
            return Some(name.text.to_owned());
        }
        let owners = self.known_owners.iter().map(String::as_str);
        let help = meant(name.text, owners, "name an owner of [owners.<name>]");
        let message = format!("there is no owner {}", quoted(name.text));
        findings.error(Code::UnknownOwner, &name.span, message, help);
        None
    }

    /// The one account of a name.
    pub(super) fn account(&self, name: &Text<'_>, findings: &mut Findings) -> Option<AccountId> {
        let accounts = self.accounts.iter();
        let mut named = accounts.filter(|(_, account)| account.name == name.text);
        if let Some((id, _)) = named.next() {
            return Some(id.clone());
        }
        match self.selectors.get(name.text) {
            Some(Some(_)) => {
                let message = format!("{} is a group", quoted(name.text));
                let help = "name each of its accounts that is meant";
                findings.error(Code::UnknownAccount, &name.span, message, help);
            }
            Some(None) => {}
            None => self.unknown(name, findings),
        }
        None
    }

    /// The accounts that a list of accounts and groups stands for.
    pub(super) fn accounts(
        &self,
        list: &Listed<Text<'_>>,
        findings: &mut Findings,
    ) -> Chosen<AccountId> {
        let mut chosen = Chosen {
            items: BTreeMap::new(),
            complete: list.complete,
        };
        for name in &list.items {
            match self.selectors.get(name.text) {
                Some(Some(accounts)) => {
                    for account in accounts {
                        chosen
                            .items
                            .entry(account.clone())
                            .or_insert_with(|| name.span.clone());
                    }
                }
                Some(None) => chosen.complete = false,
                None => {
                    chosen.complete = false;
                    self.unknown(name, findings);
                }
            }
        }
        chosen
    }

    fn unknown(&self, name: &Text<'_>, findings: &mut Findings) {
        let known_id = name.text.parse::<AccountId>().ok();
        let help = if let Some(account) = known_id.as_ref().and_then(|id| self.accounts.get(id)) {
            format!(
                "accounts go by their names: write {}",
                quoted(&account.name)
            )
        } else if known_id.is_some() {
            "accounts go by their names: add [accounts.<name>] with this id, and write the name"
                .to_owned()
        } else if name.text.starts_with("arn:") {
            "only accounts and groups can stand here; organizations and their units have keys of their own \
             under sharing"
                .to_owned()
        } else {
            let known = self.selectors.keys().map(String::as_str);
            meant(
                name.text,
                known,
                "name an account of [accounts.<name>] or a group of [groups]",
            )
        };
        let message = format!("there is no account or group {}", quoted(name.text));
        findings.error(Code::UnknownAccount, &name.span, message, help);
    }
}

/// Reports a name that could not be written into a tag, a key or a file name.
pub(super) fn check_name(name: &Text<'_>, what: &str, findings: &mut Findings) {
    let good = (1..=64).contains(&name.text.len())
        && name
            .text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        && name
            .text
            .bytes()
            .next()
            .is_some_and(|b| b.is_ascii_alphanumeric());
    if !good {
        findings.error(
            Code::MalformedName,
            &name.span,
            format!("{} can't be the name of {what}", quoted(name.text)),
            "use up to 64 letters, digits, `-`, `_` and `.`, beginning with a letter or digit",
        );
    }
}

fn read_id(node: Node<'_>, findings: &mut Findings) -> Option<(AccountId, Span)> {
    let span = node.span();
    if let DeValue::Integer(number) = node.value() {
        let help = match number.as_str() {
            digits
                if digits.len() <= 12
                    && digits.bytes().all(|b| b.is_ascii_digit())
                    && number.radix() == 10 =>
            {
                format!("put it in quotes: \"{digits:0>12}\"")
            }
            _ => "write its twelve digits in quotes, such as \"111111111111\"".to_owned(),
        };
        let message = "an account id is a string: as a number it would lose its leading zeros";
        findings.error(Code::MalformedAccountId, &span, message, help);
        return None;
    }
    let text = node.text(findings)?;
    if let Ok(id) = text.text.parse() {
        return Some((id, span));
    }
    let digits: String = text
        .text
        .chars()
        .filter(char::is_ascii_digit)
        .take(13)
        .collect();
    let help = match digits.len() {
        12 => format!("write the digits alone: \"{digits}\""),
        _ => "write its twelve digits, such as \"111111111111\"".to_owned(),
    };
    let message = format!("{} is not an account id", quoted(text.text));
    findings.error(Code::MalformedAccountId, &span, message, help);
    None
}

fn check_role(role: &Text<'_>, account: Option<&AccountId>, findings: &mut Findings) {
    if let Some(other) = arn::role_account(role.text) {
        if let Some(account) = account.filter(|account| account.as_str() != other) {
            let message = format!("the role is in account {other}, not in {account}");
            let help = format!("name a role of account {account}, or only the role's name");
            findings.error(Code::RoleAccount, &role.span, message, help);
        }
    } else if !arn::is_role_name(role.text) {
        let message = format!(
            "{} is neither a role's name nor a role's ARN",
            quoted(role.text)
        );
        let help = "write a name such as \"amiary\", or arn:aws:iam::111111111111:role/amiary";
        findings.error(Code::MalformedRole, &role.span, message, help);
    }
}
