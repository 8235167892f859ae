//! `DeleteParameter` and `DeleteParameters`.

use serde_json::{Value, json};

use super::{Parameter, name, not_found, put};
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DeleteParameter.html>: by
/// name, not by ARN.
pub(super) fn delete_parameter(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let name = call.params().need("Name")?;
    match remove(state, call, name) {
        Some(_) => Ok(json!({})),
        None => Err(not_found(name)),
    }
}

/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DeleteParameters.html>:
/// what isn't there is listed.
#[expect(clippy::unnecessary_wraps, reason = "a dispatch table's entry")]
pub(super) fn delete_parameters(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let (mut deleted, mut missing) = (Vec::new(), Vec::new());
    for name in call.params().texts("Names") {
        match remove(state, call, name) {
            Some(_) => deleted.push(name),
            None => missing.push(name),
        }
    }
    Ok(json!({ "DeletedParameters": deleted, "InvalidParameters": missing }))
}

fn remove(state: &mut State, call: &Request, name: &str) -> Option<Parameter> {
    let place = (call.account(), call.region.as_str());
    let name = name.trim();
    state.touch(name::arn(place, name));
    let parameter = state.ssm.store_mut(place).remove(&name::key(name))?;
    if let Some(latest) = parameter.latest() {
        put::tell(state, place, (&parameter.name, "Delete"), latest, None);
    }
    Some(parameter)
}
