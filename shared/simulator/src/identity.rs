//! Who calls: access keys, the accounts and sessions behind them, and the roles one may assume.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ids::{hex, is_account};
use crate::lately::Lately;

/// The account of any access key that nobody gave out.
const DEFAULT_ACCOUNT: &str = "111111111111";

/// Temporary credentials, as AWS hands them out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The access key id, which tells the caller.
    pub access_key_id: String,
    /// The secret key. Signatures aren't verified.
    pub secret_access_key: String,
    /// The session token.
    pub session_token: String,
}

/// The account and ARN behind a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Caller {
    pub(crate) account: String,
    pub(crate) arn: String,
}

impl Caller {
    /// The account itself.
    pub(crate) fn root(account: &str) -> Self {
        Self {
            account: account.to_owned(),
            arn: format!("arn:aws:iam::{account}:root"),
        }
    }
}

/// The access key id of a session, by its ARN.
pub(crate) fn access_key_id(arn: &str) -> String {
    format!("ASIA{}", &digest(arn)[..16])
}

fn digest(arn: &str) -> String {
    hex(Sha256::digest(arn.as_bytes())).to_uppercase()
}

/// Whether an access key id is of the form of [`access_key_id`], which no other is likely to have.
fn is_of_a_session(access_key_id: &str) -> bool {
    let digest = access_key_id.strip_prefix("ASIA").unwrap_or_default();
    let capital = |c: char| c.is_ascii_digit() || ('A'..='F').contains(&c);
    digest.len() == 16 && digest.chars().all(capital)
}

/// The sessions given out and the roles that exist.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Identities {
    /// Those that the world's owner gave out, which last for ever.
    sessions: BTreeMap<String, Caller>,
    /// Those of roles that were assumed, until they expire.
    assumed: Lately<String, Caller>,
    roles: BTreeSet<(String, String)>,
    /// Whether every role exists and may be assumed.
    any_role: bool,
}

impl Identities {
    /// Credentials of a role's session that lasts for ever; the same for the same role and name.
    pub(crate) fn session(&mut self, account: &str, role: &str, session: &str) -> Credentials {
        let (caller, credentials) = given(account, role, session);
        let id = credentials.access_key_id.clone();
        self.sessions.insert(id, caller);
        credentials
    }

    /// Credentials of a role's session that expires. Where it goes on longer already, it still does.
    pub(crate) fn assume(
        &mut self,
        (account, role, session): (&str, &str, &str),
        now: Timestamp,
        lasting: SignedDuration,
    ) -> Credentials {
        let (caller, credentials) = given(account, role, session);
        let id = credentials.access_key_id.clone();
        let left = self
            .assumed
            .until(&id)
            .map(|until| until.duration_since(now));
        let lasting = left.map_or(lasting, |left| lasting.max(left));
        self.assumed.put(id, caller, now, lasting);
        credentials
    }

    /// Who an access key belongs to; nobody any more where it is a session's that expired.
    pub(crate) fn caller(&self, access_key_id: &str, now: Timestamp) -> Option<Caller> {
        let id = access_key_id.to_owned();
        let known = self
            .sessions
            .get(&id)
            .or_else(|| self.assumed.get(&id, now));
        match known {
            Some(caller) => Some(caller.clone()),
            None if is_account(access_key_id) => Some(Caller::root(access_key_id)),
            None if is_of_a_session(access_key_id) => None,
            None => Some(Caller::root(DEFAULT_ACCOUNT)),
        }
    }

    /// Adds a role; tells whether it was missing.
    pub(crate) fn add_role(&mut self, account: &str, role: &str) -> bool {
        self.roles.insert((account.to_owned(), role.to_owned()))
    }

    /// Lets every role be assumed, whether it was made or not.
    pub(crate) fn let_any_role_be_assumed(&mut self) {
        self.any_role = true;
    }

    pub(crate) fn may_be_assumed(&self, account: &str, role: &str) -> bool {
        self.any_role || self.roles.contains(&(account.to_owned(), role.to_owned()))
    }
}

/// A session's caller and credentials.
fn given(account: &str, role: &str, session: &str) -> (Caller, Credentials) {
    let arn = format!("arn:aws:sts::{account}:assumed-role/{role}/{session}");
    let digest = digest(&arn);
    let credentials = Credentials {
        access_key_id: access_key_id(&arn),
        secret_access_key: digest[16..56].to_owned(),
        session_token: digest,
    };
    let account = account.to_owned();
    (Caller { account, arn }, credentials)
}

/// A unique id as IAM forms them: a prefix, and seventeen letters and digits.
pub(crate) fn unique_id(prefix: &str, of: &str) -> String {
    let digest = hex(Sha256::digest(of.as_bytes())).to_uppercase();
    format!("{prefix}{}", &digest[..17])
}
