//! Key policies: reading and setting them, and which accounts they let use a key.
//! <https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html>.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::ids::is_account;
use crate::kms::listing::Listing;
use crate::kms::{Accounts, change, own_customer_key, own_key};
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

/// The only policy a key has.
const NAME: &str = "default";

/// What an account must be allowed, to read what is encrypted under a key:
/// <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-modifying-snapshot-permissions.html>.
const USE: [&str; 4] = [
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:CreateGrant",
    "kms:ReEncryptFrom",
];

/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyPolicy.html>.
pub(super) fn get_key_policy(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let key = own_key(state, call, call.params().need("KeyId")?)?;
    check_name(call)?;
    Ok(json!({ "Policy": key.policy, "PolicyName": NAME }))
}

/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html>.
pub(super) fn put_key_policy(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let key = own_customer_key(state, call, params.need("KeyId")?)?;
    check_name(call)?;
    let document = checked(call, params.need("Policy")?)?;
    change(state, &key.arn, |key| key.set_policy(document));
    Ok(json!({}))
}

/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_ListKeyPolicies.html>.
pub(super) fn list_key_policies(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    own_key(state, call, call.params().need("KeyId")?)?;
    let names = [(NAME, NAME)].into_iter();
    let page = Listing::open(call, 100, 1000)?.cut(names, Value::from);
    Ok(page.written("PolicyNames"))
}

fn check_name(call: &Request) -> Result<(), ApiError> {
    match call.params().text("PolicyName") {
        Some(name) if name != NAME => {
            Err(ApiError::new("NotFoundException", "No such policy exists"))
        }
        _ => Ok(()),
    }
}

/// A policy document, unless it isn't one, or would lock its own account out.
pub(super) fn checked(call: &Request, document: &str) -> Result<String, ApiError> {
    let malformed = |why: &str| ApiError::new("MalformedPolicyDocumentException", why);
    let read: Value = serde_json::from_str(document)
        .map_err(|_| malformed("The policy is not a valid JSON document"))?;
    let complete = |statement: &&Value| {
        let effect = statement["Effect"].as_str().unwrap_or_default();
        let names = ["Action", "NotAction"];
        matches!(effect, "Allow" | "Deny")
            && names.iter().any(|name| statement.get(name).is_some())
            && statement.get("Principal").is_some()
    };
    let statements = statements(&read);
    if statements.is_empty() || !statements.iter().all(complete) {
        let why = "A policy has statements, each with its Effect, Principal and Action";
        return Err(malformed(why));
    }
    let bypassed = call.params().flag("BypassPolicyLockoutSafetyCheck") == Some(true);
    let keeps = allowed(&read, &["kms:PutKeyPolicy"]);
    if !bypassed && !keeps.contains(call.account()) && !keeps.contains("*") {
        let why = "The new key policy will not allow you to update the key policy in the future.";
        return Err(malformed(why));
    }
    Ok(document.to_owned())
}

/// The policy of a key that was made without one.
pub(super) fn default(account: &str) -> String {
    let statement = json!({
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": { "AWS": format!("arn:aws:iam::{account}:root") },
        "Action": "kms:*",
        "Resource": "*",
    });
    json!({ "Version": "2012-10-17", "Id": "key-default-1", "Statement": [statement] }).to_string()
}

/// The policy with a statement that lets an account use the key.
pub(super) fn with_user(document: &str, account: &str) -> String {
    let statement = json!({
        "Sid": format!("Use by {account}"),
        "Effect": "Allow",
        "Principal": { "AWS": format!("arn:aws:iam::{account}:root") },
        "Action": [
            "kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey*",
            "kms:ReEncrypt*",
        ],
        "Resource": "*",
    });
    let mut read: Value = serde_json::from_str(document).unwrap_or_default();
    let mut all: Vec<Value> = statements(&read).into_iter().cloned().collect();
    all.push(statement);
    read["Statement"] = Value::Array(all);
    read.to_string()
}

/// The accounts that a policy lets use its key; `*` where everyone may.
pub(super) fn users(document: &str) -> Accounts {
    let read: Value = serde_json::from_str(document).unwrap_or_default();
    allowed(&read, &USE)
}

/// The accounts that are allowed all of some actions, by any of their principals.
fn allowed(document: &Value, actions: &[&str]) -> Accounts {
    let mut may: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    let all = statements(document);
    let with = |effect: &'static str| all.iter().filter(move |one| one["Effect"] == effect);
    for statement in with("Allow") {
        for account in accounts(statement) {
            may.entry(account)
                .or_default()
                .extend(named(statement, actions));
        }
    }
    for statement in with("Deny") {
        for account in accounts(statement) {
            for action in named(statement, actions) {
                may.entry(account.clone()).or_default().remove(action);
            }
        }
    }
    may.retain(|_, may| may.len() == actions.len());
    may.into_keys().collect()
}

