//! Owns the reading of how a destination's copies are encrypted: one key, a key for each Region, or
//! not at all.

use super::Encryption;
use super::diagnostic::{Code, Span};
use super::document::{Key, Node, Table, Text};
use super::findings::Findings;
use super::kms::KmsKey;
use super::names::Chosen;
use super::selection::read_region;
use super::suggest::quoted;
use crate::ids::{AccountId, Region};
use std::collections::BTreeMap;

const KEY: Key = Key::new("key", r#""alias/golden""#);
const KEYS: Key = Key::new("keys", r#"{ eu-west-1 = "alias/golden" }"#);
const KEY_OF_REGION: Key = Key::any("the Region's key", r#""alias/golden""#);
const ENCRYPT: Key = Key::new("encrypt", "false");

/// What a destination says of encryption.
pub(super) enum Said<'d> {
    /// One key for all places.
    Key(Named<'d>),
    /// A key for each Region.
    Keys {
        /// The place of the whole table.
        span: Span,
        /// Each Region, with the place of its name, and its key.
        keys: BTreeMap<Region, (Span, Named<'d>)>,
    },
    /// Not at all.
    Unencrypted,
}

/// A key as it is named in the document.
pub(super) struct Named<'d> {
    text: Text<'d>,
    key: KmsKey<'d>,
}

/// Reads `key`, `keys` or `encrypt`, exactly one of which must be there.
pub(super) fn read<'d>(table: &mut Table<'d>, findings: &mut Findings) -> Option<Said<'d>> {
    let (key, keys, encrypt) = (
        table.optional(KEY),
        table.optional(KEYS),
        table.optional(ENCRYPT),
    );
    let said = [("key", key), ("keys", keys), ("encrypt", encrypt)];
    let given: Vec<(&str, Node<'d>)> = said
        .into_iter()
        .filter_map(|(name, node)| Some((name, node?)))
        .collect();
    if let [(first, one), .., (second, other)] = given.as_slice() {
        let message = format!("`{first}` and `{second}` both say how copies are encrypted");
        findings
            .error(
                Code::EncryptionConflict,
                &other.span(),
                message,
                "keep one of key, keys and encrypt = false",
            )
            .related(&one.span(), "said here, too");
        return None;
    }
    match (key, keys, encrypt) {
        (Some(node), ..) => read_key(node, findings).map(Said::Key),
        (_, Some(node), _) => read_keys(node, findings),
        (.., Some(node)) => read_encrypt(node, findings),
        _ => {
            let message = "this destination does not say how copies are encrypted";
            let help =
                "write key = \"alias/…\", keys = { <region> = \"alias/…\" } or encrypt = false";
            findings.error(Code::EncryptionMissing, &table.span, message, help);
            None
        }
    }
}

fn read_encrypt<'d>(node: Node<'d>, findings: &mut Findings) -> Option<Said<'d>> {
    if node.flag(findings)? {
        let help = "name the key instead: key = \"alias/golden\"";
        findings.error(
            Code::EncryptionMissing,
            &node.span(),
            "`encrypt = true` does not say under which key",
            help,
        );
        return None;
    }
    Some(Said::Unencrypted)
}

fn read_key<'d>(node: Node<'d>, findings: &mut Findings) -> Option<Named<'d>> {
    let text = node.text(findings)?;
    if let Some(key) = KmsKey::read(text.text) {
        return Some(Named { text, key });
    }
    let alias = format!("alias/{}", text.text);
    let help = if text.text.contains(['*', '?']) {
        "name one key; there are no patterns of keys".to_owned()
    } else if !text.text.contains([':', '/']) && KmsKey::read(&alias).is_some() {
        format!("an alias begins with alias/: write \"{alias}\"")
    } else {
        "write an alias such as \"alias/golden\", a key id, or the ARN of either".to_owned()
    };
    let message = format!("{} is not a KMS key", quoted(text.text));
    findings.error(Code::MalformedKmsKey, &text.span, message, help);
    None
}

fn read_keys<'d>(node: Node<'d>, findings: &mut Findings) -> Option<Said<'d>> {
    let mut whole = true;
    let mut keys = BTreeMap::new();
    for (name, node) in node.table(findings)?.named(KEY_OF_REGION) {
        let key = read_key(node, findings);
        match (read_region(&name, findings), key) {
            (Some(region), Some(key)) => {
                keys.insert(region, (name.span, key));
            }
            _ => whole = false,
        }
    }
    whole.then_some(Said::Keys {
        span: node.span(),
        keys,
    })
}

