//! What is in the bin.

use serde_json::{Value, json};

use crate::clock::millis;
use crate::ec2::access::{no_image, no_snapshot, well_formed_image, well_formed_snapshot};
use crate::ec2::page;
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

const MOST_IMAGES: usize = 20;

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ListImagesInRecycleBin.html>.
pub(super) fn list_images_in_recycle_bin(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let ids = call.params().texts("ImageIds");
    if ids.len() > MOST_IMAGES {
        let message = format!("At most {MOST_IMAGES} image IDs can be given");
        return Err(ApiError::invalid_value(message));
    }
    let cursor = page::open(call, 1)?;
    let bin = &state.ec2.region_mut(&call.region).bin.images;
    for id in &ids {
        well_formed_image(id)?;
        let kept = bin.get(*id);
        kept.filter(|kept| kept.resource.owner == call.account())
            .ok_or_else(|| no_image(&[id]))?;
    }
    let wanted = cursor.rest(bin).filter(|(id, kept)| {
        kept.resource.owner == call.account() && (ids.is_empty() || ids.contains(id))
    });
    let page = cursor.cut(call, wanted, |kept| {
        let image = &kept.resource;
        json!({
            "ImageId": image.id,
            "Name": image.name,
            "Description": Some(&image.description).filter(|text| !text.is_empty()),
            "RecycleBinEnterTime": millis(kept.entered),
            "RecycleBinExitTime": millis(kept.until),
        })
    });
    Ok(json!({ "Images": page.items, "NextToken": page.next }))
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ListSnapshotsInRecycleBin.html>.
pub(super) fn list_snapshots_in_recycle_bin(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let ids = call.params().texts("SnapshotIds");
    let cursor = page::open(call, 5)?;
    let bin = &state.ec2.region_mut(&call.region).bin.snapshots;
    for id in &ids {
        well_formed_snapshot(id)?;
        let kept = bin.get(*id);
        kept.filter(|kept| kept.resource.owner == call.account())
            .ok_or_else(|| no_snapshot(id))?;
    }
    let wanted = cursor.rest(bin).filter(|(id, kept)| {
        kept.resource.owner == call.account() && (ids.is_empty() || ids.contains(id))
    });
    let page = cursor.cut(call, wanted, |kept| {
        let snapshot = &kept.resource;
        json!({
            "SnapshotId": snapshot.id,
            "VolumeId": snapshot.volume_id,
            "Description": snapshot.description,
            "RecycleBinEnterTime": millis(kept.entered),
            "RecycleBinExitTime": millis(kept.until),
        })
    });
    Ok(json!({ "Snapshots": page.items, "NextToken": page.next }))
}
