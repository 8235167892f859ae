//! Image usage reports, which lag behind.

use serde::{Deserialize, Serialize};

use crate::ec2::Operation;

pub(crate) const OPERATIONS: &[Operation] = &[];

/// The usage reports of a Region, of all accounts.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Reports {}
