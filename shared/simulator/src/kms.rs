//! KMS: keys, their aliases and states, and who may use them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::dispatch::Handler;
use crate::request::Request;
use crate::state::{State, later};
use crate::wire::error::ApiError;

/// The alias of the key that EBS uses where none is named:
/// <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption.html>.
const EBS_ALIAS: &str = "alias/aws/ebs";

/// An account's Region's alias.
type AliasKey = (String, String, String);

/// All keys by ARN, and the aliases that point at them.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Kms {
    keys: BTreeMap<String, Key>,
    aliases: BTreeMap<AliasKey, String>,
}

/// A symmetric encryption key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Key {
    pub(crate) arn: String,
    id: String,
    account: String,
    region: String,
    description: String,
    created: Timestamp,
    pub(crate) managed_by_aws: bool,
    pub(crate) state: KeyState,
    users: BTreeSet<String>,
}

/// Whether a key can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum KeyState {
    Enabled,
    Disabled,
    PendingDeletion(Timestamp),
}

impl Key {
    /// Whether an account may use the key: the owner, or one its policy names.
    pub(crate) fn usable_by(&self, account: &str) -> bool {
        self.account == account || (!self.managed_by_aws && self.users.contains(account))
    }

    fn state_name(&self) -> &'static str {
        match self.state {
            KeyState::Enabled => "Enabled",
            KeyState::Disabled => "Disabled",
            KeyState::PendingDeletion(_) => "PendingDeletion",
        }
    }
}

impl Kms {
    pub(crate) fn key(&self, arn: &str) -> Option<&Key> {
        self.keys.get(arn)
    }

    pub(crate) fn key_mut(&mut self, arn: &str) -> Option<&mut Key> {
        self.keys.get_mut(arn)
    }

