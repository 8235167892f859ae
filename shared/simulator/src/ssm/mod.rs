//! Systems Manager parameters, plain and as aliases of images.

use serde::{Deserialize, Serialize};

use crate::dispatch::Handler;
use crate::state::State;
use crate::wire::error::ApiError;

/// The parameters of all accounts.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Ssm {}

/// The operation's handler.
pub(crate) fn handler(_operation: &str) -> Option<Handler> {
    None
}

/// The image behind `resolve:ssm:<name>`. There are no parameters.
pub(crate) fn image_of(_: &State, _: (&str, &str), name: &str) -> Result<String, ApiError> {
    let message = format!("Parameter {name} not found.");
    Err(ApiError::new("SsmInvalidParameter", message))
}
