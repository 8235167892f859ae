//! Events about snapshots:
//! <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-cloud-watch-events.html>.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::ec2::arn;
use crate::ec2::snapshot::{Snapshot, SnapshotState};
use crate::event;
use crate::state::State;

const KIND: &str = "EBS Snapshot Notification";

fn seconds(time: Timestamp) -> String {
    format!("{time:.0}")
}

/// Why a snapshot failed; nothing where it didn't.
fn cause(snapshot: &Snapshot) -> &str {
    match &snapshot.state {
        SnapshotState::Error { why } => why,
        _ => "",
    }
}

fn result(cause: &str) -> &'static str {
    if cause.is_empty() {
        "succeeded"
    } else {
        "failed"
    }
}

/// `createSnapshot`: a snapshot of a volume has ended.
pub(super) fn created(state: &mut State, region: &str, snapshot: &Snapshot) {
    let cause = cause(snapshot);
    let id = arn(region, "snapshot", &snapshot.id);
    let detail = json!({
        "event": "createSnapshot",
        "result": result(cause),
        "cause": cause,
        "request-id": "",
        "snapshot_id": id,
        "source": arn(region, "volume", &snapshot.volume_id),
        "startTime": seconds(snapshot.started),
        "endTime": seconds(state.clock.now()),
    });
    event::emit(state, (&snapshot.owner, region), KIND, &[id], &detail);
}

/// `createSnapshots`: the snapshots of an instance have ended.
pub(super) fn set_created(state: &mut State, region: &str, set: &[Snapshot]) {
    let Some(first) = set.first() else {
        return;
    };
    let ids: Vec<String> = set
        .iter()
        .map(|snapshot| arn(region, "snapshot", &snapshot.id))
        .collect();
    let failed = set.iter().find(|snapshot| !cause(snapshot).is_empty());
    let cause = failed.map(|snapshot| format!("Snapshot {} is in status error", snapshot.id));
    let cause = cause.unwrap_or_default();
    let snapshots = set.iter().map(|snapshot| {
        json!({
            "snapshot_id": arn(region, "snapshot", &snapshot.id),
            "source": arn(region, "volume", &snapshot.volume_id),
            "status": snapshot.state_name(),
        })
    });
    let detail = json!({
        "event": "createSnapshots",
        "result": result(&cause),
        "cause": cause,
        "request-id": "",
        "startTime": seconds(first.started),
        "endTime": seconds(state.clock.now()),
        "snapshots": snapshots.collect::<Vec<_>>(),
    });
    let kind = "EBS Multi-Volume Snapshots Completion Status";
    event::emit(state, (&first.owner, region), kind, &ids, &detail);
}

/// `copySnapshot`: a copy has ended; in the Region it was made in.
pub(super) fn copied(
    state: &mut State,
    region: &str,
    snapshot: &Snapshot,
    source: &str,
    incremental: bool,
) {
    let cause = cause(snapshot);
    let id = arn(region, "snapshot", &snapshot.id);
    let mut detail = json!({
        "event": "copySnapshot",
        "result": result(cause),
        "cause": cause,
        "request-id": "",
        "snapshot_id": id,
        "source": source,
        "startTime": seconds(snapshot.started),
        "endTime": seconds(state.clock.now()),
    });
    if cause.is_empty() {
        detail["incremental"] = Value::from(incremental.to_string());
        detail["transferType"] = Value::from(snapshot.transfer_type());
    }
    if cause.is_empty() && snapshot.copy_minutes.is_some() {
        let started = format!("{:.3}", snapshot.started);
        detail["completionDurationStartTime"] = Value::from(started);
    }
    event::emit(state, (&snapshot.owner, region), KIND, &[id], &detail);
}

/// `shareSnapshot`: to the account that a snapshot is now shared with.
pub(super) fn shared(state: &mut State, region: &str, snapshot: &Snapshot, with: &str) {
    let id = arn(region, "snapshot", &snapshot.id);
    let now = seconds(state.clock.now());
    let detail = json!({
        "event": "shareSnapshot",
        "result": "succeeded",
        "cause": "",
        "request-id": "",
        "snapshot_id": id,
        "source": snapshot.owner,
        "startTime": now,
        "endTime": now,
    });
    event::emit(state, (with, region), KIND, &[id], &detail);
}

/// A change of the block on public sharing:
/// <https://docs.aws.amazon.com/ebs/latest/userguide/block-public-access-snapshots-events.html>.
pub(super) fn public_access(state: &mut State, place: (&str, &str), block: &str) {
    let (kind, message) = if block == "unblocked" {
        let message = "Block Public Access was successfully disabled".to_owned();
        ("EBS Snapshot Block Public Access Disabled", message)
    } else {
        let message = format!("Block Public Access was successfully enabled in '{block}' mode");
        ("EBS Snapshot Block Public Access Enabled", message)
    };
    let detail = json!({ "SnapshotBlockPublicAccessState": block, "message": message });
    event::emit(state, place, kind, &[], &detail);
}
