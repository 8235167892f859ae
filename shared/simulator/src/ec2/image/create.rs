//! `CreateImage`: an image of an instance and its volumes.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::ec2::change::Change;
use crate::ec2::image::mapping::{self, invalid};
use crate::ec2::image::naming::{add, check_name, new_image};
use crate::ec2::image::{Device, Ebs, Layout};
use crate::ec2::instance::{Instance, no_instance};
use crate::ec2::snapshot;
use crate::ec2::tag::{self, TagMap, Tags};
use crate::ec2::volume::Volume;
use crate::ec2::volume::performance;
use crate::request::{Params, Request};
use crate::state::State;
use crate::wire::error::ApiError;

/// How long an image of an instance takes.
pub(crate) const DURATION: SignedDuration = SignedDuration::from_mins(2);

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateImage.html>. The image of the
/// instance becomes its source image:
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/identify-source-ami-used-to-create-new-ami.html>.
/// A reboot changes nothing here, so `NoReboot` makes no difference.
pub(crate) fn create_image(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let instance = own_instance(state, call, params.need("InstanceId")?)?;
    check_name(state, call, params.need("Name")?)?;
    refuse_places(params)?;
    let mut plan = volumes(state, call, &instance)?;
    let added = overrides(state, call, &instance, &mut plan)?;
    let mut tags = tag::specifications(state, call, &["image", "snapshot"])?;
    let (image_tags, snapshot_tags) = (tags.remove("image"), tags.remove("snapshot"));
    let layout = layout(state, call, &instance)?;
    let mut image = new_image(state, call, layout, image_tags.unwrap_or_default())?;
    let about = format!("Created by CreateImage({}) for {}", instance.id, image.id);
    let snapshot_tags = snapshot_tags.unwrap_or_default();
    image.layout.devices = Vec::new();
    for planned in plan {
        let device = snapshotted(state, call, planned, &about, &snapshot_tags);
        image.layout.devices.push(device);
    }
    image.layout.devices.extend(added);
    image.origin.image = Some((instance.image_id.clone(), call.region.clone()));
    image.origin.instance = Some(instance.id.clone());
    let id = image.id.clone();
    add(state, image);
    let region = call.region.clone();
    let change = Change::ImageCreated {
        region,
        id: id.clone(),
    };
    state.schedule(DURATION, change);
    Ok(json!({ "ImageId": id }))
}

/// An instance of the caller's that is running or stopped.
fn own_instance(state: &mut State, call: &Request, id: &str) -> Result<Instance, ApiError> {
    state.touch(format!(
        "arn:aws:ec2:{}:{}:instance/{id}",
        call.region,
        call.account()
    ));
    let instance = state.ec2.region_mut(&call.region).instances.get(id);
    let instance = instance
        .filter(|instance| instance.owner == call.account())
        .ok_or_else(|| no_instance(id))?;
    if instance.can_be_imaged() {
        Ok(instance.clone())
    } else {
        Err(ApiError::new(
            "IncorrectInstanceState",
            format!("Instance '{id}' is not 'running' or 'stopped'."),
        ))
    }
}

/// No instance here is in a Local Zone or on an Outpost, and none says it was booted by UEFI.
fn refuse_places(params: Params<'_>) -> Result<(), ApiError> {
    if params.has("SnapshotLocation") {
        let message = "SnapshotLocation is only for instances in Local Zones and on Outposts";
        return Err(ApiError::new("InvalidParameterCombination", message));
    }
    if params.has("BootModeOverride") {
        let message = "The parameter BootModeOverride is not simulated";
        return Err(ApiError::new("UnsupportedOperation", message));
    }
    Ok(())
}

/// The layout of the instance's image, or a usual one where that image is gone.
fn layout(state: &State, call: &Request, instance: &Instance) -> Result<Layout, ApiError> {
    let template = state.ec2.image(&call.region, &instance.image_id);
    let template = template.map(|image| image.layout.clone());
    if template
        .as_ref()
        .is_some_and(|layout| layout.manifest.is_some())
    {
        let message = format!(
            "Instance does not have a volume attached at root ({})",
            instance.root_device
        );
        return Err(ApiError::invalid_value(message));
    }
    Ok(template.unwrap_or_else(|| Layout {
        architecture: "x86_64".to_owned(),
        virtualization: "hvm".to_owned(),
        root_device: instance.root_device.clone(),
        ena_support: true,
        ..Layout::default()
    }))
}

