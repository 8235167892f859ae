//! Who calls: access keys, the accounts and sessions behind them, and the roles one may assume.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ids::{hex, is_account};

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

/// The sessions given out and the roles that exist.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Identities {
    sessions: BTreeMap<String, Caller>,
    roles: BTreeSet<(String, String)>,
    /// Whether every role exists and may be assumed.
    any_role: bool,
}

impl Identities {
    /// Credentials of a role's session; the same for the same role and session name.
    pub(crate) fn session(&mut self, account: &str, role: &str, session: &str) -> Credentials {
        let arn = format!("arn:aws:sts::{account}:assumed-role/{role}/{session}");
        let digest = digest(&arn);
        let access_key_id = access_key_id(&arn);
        let caller = Caller {
            account: account.to_owned(),
            arn,
        };
        self.sessions.insert(access_key_id.clone(), caller);
        Credentials {
            access_key_id,
            secret_access_key: digest[16..56].to_owned(),
            session_token: digest,
        }
    }

    /// Who an access key belongs to.
    pub(crate) fn caller(&self, access_key_id: &str) -> Caller {
        match self.sessions.get(access_key_id) {
            Some(caller) => caller.clone(),
            None if is_account(access_key_id) => Caller::root(access_key_id),
            None => Caller::root(DEFAULT_ACCOUNT),
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

/// A unique id as IAM forms them: a prefix, and seventeen letters and digits.
pub(crate) fn unique_id(prefix: &str, of: &str) -> String {
    let digest = hex(Sha256::digest(of.as_bytes())).to_uppercase();
    format!("{prefix}{}", &digest[..17])
}
