//! Owns the caps over a whole run: how many copies it may start, and whether it may take
//! permissions back at all.

use super::{Action, Left, Plan, Step};
use crate::policy::Caps;

/// What is left of a run's caps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// Copies that may still be started.
    pub copies: u32,
    /// Permissions that may still be taken back; none once the run wanted more than its cap.
    pub revocations: u32,
    /// The run's cap on those, for what people are told.
    cap: u32,
}

/// What a cap held back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Held {
    /// Copies that wait for a later run.
    pub copies: u32,
    /// Permissions that were not taken back, as the run wanted more than its cap allows.
    pub revocations: u32,
}

impl From<&Caps> for Budget {
    fn from(caps: &Caps) -> Self {
        Self {
            copies: caps.copies_per_run,
            revocations: caps.revocations_per_run,
            cap: caps.revocations_per_run,
        }
    }
}

/// Checks all plans of a run together, before any of their steps is applied, and takes out what
/// the budget does not allow.
///
/// Copies over the cap wait, the first come first. Revocations over the cap are all held, and so is
/// every later one of the run: a run that wants to take back more than a person expected is more
/// likely wrong than right.
pub fn check(plans: &mut [Plan], budget: &mut Budget) -> Held {
    let mut held = Held::default();
    let wanted: u32 = plans
        .iter()
        .flat_map(Plan::steps)
        .map(|(_, step)| revocations(step))
        .sum();
    let may_revoke = wanted <= budget.revocations;
    if may_revoke {
        budget.revocations -= wanted;
    } else {
        held.revocations = wanted;
        budget.revocations = 0;
    }
    for plan in plans {
        let mut kept = Vec::new();
        for group in std::mem::take(&mut plan.destinations) {
            let copies = group
                .steps
                .iter()
                .any(|step| matches!(step.action, Action::Copy(_)));
            if copies && budget.copies == 0 {
                held.copies += 1;
                let reason =
                    "the cap on copies of one run is reached: it waits for the next".to_owned();
                plan.left.push(Left {
                    place: group.place,
                    reason,
                });
                continue;
            }
            budget.copies -= u32::from(copies);
            if !may_revoke && group.steps.iter().any(|step| revocations(step) > 0) {
                let reason = format!(
                    "the run wants to take back {wanted} permissions, its cap allows {}: none is taken \
                     back; raise caps.revocations-per-run for one run if that is meant",
                    budget.cap
                );
                plan.left.push(Left {
                    place: group.place.clone(),
                    reason,
                });
                continue;
            }
            kept.push(group);
        }
        plan.destinations = kept;
    }
    held
}

fn revocations(step: &Step) -> u32 {
    let count = match &step.action {
        Action::Unshare {
            remove,
            loan: false,
            ..
        } => remove.len(),
        Action::UnshareSnapshot {
            remove,
            loan: false,
            ..
        } => remove.len(),
        _ => 0,
    };
    u32::try_from(count).unwrap_or(u32::MAX)
}
