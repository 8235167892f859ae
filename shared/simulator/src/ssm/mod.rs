//! Systems Manager parameters, plain and as aliases of images.

use serde::{Deserialize, Serialize};

use crate::dispatch::Handler;

/// The parameters of all accounts.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Ssm {}

/// The operation's handler.
pub(crate) fn handler(_operation: &str) -> Option<Handler> {
    None
}
