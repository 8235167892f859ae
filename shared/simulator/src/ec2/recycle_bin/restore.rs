//! Bringing images and snapshots back from the bin.

use serde_json::{Value, json};

use super::MARK;
use crate::ec2::access::{no_image, no_snapshot, well_formed_image, well_formed_snapshot};
use crate::ec2::change::Change;
use crate::ec2::image::naming::check_name;
use crate::ec2::snapshot::{self, SnapshotState};
use crate::ec2::{arn, tag};
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RestoreImageFromRecycleBin.html>:
/// its snapshots must be there. It comes back as it was, with its tags and whom it was shared with.
/// No event is documented for it.
pub(super) fn restore_image_from_recycle_bin(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let id = call.params().need("ImageId")?;
    well_formed_image(id)?;
    state.touch(arn(&call.region, "image", id));
    let kept = state.ec2.region_mut(&call.region).bin.images.get(id);
    let kept = kept.filter(|kept| kept.resource.owner == call.account());
    let image = kept.ok_or_else(|| no_image(&[id]))?.resource.clone();
    tag::present(state, &image.tags.own(call.account()));
    state.condition("ec2:Owner", call.account());
    for snapshot in image.snapshot_ids() {
        let there = state.ec2.snapshot(&call.region, &snapshot);
        match there.map(|snapshot| &snapshot.state) {
            Some(SnapshotState::Completed { .. }) => {}
            Some(_) => return Err(incomplete(&snapshot)),
            None => return Err(no_snapshot(&snapshot)),
        }
    }
    check_name(state, call, &image.name)?;
    let region = state.ec2.region_mut(&call.region);
    if let Some(kept) = region.bin.images.remove(id) {
        let mut image = kept.resource;
        image.tags.unmark(call.account(), MARK);
        region.deregistered.remove(&id.to_owned());
        region.images.insert(image);
    }
    Ok(json!({ "Return": true }))
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RestoreSnapshotFromRecycleBin.html>:
/// it is `recovering` at first, and completed again soon. It is in the tier it was in:
/// <https://docs.aws.amazon.com/ebs/latest/userguide/snapshot-archive.html>; a move that was under
/// way is over where its time has come.
pub(super) fn restore_snapshot_from_recycle_bin(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let id = call.params().need("SnapshotId")?;
    well_formed_snapshot(id)?;
    state.touch(arn(&call.region, "snapshot", id));
    let kept = state.ec2.region_mut(&call.region).bin.snapshots.get(id);
    let kept = kept.filter(|kept| kept.resource.owner == call.account());
    let mut snapshot = kept.ok_or_else(|| no_snapshot(id))?.resource.clone();
    tag::present(state, &snapshot.tags.own(call.account()));
    state.condition("ec2:Owner", call.account());
    if let SnapshotState::Completed { at } = snapshot.state {
        snapshot.state = SnapshotState::Recovering { completed: at };
    }
    snapshot.tags.unmark(call.account(), MARK);
    let written = snapshot.written(call.account(), state.clock.now());
    let region = state.ec2.region_mut(&call.region);
    region.bin.snapshots.remove(id);
    region.snapshots.insert(id.to_owned(), snapshot);
    snapshot::tier::step(state, &call.region, id);
    let change = Change::SnapshotRecovered {
        region: call.region.clone(),
        id: id.to_owned(),
    };
    state.schedule(snapshot::create::DURATION, change);
    Ok(answered(&written))
}

/// The members that the operation answers with.
fn answered(written: &Value) -> Value {
    json!({
        "SnapshotId": written["SnapshotId"],
        "Description": written["Description"],
        "Encrypted": written["Encrypted"],
        "OwnerId": written["OwnerId"],
        "Progress": written["Progress"],
        "StartTime": written["StartTime"],
        "State": written["State"],
        "VolumeId": written["VolumeId"],
        "VolumeSize": written["VolumeSize"],
        "SseType": written["SseType"],
    })
}

/// Completes a snapshot that was restored.
pub(crate) fn recovered(state: &mut State, region: &str, id: &str) {
    if let Some(snapshot) = state.ec2.snapshot_mut(region, id)
        && let SnapshotState::Recovering { completed } = snapshot.state
    {
        snapshot.state = SnapshotState::Completed { at: completed };
    }
}

fn incomplete(id: &str) -> ApiError {
    let message = format!("The snapshot '{id}' is not in the 'completed' state");
    ApiError::new("IncorrectState", message)
}
