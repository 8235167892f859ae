//! KMS: keys, their aliases, grants and policies, and who may use them.

mod alias;
mod grant;
mod key;
mod key_calls;
mod listing;
mod metadata;
mod multi_region;
mod policy;
mod tags;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::dispatch::Handler;
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

use alias::{Alias, AliasKey};
pub(crate) use key::{Key, KeyState};
pub(crate) use key_calls::delete_when_due;

/// The alias of the key that EBS uses where none is named:
/// <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption.html>.
const EBS_ALIAS: &str = "alias/aws/ebs";

/// All keys by ARN, and the aliases that point at them.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Kms {
    keys: BTreeMap<String, Key>,
    aliases: BTreeMap<AliasKey, Alias>,
}

impl Kms {
    pub(crate) fn key(&self, arn: &str) -> Option<&Key> {
        self.keys.get(arn)
    }

    pub(crate) fn key_mut(&mut self, arn: &str) -> Option<&mut Key> {
        self.keys.get_mut(arn)
    }

    /// Lets another account use a key, by a statement in its key policy.
    pub(crate) fn allow(&mut self, arn: &str, account: &str) {
        if let Some(key) = self.keys.get_mut(arn) {
            key.set_policy(policy::with_user(&key.policy, account));
        }
    }

    /// The key that `name` (an id, an ARN, an alias or an alias ARN) means in an account's Region.
    fn find(&self, account: &str, region: &str, name: &str) -> Option<&Key> {
        let alias_prefix = format!("arn:aws:kms:{region}:");
        if let Some((owner, alias)) = name
            .strip_prefix(&alias_prefix)
            .and_then(|rest| rest.split_once(':'))
            .filter(|(_, resource)| resource.starts_with("alias/"))
        {
            return self.alias(owner, region, alias);
        }
        if name.starts_with("alias/") {
            return self.alias(account, region, name);
        }
        let arn = if name.starts_with("arn:") {
            name.to_owned()
        } else {
            format!("arn:aws:kms:{region}:{account}:key/{name}")
        };
        self.keys.get(&arn).filter(|key| key.region == region)
    }

    fn alias(&self, account: &str, region: &str, alias: &str) -> Option<&Key> {
        let name = (account.to_owned(), region.to_owned(), alias.to_owned());
        let alias = self.aliases.get(&name)?;
        self.keys.get(&alias.target)
    }
}

/// The key a name means; the AWS-managed key comes to be when it is first asked for.
pub(crate) fn resolve(state: &mut State, place: (&str, &str), name: &str) -> Option<Key> {
    if name.ends_with(EBS_ALIAS) {
        managed_key(state, place);
    }
    state.kms.find(place.0, place.1, name).cloned()
}

/// The ARN of the key that EBS uses in an account's Region where none is named: the one it was
/// set to, or the AWS-managed one.
/// <https://docs.aws.amazon.com/ebs/latest/userguide/encryption-by-default.html>.
pub(crate) fn default_key(state: &mut State, place: (&str, &str)) -> String {
    let named = (place.0.to_owned(), place.1.to_owned());
    match state.ec2.default_keys.get(&named) {
        Some(arn) => arn.clone(),
        None => managed_key(state, place),
    }
}

/// The ARN of an account's Region's `alias/aws/ebs`.
pub(crate) fn managed_key(state: &mut State, (account, region): (&str, &str)) -> String {
    let name = (account.to_owned(), region.to_owned(), EBS_ALIAS.to_owned());
    if let Some(alias) = state.kms.aliases.get(&name) {
        return alias.target.clone();
    }
    let mut key = Key::new(state, (account, region), false);
    key.managed_by_aws = true;
    "Default key that protects my EBS volumes when no other key is defined"
        .clone_into(&mut key.description);
    let arn = key.arn.clone();
    let alias = Alias::new(arn.clone(), state.clock.now());
    state.kms.keys.insert(arn.clone(), key);
    state.kms.aliases.insert(name, alias);
    arn
}

