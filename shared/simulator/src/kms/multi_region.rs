//! Multi-Region keys: a primary and its replicas.
//! <https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html>.

use serde_json::{Value, json};

use crate::ec2::region;
use crate::kms::key::Key;
use crate::kms::metadata::metadata;
use crate::kms::{Kms, change, own_customer_key, policy, tags};
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

/// The keys related to a multi-Region key, itself among them.
fn related<'a>(kms: &'a Kms, key: &'a Key) -> impl Iterator<Item = &'a Key> {
    let multi_region = key.primary.is_some();
    region::names()
        .filter(move |_| multi_region)
        .filter_map(|region| {
            let arn = format!("arn:aws:kms:{region}:{}:key/{}", key.account, key.id);
            kms.key(&arn)
        })
}

/// The primary key of a multi-Region key.
pub(super) fn primary_of<'a>(kms: &'a Kms, key: &'a Key) -> Option<&'a Key> {
    related(kms, key).find(|key| key.is_primary())
}

/// Whether a key is a primary with replicas.
pub(super) fn has_replicas(kms: &Kms, key: &Key) -> bool {
    key.is_primary() && related(kms, key).any(|other| other.arn != key.arn)
}

/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_MultiRegionConfiguration.html>.
pub(super) fn configuration(kms: &Kms, key: &Key) -> Option<Value> {
    let primary = key.primary.as_ref()?;
    let arn = |region: &str| format!("arn:aws:kms:{region}:{}:key/{}", key.account, key.id);
    let replicas = related(kms, key).filter(|other| other.region != *primary);
    let replicas: Vec<Value> = replicas
        .map(|other| json!({ "Arn": other.arn, "Region": other.region }))
        .collect();
    Some(json!({
        "MultiRegionKeyType": if key.is_primary() { "PRIMARY" } else { "REPLICA" },
        "PrimaryKey": { "Arn": arn(primary), "Region": primary },
        "ReplicaKeys": replicas,
    }))
}

/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_ReplicateKey.html>: the replica is
/// enabled at once here.
pub(super) fn replicate_key(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let key = own_primary(state, call)?;
    key.refuse_unusable()?;
    let region = params.need("ReplicaRegion")?;
    check_region(region)?;
    let tags = tags::read(call)?;
    let document = match params.text("Policy") {
        Some(document) => policy::checked(call, document)?,
        None => policy::default(call.account()),
    };
    let place = (call.account(), region);
    let mut replica = Key::with_id(state, place, &key.id, key.primary.clone());
    if state.kms.key(&replica.arn).is_some() {
        let message = format!("{} exists already", replica.arn);
        return Err(ApiError::new("AlreadyExistsException", message));
    }
    let about = params.text("Description").unwrap_or_default();
    about.clone_into(&mut replica.description);
    replica.set_policy(document);
    replica.tags = tags;
    let arn = replica.arn.clone();
    state.touch(arn.clone());
    state.kms.keys.insert(arn.clone(), replica.clone());
    Ok(json!({
        "ReplicaKeyMetadata": metadata(&state.kms, &replica),
        "ReplicaPolicy": replica.policy,
        "ReplicaTags": tags::written(&replica.tags),
    }))
}

/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_UpdatePrimaryRegion.html>: at once
/// here, where AWS lets both keys be `Updating` for a moment.
pub(super) fn update_primary_region(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let key = own_primary(state, call)?;
    key.refuse_unusable()?;
    let region = call.params().need("PrimaryRegion")?;
    check_region(region)?;
    if region == key.region {
        let message = format!("{region} is the primary Region already");
        return Err(ApiError::new("UnsupportedOperationException", message));
    }
    let arns: Vec<String> = related(&state.kms, &key)
        .map(|key| key.arn.clone())
        .collect();
    let replica = format!("arn:aws:kms:{region}:{}:key/{}", key.account, key.id);
    let Some(replica) = state.kms.key(&replica) else {
        let message = format!("Key '{replica}' does not exist");
        return Err(ApiError::new("NotFoundException", message));
    };
    replica.refuse_unusable()?;
    for arn in arns {
        change(state, &arn, |key| key.primary = Some(region.to_owned()));
    }
    Ok(json!({}))
}

/// The multi-Region primary key that a call names.
fn own_primary(state: &mut State, call: &Request) -> Result<Key, ApiError> {
    let key = own_customer_key(state, call, call.params().need("KeyId")?)?;
    if key.is_primary() {
        return Ok(key);
    }
    let message = format!("{} is not a multi-Region primary key", key.arn);
    Err(ApiError::new("UnsupportedOperationException", message))
}

fn check_region(name: &str) -> Result<(), ApiError> {
    if region::exists(name) {
        return Ok(());
    }
    let message = format!("The Region {name} does not exist, or KMS is not there");
    Err(ApiError::new("ValidationException", message))
}
