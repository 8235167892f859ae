//! Auto Scaling: launch configurations and groups, as users of images.

use serde::{Deserialize, Serialize};

use crate::dispatch::Handler;

/// The launch configurations and groups of all accounts.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct AutoScaling {}

/// The operation's handler.
pub(crate) fn handler(_operation: &str) -> Option<Handler> {
    None
}
