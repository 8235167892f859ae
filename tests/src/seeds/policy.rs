//! Owns a seed's policy as it was drawn: how it is written, and what it wants, said here a second
//! time and apart from Amiary's own reading of it.

use super::people::Made;
use crate::{BUILDER, PARTNER, PRODUCTION, topic};
use amiary_simulator::LaunchPermission;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// An account that is only shared with.
pub(super) const AUDITOR: &str = "444444444444";
/// An organization that is only shared with.
pub(super) const ORGANIZATION: &str =
    "arn:aws:organizations::111111111111:organization/o-a1b2c3d4e5";

/// What the three tags of Amiary's own begin with.
pub(super) const OWN_TAGS: &str = "amiary:";

/// Who may launch something, or make volumes from it.
pub(super) type Grants = BTreeSet<LaunchPermission>;
/// Tags by key.
pub(super) type Tags = BTreeMap<String, String>;

/// An account and a Region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spot {
    pub account: String,
    pub region: String,
}

impl Spot {
    pub(super) fn new(account: &str, region: &str) -> Self {
        Self {
            account: account.to_owned(),
            region: region.to_owned(),
        }
    }
}

impl std::fmt::Display for Spot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.account, self.region)
    }
}

/// The drawn policy.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Policy {
    pub families: Vec<Family>,
    pub copies_per_run: Option<u32>,
    pub revocations_per_run: Option<u32>,
}

/// A family of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Family {
    pub name: &'static str,
    /// Whose images are its sources.
    pub home: &'static str,
    pub regions: Vec<&'static str>,
    /// Whether a source must carry `Role = golden`.
    pub by_role: bool,
    pub ready: Ready,
    /// The destinations with the alias of the key; none leaves copies unencrypted.
    pub destinations: BTreeMap<Spot, Option<&'static str>>,
    pub sharing: Sharing,
    pub tags: TagRules,
}

/// When a source is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ready {
    Available,
    Released,
    Settled,
}

/// Whom replicas are shared with.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Sharing {
    pub as_source: bool,
    pub public: bool,
    pub organization: bool,
    pub accounts: Vec<&'static str>,
    pub snapshots: Vec<&'static str>,
}

/// Which tags replicas carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TagRules {
    pub copy: bool,
    pub drop_build: bool,
    pub add: bool,
}

/// The name that an account has in the policy.
fn named(account: &str) -> &'static str {
    match account {
        BUILDER => "builders",
        PRODUCTION => "production",
        PARTNER => "partner",
        _ => "auditor",
    }
}

impl Policy {
    /// The document.
    pub(super) fn document(&self) -> String {
        let mut text = format!(
            "[accounts]\nbuilders = {{ id = \"{BUILDER}\" }}\n\
             production = {{ id = \"{PRODUCTION}\", role = \"amiary\" }}\n\
             partner = {{ id = \"{PARTNER}\" }}\nauditor = {{ id = \"{AUDITOR}\" }}\n\
             [owners.platform]\ntopic = \"{}\"\n",
            topic()
        );
        for family in &self.families {
            family.write(&mut text);
        }
        text.push_str("[caps]\n");
        for (key, cap) in [
            ("copies-per-run", self.copies_per_run),
            // A world of few images can want to take back more than the default.
            (
                "revocations-per-run",
                self.revocations_per_run.or(Some(10_000)),
            ),
        ] {
            if let Some(cap) = cap {
                let _ = writeln!(text, "{key} = {cap}");
            }
        }
        text
    }

    /// A family by name.
    pub(super) fn family(&self, name: &str) -> Option<&Family> {
        self.families.iter().find(|family| family.name == name)
    }

    /// The same without caps that hold anything up.
    pub(super) fn without_caps(&self) -> Self {
        Self {
            copies_per_run: None,
            revocations_per_run: None,
            ..self.clone()
        }
    }
}

