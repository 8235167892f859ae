//! `CreateRestoreImageTask`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::bin::{Bin, Part};
use super::{DURATION, unfit};
use crate::ec2::arn;
use crate::ec2::change::Change;
use crate::ec2::image::naming::{add, check_name, named_image};
use crate::ec2::image::{Image, Layout};
use crate::ec2::snapshot::{Snapshot, SnapshotState};
use crate::ec2::tag::{self, TagMap, Tags};
use crate::kms;
use crate::request::Request;
use crate::s3;
use crate::state::State;
use crate::wire::error::ApiError;

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRestoreImageTask.html>: a new
/// image with snapshots of its own, under the name it had unless another is given. Sharing is not
/// stored. Which key it is encrypted under is not documented; here it is the default key.
pub(super) fn create_restore_image_task(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let params = call.params();
    let bin = bin(state, call)?;
    let name = params.text("Name").unwrap_or(&bin.name).to_owned();
    check_name(state, call, &name)?;
    let mut given = tag::specifications(state, call, &["image", "snapshot"])?;
    let mut tags = bin.tags.clone();
    tags.extend(given.remove("image").unwrap_or_default());
    tag::refuse_too_many(&tags)?;
    let snapshot_tags = given.remove("snapshot").unwrap_or_default();
    for part in &bin.snapshots {
        tag::refuse_too_many(&part.tagged(&snapshot_tags))?;
    }
    let named = (name.as_str(), bin.description.as_str());
    let mut image = named_image(state, call, named, bin.layout.clone(), tags)?;
    image.origin.image = Some((bin.id.clone(), bin.region.clone()));
    image.origin.stored = true;
    let id = image.id.clone();
    let change = Change::ImageCreated {
        region: call.region.clone(),
        id: id.clone(),
    };
    let until = state.schedule(DURATION, change);
    let mut restored = BTreeMap::new();
    for part in &bin.snapshots {
        let snapshot = snapshot(state, call, (&image, part), &snapshot_tags);
        restored.insert(
            part.id.clone(),
            (snapshot.id.clone(), snapshot.key.is_some()),
        );
        let pending = SnapshotState::Pending { until };
        let snapshots = &mut state.ec2.region_mut(&call.region).snapshots;
        snapshots.insert(
            snapshot.id.clone(),
            Snapshot {
                state: pending,
                ..snapshot
            },
        );
    }
    carry(&mut image.layout, &restored);
    add(state, image);
    Ok(json!({ "ImageId": id }))
}

/// What the object in the caller's bucket holds.
fn bin(state: &State, call: &Request) -> Result<Bin, ApiError> {
    let params = call.params();
    let (bucket, key) = (params.need("Bucket")?, params.need("ObjectKey")?);
    match s3::region_of(state, call.account(), bucket) {
        None => return Err(unfit("Bucket", bucket, "The bucket does not exist")),
        Some(region) if region != call.region => {
            return Err(unfit("Bucket", bucket, "The bucket is in another Region"));
        }
        Some(_) => {}
    }
    let text = s3::text(state, call.account(), bucket, key);
    let text = text.ok_or_else(|| unfit("ObjectKey", key, "The object does not exist"))?;
    Bin::read(&text).ok_or_else(|| unfit("ObjectKey", key, "The object is no stored image"))
}

/// A snapshot that begins now, with the tags it had and those that the call gives.
fn snapshot(
    state: &mut State,
    call: &Request,
    (image, part): (&Image, &Part),
    given: &TagMap,
) -> Snapshot {
    let now = state.clock.now();
    let id = state.ids.resource("snap");
    state.touch(arn(&call.region, "snapshot", &id));
    let place = (call.account(), call.region.as_str());
    let by_default = (call.account().to_owned(), call.region.clone());
    let encrypted = part.encrypted || state.ec2.encrypting.contains(&by_default);
    let mut snapshot = Snapshot::begun(id, call.account(), now, now);
    snapshot.size = part.size;
    snapshot.key = encrypted.then(|| kms::default_key(state, place));
    snapshot.description = format!("Restored for {} from {}", image.id, part.id);
    snapshot.tags = Tags::of_owner(call.account(), part.tagged(given));
    snapshot
}

/// Gives the block devices their restored snapshots.
fn carry(layout: &mut Layout, restored: &BTreeMap<String, (String, bool)>) {
    let volumes = layout.devices.iter_mut();
    for ebs in volumes.filter_map(|device| device.ebs.as_mut()) {
        let stored = ebs.snapshot_id.as_ref().and_then(|id| restored.get(id));
        if let Some((id, encrypted)) = stored {
            ebs.snapshot_id = Some(id.clone());
            ebs.encrypted = *encrypted;
        }
    }
}
