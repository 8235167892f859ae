//! The Recycle Bin: images and snapshots that were deleted, and may come back until their time is
//! over. <https://docs.aws.amazon.com/ebs/latest/userguide/recycle-bin-factors.html>.

mod list;
mod restore;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ec2::change::Change;
use crate::ec2::image::{Image, ImageState, Remains};
use crate::ec2::snapshot::{Snapshot, SnapshotState};
use crate::ec2::tag::Tags;
use crate::ec2::{Operation, Region, op};
use crate::rbin::Kind;
use crate::state::State;

pub(crate) use restore::recovered;

pub(crate) const OPERATIONS: &[Operation] = &[
    op("ListImagesInRecycleBin", list::list_images_in_recycle_bin),
    op(
        "ListSnapshotsInRecycleBin",
        list::list_snapshots_in_recycle_bin,
    ),
    op(
        "RestoreImageFromRecycleBin",
        restore::restore_image_from_recycle_bin,
    ),
    op(
        "RestoreSnapshotFromRecycleBin",
        restore::restore_snapshot_from_recycle_bin,
    ),
];

/// The tag that marks what is in the bin.
const MARK: &str = "aws:recycle-bin:resource-in-bin";

/// What is in the Recycle Bin of a Region, of all accounts.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Bin {
    pub(crate) images: BTreeMap<String, Kept<Image>>,
    pub(crate) snapshots: BTreeMap<String, Kept<Snapshot>>,
}

/// A resource as it was, with whom it was shared, and how long it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Kept<T> {
    pub(crate) resource: T,
    entered: Timestamp,
    until: Timestamp,
}

impl Bin {
    /// The tags of an image or a snapshot that is in the bin: they may be changed there.
    pub(crate) fn tags_of(&self, id: &str) -> Option<&Tags> {
        let image = self.images.get(id).map(|kept| &kept.resource.tags);
        image.or_else(|| self.snapshots.get(id).map(|kept| &kept.resource.tags))
    }

    /// The same, to be changed.
    pub(crate) fn tags_mut(&mut self, id: &str) -> Option<&mut Tags> {
        let image = self.images.get_mut(id);
        let snapshot = self.snapshots.get_mut(id);
        image
            .map(|kept| &mut kept.resource.tags)
            .or(snapshot.map(|kept| &mut kept.resource.tags))
    }

    /// Everything in the bin with its kind and its tags.
    pub(crate) fn tagged(&self) -> impl Iterator<Item = (&String, &'static str, &Tags)> {
        let images = self.images.iter();
        let images = images.map(|(id, kept)| (id, "image", &kept.resource.tags));
        let snapshots = self.snapshots.iter();
        images.chain(snapshots.map(|(id, kept)| (id, "snapshot", &kept.resource.tags)))
    }

    /// How many images of an account are in the bin.
    pub(crate) fn images_of(&self, account: &str) -> usize {
        let images = self.images.values();
        images.filter(|kept| kept.resource.owner == account).count()
    }

    /// Whether an account's own image or snapshot is in the bin.
    pub(crate) fn has(&self, account: &str, id: &str) -> bool {
        let image = self.images.get(id).map(|kept| &kept.resource.owner);
        let snapshot = self.snapshots.get(id).map(|kept| &kept.resource.owner);
        image.or(snapshot).is_some_and(|owner| owner == account)
    }
}

/// How long a deregistered image's id is told from one that never was. AWS doesn't say.
const TOLD_APART: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Takes an image out of its Region, into the bin where a retention rule covers it. An image that
/// is not backed by EBS, never became available or failed is not kept.
pub(crate) fn remove_image(state: &mut State, region: &str, id: &str) {
    let now = state.clock.now();
    let place = state.ec2.region_mut(region);
    let Some(mut image) = place.images.remove(id) else {
        return;
    };
    let remains = Remains::of(&image);
    place
        .deregistered
        .put(id.to_owned(), remains, now, TOLD_APART);
    let whole = matches!(image.state, ImageState::Available | ImageState::Disabled);
    if !whole || image.snapshot_ids().is_empty() {
        return;
    }
    let owner = image.owner.clone();
    if let Some((entered, until)) = kept(state, (&owner, region), Kind::Image, &image.tags) {
        image.tags.mark(&owner, MARK, "true");
        let kept = Kept {
            resource: image,
            entered,
            until,
        };
        state
            .ec2
            .region_mut(region)
            .bin
            .images
            .insert(id.to_owned(), kept);
        leave_later(state, region, id, until);
    }
}

/// Takes a snapshot out of its Region, into the bin where a retention rule covers it. One that is
/// not complete is not kept.
pub(crate) fn remove_snapshot(state: &mut State, region: &str, id: &str) {
    let Some(mut snapshot) = state.ec2.region_mut(region).snapshots.remove(id) else {
        return;
    };
    if !matches!(snapshot.state, SnapshotState::Completed { .. }) {
        return;
    }
    let owner = snapshot.owner.clone();
    if let Some((entered, until)) = kept(state, (&owner, region), Kind::Snapshot, &snapshot.tags) {
        snapshot.tags.mark(&owner, MARK, "true");
        let kept = Kept {
            resource: snapshot,
            entered,
            until,
        };
        state
            .ec2
            .region_mut(region)
            .bin
            .snapshots
            .insert(id.to_owned(), kept);
        leave_later(state, region, id, until);
    }
}

/// From when until when a resource that is deleted now is kept.
fn kept(
    state: &State,
    place: (&str, &str),
    kind: Kind,
    tags: &Tags,
) -> Option<(Timestamp, Timestamp)> {
    let now = state.clock.now();
    let until = state
        .rbin
        .retained_until(place, kind, &tags.own(place.0), now)?;
    Some((now, until))
}

fn leave_later(state: &mut State, region: &str, id: &str, until: Timestamp) {
    let change = Change::LeavesBin {
        region: region.to_owned(),
        id: id.to_owned(),
    };
    state.schedule_at(until, change);
}

/// Deletes for good what was kept until now.
pub(crate) fn leave(state: &mut State, region: &str, id: &str) {
    let now = state.clock.now();
    let Region { bin, .. } = state.ec2.region_mut(region);
    if bin.images.get(id).is_some_and(|kept| kept.until <= now) {
        bin.images.remove(id);
    }
    if bin.snapshots.get(id).is_some_and(|kept| kept.until <= now) {
        bin.snapshots.remove(id);
    }
}
