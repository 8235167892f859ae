//! What tests and the demo read of a world's images, without the wire.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::ec2::image::permission::LaunchPermission;
use crate::ec2::image::{Image, ImageState};
use crate::ec2::snapshot::Snapshot;
use crate::state::State;

/// An image as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageView {
    /// The id.
    pub id: String,
    /// The owner's account.
    pub account: String,
    /// The Region.
    pub region: String,
    /// The name.
    pub name: String,
    /// The description.
    pub description: String,
    /// `pending`, `available`, `disabled` or `failed`.
    pub state: String,
    /// Why it failed.
    pub state_reason: Option<String>,
    /// The architecture.
    pub architecture: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it is deprecated.
    pub deprecation: Option<Timestamp>,
    /// The owner's tags.
    pub tags: BTreeMap<String, String>,
    /// Who may launch it.
    pub launch_permissions: BTreeSet<LaunchPermission>,
    /// Its snapshots, in the order of its block devices.
    pub snapshots: Vec<SnapshotView>,
    /// The image it came from.
    pub source_image_id: Option<String>,
    /// That image's Region.
    pub source_image_region: Option<String>,
    /// The instance it was made from.
    pub source_instance_id: Option<String>,
}

/// A snapshot as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotView {
    /// The id.
    pub id: String,
    /// The owner's account.
    pub account: String,
    /// `pending`, `completed` or `error`.
    pub state: String,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// The ARN of the key it is encrypted under.
    pub kms_key: Option<String>,
    /// The owner's tags.
    pub tags: BTreeMap<String, String>,
    /// Who may create volumes from it.
    pub create_volume_permissions: BTreeSet<LaunchPermission>,
}

/// An image of an account in a Region.
pub(crate) fn image(state: &State, account: &str, region: &str, id: &str) -> Option<ImageView> {
    let image = state.ec2.image(region, id)?;
    (image.owner == account).then(|| image_view(state, image))
}

/// All images of an account in a Region, by id.
pub(crate) fn images(state: &State, account: &str, region: &str) -> Vec<ImageView> {
    let images = state.ec2.region(region).map(|region| &region.images);
    let images = images.into_iter().flat_map(|images| images.values());
    let own = images.filter(|image| image.owner == account);
    own.map(|image| image_view(state, image)).collect()
}

fn image_view(state: &State, image: &Image) -> ImageView {
    let ids = image.snapshot_ids();
    let snapshots = ids
        .iter()
        .filter_map(|id| state.ec2.snapshot(&image.region, id));
    let source = image.origin.image.clone();
    ImageView {
        id: image.id.clone(),
        account: image.owner.clone(),
        region: image.region.clone(),
        name: image.name.clone(),
        description: image.description.clone(),
        state: image.state_name().to_owned(),
        state_reason: match &image.state {
            ImageState::Failed(_, message) => Some(message.clone()),
            _ => None,
        },
        architecture: image.layout.architecture.clone(),
        created: image.created,
        deprecation: image.deprecation,
        tags: image.tags.own(&image.owner),
        launch_permissions: image.permissions.clone(),
        snapshots: snapshots.map(snapshot_view).collect(),
        source_image_id: source.as_ref().map(|(id, _)| id.clone()),
        source_image_region: source.map(|(_, region)| region),
        source_instance_id: image.origin.instance.clone(),
    }
}

fn snapshot_view(snapshot: &Snapshot) -> SnapshotView {
    SnapshotView {
        id: snapshot.id.clone(),
        account: snapshot.owner.clone(),
        state: snapshot.state_name().to_owned(),
        encrypted: snapshot.key.is_some(),
        kms_key: snapshot.key.clone(),
        tags: snapshot.tags.own(&snapshot.owner),
        create_volume_permissions: snapshot.permissions.clone(),
    }
}
