//! Owns the reading of whom a family's replicas are shared with, and what can't be shared.

use super::Sharing;
use super::arn;
use super::destinations::Wanted;
use super::diagnostic::{Code, Span};
use super::document::{Key, Table};
use super::findings::Findings;
use super::names::Names;
use super::selection::ACCOUNTS;
use super::suggest::quoted;
use crate::ids::AccountId;
use crate::image::LaunchPermission;
use std::collections::BTreeSet;

const SHARING: Key = Key::new("sharing", r#"{ accounts = ["production"] }"#);
const ORGANIZATIONS: Key = Key::new(
    "organizations",
    r#"["arn:aws:organizations::111111111111:organization/o-a1b2c3d4e5"]"#,
);
const UNITS: Key = Key::new(
    "organizational-units",
    r#"["arn:aws:organizations::111111111111:ou/o-a1b2c3d4e5/ou-ab12-cd34ef56"]"#,
);
const AS_SOURCE: Key = Key::new("as-source", "true");
const PUBLIC: Key = Key::new("public", "false");
const SNAPSHOTS: Key = Key::new("snapshots", r#"["production"]"#);

/// Reads a family's sharing, and checks it against how its copies are encrypted.
pub(super) fn read(
    family: &mut Table<'_>,
    wanted: &Wanted,
    names: &Names,
    findings: &mut Findings,
) -> Option<Sharing> {
    let Some(node) = family.optional(SHARING) else {
        return Some(Sharing::default());
    };
    let mut reader = Reader {
        table: node.table(findings)?,
        shared: None,
        public: None,
        whole: true,
    };
    let mut sharing = Sharing::default();
    let launch = reader
        .accounts(ACCOUNTS, names, findings)
        .into_iter()
        .map(LaunchPermission::Account);
    sharing.launch.extend(launch);
    reader.arns(
        ORGANIZATIONS,
        arn::is_organization,
        LaunchPermission::Organization,
        &mut sharing,
        findings,
    );
    reader.arns(
        UNITS,
        arn::is_organizational_unit,
        LaunchPermission::OrganizationalUnit,
        &mut sharing,
        findings,
    );
    sharing.as_source = reader.flag(AS_SOURCE, findings).is_some();
    reader.public = reader.flag(PUBLIC, findings);
    if reader.public.is_some() {
        sharing.launch.insert(LaunchPermission::Everyone);
    }
    sharing.snapshots = reader.accounts(SNAPSHOTS, names, findings);
    reader.check(wanted, findings);
    let whole = reader.whole;
    reader.table.finish(findings);
    whole.then_some(sharing)
}

struct Reader<'d> {
    table: Table<'d>,
    /// The place of the first thing that shares.
    shared: Option<Span>,
    /// The place that makes images public.
    public: Option<Span>,
    whole: bool,
}

impl Reader<'_> {
    fn accounts(
        &mut self,
        key: Key,
        names: &Names,
        findings: &mut Findings,
    ) -> BTreeSet<AccountId> {
        let Some(node) = self.table.optional(key) else {
            return BTreeSet::new();
        };
        self.shared.get_or_insert_with(|| node.span());
        let Some(list) = node.filled_texts(findings) else {
            self.whole = false;
            return BTreeSet::new();
        };
        let chosen = names.accounts(&list, findings);
        self.whole &= chosen.complete;
        chosen.set()
    }

    fn arns(
        &mut self,
        key: Key,
        is_good: fn(&str) -> bool,
        permission: fn(String) -> LaunchPermission,
        sharing: &mut Sharing,
        findings: &mut Findings,
    ) {
        let Some(node) = self.table.optional(key) else {
            return;
        };
        self.shared.get_or_insert_with(|| node.span());
        let Some(list) = node.filled_texts(findings) else {
            self.whole = false;
            return;
        };
        self.whole &= list.complete;
        for text in list.items {
            if is_good(text.text) {
                sharing.launch.insert(permission(text.text.to_owned()));
                continue;
            }
            self.whole = false;
            let message = format!("{} is not an ARN that belongs here", quoted(text.text));
            let help = format!("write ARNs of this form: {}", key.example());
            findings.error(Code::MalformedArn, &text.span, message, help);
        }
    }

    /// The place of a flag that is set.
    fn flag(&mut self, key: Key, findings: &mut Findings) -> Option<Span> {
        let node = self.table.optional(key)?;
        let Some(flag) = node.flag(findings) else {
            self.whole = false;
            return None;
        };
        if flag {
            self.shared.get_or_insert_with(|| node.span());
        }
        flag.then(|| node.span())
    }

    fn check(&self, wanted: &Wanted, findings: &mut Findings) {
        if let Some(shared) = &self.shared {
            for key in &wanted.aws_managed {
                let message = "what is encrypted under a key that AWS manages can't be shared";
                let help = "name a key of your own, such as \"alias/golden\", or share nothing";
                findings
                    .error(Code::AwsManagedKeyShared, key, message, help)
                    .related(shared, "shared here");
            }
        }
        if let (Some(public), Some(key)) = (&self.public, &wanted.encrypted) {
            let message = "an encrypted image can't be public";
            let help = "write public = false, or copy without encryption (encrypt = false)";
            findings
                .error(Code::PublicAndEncrypted, public, message, help)
                .related(key, "encrypted here");
        }
    }
}
