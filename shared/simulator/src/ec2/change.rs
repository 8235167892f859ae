//! What happens by itself as time passes: snapshots complete, copies and new images arrive.

use crate::ec2::image::ImageState;
use crate::ec2::image::copy;
use crate::ec2::image::stored;
use crate::ec2::image::usage_report;
use crate::ec2::instance::phase::{self, Phase};
use crate::ec2::recycle_bin;
use crate::ec2::snapshot::{self, SnapshotState};
use crate::event::{self, Event};
use crate::fault::courier;
use crate::kms;
use crate::ssm::put;
use crate::state::State;
use serde::{Deserialize, Serialize};

/// Something due at a later time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Change {
    /// A snapshot of a volume completes.
    SnapshotCompletes { region: String, id: String },
    /// An image made from an instance is ready.
    ImageCreated { region: String, id: String },
    /// An instance's passing phase ends.
    InstanceSettles {
        region: String,
        id: String,
        from: Phase,
    },
    /// A terminated instance is told of no more.
    InstanceForgotten { region: String, id: String },
    /// An image copy ends, well or not.
    CopyEnds(copy::Copy),
    /// A resource's time in the Recycle Bin is over.
    LeavesBin { region: String, id: String },
    /// A snapshot is back from the Recycle Bin.
    SnapshotRecovered { region: String, id: String },
    /// The image that a parameter is to name has been looked at.
    ParameterValidated(Box<put::Draft>),
    /// An image is stored as an object in S3, or not.
    ImageStored { region: String, task: String },
    /// An image usage report is made.
    UsageReported { region: String, id: String },
    /// The snapshots of an instance's volumes complete.
    SnapshotSetCompletes { region: String, ids: Vec<String> },
    /// A snapshot copy ends, well or not.
    SnapshotCopyEnds(snapshot::copy::Copy),
    /// The import of a disk ends.
    ImportEnds { region: String, id: String },
    /// A snapshot comes to another tier.
    SnapshotTierMoves { region: String, id: String },
    /// A KMS key is deleted, unless that was cancelled.
    KeyDeleted { arn: String },
    /// An event arrives late.
    EventArrives(Event),
    /// Events that were kept back arrive.
    HeldEventsArrive,
}

/// Lets a change happen.
pub(crate) fn happen(state: &mut State, change: Change) {
    match change {
        Change::SnapshotCompletes { region, id } => snapshot::create::end(state, &region, &id),
        Change::SnapshotSetCompletes { region, ids } => {
            snapshot::create::end_set(state, &region, &ids);
        }
        Change::SnapshotCopyEnds(copy) => snapshot::copy::end(state, &copy),
        Change::ImportEnds { region, id } => snapshot::import::end(state, &region, &id),
        Change::SnapshotTierMoves { region, id } => snapshot::tier::step(state, &region, &id),
        Change::ImageCreated { region, id } => image_ready(state, &region, &id),
        Change::InstanceSettles { region, id, from } => phase::settle(state, &region, &id, from),
        Change::InstanceForgotten { region, id } => phase::forget(state, &region, &id),
        Change::CopyEnds(copy) => copy::end(state, &copy),
        Change::LeavesBin { region, id } => recycle_bin::leave(state, &region, &id),
        Change::SnapshotRecovered { region, id } => recycle_bin::recovered(state, &region, &id),
        Change::ParameterValidated(draft) => put::validated(state, *draft),
        Change::ImageStored { region, task } => stored::end(state, &region, &task),
        Change::UsageReported { region, id } => usage_report::finish(state, &region, &id),
        Change::KeyDeleted { arn } => kms::delete_when_due(state, &arn),
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
    let images = &mut state.ec2.region_mut(region).images;
    images.set_state(id, ImageState::Available);
    let Some(image) = images.get(id) else {
        return;
    };
    let (owner, snapshots) = (image.owner.clone(), image.snapshot_ids());
    for snapshot in snapshots {
        complete_snapshot(state, region, &snapshot);
    }
    event::image_state(state, (&owner, region), id, "available", "");
}

/// Makes a pending image failed, its snapshots errors, and tells of it.
pub(crate) fn image_failed(state: &mut State, region: &str, id: &str, why: &str) {
    let images = &mut state.ec2.region_mut(region).images;
    let failed = ImageState::Failed("Client.InternalError".to_owned(), why.to_owned());
    images.set_state(id, failed);
    let Some(image) = images.get(id) else {
        return;
    };
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
