//! STS: who one is, and assuming roles.

use serde_json::{Value, json};

use crate::dispatch::Handler;
use crate::ids::is_account;
use crate::request::{Params, Request};
use crate::state::{State, later};
use crate::wire::error::ApiError;

/// The operation's handler.
pub(crate) fn handler(operation: &str) -> Option<Handler> {
    let handler: Handler = match operation {
        "AssumeRole" => assume_role,
        "GetCallerIdentity" => get_caller_identity,
        _ => return None,
    };
    Some(handler)
}

/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>. The unique id
/// is the account's for its root, and the role's with the session's name for a session:
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html>.
#[expect(clippy::unnecessary_wraps, reason = "a dispatch table's entry")]
fn get_caller_identity(_: &mut State, call: &Request) -> Result<Value, ApiError> {
    let (account, arn) = (call.account(), &call.caller.arn);
    let session = arn.split_once(":assumed-role/").map(|(_, rest)| rest);
    let user_id = match session.and_then(|rest| rest.split_once('/')) {
        Some((role, session)) => format!("{}:{session}", role_id(account, role)),
        None => account.to_owned(),
    };
    Ok(json!({ "Account": account, "Arn": arn, "UserId": user_id }))
}

/// The longest that a session of a role lasts where its caller is a role's session itself:
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining>.
const LONGEST_CHAINED: i64 = 3600;

/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>.
/// A role that doesn't exist and one that may not be assumed look the same.
fn assume_role(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    refuse_narrowing(params)?;
    let (arn, session) = (params.need("RoleArn")?, params.need("RoleSessionName")?);
    state.touch(arn);
    let (account, role) = role_of(arn).ok_or_else(|| invalid(format!("{arn} is invalid")))?;
    check_name(session, "roleSessionName")?;
    let source = params.text("SourceIdentity");
    if let Some(source) = source {
        check_name(source, "sourceIdentity")?;
    }
    let seconds = params.number("DurationSeconds").unwrap_or(3600);
    if call.caller.arn.contains(":assumed-role/") && seconds > LONGEST_CHAINED {
        let message = "The requested DurationSeconds exceeds the 1 hour session limit for roles \
                       assumed by role chaining";
        return Err(invalid(message));
    }
    if !state.identities.may_be_assumed(account, role) {
        let message = format!(
            "User: {} is not authorized to perform: sts:AssumeRole on resource: {arn}",
            call.caller.arn
        );
        return Err(ApiError::with_status(403, "AccessDenied", message));
    }
    let (now, lasting) = (state.clock.now(), jiff::SignedDuration::from_secs(seconds));
    let session_of = (account, role, session);
    let credentials = state.identities.assume(session_of, now, lasting);
    let expiration = later(now, lasting);
    Ok(json!({
        "Credentials": {
            "AccessKeyId": credentials.access_key_id,
            "SecretAccessKey": credentials.secret_access_key,
            "SessionToken": credentials.session_token,
            "Expiration": format!("{expiration:.0}"),
        },
        "AssumedRoleUser": {
            "AssumedRoleId": format!("{}:{session}", role_id(account, role)),
            "Arn": format!("arn:aws:sts::{account}:assumed-role/{role}/{session}"),
        },
        "SourceIdentity": source,
    }))
}

/// Session policies and MFA would narrow what the session may do, which nothing here checks.
fn refuse_narrowing(params: Params<'_>) -> Result<(), ApiError> {
    let narrowing = [
        "MinimumSessionTokenSize",
        "Policy",
        "PolicyArns",
        "ProvidedContexts",
        "SerialNumber",
        "TokenCode",
    ];
    match narrowing.iter().find(|name| params.has(name)) {
        Some(name) => Err(invalid(format!("The parameter {name} is not simulated"))),
        None => Ok(()),
    }
}

/// The account and name in `arn:aws:iam::<account>:role/<path/><name>`.
fn role_of(arn: &str) -> Option<(&str, &str)> {
    let rest = arn.strip_prefix("arn:aws:iam::")?;
    let (account, role) = rest.split_once(":role/")?;
    let role = role.rsplit('/').next()?;
    (is_account(account) && (1..=64).contains(&role.len()) && is_name(role))
        .then_some((account, role))
}

fn is_name(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    text.chars().all(allowed)
}

fn check_name(name: &str, member: &str) -> Result<(), ApiError> {
    if is_name(name) {
        return Ok(());
    }
    Err(invalid(format!(
        "1 validation error detected: Value '{name}' at '{member}' failed to satisfy constraint: \
         Member must satisfy regular expression pattern: [\\w+=,.@-]*"
    )))
}

/// A role's unique id, the same for the same role:
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids>.
fn role_id(account: &str, role: &str) -> String {
    crate::identity::unique_id("AROA", &format!("{account}/{role}"))
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationError", message)
}
