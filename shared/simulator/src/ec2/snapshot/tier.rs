//! The archive tier: moving snapshots there and back.
//! <https://docs.aws.amazon.com/ebs/latest/userguide/snapshot-archive.html>.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::millis;
use crate::ec2::access::own_snapshot;
use crate::ec2::change::Change;
use crate::ec2::filter::Filters;
use crate::ec2::image::ImageState;
use crate::ec2::page;
use crate::ec2::snapshot::{Snapshot, SnapshotState};
use crate::ec2::tag;
use crate::request::Request;
use crate::state::{State, later};
use crate::wire::error::ApiError;

/// How long it takes to archive or to restore, give or take a tenth; AWS says up to 72 hours.
const DURATION: SignedDuration = SignedDuration::from_hours(48);
/// For how many days a snapshot can be restored temporarily.
const MOST_DAYS: i64 = 180;

/// Where a snapshot is stored, and what moves it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tier {
    archived: bool,
    archived_at: Option<Timestamp>,
    /// When a temporary restore ends.
    pub(super) restored_until: Option<Timestamp>,
    last: Option<Operation>,
}

/// The last move of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Operation {
    kind: Move,
    began: Timestamp,
    ends: Timestamp,
    done: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Move {
    Archive,
    /// With the days that it is restored for.
    RestoreFor(i64),
    Restore,
}

impl Tier {
    pub(super) fn name(&self) -> &'static str {
        if self.archived { "archive" } else { "standard" }
    }

    fn is_moving(&self) -> bool {
        self.last.as_ref().is_some_and(|last| !last.done)
    }

    fn status(&self) -> Option<String> {
        let last = self.last.as_ref()?;
        let what = match last.kind {
            Move::Archive => "archival",
            Move::RestoreFor(_) => "temporary-restore",
            Move::Restore => "permanent-restore",
        };
        let how = if last.done {
            "completed"
        } else {
            "in-progress"
        };
        Some(format!("{what}-{how}"))
    }

    /// What is due has happened by `now`.
    fn step(&mut self, now: Timestamp) {
        if self.restored_until.is_some_and(|until| until <= now) {
            self.restored_until = None;
            self.archived = true;
        }
        let Some(last) = self.last.as_mut() else {
            return;
        };
        if last.done || last.ends > now {
            return;
        }
        last.done = true;
        match last.kind {
            Move::Archive => {
                self.archived = true;
                self.archived_at = Some(now);
            }
            Move::RestoreFor(days) => {
                self.archived = false;
                self.restored_until = Some(in_days(now, days));
            }
            Move::Restore => self.archived = false,
        }
    }
}

fn in_days(now: Timestamp, days: i64) -> Timestamp {
    later(now, SignedDuration::from_hours(24 * days))
}

impl Snapshot {
    /// Refuses a snapshot that nothing can be made of: one that isn't completed, or is archived.
    pub(crate) fn refuse_unusable(&self) -> Result<(), ApiError> {
        if !matches!(self.state, SnapshotState::Completed { .. }) {
            return Err(incorrect(self, "is not in the 'completed' state"));
        }
        self.refuse_archived()
    }

    /// Refuses an archived snapshot.
    pub(crate) fn refuse_archived(&self) -> Result<(), ApiError> {
        if self.tier.archived {
            return Err(incorrect(self, "is archived; restore it first"));
        }
        Ok(())
    }
}

