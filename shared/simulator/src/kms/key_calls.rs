//! Making keys, describing them, switching them on and off, and deleting them.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::ec2::change::Change;
use crate::kms::alias::no_alias;
use crate::kms::key::{Key, KeyState};
use crate::kms::listing::Listing;
use crate::kms::metadata::metadata;
use crate::kms::{
    change, denied, invalid, multi_region, no_key, own_customer_key, policy, resolve, tags,
    unsimulated,
};
use crate::request::Request;
use crate::state::{State, later};
use crate::wire::error::ApiError;

/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html>: symmetric keys with
/// key material of KMS's own only.
pub(super) fn create_key(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    unsimulated(call, &["CustomKeyStoreId", "XksKeyId"])?;
    let others = [
        ("KeySpec", "SYMMETRIC_DEFAULT"),
        ("CustomerMasterKeySpec", "SYMMETRIC_DEFAULT"),
        ("KeyUsage", "ENCRYPT_DECRYPT"),
        ("Origin", "AWS_KMS"),
    ];
    for (name, only) in others {
        if let Some(value) = params.text(name).filter(|value| *value != only) {
            let message = format!("{name} {value} is not simulated; only {only} is");
            return Err(ApiError::new("UnsupportedOperationException", message));
        }
    }
    let tags = tags::read(call)?;
    let document = match params.text("Policy") {
        Some(document) => policy::checked(call, document)?,
        None => policy::default(call.account()),
    };
    let multi_region = params.flag("MultiRegion") == Some(true);
    let mut key = Key::new(state, (call.account(), &call.region), multi_region);
    params
        .text("Description")
        .unwrap_or_default()
        .clone_into(&mut key.description);
    key.set_policy(document);
    key.tags = tags;
    state.touch(key.arn.clone());
    let written = metadata(&state.kms, &key);
    state.kms.keys.insert(key.arn.clone(), key);
    Ok(json!({ "KeyMetadata": written }))
}

/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html>: works across
/// accounts for a key or alias ARN, and in any state of the key.
pub(super) fn describe_key(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    unsimulated(call, &["GrantTokens"])?;
    let name = call.params().need("KeyId")?;
    let key = resolve(state, (call.account(), &call.region), name);
    let absent = || {
        if name.contains("alias/") {
            no_alias(call, name)
        } else {
            no_key(call, name)
        }
    };
    let key = key.ok_or_else(absent)?;
    state.touch(key.arn.clone());
    if !key.usable_by(call.account()) {
        return Err(denied(call, &key.arn));
    }
    Ok(json!({ "KeyMetadata": metadata(&state.kms, &key) }))
}

/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_ListKeys.html>: the caller's own.
pub(super) fn list_keys(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    unsimulated(call, &["ResourceOwners"])?;
    let listing = Listing::open(call, 100, 1000)?;
    let prefix = format!("arn:aws:kms:{}:{}:key/", call.region, call.account());
    let from = listing.after().unwrap_or(&prefix).to_owned();
    let keys = state.kms.keys.range(from..);
    let own = keys.take_while(|(arn, _)| arn.starts_with(&prefix));
    let page = listing.cut(own, |key| json!({ "KeyId": key.id, "KeyArn": key.arn }));
    Ok(page.written("Keys"))
}

/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_EnableKey.html> and
/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_DisableKey.html>.
pub(super) fn set_state(
    state: &mut State,
    call: &Request,
    to: KeyState,
) -> Result<Value, ApiError> {
    let key = own_customer_key(state, call, call.params().need("KeyId")?)?;
    key.refuse_pending()?;
    change(state, &key.arn, |key| key.state = to);
    Ok(json!({}))
}

/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html>. A primary
/// key waits for its replicas to go first.
pub(super) fn schedule_key_deletion(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let key = own_customer_key(state, call, params.need("KeyId")?)?;
    key.refuse_pending()?;
    let days = params.number("PendingWindowInDays").unwrap_or(30);
    if !(7..=30).contains(&days) {
        return Err(invalid("PendingWindowInDays must be between 7 and 30"));
    }
    let to = if multi_region::has_replicas(&state.kms, &key) {
        KeyState::PendingReplicaDeletion(days)
    } else {
        delete_in(state, &key.arn, days)
    };
    let date = match to {
        KeyState::PendingDeletion(at) => Some(at.to_string()),
        _ => None,
    };
    change(state, &key.arn, |key| key.state = to);
    let name = state.kms.key(&key.arn).map(Key::state_name);
    Ok(json!({
        "KeyId": key.arn,
        "DeletionDate": date,
        "KeyState": name,
        "PendingWindowInDays": days,
    }))
}

/// Lets a key be deleted after so many days.
fn delete_in(state: &mut State, arn: &str, days: i64) -> KeyState {
    let at = later(state.clock.now(), SignedDuration::from_hours(24 * days));
    let arn = arn.to_owned();
    state.schedule_at(at, Change::KeyDeleted { arn });
    KeyState::PendingDeletion(at)
}

/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_CancelKeyDeletion.html>: the key is
/// disabled then.
pub(super) fn cancel_key_deletion(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let key = own_customer_key(state, call, call.params().need("KeyId")?)?;
    if key.refuse_pending().is_ok() {
        return Err(key.invalid_state("not pending deletion"));
    }
    change(state, &key.arn, |key| key.state = KeyState::Disabled);
    Ok(json!({ "KeyId": key.arn }))
}

/// Deletes a key whose time has come, with its aliases and grants. The last replica to go lets
/// its waiting primary key follow.
pub(crate) fn delete_when_due(state: &mut State, arn: &str) {
    let now = state.clock.now();
    let due = |key: &&Key| matches!(key.state, KeyState::PendingDeletion(at) if at <= now);
    let Some(key) = state.kms.key(arn).filter(due).cloned() else {
        return;
    };
    state.kms.keys.remove(arn);
    state.kms.aliases.retain(|_, alias| alias.target != arn);
    let primary = multi_region::primary_of(&state.kms, &key).cloned();
    if let Some(primary) = primary
        && let KeyState::PendingReplicaDeletion(days) = primary.state
        && !multi_region::has_replicas(&state.kms, &primary)
    {
        let to = delete_in(state, &primary.arn, days);
        change(state, &primary.arn, |key| key.state = to);
    }
}
