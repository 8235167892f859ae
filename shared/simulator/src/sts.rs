//! STS: who one is, and assuming roles.

use serde_json::{Value, json};

use crate::dispatch::Handler;
use crate::request::Request;
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

/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>.
#[expect(clippy::unnecessary_wraps, reason = "a dispatch table's entry")]
fn get_caller_identity(_: &mut State, call: &Request) -> Result<Value, ApiError> {
    let (account, arn) = (call.account(), &call.caller.arn);
    let name = arn.rsplit([':', '/']).next().unwrap_or_default();
    Ok(json!({ "Account": account, "Arn": arn, "UserId": format!("AROA{account}:{name}") }))
}

/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>.
/// A role that doesn't exist and one that may not be assumed look the same.
fn assume_role(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    // Session policies and MFA would narrow what the session may do, which nothing here checks.
    let narrowing = ["Policy", "PolicyArns", "SerialNumber", "TokenCode"];
    if let Some(name) = narrowing.iter().find(|name| params.has(name)) {
        let message = format!("The parameter {name} is not simulated");
        return Err(ApiError::new("ValidationError", message));
    }
    let (arn, session) = (params.need("RoleArn")?, params.need("RoleSessionName")?);
    state.touch(arn);
    let known = role_of(arn).filter(|(account, role)| state.identities.has_role(account, role));
    let Some((account, role)) = known else {
        let message = format!(
            "User: {} is not authorized to perform: sts:AssumeRole on resource: {arn}",
            call.caller.arn
        );
        return Err(ApiError::with_status(403, "AccessDenied", message));
    };
    let credentials = state.identities.session(account, role, session);
    let seconds = params.number("DurationSeconds").unwrap_or(3600);
    let expiration = later(state.clock.now(), jiff::SignedDuration::from_secs(seconds));
    Ok(json!({
        "Credentials": {
            "AccessKeyId": credentials.access_key_id,
            "SecretAccessKey": credentials.secret_access_key,
            "SessionToken": credentials.session_token,
            "Expiration": format!("{expiration:.0}"),
        },
        "AssumedRoleUser": {
            "AssumedRoleId": format!("AROA{account}:{session}"),
            "Arn": format!("arn:aws:sts::{account}:assumed-role/{role}/{session}"),
        },
    }))
}

/// The account and name in `arn:aws:iam::<account>:role/<path/><name>`.
fn role_of(arn: &str) -> Option<(&str, &str)> {
    let rest = arn.strip_prefix("arn:aws:iam::")?;
    let (account, role) = rest.split_once(":role/")?;
    Some((account, role.rsplit('/').next()?))
}
