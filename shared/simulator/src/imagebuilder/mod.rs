//! Image Builder recipes, as users of images.

use serde::{Deserialize, Serialize};

use crate::dispatch::Handler;

/// The recipes of all accounts.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct ImageBuilder {}

/// The operation's handler.
pub(crate) fn handler(_operation: &str) -> Option<Handler> {
    None
}
