//! What a key is.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ec2::tag::TagMap;
use crate::kms::grant::Grant;
use crate::kms::{Accounts, policy};
use crate::state::State;
use crate::wire::error::ApiError;

/// A symmetric encryption key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Key {
    pub(crate) arn: String,
    pub(super) id: String,
    pub(super) account: String,
    pub(super) region: String,
    pub(super) description: String,
    pub(super) created: Timestamp,
    pub(crate) managed_by_aws: bool,
    pub(crate) state: KeyState,
    /// The key policy, as a JSON document.
    pub(super) policy: String,
    /// The accounts that the key policy lets use the key.
    users: Accounts,
    pub(super) grants: BTreeMap<String, Grant>,
    pub(super) tags: TagMap,
    /// The Region of the primary key, where this is a multi-Region key.
    pub(super) primary: Option<String>,
}

/// Whether a key can be used:
/// <https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum KeyState {
    Enabled,
    Disabled,
    PendingDeletion(Timestamp),
    /// A primary key that waits for its replicas to go, and then for so many days.
    PendingReplicaDeletion(i64),
}

impl Key {
    /// A new enabled key with the default policy; it is not kept yet.
    pub(super) fn new(state: &mut State, place: (&str, &str), multi_region: bool) -> Self {
        let uuid = state.ids.uuid();
        let id = if multi_region {
            let digest = uuid.bytes().filter(|byte| *byte != b'-');
            format!(
                "mrk-{}",
                String::from_utf8_lossy(&digest.collect::<Vec<_>>())
            )
        } else {
            uuid
        };
        Self::with_id(state, place, &id, multi_region.then(|| place.1.to_owned()))
    }

    /// A new enabled key with an id that is given.
    pub(super) fn with_id(
        state: &State,
        (account, region): (&str, &str),
        id: &str,
        primary: Option<String>,
    ) -> Self {
        Self {
            arn: format!("arn:aws:kms:{region}:{account}:key/{id}"),
            id: id.to_owned(),
            account: account.to_owned(),
            region: region.to_owned(),
            description: String::new(),
            created: state.clock.now(),
            managed_by_aws: false,
            state: KeyState::Enabled,
            policy: policy::default(account),
            users: Accounts::new(),
            grants: BTreeMap::new(),
            tags: TagMap::new(),
            primary,
        }
    }

    /// Sets the key policy, and who it lets use the key.
    pub(super) fn set_policy(&mut self, document: String) {
        self.users = policy::users(&document);
        self.policy = document;
    }

    /// Whether an account may use the key: the owner, one the key policy names, or one that a
    /// grant names.
    /// <https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html>.
    pub(crate) fn usable_by(&self, account: &str) -> bool {
        if self.account == account {
            return true;
        }
        let by_policy = self.users.contains(account) || self.users.contains("*");
        let by_grant = || self.grants.values().any(|grant| grant.lets_use(account));
        !self.managed_by_aws && (by_policy || by_grant())
    }

    pub(super) fn is_primary(&self) -> bool {
        self.primary.as_ref() == Some(&self.region)
    }

    pub(super) fn state_name(&self) -> &'static str {
        match self.state {
            KeyState::Enabled => "Enabled",
            KeyState::Disabled => "Disabled",
            KeyState::PendingDeletion(_) => "PendingDeletion",
            KeyState::PendingReplicaDeletion(_) => "PendingReplicaDeletion",
        }
    }

    /// Refuses a key that is to be deleted.
    pub(super) fn refuse_pending(&self) -> Result<(), ApiError> {
        match self.state {
            KeyState::Enabled | KeyState::Disabled => Ok(()),
            KeyState::PendingDeletion(_) => Err(self.invalid_state("pending deletion")),
            KeyState::PendingReplicaDeletion(_) => {
                Err(self.invalid_state("pending replica deletion"))
            }
        }
    }

    /// Refuses a key that is not enabled.
    pub(super) fn refuse_unusable(&self) -> Result<(), ApiError> {
        self.refuse_pending()?;
        match self.state {
            KeyState::Disabled => {
                let message = format!("{} is disabled.", self.arn);
                Err(ApiError::new("DisabledException", message))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn invalid_state(&self, what: &str) -> ApiError {
        let message = format!("{} is {what}.", self.arn);
        ApiError::new("KMSInvalidStateException", message)
    }
}
