//! Locking rules, and unlocking them after a delay.

use jiff::Timestamp;
use serde_json::Value;

use super::{Lock, Rule, Scope, conflict, days_long, invalid, named};
use crate::request::{Params, Request};
use crate::state::{State, later};
use crate::wire::error::ApiError;

/// <https://docs.aws.amazon.com/recyclebin/latest/APIReference/API_LockRule.html>: only a rule of
/// the whole Region can be locked.
pub(super) fn lock_rule(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let now = state.clock.now();
    let configuration = call.params().child("LockConfiguration");
    let rule = named(state, call)?;
    if rule.lock.name(now) == Some("locked") {
        return Err(conflict("The rule is locked already."));
    }
    let configuration = configuration.ok_or_else(|| invalid("The unlock delay is missing."))?;
    rule.lock = Lock::Locked(delay(configuration, &rule.scope)?);
    Ok(rule.locked_written(now))
}

/// <https://docs.aws.amazon.com/recyclebin/latest/APIReference/API_UnlockRule.html>: it is
/// unlocked only when the delay is over.
pub(super) fn unlock_rule(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let now = state.clock.now();
    let rule = named(state, call)?;
    let Lock::Locked(days) = rule.lock else {
        return Err(conflict("The rule is not locked."));
    };
    rule.lock = Lock::Unlocking(days, later(now, days_long(days)));
    Ok(rule.whole(now))
}

/// The days that unlocking takes, where the rule is one that can be locked.
pub(super) fn delay(configuration: Params<'_>, scope: &Scope) -> Result<i64, ApiError> {
    if !matches!(scope, Scope::Region(excluded) if excluded.is_empty()) {
        let message = "Only a Region-level retention rule without exclusion tags can be locked.";
        return Err(invalid(message));
    }
    let delay = configuration.child("UnlockDelay");
    let days = delay.and_then(|delay| delay.number("UnlockDelayValue"));
    days.ok_or_else(|| invalid("The unlock delay is missing."))
}

/// Refuses to change a rule that is locked, or not unlocked yet.
pub(super) fn unlocked(rule: &Rule, now: Timestamp) -> Result<(), ApiError> {
    match rule.lock.name(now) {
        Some("locked" | "pending_unlock") => Err(conflict(
            "The rule is locked and can't be modified or deleted.",
        )),
        _ => Ok(()),
    }
}