    /// Lets another account use a key, as a statement in its key policy would.
    pub(crate) fn allow(&mut self, arn: &str, account: &str) {
        if let Some(key) = self.keys.get_mut(arn) {
            key.users.insert(account.to_owned());
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
        self.aliases.get(&name).and_then(|arn| self.keys.get(arn))
    }
}

/// The key a name means; the AWS-managed key comes to be when it is first asked for.
pub(crate) fn resolve(state: &mut State, place: (&str, &str), name: &str) -> Option<Key> {
    if name.ends_with(EBS_ALIAS) {
        default_key(state, place);
    }
    state.kms.find(place.0, place.1, name).cloned()
}

/// The ARN of an account's Region's `alias/aws/ebs`.
pub(crate) fn default_key(state: &mut State, (account, region): (&str, &str)) -> String {
    let name = (account.to_owned(), region.to_owned(), EBS_ALIAS.to_owned());
    if let Some(arn) = state.kms.aliases.get(&name) {
        return arn.clone();
    }
    let description = "Default key that protects my EBS volumes when no other key is defined";
    let arn = new_key(state, (account, region), description, true);
    state.kms.aliases.insert(name, arn.clone());
    arn
}

fn new_key(state: &mut State, (account, region): (&str, &str), about: &str, aws: bool) -> String {
    let id = state.ids.uuid();
    let arn = format!("arn:aws:kms:{region}:{account}:key/{id}");
    let key = Key {
        arn: arn.clone(),
        id,
        account: account.to_owned(),
        region: region.to_owned(),
        description: about.to_owned(),
        created: state.clock.now(),
        managed_by_aws: aws,
        state: KeyState::Enabled,
        users: BTreeSet::new(),
    };
    state.kms.keys.insert(arn.clone(), key);
    arn
}

/// The operation's handler.
pub(crate) fn handler(operation: &str) -> Option<Handler> {
    let handler: Handler = match operation {
        "CreateAlias" => create_alias,
        "CreateKey" => create_key,
        "DescribeKey" => describe_key,
        "DisableKey" => |state, call| set_state(state, call, KeyState::Disabled),
        "EnableKey" => |state, call| set_state(state, call, KeyState::Enabled),
        "ListAliases" => list_aliases,
        "ScheduleKeyDeletion" => schedule_key_deletion,
        _ => return None,
    };
    Some(handler)
}

/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html>: symmetric keys only.
fn create_key(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let only = ["Description", "KeyUsage", "KeySpec", "Tags"];
    refuse_others(&call.parameters, &only)?;
    let symmetric = params
        .text("KeySpec")
        .is_none_or(|spec| spec == "SYMMETRIC_DEFAULT")
        && params
            .text("KeyUsage")
            .is_none_or(|usage| usage == "ENCRYPT_DECRYPT");
    if !symmetric {
        let message = "Only symmetric encryption keys are simulated";
        return Err(ApiError::new("UnsupportedOperationException", message));
    }
    let about = params.text("Description").unwrap_or_default();
    let arn = new_key(state, (call.account(), &call.region), about, false);
    state.touch(arn.clone());
    let key = state.kms.key(&arn).ok_or_else(|| not_found(&arn))?;
    Ok(json!({ "KeyMetadata": metadata(key) }))
}

/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html>.
fn create_alias(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let alias = params.need("AliasName")?;
    if !alias.starts_with("alias/") || alias.len() < 7 {
        return Err(ApiError::new(
            "ValidationException",
            "Alias must start with the prefix alias/",
        ));
    }
    if alias.starts_with("alias/aws/") {
        let message = "Aliases that begin with alias/aws/ are reserved";
        return Err(ApiError::new("NotAuthorizedException", message));
    }
    let key = own_key(state, call, params.need("TargetKeyId")?)?;
    let name = (
        call.account().to_owned(),
        call.region.clone(),
        alias.to_owned(),
    );
    if state.kms.aliases.contains_key(&name) {
        let message = format!("An alias with the name {} already exists", alias_arn(&name));
        return Err(ApiError::new("AlreadyExistsException", message));
    }
    state.kms.aliases.insert(name, key.arn);
    Ok(json!({}))
}

/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_ListAliases.html>.
fn list_aliases(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    default_key(state, (call.account(), &call.region));
    let params = call.params();
    let key = match params.text("KeyId") {
        Some(name) => Some(own_key(state, call, name)?.arn),
        None => None,
    };
    let marker = params.text("Marker").unwrap_or_default();
    let limit = usize::try_from(params.number("Limit").unwrap_or(50)).unwrap_or(50);
    let wanted = |((account, region, alias), arn): &(&AliasKey, &String)| {
        account == call.account()
            && *region == call.region
            && alias.as_str() > marker
            && key.as_ref().is_none_or(|key| key == *arn)
    };
    let found: Vec<_> = state.kms.aliases.iter().filter(wanted).collect();
    let aliases = found.iter().take(limit).map(|(name, arn)| {
        let id = arn.rsplit('/').next();
        json!({ "AliasName": name.2, "AliasArn": alias_arn(name), "TargetKeyId": id })
    });
    let aliases: Vec<Value> = aliases.collect();
    let truncated = found.len() > limit;
    let last = found.get(limit.saturating_sub(1)).filter(|_| truncated);
    let next = last.map(|((_, _, alias), _)| alias);
    Ok(json!({ "Aliases": aliases, "Truncated": truncated, "NextMarker": next }))
}

/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html>: works across
/// accounts for a key or alias ARN, and in any state of the key.
fn describe_key(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let name = call.params().need("KeyId")?;
    let key =
        resolve(state, (call.account(), &call.region), name).ok_or_else(|| not_found(name))?;
    state.touch(key.arn.clone());
    if !key.usable_by(call.account()) {
        let message = format!(
            "User: {} is not authorized to perform: kms:DescribeKey on resource: {}",
            call.caller.arn, key.arn
        );
        return Err(ApiError::new("AccessDeniedException", message));
    }
    Ok(json!({ "KeyMetadata": metadata(&key) }))
}

fn set_state(state: &mut State, call: &Request, to: KeyState) -> Result<Value, ApiError> {
    let key = own_key(state, call, call.params().need("KeyId")?)?;
    refuse_pending(&key)?;
    if let Some(key) = state.kms.key_mut(&key.arn) {
        key.state = to;
    }
    Ok(json!({}))
}

/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html>.
fn schedule_key_deletion(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let key = own_key(state, call, params.need("KeyId")?)?;
    refuse_pending(&key)?;
    let days = params.number("PendingWindowInDays").unwrap_or(30);
    if !(7..=30).contains(&days) {
        let message = "PendingWindowInDays must be between 7 and 30";
        return Err(ApiError::new("ValidationException", message));
    }
    let at = later(state.clock.now(), SignedDuration::from_hours(24 * days));
    if let Some(key) = state.kms.key_mut(&key.arn) {
        key.state = KeyState::PendingDeletion(at);
    }
    Ok(json!({
        "KeyId": key.arn,
        "DeletionDate": at.to_string(),
        "KeyState": "PendingDeletion",
        "PendingWindowInDays": days,
    }))
}

fn refuse_pending(key: &Key) -> Result<(), ApiError> {
    if matches!(key.state, KeyState::PendingDeletion(_)) {
        let message = format!("{} is pending deletion.", key.arn);
        return Err(ApiError::new("KMSInvalidStateException", message));
    }
    Ok(())
}

/// A customer-managed key of the caller's own.
fn own_key(state: &mut State, call: &Request, name: &str) -> Result<Key, ApiError> {
    let key =
        resolve(state, (call.account(), &call.region), name).ok_or_else(|| not_found(name))?;
    state.touch(key.arn.clone());
    if key.account != call.account() {
        let message = format!("{} belongs to another account", key.arn);
        return Err(ApiError::new("AccessDeniedException", message));
    }
    Ok(key)
}

fn refuse_others(parameters: &Value, known: &[&str]) -> Result<(), ApiError> {
    let names = parameters
        .as_object()
        .into_iter()
        .flat_map(|object| object.keys());
    match names
        .into_iter()
        .find(|name| !known.contains(&name.as_str()))
    {
        Some(name) => {
            let message = format!("The parameter {name} is not simulated");
            Err(ApiError::new("UnsupportedOperationException", message))
        }
        None => Ok(()),
    }
}

fn alias_arn((account, region, alias): &AliasKey) -> String {
    format!("arn:aws:kms:{region}:{account}:{alias}")
}

fn not_found(name: &str) -> ApiError {
    ApiError::new("NotFoundException", format!("Key '{name}' does not exist"))
}

fn metadata(key: &Key) -> Value {
    let manager = if key.managed_by_aws {
        "AWS"
    } else {
        "CUSTOMER"
    };
    let deletion = match key.state {
        KeyState::PendingDeletion(at) => Some(at.to_string()),
        KeyState::Enabled | KeyState::Disabled => None,
    };
    json!({
        "AWSAccountId": key.account,
        "KeyId": key.id,
        "Arn": key.arn,
        "CreationDate": key.created.to_string(),
        "Enabled": key.state == KeyState::Enabled,
        "Description": key.description,
        "KeyUsage": "ENCRYPT_DECRYPT",
        "KeyState": key.state_name(),
        "DeletionDate": deletion,
        "Origin": "AWS_KMS",
        "KeyManager": manager,
        "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
        "MultiRegion": false,
    })
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
        KeyState::PendingDeletion(_) => {
            Some(format!("The KMS key {} is pending deletion", key.arn))
        }
    }
}
