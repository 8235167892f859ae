//! S3, as far as the bundles of instance-store images need it.

use serde::{Deserialize, Serialize};

use crate::dispatch::Handler;

/// The buckets of all accounts.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct S3 {}

/// The operation's handler.
pub(crate) fn handler(_operation: &str) -> Option<Handler> {
    None
}
