//! EC2 Fleets, Spot Fleets and Spot requests, as users of images.

use serde::{Deserialize, Serialize};

use crate::ec2::Operation;

pub(crate) const OPERATIONS: &[Operation] = &[];

/// The fleets and Spot requests of a Region, of all accounts.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Fleets {}
