//! Owns the form of a decision about one destination.

use super::{Action, Step};
use crate::lineage::Change;
use jiff::Timestamp;

/// What was decided about one destination.
#[derive(Default)]
pub(super) struct Decided {
    /// What is done, in order.
    pub steps: Vec<Step>,
    /// What is left alone, and why.
    pub left: Vec<String>,
    /// Whether a copy waits until the source is lent to the destination's account.
    pub needs_loan: bool,
    /// When a scheduled run should look again, if that is sooner than it would by itself.
    pub again: Option<Timestamp>,
}

impl Decided {
    pub(super) fn left(reason: impl Into<String>) -> Self {
        Self {
            left: vec![reason.into()],
            ..Self::default()
        }
    }

    pub(super) fn steps(steps: Vec<Step>) -> Self {
        Self {
            steps,
            ..Self::default()
        }
    }

    pub(super) fn write(change: Change) -> Self {
        let reason = change.entry.clone();
        Self::steps(vec![Step {
            action: Action::Write(Box::new(change)),
            reason,
        }])
    }
}
