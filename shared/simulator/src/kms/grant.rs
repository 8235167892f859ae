//! Grants: <https://docs.aws.amazon.com/kms/latest/developerguide/grants.html>.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::ec2::page::hidden;
use crate::kms::key::Key;
use crate::kms::listing::Listing;
use crate::kms::policy::account_of;
use crate::kms::{change, denied, invalid, unsimulated, usable_key};
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

/// A grant on a key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Grant {
    id: String,
    name: Option<String>,
    created: Timestamp,
    grantee: String,
    retiring: Option<String>,
    issuer: String,
    operations: Vec<String>,
    /// The constraints as they were given.
    constraints: Value,
}

impl Grant {
    /// Whether the grant lets an account's principal decrypt.
    pub(super) fn lets_use(&self, account: &str) -> bool {
        let decrypts = self.operations.iter().any(|one| one == "Decrypt");
        decrypts && account_of(&self.grantee) == Some(account)
    }

    /// Whether a call would make this grant again.
    fn is_same(&self, other: &Self) -> bool {
        self.name.is_some()
            && self.name == other.name
            && self.grantee == other.grantee
            && self.retiring == other.retiring
            && self.operations == other.operations
            && self.constraints == other.constraints
    }

    fn written(&self, key: &Key) -> Value {
        json!({
            "KeyId": key.arn,
            "GrantId": self.id,
            "Name": self.name,
            "CreationDate": self.created.to_string(),
            "GranteePrincipal": self.grantee,
            "RetiringPrincipal": self.retiring,
            "IssuingAccount": format!("arn:aws:iam::{}:root", self.issuer),
            "Operations": self.operations,
            "Constraints": self.constraints,
        })
    }
}

/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateGrant.html>. The same grant with
/// the same name is made once.
pub(super) fn create_grant(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    unsimulated(
        call,
        &[
            "GrantTokens",
            "GranteeServicePrincipal",
            "RetiringServicePrincipal",
        ],
    )?;
    let key = usable_key(state, call, params.need("KeyId")?)?;
    key.refuse_unusable()?;
    let grantee = params.text("GranteePrincipal");
    let grantee = grantee.ok_or_else(|| invalid("A grant needs a grantee principal"))?;
    let retiring = params.text("RetiringPrincipal");
    for principal in [Some(grantee), retiring].into_iter().flatten() {
        check_principal(principal)?;
    }
    let operations = params.texts("Operations").into_iter().map(str::to_owned);
    let grant = Grant {
        id: String::new(),
        name: params.text("Name").map(str::to_owned),
        created: state.clock.now(),
        grantee: grantee.to_owned(),
        retiring: retiring.map(str::to_owned),
        issuer: call.account().to_owned(),
        operations: operations.collect(),
        constraints: call.parameters["Constraints"].clone(),
    };
    if grant.operations.is_empty() {
        return Err(invalid("A grant needs at least one operation"));
    }
    refuse_dry_run(call)?;
    let known = key.grants.values().find(|other| grant.is_same(other));
    let id = known.map(|grant| grant.id.clone());
    let id = id.unwrap_or_else(|| {
        let id = format!("{}{}", state.ids.uuid(), state.ids.uuid()).replace('-', "");
        let grant = Grant {
            id: id.clone(),
            ..grant
        };
        change(state, &key.arn, |key| {
            key.grants.insert(id.clone(), grant);
        });
        id
    });
    Ok(json!({ "GrantId": id, "GrantToken": token(&key, &id) }))
}

/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_ListGrants.html>.
pub(super) fn list_grants(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    unsimulated(call, &["GranteeServicePrincipal"])?;
    let key = usable_key(state, call, params.need("KeyId")?)?;
    let (id, grantee) = (params.text("GrantId"), params.text("GranteePrincipal"));
    let found = key.grants.iter().filter(|(_, grant)| {
        id.is_none_or(|id| id == grant.id) && grantee.is_none_or(|named| named == grant.grantee)
    });
    let page = Listing::open(call, 50, 100)?.cut(found, |grant| grant.written(&key));
    Ok(page.written("Grants"))
}

