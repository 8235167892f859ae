//! Snapshot locks: <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-snapshot-lock.html>.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::millis;
use crate::ec2::access::{no_snapshot, own_snapshot, well_formed_snapshot};
use crate::ec2::filter::Filters;
use crate::ec2::page;
use crate::ec2::snapshot::{Snapshot, SnapshotState};
use crate::ec2::tag::TagMap;
use crate::request::{Params, Request};
use crate::state::{State, later};
use crate::wire::error::ApiError;

/// A lock on a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lock {
    compliance: bool,
    created: Timestamp,
    /// How long it may still be changed in compliance mode, in hours, and until when.
    cool_off: Option<(i64, Timestamp)>,
    until: Until,
}

/// When a lock ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Until {
    /// So many days after the snapshot is completed.
    Days(i64),
    Time(Timestamp),
}

impl Lock {
    fn state(&self, snapshot: &Snapshot, now: Timestamp) -> &'static str {
        let cooling = self.cool_off.is_some_and(|(_, until)| now < until);
        match self.expires(snapshot) {
            Some(at) if at <= now => "expired",
            _ if !self.compliance => "governance",
            _ if cooling => "compliance-cooloff",
            _ => "compliance",
        }
    }

    /// When its duration begins: when it was made, or when the snapshot is completed.
    fn begins(&self, snapshot: &Snapshot) -> Option<Timestamp> {
        match snapshot.state {
            SnapshotState::Completed { at } => Some(at.max(self.created)),
            _ => None,
        }
    }

    fn expires(&self, snapshot: &Snapshot) -> Option<Timestamp> {
        match self.until {
            Until::Time(at) => Some(at),
            Until::Days(days) => self
                .begins(snapshot)
                .map(|begins| later(begins, SignedDuration::from_hours(24 * days))),
        }
    }

    fn days(&self) -> i64 {
        match self.until {
            Until::Days(days) => days,
            Until::Time(at) => {
                let hours = self.created.duration_until(at).as_hours();
                (hours + 23) / 24
            }
        }
    }

    fn written(&self, snapshot: &Snapshot, now: Timestamp) -> Value {
        json!({
            "SnapshotId": snapshot.id,
            "LockState": self.state(snapshot, now),
            "LockDuration": self.days(),
            "CoolOffPeriod": self.cool_off.map(|(hours, _)| hours),
            "CoolOffPeriodExpiresOn": self.cool_off.map(|(_, until)| millis(until)),
            "LockCreatedOn": millis(self.created),
            "LockDurationStartTime": self.begins(snapshot).map(millis),
            "LockExpiresOn": self.expires(snapshot).map(millis),
        })
    }
}

impl Snapshot {
    /// Whether a lock keeps it from being deleted.
    pub(crate) fn is_locked(&self, now: Timestamp) -> bool {
        let lock = self.lock.as_ref();
        lock.is_some_and(|lock| lock.state(self, now) != "expired")
    }

    /// Refuses to delete what is locked.
    pub(crate) fn refuse_locked(&self, now: Timestamp) -> Result<(), ApiError> {
        if self.is_locked(now) {
            return Err(refused(&format!("The snapshot '{}' is locked", self.id)));
        }
        Ok(())
    }
}

