//! Aliases: <https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html>.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::kms::key::Key;
use crate::kms::listing::Listing;
use crate::kms::{invalid, managed_key, own_customer_key, own_key};
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

/// An account's Region's alias.
pub(super) type AliasKey = (String, String, String);

/// How many aliases a key may have:
/// <https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html>.
const MOST: usize = 50;

/// What an alias points at.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Alias {
    /// The key's ARN.
    pub(super) target: String,
    created: Timestamp,
    updated: Timestamp,
}

impl Alias {
    pub(super) fn new(target: String, now: Timestamp) -> Self {
        Self {
            target,
            created: now,
            updated: now,
        }
    }
}

/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html>.
pub(super) fn create_alias(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let name = alias_name(call)?;
    let key = target(state, call)?;
    state.touch(arn(&name));
    if state.kms.aliases.contains_key(&name) {
        let message = format!("An alias with the name {} already exists", arn(&name));
        return Err(ApiError::new("AlreadyExistsException", message));
    }
    refuse_too_many(state, &key)?;
    let alias = Alias::new(key.arn, state.clock.now());
    state.kms.aliases.insert(name, alias);
    Ok(json!({}))
}

/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_UpdateAlias.html>.
pub(super) fn update_alias(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let name = alias_name(call)?;
    let key = target(state, call)?;
    state.touch(arn(&name));
    if !state.kms.aliases.contains_key(&name) {
        return Err(no_alias(call, &name.2));
    }
    refuse_too_many(state, &key)?;
    let now = state.clock.now();
    if let Some(alias) = state.kms.aliases.get_mut(&name) {
        alias.target = key.arn;
        alias.updated = now;
    }
    Ok(json!({}))
}

/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_DeleteAlias.html>: the key stays.
pub(super) fn delete_alias(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let name = alias_name(call)?;
    state.touch(arn(&name));
    match state.kms.aliases.remove(&name) {
        Some(_) => Ok(json!({})),
        None => Err(no_alias(call, &name.2)),
    }
}

/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_ListAliases.html>: the caller's own.
pub(super) fn list_aliases(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    managed_key(state, (call.account(), &call.region));
    let listing = Listing::open(call, 50, 100)?;
    let key = match call.params().text("KeyId") {
        Some(name) => Some(own_key(state, call, name)?.arn),
        None => None,
    };
    let from = listing.after().unwrap_or_default().to_owned();
    let from = (call.account().to_owned(), call.region.clone(), from);
    let aliases = state.kms.aliases.range(from..);
    let here = |name: &AliasKey| name.0 == call.account() && name.1 == call.region;
    let found = aliases
        .take_while(|(name, _)| here(name))
        .filter(|(_, alias)| key.as_ref().is_none_or(|key| *key == alias.target))
        .map(|(name, alias)| (&name.2, (name, alias)));
    Ok(listing.cut(found, written).written("Aliases"))
}

fn written((name, alias): (&AliasKey, &Alias)) -> Value {
    json!({
        "AliasName": name.2,
        "AliasArn": arn(name),
        "TargetKeyId": alias.target.rsplit('/').next(),
        "CreationDate": alias.created.to_string(),
        "LastUpdatedDate": alias.updated.to_string(),
    })
}

/// The alias that a call names, where it may be one of the caller's.
fn alias_name(call: &Request) -> Result<AliasKey, ApiError> {
    let name = call.params().need("AliasName")?;
    let Some(rest) = name.strip_prefix("alias/") else {
        return Err(invalid("Alias must start with the prefix \"alias/\""));
    };
    let allowed = |c: char| c.is_ascii_alphanumeric() || "/_-".contains(c);
    if !rest.chars().all(allowed) {
        let message = format!("{name} contains invalid characters for an alias");
        return Err(invalid(message));
    }
    if rest.is_empty() {
        let message = format!("{name} is no name of an alias");
        return Err(ApiError::new("InvalidAliasNameException", message));
    }
    if rest.starts_with("aws/") {
        let message = "Aliases that begin with alias/aws/ are reserved";
        return Err(ApiError::new("NotAuthorizedException", message));
    }
    let account = call.account().to_owned();
    Ok((account, call.region.clone(), name.to_owned()))
}

/// The key that an alias is to point at.
fn target(state: &mut State, call: &Request) -> Result<Key, ApiError> {
    let name = call.params().need("TargetKeyId")?;
    if name.contains("alias/") {
        return Err(invalid("Aliases must refer to keys. Not aliases"));
    }
    let key = own_customer_key(state, call, name)?;
    key.refuse_pending()?;
    Ok(key)
}

fn refuse_too_many(state: &State, key: &Key) -> Result<(), ApiError> {
    let aliases = state.kms.aliases.values();
    if aliases.filter(|alias| alias.target == key.arn).count() < MOST {
        return Ok(());
    }
    let message = format!("{} has {MOST} aliases already", key.arn);
    Err(ApiError::new("LimitExceededException", message))
}

fn arn((account, region, alias): &AliasKey) -> String {
    format!("arn:aws:kms:{region}:{account}:{alias}")
}

/// The error for an alias that isn't there.
pub(super) fn no_alias(call: &Request, name: &str) -> ApiError {
    let arn = if name.starts_with("arn:") {
        name.to_owned()
    } else {
        format!("arn:aws:kms:{}:{}:{name}", call.region, call.account())
    };
    ApiError::new("NotFoundException", format!("Alias {arn} is not found."))
}