impl Said<'_> {
    /// The place of the first key that copies are encrypted under.
    pub(super) fn encrypted(&self) -> Option<Span> {
        self.named().next().map(|named| named.text.span.clone())
    }

    /// The places of keys that AWS manages.
    pub(super) fn aws_managed(&self) -> Vec<Span> {
        self.named()
            .filter(|named| named.key.is_aws_managed())
            .map(|named| named.text.span.clone())
            .collect()
    }

    fn named(&self) -> impl Iterator<Item = &Named<'_>> {
        let (one, many) = match self {
            Self::Key(named) => (Some(named), None),
            Self::Keys { keys, .. } => (None, Some(keys)),
            Self::Unencrypted => (None, None),
        };
        one.into_iter().chain(
            many.into_iter()
                .flat_map(BTreeMap::values)
                .map(|(_, named)| named),
        )
    }

    /// The encryption in each Region of the destination.
    pub(super) fn by_region(
        self,
        accounts: &Chosen<AccountId>,
        regions: &Chosen<Region>,
        findings: &mut Findings,
    ) -> Option<BTreeMap<Region, Encryption>> {
        let all: Vec<&Region> = regions.items.keys().collect();
        match self {
            Self::Unencrypted => Some(
                all.into_iter()
                    .map(|region| (region.clone(), Encryption::Unencrypted))
                    .collect(),
            ),
            Self::Key(named) => {
                let good = named.serves(accounts, &all, findings);
                let each =
                    |region: &Region| (region.clone(), Encryption::Key(named.text.text.to_owned()));
                good.then(|| all.into_iter().map(each).collect())
            }
            Self::Keys { span, keys } => {
                let mut good = !regions.complete || covers_exactly(&keys, &span, &all, findings);
                for (region, (_, named)) in &keys {
                    good &= named.serves(accounts, &[region], findings);
                }
                let each = |(region, (_, named)): (Region, (Span, Named<'_>))| {
                    (region, Encryption::Key(named.text.text.to_owned()))
                };
                good.then(|| keys.into_iter().map(each).collect())
            }
        }
    }
}

fn covers_exactly(
    keys: &BTreeMap<Region, (Span, Named<'_>)>,
    span: &Span,
    regions: &[&Region],
    findings: &mut Findings,
) -> bool {
    let missing: Vec<&str> = regions
        .iter()
        .filter(|region| !keys.contains_key(region))
        .map(|region| region.as_str())
        .collect();
    if let Some(first) = missing.first() {
        let message = format!("`keys` has no key for {}", missing.join(", "));
        let help = format!("add {first} = \"alias/…\"");
        findings.error(Code::KmsKeysMissingRegion, span, message, help);
    }
    let mut exact = missing.is_empty();
    for (region, (place, _)) in keys {
        if !regions.contains(&region) {
            exact = false;
            let message =
                format!("`keys` names {region}, which is not among this destination's Regions");
            let help = "add it to `regions`, or take its key out";
            findings.error(Code::KmsKeysExtraRegion, place, message, help);
        }
    }
    exact
}

impl Named<'_> {
    /// Whether the key can be used in all of the accounts and Regions; reports why not.
    fn serves(
        &self,
        accounts: &Chosen<AccountId>,
        regions: &[&Region],
        findings: &mut Findings,
    ) -> bool {
        if let KmsKey::Arn { region: home, .. } = self.key {
            let others: Vec<&str> = regions
                .iter()
                .map(|region| region.as_str())
                .filter(|region| *region != home)
                .collect();
            if others.is_empty() {
                return true;
            }
            let message = format!(
                "this key is in {home}, and can't encrypt in {}",
                others.join(", ")
            );
            let help =
                "name a key of each Region with keys = { … }, or an alias that every Region has";
            findings.error(Code::KmsKeyRegion, &self.text.span, message, help);
            return false;
        }
        let (what, help) = match self.key {
            KmsKey::Id if regions.len() > 1 => (
                "a key id names a key of one Region, but the destination has several",
                "keys = { … }",
            ),
            KmsKey::Id | KmsKey::MultiRegionId if accounts.items.len() > 1 => (
                "a key id names a key of one account, but the destination has several",
                "the key's ARN",
            ),
            _ => return true,
        };
        let help = format!("name an alias that each of them has, or use {help}");
        findings.error(Code::KmsKeyNotEverywhere, &self.text.span, what, help);
        false
    }
}