impl Family {
    fn write(&self, text: &mut String) {
        let Self { name, regions, .. } = self;
        let _ = writeln!(
            text,
            "[families.{name}]\nowner = \"platform\"\naccounts = [\"{}\"]\nregions = {regions:?}\n\
             name = \"{name}-*\"",
            named(self.home)
        );
        if self.by_role {
            text.push_str("match-tags = { Role = \"golden\" }\n");
        }
        text.push_str(match self.ready {
            Ready::Available => "",
            Ready::Released => "ready = { tag = \"Status\", value = \"released\" }\n",
            Ready::Settled => "ready = { settled = \"30m\" }\n",
        });
        for (spot, key) in &self.destinations {
            let encryption = key.map_or_else(
                || "encrypt = false".to_owned(),
                |alias| format!("key = \"{alias}\""),
            );
            let _ = writeln!(
                text,
                "[[families.{name}.destinations]]\naccounts = [\"{}\"]\nregions = [\"{}\"]\n\
                 {encryption}",
                named(&spot.account),
                spot.region
            );
        }
        self.write_sharing(text);
        let TagRules {
            copy,
            drop_build,
            add,
        } = self.tags;
        let _ = writeln!(text, "[families.{name}.tags]\ncopy = {copy}");
        if drop_build && copy {
            text.push_str("drop = [\"build:*\"]\n");
        }
        if add {
            text.push_str("add = { ManagedBy = \"amiary\" }\n");
        }
    }

    fn write_sharing(&self, text: &mut String) {
        let sharing = &self.sharing;
        let _ = writeln!(
            text,
            "[families.{}.sharing]\nas-source = {}\npublic = {}",
            self.name, sharing.as_source, sharing.public
        );
        let lists = [
            ("accounts", &sharing.accounts),
            ("snapshots", &sharing.snapshots),
        ];
        for (key, accounts) in lists {
            if !accounts.is_empty() {
                let names: Vec<_> = accounts.iter().map(|account| named(account)).collect();
                let _ = writeln!(text, "{key} = {names:?}");
            }
        }
        if sharing.organization {
            let _ = writeln!(text, "organizations = [\"{ORGANIZATION}\"]");
        }
    }

    /// Whether an image with these tags is one of its sources, once it is ready.
    pub(super) fn selects(&self, made: &Made, tags: &Tags) -> bool {
        let begins = made.name.strip_prefix(self.name);
        made.spot.account == self.home
            && self
                .regions
                .iter()
                .any(|region| *region == made.spot.region)
            && begins.is_some_and(|rest| rest.starts_with('-'))
            && (!self.by_role || tags.get("Role").is_some_and(|role| role == "golden"))
            && !tags.keys().any(|key| key.starts_with(OWN_TAGS))
    }

    /// Whether a source with these tags is ready at the end, when every image is hours old.
    pub(super) fn is_ready(&self, tags: &Tags) -> bool {
        let released = tags
            .get("Status")
            .is_some_and(|status| status == "released");
        self.ready != Ready::Released || released
    }

    /// Whom the policy itself names for a replica at a place.
    pub(super) fn launchers(&self, spot: &Spot) -> Grants {
        let mut named: Grants = accounts(&self.sharing.accounts);
        if self.sharing.organization {
            named.insert(LaunchPermission::Organization(ORGANIZATION.to_owned()));
        }
        if self.sharing.public {
            named.insert(LaunchPermission::All);
        }
        named.remove(&LaunchPermission::Account(spot.account.clone()));
        named
    }

    /// Whom the policy names for the snapshots of a replica at a place.
    pub(super) fn volume_makers(&self, spot: &Spot) -> Grants {
        let mut named = accounts(&self.sharing.snapshots);
        named.remove(&LaunchPermission::Account(spot.account.clone()));
        named
    }

    /// The tags of a replica, without the three that are Amiary's own.
    pub(super) fn tags_of(&self, source: &Tags) -> Tags {
        let mut tags = Tags::new();
        if self.tags.copy {
            tags.extend(source.clone());
        }
        tags.retain(|key, _| {
            let lower = key.to_ascii_lowercase();
            !(self.tags.drop_build && key.starts_with("build:")
                || lower.starts_with("aws:")
                || lower.starts_with(OWN_TAGS))
        });
        if self.tags.add {
            tags.insert("ManagedBy".to_owned(), "amiary".to_owned());
        }
        tags
    }
}

/// Accounts as permissions.
pub(super) fn accounts(ids: &[&str]) -> Grants {
    ids.iter()
        .map(|id| LaunchPermission::Account((*id).to_owned()))
        .collect()
}
