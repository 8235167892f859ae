//! Snapshots: what one is, how the API writes it, making and deleting them.

pub(crate) mod attribute;
pub(crate) mod copy;
pub(crate) mod create;
pub(crate) mod describe;
mod fast_restore;
pub(crate) mod import;
pub(crate) mod lock;
mod notify;
pub(crate) mod public_access;
pub(crate) mod tier;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::millis;
use crate::ec2::access::own_snapshot;
use crate::ec2::image::permission::LaunchPermission;
use crate::ec2::recycle_bin;
use crate::ec2::tag::{self, Tags};
use crate::ec2::{Operation, Region, op};
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

pub(crate) use create::begin;

pub(crate) const OPERATIONS: &[Operation] = &[
    op("CopySnapshot", copy::copy_snapshot)
        .without(&["DestinationOutpostArn", "DestinationAvailabilityZone"]),
    op("CreateSnapshot", create::create_snapshot).without(&["OutpostArn", "Location"]),
    op("CreateSnapshots", create::create_snapshots).without(&["OutpostArn", "Location"]),
    op("DeleteSnapshot", delete_snapshot),
    op(
        "DescribeFastSnapshotRestores",
        fast_restore::describe_fast_snapshot_restores,
    ),
    op(
        "DescribeImportSnapshotTasks",
        import::describe_import_snapshot_tasks,
    ),
    op("DescribeLockedSnapshots", lock::describe_locked_snapshots),
    op(
        "DescribeSnapshotAttribute",
        attribute::describe_snapshot_attribute,
    ),
    op(
        "DescribeSnapshotTierStatus",
        tier::describe_snapshot_tier_status,
    ),
    op("DescribeSnapshots", describe::describe_snapshots),
    op("DisableSnapshotBlockPublicAccess", public_access::disable),
    op("EnableSnapshotBlockPublicAccess", public_access::enable),
    op("GetSnapshotBlockPublicAccessState", public_access::get),
    op("ImportSnapshot", import::import_snapshot),
    op("LockSnapshot", lock::lock_snapshot),
    op(
        "ModifySnapshotAttribute",
        attribute::modify_snapshot_attribute,
    ),
    op("ModifySnapshotTier", tier::modify_snapshot_tier),
    op(
        "ResetSnapshotAttribute",
        attribute::reset_snapshot_attribute,
    ),
    op("RestoreSnapshotTier", tier::restore_snapshot_tier),
    op("UnlockSnapshot", lock::unlock_snapshot),
];

/// A snapshot, of whichever account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Snapshot {
    pub(crate) id: String,
    pub(crate) owner: String,
    pub(crate) volume_id: String,
    pub(crate) description: String,
    pub(crate) state: SnapshotState,
    pub(crate) started: Timestamp,
    pub(crate) size: i64,
    /// The ARN of the key it is encrypted under.
    pub(crate) key: Option<String>,
    pub(crate) permissions: BTreeSet<LaunchPermission>,
    /// Whether its owner blocks public sharing of what is public already.
    pub(crate) public_blocked: bool,
    pub(crate) tags: Tags,
    pub(crate) lock: Option<lock::Lock>,
    pub(crate) tier: tier::Tier,
    /// For a copy: the volume whose snapshots it and its source stand for.
    pub(crate) lineage: Option<String>,
    /// For a time-based copy: the minutes it may take.
    pub(crate) copy_minutes: Option<i64>,
}

/// Where a snapshot is in its life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum SnapshotState {
    Pending {
        until: Timestamp,
    },
    Completed {
        at: Timestamp,
    },
    Error {
        why: String,
    },
    /// On its way back from the Recycle Bin, with when it was completed.
    Recovering {
        completed: Timestamp,
    },
}

impl Snapshot {
    /// A snapshot that begins now.
    pub(crate) fn begun(id: String, owner: &str, started: Timestamp, until: Timestamp) -> Self {
        Self {
            id,
            owner: owner.to_owned(),
            volume_id: "vol-ffffffff".to_owned(),
            description: String::new(),
            state: SnapshotState::Pending { until },
            started,
            size: 0,
            key: None,
            permissions: BTreeSet::new(),
            public_blocked: false,
            tags: Tags::default(),
            lock: None,
            tier: tier::Tier::default(),
            lineage: None,
            copy_minutes: None,
        }
    }

    pub(crate) fn state_name(&self) -> &'static str {
        match self.state {
            SnapshotState::Pending { .. } => "pending",
            SnapshotState::Completed { .. } => "completed",
            SnapshotState::Error { .. } => "error",
            SnapshotState::Recovering { .. } => "recovering",
        }
    }

    /// How it was copied; what is no copy counts as `standard`.
    pub(crate) fn transfer_type(&self) -> &'static str {
        match self.copy_minutes {
            Some(_) => "time-based",
            None => "standard",
        }
    }

    /// Progress as the API writes it.
    pub(crate) fn progress(&self, now: Timestamp) -> String {
        let percent = match self.state {
            SnapshotState::Completed { .. } | SnapshotState::Recovering { .. } => 100,
            SnapshotState::Error { .. } => 0,
            SnapshotState::Pending { until } => {
                let whole = self.started.duration_until(until).as_millis().max(1);
                let done = self.started.duration_until(now).as_millis();
                (done * 100 / whole).clamp(0, 99)
            }
        };
        format!("{percent}%")
    }

    /// The snapshot as `DescribeSnapshots` writes it for an account.
    pub(crate) fn written(&self, account: &str, now: Timestamp) -> Value {
        let (completed, message) = match &self.state {
            SnapshotState::Completed { at } | SnapshotState::Recovering { completed: at } => {
                (Some(millis(*at)), None)
            }
            SnapshotState::Error { why } => (None, Some(why)),
            SnapshotState::Pending { .. } => (None, None),
        };
        json!({
            "SnapshotId": self.id,
            "VolumeId": self.volume_id,
            "VolumeSize": self.size,
            "FullSnapshotSizeInBytes": self.size.saturating_mul(1 << 30),
            "State": self.state_name(),
            "StateMessage": message,
            "StartTime": millis(self.started),
            "CompletionTime": completed,
            "Progress": self.progress(now),
            "OwnerId": self.owner,
            "Description": self.description,
            "Encrypted": self.key.is_some(),
            "KmsKeyId": self.key,
            "StorageTier": self.tier.name(),
            "RestoreExpiryTime": self.tier.restored_until.map(millis),
            "TransferType": self.lineage.as_ref().map(|_| self.transfer_type()),
            "CompletionDurationMinutes": self.copy_minutes,
            "Tags": tag::written(&self.tags.seen_by(account, &self.owner)),
        })
    }
}

impl Region {
    /// The images that a snapshot is part of.
    pub(crate) fn users_of(&self, snapshot: &str) -> Vec<&str> {
        self.images.using(snapshot).collect()
    }
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSnapshot.html>: not while a
/// registered image uses it, nor while it is locked.
pub(crate) fn delete_snapshot(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let now = state.clock.now();
    let snapshot = own_snapshot(state, call)?;
    snapshot.refuse_locked(now)?;
    let id = snapshot.id.clone();
    let region = state.ec2.region_mut(&call.region);
    if let Some(image) = region.users_of(&id).first() {
        let message = format!("The snapshot {id} is currently in use by {image}");
        return Err(ApiError::new("InvalidSnapshot.InUse", message));
    }
    recycle_bin::remove_snapshot(state, &call.region, &id);
    Ok(json!({}))
}
