//! What happens by itself as time passes: snapshots complete, copies and new images arrive.

use crate::ec2::image::ImageState;
use crate::ec2::image::copy;
use crate::ec2::snapshot::SnapshotState;
use crate::event::{self, Event};
use crate::fault::courier;
use crate::state::State;
use serde::{Deserialize, Serialize};

/// Something due at a later time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Change {
    /// A snapshot of a volume completes.
    SnapshotCompletes { region: String, id: String },
    /// An image made from an instance is ready.
    ImageCreated { region: String, id: String },
    /// An image copy ends, well or not.
    CopyEnds(copy::Copy),
    /// An event arrives late.
    EventArrives(Event),
    /// Events that were kept back arrive.
    HeldEventsArrive,
}

/// Lets a change happen.
pub(crate) fn happen(state: &mut State, change: Change) {
    match change {
        Change::SnapshotCompletes { region, id } => complete_snapshot(state, &region, &id),
        Change::ImageCreated { region, id } => image_ready(state, &region, &id),
        Change::CopyEnds(copy) => copy::end(state, &copy),
        Change::EventArrives(event) => courier::arrive(state, event),
        Change::HeldEventsArrive => courier::release(state),
    }
}

/// Completes a snapshot that is still pending.
pub(crate) fn complete_snapshot(state: &mut State, region: &str, id: &str) {
    let now = state.clock.now();
    if let Some(snapshot) = state.ec2.snapshot_mut(region, id)
        && matches!(snapshot.state, SnapshotState::Pending { .. })
    {
        snapshot.state = SnapshotState::Completed { at: now };
    }
}

/// Makes a pending image available, its snapshots complete, and tells of it.
pub(crate) fn image_ready(state: &mut State, region: &str, id: &str) {
    let Some(image) = state.ec2.image_mut(region, id) else {
        return;
    };
    image.state = ImageState::Available;
    let (owner, snapshots) = (image.owner.clone(), image.snapshot_ids());
    for snapshot in snapshots {
        complete_snapshot(state, region, &snapshot);
    }
    event::image_state(state, (&owner, region), id, "available", "");
}

/// Makes a pending image failed, its snapshots errors, and tells of it.
pub(crate) fn image_failed(state: &mut State, region: &str, id: &str, why: &str) {
    let Some(image) = state.ec2.image_mut(region, id) else {
        return;
    };
    image.state = ImageState::Failed("Client.InternalError".to_owned(), why.to_owned());
    let (owner, snapshots) = (image.owner.clone(), image.snapshot_ids());
    for id in snapshots {
        if let Some(snapshot) = state.ec2.snapshot_mut(region, &id) {
            snapshot.state = SnapshotState::Error {
                why: why.to_owned(),
            };
        }
    }
    event::image_state(state, (&owner, region), id, "failed", why);
}
