//! Snapshots: what one is, how the API writes it, making and deleting them.

pub(crate) mod attribute;
pub(crate) mod describe;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::millis;
use crate::ec2::access::own_snapshot;
use crate::ec2::change::Change;
use crate::ec2::image::permission::LaunchPermission;
use crate::ec2::recycle_bin;
use crate::ec2::tag::{self, Tags};
use crate::ec2::volume::{Volume, own_volume};
use crate::ec2::{Operation, Region, arn, op};
use crate::request::Request;
use crate::state::{State, later};
use crate::wire::error::ApiError;

pub(crate) const OPERATIONS: &[Operation] = &[
    op("CreateSnapshot", create_snapshot).without(&["OutpostArn", "Location"]),
    op("DeleteSnapshot", delete_snapshot),
    op(
        "DescribeSnapshotAttribute",
        attribute::describe_snapshot_attribute,
    ),
    op("DescribeSnapshots", describe::describe_snapshots),
    op(
        "ModifySnapshotAttribute",
        attribute::modify_snapshot_attribute,
    ),
    op(
        "ResetSnapshotAttribute",
        attribute::reset_snapshot_attribute,
    ),
];

/// How long a snapshot of a volume takes.
pub(crate) const DURATION: SignedDuration = SignedDuration::from_mins(1);

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
    pub(crate) tags: Tags,
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
            tags: Tags::default(),
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
            "StorageTier": "standard",
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

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSnapshot.html>.
pub(crate) fn create_snapshot(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let volume = own_volume(state, call, params.need("VolumeId")?)?;
    let mut tags = tag::specifications(state, call, &["snapshot"])?;
    let about = params.text("Description").unwrap_or_default();
    let tags = tags.remove("snapshot").unwrap_or_default();
    let id = begin(state, call, &volume, about, DURATION);
    if let Some(snapshot) = state.ec2.snapshot_mut(&call.region, &id) {
        snapshot.tags = Tags::of_owner(call.account(), tags);
    }
    let region = call.region.clone();
    let change = Change::SnapshotCompletes {
        region,
        id: id.clone(),
    };
    let until = state.schedule(DURATION, change);
    let now = state.clock.now();
    let snapshot = state.ec2.snapshot_mut(&call.region, &id);
    let snapshot = snapshot.ok_or_else(|| ApiError::internal("the snapshot is lost"))?;
    snapshot.state = SnapshotState::Pending { until };
    Ok(begun(snapshot.written(call.account(), now)))
}

/// A snapshot just begun, without what only `DescribeSnapshots` tells.
fn begun(mut written: Value) -> Value {
    if let Some(members) = written.as_object_mut() {
        members.remove("StorageTier");
        members.remove("CompletionTime");
        members.remove("FullSnapshotSizeInBytes");
    }
    written
}

/// Begins a snapshot of a volume; who calls sees to its completion.
pub(crate) fn begin(
    state: &mut State,
    call: &Request,
    volume: &Volume,
    about: &str,
    lasting: SignedDuration,
) -> String {
    let now = state.clock.now();
    let id = state.ids.resource("snap");
    state.touch(arn(&call.region, "snapshot", &id));
    let mut snapshot = Snapshot::begun(id.clone(), call.account(), now, later(now, lasting));
    snapshot.volume_id.clone_from(&volume.id);
    about.clone_into(&mut snapshot.description);
    snapshot.size = volume.size;
    snapshot.key.clone_from(&volume.key);
    let region = state.ec2.region_mut(&call.region);
    region.snapshots.insert(id.clone(), snapshot);
    id
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSnapshot.html>: not while a
/// registered image uses it.
pub(crate) fn delete_snapshot(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let id = own_snapshot(state, call)?.id.clone();
    let region = state.ec2.region_mut(&call.region);
    if let Some(image) = region.users_of(&id).first() {
        let message = format!("The snapshot {id} is currently in use by {image}");
        return Err(ApiError::new("InvalidSnapshot.InUse", message));
    }
    recycle_bin::remove_snapshot(state, &call.region, &id);
    Ok(json!({}))
}