fn statements(document: &Value) -> Vec<&Value> {
    many(&document["Statement"])
}

/// Policies write a list of one as its entry.
fn many(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Null => Vec::new(),
        one => vec![one],
    }
}

/// Those of the actions that a statement is about. `NotAction` is about none here.
fn named<'a>(statement: &Value, actions: &[&'a str]) -> Vec<&'a str> {
    let patterns = many(&statement["Action"]);
    let patterns: Vec<&str> = patterns.into_iter().filter_map(Value::as_str).collect();
    let is_named = |action: &str| {
        patterns
            .iter()
            .any(|pattern| match pattern.strip_suffix('*') {
                Some(start) => starts_with(action, start),
                None => pattern.eq_ignore_ascii_case(action),
            })
    };
    let actions = actions.iter().copied();
    actions.filter(|action| is_named(action)).collect()
}

fn starts_with(text: &str, start: &str) -> bool {
    text.get(..start.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(start))
}

/// The accounts of a statement's principals. `*` is everyone, or those whom the statement's
/// condition on `kms:CallerAccount` names, or nobody under any other condition.
fn accounts(statement: &Value) -> Vec<String> {
    let principal = &statement["Principal"];
    let principals = match principal {
        Value::String(_) => many(principal),
        other => many(&other["AWS"]),
    };
    let mut found = Vec::new();
    for principal in principals.into_iter().filter_map(Value::as_str) {
        match account_of(principal) {
            Some(account) => found.push(account.to_owned()),
            None if principal == "*" => found.extend(everyone(&statement["Condition"])),
            None => {}
        }
    }
    found
}

fn everyone(condition: &Value) -> Vec<String> {
    let callers = many(&condition["StringEquals"]["kms:CallerAccount"]);
    let callers = callers.into_iter().filter_map(Value::as_str);
    match condition {
        Value::Null => vec!["*".to_owned()],
        _ => callers.map(str::to_owned).collect(),
    }
}

/// The account of a principal: an account id, or an ARN of IAM or STS.
pub(super) fn account_of(principal: &str) -> Option<&str> {
    if is_account(principal) {
        return Some(principal);
    }
    let rest = principal
        .strip_prefix("arn:aws:iam::")
        .or_else(|| principal.strip_prefix("arn:aws:sts::"))?;
    let (account, _) = rest.split_once(':')?;
    is_account(account).then_some(account)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OTHER: &str = "222222222222";

    fn users_of(statements: &[&Value]) -> Vec<String> {
        let document = json!({ "Version": "2012-10-17", "Statement": statements });
        users(&document.to_string()).into_iter().collect()
    }

    fn allow(principal: &Value, action: &Value) -> Value {
        json!({ "Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*" })
    }

    #[test]
    fn accounts_and_roles_with_the_actions_of_use_may_use_a_key() {
        let all = allow(&json!({ "AWS": OTHER }), &json!("kms:*"));
        assert_eq!(users_of(&[&all]), [OTHER]);
        let role = json!({ "AWS": [format!("arn:aws:iam::{OTHER}:role/spoke")] });
        let crypto = json!([
            "kms:Decrypt",
            "kms:ReEncrypt*",
            "kms:GenerateDataKey*",
            "kms:Describe*",
        ]);
        let crypto = allow(&role, &crypto);
        assert!(users_of(&[&crypto]).is_empty());
        let grants = allow(&role, &json!("kms:CreateGrant"));
        assert_eq!(users_of(&[&crypto, &grants]), [OTHER]);
    }

    #[test]
    fn a_denial_and_a_foreign_condition_take_the_use_away() {
        let all = allow(&json!({ "AWS": OTHER }), &json!("kms:*"));
        let mut deny = allow(&json!({ "AWS": OTHER }), &json!("kms:Decrypt"));
        deny["Effect"] = json!("Deny");
        assert!(users_of(&[&all, &deny]).is_empty());
        let mut any = allow(&json!("*"), &json!("*"));
        assert_eq!(users_of(&[&any]), ["*"]);
        any["Condition"] = json!({ "StringEquals": { "kms:CallerAccount": OTHER } });
        assert_eq!(users_of(&[&any]), [OTHER]);
        any["Condition"] = json!({ "StringEquals": { "aws:PrincipalOrgID": "o-1" } });
        assert!(users_of(&[&any]).is_empty());
    }

    #[test]
    fn a_user_that_is_added_may_use_the_key() {
        let document = with_user(&default("111111111111"), OTHER);
        assert!(users(&document).contains(OTHER));
        assert!(users(&document).contains("111111111111"));
    }
}
