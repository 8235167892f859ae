//! `DeregisterImage`, with its snapshots where asked.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::ec2::access::own_image;
use crate::ec2::change::Change;
use crate::ec2::image::create::DURATION;
use crate::ec2::image::{Image, ImageState};
use crate::ec2::{arn, recycle_bin};
use crate::event;
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeregisterImage.html>: the image
/// goes whatever becomes of its snapshots; one that another image uses is skipped.
pub(crate) fn deregister_image(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let now = state.clock.now();
    let image = own_image(state, call)?;
    refuse(image, now)?;
    let (id, snapshots) = (image.id.clone(), image.snapshot_ids());
    if image.state == ImageState::Pending && !image.is_being_copied() {
        let made = snapshots.clone();
        complete_alone(state, &call.region, made);
    }
    let with_snapshots = call.params().flag("DeleteAssociatedSnapshots") == Some(true);
    if with_snapshots {
        for snapshot in &snapshots {
            state.touch(arn(&call.region, "snapshot", snapshot));
        }
    }
    recycle_bin::remove_image(state, &call.region, &id);
    let results: Vec<Value> = snapshots
        .iter()
        .filter(|_| with_snapshots)
        .map(|snapshot| {
            let code = delete(state, call, snapshot);
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

/// Lets the snapshots of an instance be completed without the image they were begun for.
fn complete_alone(state: &mut State, region: &str, snapshots: Vec<String>) {
    for id in snapshots {
        let region = region.to_owned();
        state.schedule(DURATION, Change::SnapshotCompletes { region, id });
    }
}

/// What can't be deregistered: <https://repost.aws/knowledge-center/backup-delete-ami-error> and
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-deregistration-protection.html>, which
/// names no code.
fn refuse(image: &Image, now: Timestamp) -> Result<(), ApiError> {
    if image.is_backup() {
        let message = "This image is managed by AWS Backup and cannot be deleted via EC2 APIs. To \
                       delete this image, please use the AWS Backup APIs, CLI, or console.";
        return Err(ApiError::with_status(403, "AuthFailure", message));
    }
    if image.protection.holds(now) {
        let message = format!(
            "The image '{}' can't be deregistered because its deregistration protection is in force",
            image.id
        );
        return Err(ApiError::new("OperationNotPermitted", message));
    }
    Ok(())
}

/// Deletes one snapshot of a deregistered image, and tells what became of it.
fn delete(state: &mut State, call: &Request, id: &str) -> &'static str {
    let now = state.clock.now();
    let region = state.ec2.region_mut(&call.region);
    if !region.users_of(id).is_empty() {
        return "skipped";
    }
    match region.snapshots.get(id) {
        Some(snapshot) if snapshot.owner != call.account() => "missing-permissions",
        Some(snapshot) if snapshot.is_locked(now) => "client-error",
        Some(_) => {
            recycle_bin::remove_snapshot(state, &call.region, id);
            "success"
        }
        None => "client-error",
    }
}