fn refused(message: &str) -> ApiError {
    ApiError::new("OperationNotPermitted", message)
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_LockSnapshot.html>.
pub(crate) fn lock_snapshot(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let now = state.clock.now();
    let snapshot = own_snapshot(state, call)?;
    if matches!(snapshot.state, SnapshotState::Error { .. }) {
        let message = format!("The snapshot '{}' is in the 'error' state", snapshot.id);
        return Err(ApiError::new("IncorrectState", message));
    }
    let lock = asked(call.params(), now)?;
    if let Some(before) = &snapshot.lock {
        check_change(snapshot, before, &lock, now)?;
    }
    let written = lock.written(snapshot, now);
    snapshot.lock = Some(lock);
    Ok(written)
}

/// The lock that a call asks for.
fn asked(params: Params<'_>, now: Timestamp) -> Result<Lock, ApiError> {
    let combination = |message: &str| ApiError::new("InvalidParameterCombination", message);
    let compliance = params.need("LockMode")? == "compliance";
    let hours = params.number("CoolOffPeriod");
    if hours.is_some() && !compliance {
        let message = "CoolOffPeriod can be specified in compliance mode only";
        return Err(combination(message));
    }
    let until = match (params.number("LockDuration"), params.text("ExpirationDate")) {
        (Some(days), None) => Until::Days(days),
        (None, Some(date)) => Until::Time(expiration(date, now)?),
        _ => {
            let message = "Either LockDuration or ExpirationDate must be specified, but not both";
            return Err(combination(message));
        }
    };
    let cool_off = hours.map(|hours| (hours, later(now, SignedDuration::from_hours(hours))));
    Ok(Lock {
        compliance,
        created: now,
        cool_off,
        until,
    })
}

fn expiration(date: &str, now: Timestamp) -> Result<Timestamp, ApiError> {
    let at: Option<Timestamp> = date.parse().ok();
    at.filter(|at| *at > now).ok_or_else(|| {
        let message = format!("Value ({date}) for parameter ExpirationDate is invalid.");
        ApiError::invalid_value(message)
    })
}

/// In compliance mode, once it has cooled off, a lock can only be made longer.
fn check_change(
    snapshot: &Snapshot,
    before: &Lock,
    after: &Lock,
    now: Timestamp,
) -> Result<(), ApiError> {
    if before.state(snapshot, now) != "compliance" {
        return Ok(());
    }
    if !after.compliance {
        let message = "The mode of a snapshot that is locked in compliance mode can't be changed";
        return Err(refused(message));
    }
    if after.cool_off.is_some() {
        let message = "The cooling-off period of this lock is over";
        return Err(refused(message));
    }
    if after.expires(snapshot) < before.expires(snapshot) {
        let message = "A lock in compliance mode can't be made shorter";
        return Err(refused(message));
    }
    Ok(())
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_UnlockSnapshot.html>.
pub(crate) fn unlock_snapshot(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let now = state.clock.now();
    let snapshot = own_snapshot(state, call)?;
    let Some(lock) = &snapshot.lock else {
        let message = format!("The snapshot '{}' is not locked", snapshot.id);
        return Err(ApiError::new("IncorrectState", message));
    };
    if lock.state(snapshot, now) == "compliance" {
        let message = format!(
            "The snapshot '{}' is locked in compliance mode",
            snapshot.id
        );
        return Err(refused(&message));
    }
    snapshot.lock = None;
    Ok(json!({ "SnapshotId": snapshot.id }))
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeLockedSnapshots.html>: one's
/// own snapshots that are locked, or were.
pub(crate) fn describe_locked_snapshots(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let params = call.params();
    let filters = Filters::read(params, &["lock-state"])?;
    let cursor = page::open(call, 5)?;
    let (ids, now) = (params.texts("SnapshotIds"), state.clock.now());
    let snapshots = &state.ec2.region_mut(&call.region).snapshots;
    let own = |snapshot: &&Snapshot| snapshot.owner == call.account();
    for id in &ids {
        well_formed_snapshot(id)?;
        let snapshot = snapshots.get(*id).filter(own);
        snapshot.ok_or_else(|| no_snapshot(id))?;
    }
    let rest = cursor.rest(snapshots).map(|(_, snapshot)| snapshot);
    let locked = rest.filter(own).filter_map(|snapshot| {
        let lock = snapshot.lock.as_ref()?;
        let named = ids.is_empty() || ids.contains(&snapshot.id.as_str());
        let field = |_: &str| vec![lock.state(snapshot, now).to_owned()];
        (named && filters.match_all(TagMap::new, field)).then_some((snapshot, lock))
    });
    let found = locked.map(|found| (&found.0.id, found));
    let page = cursor.cut(call, found, |(snapshot, lock)| {
        let mut written = lock.written(snapshot, now);
        written["OwnerId"] = Value::from(snapshot.owner.clone());
        written
    });
    Ok(json!({ "Snapshots": page.items, "NextToken": page.next }))
}
