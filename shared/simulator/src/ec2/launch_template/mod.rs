//! Launch templates and their versions.

use serde::{Deserialize, Serialize};

use crate::ec2::Operation;

pub(crate) const OPERATIONS: &[Operation] = &[];

/// The launch templates of a Region, of all accounts.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Templates {}
