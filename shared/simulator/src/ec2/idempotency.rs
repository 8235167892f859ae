//! Client tokens: the same call again gets the same answer, another call under a used token is
//! refused. How long a token lives is not documented for most operations; here each lives for a day.
//! <https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html>.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::lately::Lately;
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

/// How long a token lives.
const LIFE: SignedDuration = SignedDuration::from_hours(24);

/// How long an operation's token may be. That of launch templates has a length of its own:
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html>.
fn longest_token(operation: &str) -> usize {
    match operation {
        "CreateLaunchTemplate" | "CreateLaunchTemplateVersion" | "ModifyLaunchTemplate" => 128,
        _ => 64,
    }
}

/// The calls made with each account's Region's operation's token, and their answers.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tokens(Lately<[String; 4], (Value, Value)>);

/// The answer that this call got before.
pub(crate) fn earlier(state: &State, call: &Request) -> Result<Option<Value>, ApiError> {
    let Some(key) = key(call) else {
        return Ok(None);
    };
    let longest = longest_token(&call.operation);
    if key[3].len() > longest || !key[3].is_ascii() {
        let message = format!("ClientToken must be ASCII and at most {longest} characters long");
        return Err(ApiError::invalid_value(message));
    }
    match state.ec2.tokens.0.get(&key, state.clock.now()) {
        None => Ok(None),
        Some((parameters, answer)) if *parameters == call.parameters => Ok(Some(answer.clone())),
        Some(_) => Err(ApiError::new(
            "IdempotentParameterMismatch",
            "Arguments on this idempotent request are inconsistent with arguments used in \
             previous request(s).",
        )),
    }
}

/// Remembers what a call with a token was answered.
pub(crate) fn remember(state: &mut State, call: &Request, answer: &Value) {
    if let Some(key) = key(call) {
        let used = (call.parameters.clone(), answer.clone());
        let now = state.clock.now();
        state.ec2.tokens.0.put(key, used, now, LIFE);
    }
}

fn key(call: &Request) -> Option<[String; 4]> {
    let token = call
        .params()
        .text("ClientToken")
        .filter(|token| !token.is_empty())?;
    let account = call.account().to_owned();
    Some([
        account,
        call.region.clone(),
        call.operation.clone(),
        token.to_owned(),
    ])
}
