//! How many instances an account may run in a Region:
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-on-demand-instances.html>. AWS counts
//! vCPUs by kinds of types; here every instance counts one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::phase::Phase;
use crate::state::State;
use crate::wire::error::ApiError;

/// How many instances of each account run in a Region, or are about to.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Running(BTreeMap<String, usize>);

impl Running {
    /// Notes that an account's instance went from one phase to another; a new one from none.
    pub(super) fn note(&mut self, account: &str, from: Option<Phase>, to: Phase) {
        let counts = |phase| matches!(phase, Phase::Pending | Phase::Running);
        let count = self.0.entry(account.to_owned()).or_default();
        match (from.is_some_and(counts), counts(to)) {
            (false, true) => *count += 1,
            (true, false) => *count = count.saturating_sub(1),
            _ => {}
        }
    }

    fn of(&self, account: &str) -> usize {
        self.0.get(account).copied().unwrap_or_default()
    }
}

/// Refuses to start more instances than the quota leaves.
pub(super) fn check(state: &State, place: (&str, &str), more: usize) -> Result<(), ApiError> {
    let limit = state.settings.instances;
    let region = state.ec2.region(place.1);
    let running = region.map_or(0, |region| region.running.of(place.0));
    if running.saturating_add(more) <= limit {
        return Ok(());
    }
    let message = format!(
        "You have requested more instances ({more}) than your current instance limit of {limit} \
         allows for the specified instance type. Please visit \
         http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit."
    );
    Err(ApiError::new("InstanceLimitExceeded", message))
}