fn incorrect(snapshot: &Snapshot, what: &str) -> ApiError {
    let message = format!("The snapshot '{}' {what}", snapshot.id);
    ApiError::new("IncorrectState", message)
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifySnapshotTier.html>: not while
/// an image that is not disabled uses it.
pub(crate) fn modify_snapshot_tier(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let snapshot = own_snapshot(state, call)?;
    snapshot.refuse_unusable()?;
    if snapshot.tier.is_moving() {
        return Err(incorrect(snapshot, "is being moved already"));
    }
    if snapshot.tier.restored_until.is_some() {
        return Err(incorrect(snapshot, "is archived, and restored for a time"));
    }
    let id = snapshot.id.clone();
    let region = state.ec2.region_mut(&call.region);
    let disabled = |image: &str| {
        let image = region.images.get(image);
        image.is_some_and(|image| image.state == ImageState::Disabled)
    };
    let users = region.users_of(&id).into_iter();
    if let Some(image) = users.into_iter().find(|image| !disabled(image)) {
        let message = format!("The snapshot {id} is currently in use by {image}; disable it first");
        return Err(ApiError::new("InvalidSnapshot.InUse", message));
    }
    let began = begin(state, &call.region, &id, Move::Archive);
    Ok(json!({ "SnapshotId": id, "TieringStartTime": millis(began) }))
}

/// Begins to move a snapshot; tells when.
fn begin(state: &mut State, region: &str, id: &str, kind: Move) -> Timestamp {
    let began = state.clock.now();
    let change = Change::SnapshotTierMoves {
        region: region.to_owned(),
        id: id.to_owned(),
    };
    let ends = state.schedule(DURATION, change);
    if let Some(snapshot) = state.ec2.snapshot_mut(region, id) {
        snapshot.tier.last = Some(Operation {
            kind,
            began,
            ends,
            done: false,
        });
    }
    began
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RestoreSnapshotTier.html>: an
/// archived snapshot comes back; one that is back for a time stays longer, or for good.
pub(crate) fn restore_snapshot_tier(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let kind = asked(call)?;
    let now = state.clock.now();
    let snapshot = own_snapshot(state, call)?;
    let id = snapshot.id.clone();
    if snapshot.tier.is_moving() {
        return Err(incorrect(snapshot, "is being moved already"));
    }
    let began = if snapshot.tier.archived {
        begin(state, &call.region, &id, kind)
    } else if snapshot.tier.restored_until.is_some() {
        snapshot.tier.restored_until = match kind {
            Move::RestoreFor(days) => Some(in_days(now, days)),
            _ => None,
        };
        snapshot.tier.last = Some(Operation {
            kind,
            began: now,
            ends: now,
            done: true,
        });
        archive_again(state, &call.region, &id);
        now
    } else {
        return Err(incorrect(snapshot, "is not archived"));
    };
    let days = match kind {
        Move::RestoreFor(days) => Some(days),
        _ => None,
    };
    Ok(json!({
        "SnapshotId": id,
        "RestoreStartTime": millis(began),
        "RestoreDuration": days,
        "IsPermanentRestore": kind == Move::Restore,
    }))
}

fn asked(call: &Request) -> Result<Move, ApiError> {
    let params = call.params();
    let for_good = params.flag("PermanentRestore") == Some(true);
    match (params.number("TemporaryRestoreDays"), for_good) {
        (None, true) => Ok(Move::Restore),
        (Some(days), false) if (1..=MOST_DAYS).contains(&days) => Ok(Move::RestoreFor(days)),
        (Some(days), false) => Err(ApiError::invalid_value(format!(
            "Value ({days}) for parameter TemporaryRestoreDays is invalid. It must be 1 to \
             {MOST_DAYS}"
        ))),
        (Some(_), true) => Err(ApiError::new(
            "InvalidParameterCombination",
            "Only one of TemporaryRestoreDays and PermanentRestore may be specified",
        )),
        (None, false) => Err(ApiError::new(
            "MissingParameter",
            "The request must contain the parameter TemporaryRestoreDays",
        )),
    }
}

/// Lets a snapshot that is back for a time go again when that is over.
fn archive_again(state: &mut State, region: &str, id: &str) {
    let until = state.ec2.snapshot(region, id);
    if let Some(until) = until.and_then(|snapshot| snapshot.tier.restored_until) {
        let change = Change::SnapshotTierMoves {
            region: region.to_owned(),
            id: id.to_owned(),
        };
        state.schedule_at(until, change);
    }
}

/// Lets happen what is due to a snapshot's tier.
pub(crate) fn step(state: &mut State, region: &str, id: &str) {
    let now = state.clock.now();
    let Some(snapshot) = state.ec2.snapshot_mut(region, id) else {
        return;
    };
    let before = snapshot.tier.restored_until;
    snapshot.tier.step(now);
    if snapshot.tier.restored_until != before {
        archive_again(state, region, id);
    }
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSnapshotTierStatus.html>, of
/// one's own snapshots.
pub(crate) fn describe_snapshot_tier_status(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let known = ["last-tiering-operation", "snapshot-id", "volume-id"];
    let filters = Filters::read(call.params(), &known)?;
    let cursor = page::open(call, 5)?;
    let now = state.clock.now();
    let snapshots = &state.ec2.region_mut(&call.region).snapshots;
    let rest = cursor.rest(snapshots).map(|(_, snapshot)| snapshot);
    let wanted = rest.filter(|snapshot| {
        snapshot.owner == call.account()
            && filters.match_all(tag::TagMap::new, |name| match name {
                "last-tiering-operation" => snapshot.tier.status().into_iter().collect(),
                "snapshot-id" => vec![snapshot.id.clone()],
                _ => vec![snapshot.volume_id.clone()],
            })
    });
    let found = wanted.map(|snapshot| (&snapshot.id, snapshot));
    let page = cursor.cut(call, found, |snapshot| written(snapshot, call, now));
    Ok(json!({ "SnapshotTierStatuses": page.items, "NextToken": page.next }))
}

fn written(snapshot: &Snapshot, call: &Request, now: Timestamp) -> Value {
    let tier = &snapshot.tier;
    let last = tier.last.as_ref();
    let progress = last.map(|last| {
        let whole = last.began.duration_until(last.ends).as_millis().max(1);
        let done = last.began.duration_until(now).as_millis();
        if last.done {
            100
        } else {
            (done * 100 / whole).clamp(0, 99)
        }
    });
    let progress = progress.and_then(|percent| i64::try_from(percent).ok());
    json!({
        "SnapshotId": snapshot.id,
        "VolumeId": snapshot.volume_id,
        "Status": snapshot.state_name(),
        "OwnerId": snapshot.owner,
        "Tags": tag::written(&snapshot.tags.own(call.account())),
        "StorageTier": tier.name(),
        "LastTieringStartTime": last.map(|last| millis(last.began)),
        "LastTieringProgress": progress,
        "LastTieringOperationStatus": tier.status(),
        "ArchivalCompleteTime": tier.archived_at.map(millis),
        "RestoreExpiryTime": tier.restored_until.map(millis),
    })
}