/// The operation's handler.
pub(crate) fn handler(operation: &str) -> Option<Handler> {
    let handler: Handler = match operation {
        "CancelKeyDeletion" => key_calls::cancel_key_deletion,
        "CreateAlias" => alias::create_alias,
        "CreateGrant" => grant::create_grant,
        "CreateKey" => key_calls::create_key,
        "DeleteAlias" => alias::delete_alias,
        "DescribeKey" => key_calls::describe_key,
        "DisableKey" => |state, call| key_calls::set_state(state, call, KeyState::Disabled),
        "EnableKey" => |state, call| key_calls::set_state(state, call, KeyState::Enabled),
        "GetKeyPolicy" => policy::get_key_policy,
        "ListAliases" => alias::list_aliases,
        "ListGrants" => grant::list_grants,
        "ListKeyPolicies" => policy::list_key_policies,
        "ListKeys" => key_calls::list_keys,
        "ListResourceTags" => tags::list_resource_tags,
        "ListRetirableGrants" => grant::list_retirable_grants,
        "PutKeyPolicy" => policy::put_key_policy,
        "ReplicateKey" => multi_region::replicate_key,
        "RetireGrant" => grant::retire_grant,
        "RevokeGrant" => grant::revoke_grant,
        "ScheduleKeyDeletion" => key_calls::schedule_key_deletion,
        "TagResource" => tags::tag_resource,
        "UntagResource" => tags::untag_resource,
        "UpdateAlias" => alias::update_alias,
        "UpdatePrimaryRegion" => multi_region::update_primary_region,
        _ => return None,
    };
    Some(handler)
}

/// A key by id or ARN, which the caller may use; most operations take no alias.
fn usable_key(state: &mut State, call: &Request, name: &str) -> Result<Key, ApiError> {
    if name.contains("alias/") {
        return Err(ApiError::new(
            "NotFoundException",
            format!("Invalid keyId {name}"),
        ));
    }
    let place = (call.account(), call.region.as_str());
    let key = resolve(state, place, name).ok_or_else(|| no_key(call, name))?;
    state.touch(key.arn.clone());
    if key.usable_by(call.account()) {
        Ok(key)
    } else {
        Err(denied(call, &key.arn))
    }
}

/// A key of the caller's own, by id or ARN.
fn own_key(state: &mut State, call: &Request, name: &str) -> Result<Key, ApiError> {
    let key = usable_key(state, call, name)?;
    if key.account == call.account() {
        Ok(key)
    } else {
        Err(denied(call, &key.arn))
    }
}

/// As [`own_key`], where AWS's own keys are not to be changed.
fn own_customer_key(state: &mut State, call: &Request, name: &str) -> Result<Key, ApiError> {
    let key = own_key(state, call, name)?;
    if key.managed_by_aws {
        Err(denied(call, &key.arn))
    } else {
        Ok(key)
    }
}

/// Changes a key that was just found.
fn change(state: &mut State, arn: &str, change: impl FnOnce(&mut Key)) {
    if let Some(key) = state.kms.key_mut(arn) {
        change(key);
    }
}

fn denied(call: &Request, arn: &str) -> ApiError {
    let message = format!(
        "User: {} is not authorized to perform: kms:{} on resource: {arn}",
        call.caller.arn, call.operation
    );
    ApiError::new("AccessDeniedException", message)
}

fn no_key(call: &Request, name: &str) -> ApiError {
    let arn = if name.starts_with("arn:") {
        name.to_owned()
    } else {
        format!("arn:aws:kms:{}:{}:key/{name}", call.region, call.account())
    };
    ApiError::new("NotFoundException", format!("Key '{arn}' does not exist"))
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationException", message)
}

/// Refuses parameters whose effect isn't simulated, rather than ignore them.
fn unsimulated(call: &Request, names: &[&str]) -> Result<(), ApiError> {
    match names.iter().find(|name| call.params().has(name)) {
        Some(name) => {
            let message = format!("The parameter {name} is not simulated");
            Err(ApiError::new("UnsupportedOperationException", message))
        }
        None => Ok(()),
    }
}

/// What is wrong with using a key, where anything is.
pub(crate) fn problem(key: Option<&Key>, account: &str, name: &str) -> Option<String> {
    let Some(key) = key else {
        return Some(format!("The KMS key {name} does not exist"));
    };
    if !key.usable_by(account) {
        return Some(format!("The KMS key {} is not accessible", key.arn));
    }
    match key.state {
        KeyState::Enabled => None,
        KeyState::Disabled => Some(format!("The KMS key {} is disabled", key.arn)),
        KeyState::PendingDeletion(_) | KeyState::PendingReplicaDeletion(_) => {
            Some(format!("The KMS key {} is pending deletion", key.arn))
        }
    }
}

/// The accounts of a set of principals: `*` for everyone.
type Accounts = BTreeSet<String>;
