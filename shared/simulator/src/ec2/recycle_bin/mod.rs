//! The Recycle Bin: images and snapshots that are deleted and can come back.

use serde::{Deserialize, Serialize};

use crate::ec2::Operation;

pub(crate) const OPERATIONS: &[Operation] = &[];

/// What is in the Recycle Bin of a Region, of all accounts.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Bin {}
