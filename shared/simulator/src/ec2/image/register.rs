//! `RegisterImage`, and the rules of names that every operation that makes images shares.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::ec2::access::{no_snapshot, well_formed_snapshot};
use crate::ec2::arn;
use crate::ec2::image::{Device, Ebs, Image, ImageState, Layout, Origin};
use crate::ec2::snapshot::Snapshot;
use crate::ec2::tag::{self, TagMap, Tags};
use crate::event;
use crate::request::{Params, Request};
use crate::state::State;
use crate::wire::error::ApiError;
use crate::wire::refusal::malformed_image_name;

/// Refuses a name that is malformed, or that another image of the account in the Region has.
pub(crate) fn check_name(state: &State, call: &Request, name: &str) -> Result<(), ApiError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "()[] ./-'@_".contains(c);
    if !(3..=128).contains(&name.len()) || !name.chars().all(allowed) {
        return Err(malformed_image_name());
    }
    let images = state.ec2.region(&call.region).map(|region| &region.images);
    let mut images = images.into_iter().flat_map(|images| images.values());
    match images.find(|image| image.owner == call.account() && image.name == name) {
        Some(image) => Err(ApiError::new(
            "InvalidAMIName.Duplicate",
            format!("AMI name {name} is already in use by AMI {}", image.id),
        )),
        None => Ok(()),
    }
}

/// A new image of the caller's, named as the call says.
pub(crate) fn new_image(
    state: &mut State,
    call: &Request,
    layout: Layout,
    tags: TagMap,
) -> Result<Image, ApiError> {
    let params = call.params();
    let id = state.ids.resource("ami");
    state.touch(arn(&call.region, "image", &id));
    Ok(Image {
        id,
        owner: call.account().to_owned(),
        region: call.region.clone(),
        name: params.need("Name")?.to_owned(),
        description: params.text("Description").unwrap_or_default().to_owned(),
        state: ImageState::Pending,
        created: state.clock.now(),
        deprecation: None,
        launched: None,
        permissions: BTreeSet::new(),
        tags: Tags::of_owner(call.account(), tags),
        layout,
        origin: Origin::default(),
    })
}

/// Puts a new image into its Region.
pub(crate) fn add(state: &mut State, image: Image) {
    let region = state.ec2.region_mut(&image.region);
    region.images.insert(image.id.clone(), image);
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RegisterImage.html>, for EBS-backed
/// images. Whether a pending snapshot is refused is not documented; here it is.
pub(crate) fn register_image(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    check_name(state, call, params.need("Name")?)?;
    let mut devices = Vec::new();
    for mapping in params.list("BlockDeviceMappings") {
        devices.push(device(state, call, mapping)?);
    }
    let root = params.text("RootDeviceName").unwrap_or("/dev/sda1");
    let has_root = devices.iter().any(|device| {
        device.name == root
            && device
                .ebs
                .as_ref()
                .is_some_and(|ebs| ebs.snapshot_id.is_some())
    });
    if !has_root {
        let message = format!("The root device {root} must be mapped to a snapshot");
        return Err(ApiError::new("InvalidBlockDeviceMapping", message));
    }
    let mut tags = tag::specifications(state, call, &["image"])?;
    let text = |name: &str| params.text(name).map(str::to_owned);
    let layout = Layout {
        architecture: text("Architecture").unwrap_or_else(|| "i386".to_owned()),
        virtualization: text("VirtualizationType").unwrap_or_else(|| "paravirtual".to_owned()),
        root_device: root.to_owned(),
        boot_mode: text("BootMode"),
        imds_support: text("ImdsSupport"),
        tpm_support: text("TpmSupport"),
        ena_support: params.flag("EnaSupport").unwrap_or(false),
        devices,
    };
    let tags = tags.remove("image").unwrap_or_default();
    let mut image = new_image(state, call, layout, tags)?;
    image.state = ImageState::Available;
    let id = image.id.clone();
    add(state, image);
    event::image_state(state, (call.account(), &call.region), &id, "available", "");
    Ok(json!({ "ImageId": id }))
}

fn device(state: &mut State, call: &Request, mapping: Params<'_>) -> Result<Device, ApiError> {
    let ebs = match mapping.child("Ebs") {
        Some(ebs) => Some(volume(state, call, ebs)?),
        None => None,
    };
    Ok(Device {
        name: mapping.text("DeviceName").unwrap_or_default().to_owned(),
        virtual_name: mapping.text("VirtualName").map(str::to_owned),
        ebs,
    })
}

fn volume(state: &mut State, call: &Request, ebs: Params<'_>) -> Result<Ebs, ApiError> {
    let snapshot = match ebs.text("SnapshotId") {
        Some(id) => Some(usable_snapshot(state, call, id)?),
        None => None,
    };
    let size = ebs.number("VolumeSize");
    let size = size.or(snapshot.as_ref().map(|snapshot| snapshot.size));
    let size = size.ok_or_else(|| {
        ApiError::new(
            "MissingParameter",
            "The request must contain the parameter size or snapshotId",
        )
    })?;
    let from = snapshot.as_ref();
    Ok(Ebs {
        snapshot_id: from.map(|snapshot| snapshot.id.clone()),
        size,
        kind: ebs.text("VolumeType").unwrap_or("gp2").to_owned(),
        iops: ebs.number("Iops"),
        throughput: ebs.number("Throughput"),
        encrypted: from.is_some_and(|snapshot| snapshot.key.is_some())
            || ebs.flag("Encrypted") == Some(true),
        delete_on_termination: ebs.flag("DeleteOnTermination").unwrap_or(true),
    })
}

fn usable_snapshot(state: &mut State, call: &Request, id: &str) -> Result<Snapshot, ApiError> {
    well_formed_snapshot(id)?;
    state.touch(arn(&call.region, "snapshot", id));
    let snapshot = state.ec2.snapshot(&call.region, id);
    let snapshot = snapshot
        .filter(|snapshot| snapshot.is_readable_by(call.account()))
        .ok_or_else(|| no_snapshot(id))?;
    snapshot.refuse_unusable()?;
    Ok(snapshot.clone())
}
