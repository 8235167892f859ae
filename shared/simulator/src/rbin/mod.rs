//! The Recycle Bin's retention rules.

use serde::{Deserialize, Serialize};

use crate::dispatch::Handler;

/// The retention rules of all accounts.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Rbin {}

/// The operation's handler.
pub(crate) fn handler(_operation: &str) -> Option<Handler> {
    None
}
