//! `DeregisterImage`, with its snapshots where asked.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::ec2::Region;
use crate::ec2::access::own_image;
use crate::ec2::arn;
use crate::event;
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeregisterImage.html>: the image
/// goes whatever becomes of its snapshots; one that another image uses is skipped.
pub(crate) fn deregister_image(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let image = own_image(state, call)?;
    let (id, snapshots) = (image.id.clone(), image.snapshot_ids());
    let with_snapshots = call.params().flag("DeleteAssociatedSnapshots") == Some(true);
    if with_snapshots {
        for snapshot in &snapshots {
            state.touch(arn(&call.region, "snapshot", snapshot));
        }
    }
    let now = state.clock.now();
    let region = state.ec2.region_mut(&call.region);
    region.images.remove(&id);
    region.deregistered.insert(id.clone());
    let results: Vec<Value> = snapshots
        .iter()
        .filter(|_| with_snapshots)
        .map(|snapshot| {
            let code = delete(region, snapshot, call.account(), now);
            json!({ "SnapshotId": snapshot, "ReturnCode": code })
        })
        .collect();
    event::image_state(
        state,
        (call.account(), &call.region),
        &id,
        "deregistered",
        "",
    );
    Ok(json!({ "Return": true, "DeleteSnapshotResults": results }))
}

/// Deletes one snapshot of a deregistered image, and tells what became of it.
fn delete(region: &mut Region, id: &str, account: &str, now: Timestamp) -> &'static str {
    if !region.users_of(id).is_empty() {
        return "skipped";
    }
    match region.snapshots.get(id) {
        Some(snapshot) if snapshot.owner != account => "missing-permissions",
        Some(snapshot) if snapshot.is_locked(now) => "client-error",
        Some(_) => {
            region.snapshots.remove(id);
            "success"
        }
        None => "client-error",
    }
}