/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_ListRetirableGrants.html>.
pub(super) fn list_retirable_grants(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    unsimulated(call, &["RetiringServicePrincipal"])?;
    let principal = call.params().text("RetiringPrincipal");
    let principal = principal.ok_or_else(|| invalid("A retiring principal must be named"))?;
    check_principal(principal)?;
    let listing = Listing::open(call, 50, 100)?;
    let keys = state
        .kms
        .keys
        .values()
        .filter(|key| key.region == call.region);
    let grants = keys.flat_map(|key| key.grants.values().map(move |grant| (key, grant)));
    let meant = |grant: &Grant| grant.retiring.as_deref() == Some(principal);
    let mut found: Vec<_> = grants.filter(|(_, grant)| meant(grant)).collect();
    found.sort_by(|(_, one), (_, other)| one.id.cmp(&other.id));
    let found = found.into_iter().map(|found| (&found.1.id, found));
    let page = listing.cut(found, |(key, grant)| grant.written(key));
    Ok(page.written("Grants"))
}

/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_RevokeGrant.html>: the key's owner.
pub(super) fn revoke_grant(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let key = usable_key(state, call, params.need("KeyId")?)?;
    let id = params.need("GrantId")?;
    let grant = key.grants.get(id).ok_or_else(|| no_grant(id))?;
    if call.account() != key.account && call.account() != grant.issuer {
        return Err(denied(call, &key.arn));
    }
    refuse_dry_run(call)?;
    change(state, &key.arn, |key| {
        key.grants.remove(id);
    });
    Ok(json!({}))
}

/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_RetireGrant.html>: by its token, or by
/// its key's ARN and its id; who made it, and its retiring principal's account.
pub(super) fn retire_grant(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let by_token = params.text("GrantToken");
    let named = (params.text("KeyId"), params.text("GrantId"));
    let (arn, id) = match (by_token, named) {
        (Some(given), (None, None)) => {
            let found = state.kms.keys.values().find_map(|key| {
                let mut ids = key.grants.keys();
                ids.find(|id| token(key, id) == given)
                    .map(|id| (key.arn.clone(), id.clone()))
            });
            let wrong = || ApiError::new("InvalidGrantTokenException", "The token is not valid");
            found.ok_or_else(wrong)?
        }
        (None, (Some(arn), Some(id))) => (arn.to_owned(), id.to_owned()),
        _ => return Err(invalid("A token, or a key's ARN and a grant id, is needed")),
    };
    state.touch(arn.clone());
    let key = state.kms.key(&arn);
    let grant = key.and_then(|key| key.grants.get(&id));
    let grant = grant.ok_or_else(|| no_grant(&id))?;
    let retiring = grant.retiring.as_deref().and_then(account_of);
    if grant.issuer != call.account() && retiring != Some(call.account()) {
        return Err(denied(call, &arn));
    }
    refuse_dry_run(call)?;
    change(state, &arn, |key| {
        key.grants.remove(&id);
    });
    Ok(json!({}))
}

fn check_principal(principal: &str) -> Result<(), ApiError> {
    if principal.starts_with("arn:") && account_of(principal).is_some() {
        return Ok(());
    }
    let message = format!("{principal} is no ARN of a principal");
    Err(ApiError::new("InvalidArnException", message))
}

fn refuse_dry_run(call: &Request) -> Result<(), ApiError> {
    if call.params().flag("DryRun") == Some(true) {
        let message = "The request would have succeeded, but the DryRun option is set.";
        return Err(ApiError::with_status(
            412,
            "DryRunOperationException",
            message,
        ));
    }
    Ok(())
}

fn no_grant(id: &str) -> ApiError {
    ApiError::new("NotFoundException", format!("Grant ID {id} not found"))
}

fn token(key: &Key, id: &str) -> String {
    hidden(&format!("{} {id}", key.arn))
}