/// A volume that will be snapshotted.
struct Planned {
    device: String,
    volume: Volume,
    delete_on_termination: bool,
}

fn volumes(state: &State, call: &Request, instance: &Instance) -> Result<Vec<Planned>, ApiError> {
    let volumes = state.ec2.region(&call.region).map(|region| &region.volumes);
    let attached = instance.volumes.iter().filter_map(|(device, id)| {
        Some(Planned {
            device: device.clone(),
            volume: volumes?.get(id)?.clone(),
            delete_on_termination: true,
        })
    });
    let attached: Vec<Planned> = attached.collect();
    if attached
        .iter()
        .any(|planned| planned.device == instance.root_device)
    {
        return Ok(attached);
    }
    let message = format!(
        "Instance does not have a volume attached at root ({})",
        instance.root_device
    );
    Err(ApiError::invalid_value(message))
}

/// Applies the call's mappings to the instance's volumes: leaves some out, changes
/// `DeleteOnTermination`, and gives the devices that come on top.
fn overrides(
    state: &mut State,
    call: &Request,
    instance: &Instance,
    plan: &mut Vec<Planned>,
) -> Result<Vec<Device>, ApiError> {
    let mappings = call.params().list("BlockDeviceMappings");
    mapping::refuse_twice_named(&mappings)?;
    let mut added = Vec::new();
    for mapping in mappings {
        let name = mapping.text("DeviceName").unwrap_or_default();
        let at = plan.iter().position(|planned| planned.device == name);
        match (at, mapping.has("NoDevice")) {
            (Some(_), true) if name == instance.root_device => {
                return Err(invalid(format!("The root device {name} can't be left out")));
            }
            (Some(at), true) => {
                plan.remove(at);
            }
            (Some(at), false) => {
                if let (Some(planned), Some(ebs)) = (plan.get_mut(at), mapping.child("Ebs")) {
                    override_volume(planned, ebs)?;
                }
            }
            (None, true) => {}
            (None, false) => added.push(mapping::device(state, call, mapping)?),
        }
    }
    Ok(added)
}

/// Of a volume that is there, nothing can be changed but `DeleteOnTermination`; what says the same
/// as the volume is let pass.
fn override_volume(planned: &mut Planned, ebs: Params<'_>) -> Result<(), ApiError> {
    let volume = &planned.volume;
    let size = ebs
        .number("VolumeSize")
        .is_some_and(|size| size != volume.size);
    let kind = ebs
        .text("VolumeType")
        .is_some_and(|kind| kind != volume.kind);
    let encrypted = volume.key.is_none() && ebs.flag("Encrypted") == Some(true);
    let others = ["SnapshotId", "KmsKeyId", "Iops", "Throughput", "OutpostArn"];
    if size || kind || encrypted || others.iter().any(|name| ebs.has(name)) {
        let message = format!(
            "Only DeleteOnTermination can be changed for the existing device {}",
            planned.device
        );
        return Err(invalid(message));
    }
    let delete = ebs.flag("DeleteOnTermination");
    planned.delete_on_termination = delete.unwrap_or(planned.delete_on_termination);
    Ok(())
}

/// The device of the image, over a snapshot that begins now.
fn snapshotted(
    state: &mut State,
    call: &Request,
    planned: Planned,
    about: &str,
    tags: &TagMap,
) -> Device {
    let volume = planned.volume;
    let id = snapshot::begin(state, call, &volume, about, DURATION);
    let usual = performance::usual(&volume.kind);
    if let Some(snapshot) = state.ec2.snapshot_mut(&call.region, &id) {
        snapshot.tags = Tags::of_owner(call.account(), tags.clone());
    }
    Device {
        name: planned.device,
        virtual_name: None,
        ebs: Some(Ebs {
            snapshot_id: Some(id),
            size: volume.size,
            kind: volume.kind,
            iops: volume.iops.or(usual.0),
            throughput: volume.throughput.or(usual.1),
            encrypted: volume.key.is_some(),
            delete_on_termination: planned.delete_on_termination,
        }),
    }
}
