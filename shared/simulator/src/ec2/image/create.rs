//! `CreateImage`: an image of an instance and its volumes.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::ec2::change::Change;
use crate::ec2::image::register::{add, check_name, new_image};
use crate::ec2::image::{Device, Ebs, Layout};
use crate::ec2::instance::{Instance, no_instance};
use crate::ec2::snapshot;
use crate::ec2::tag::{self, TagMap, Tags};
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

const DURATION: SignedDuration = SignedDuration::from_mins(2);

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateImage.html>. The image of the
/// instance becomes its source image:
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/identify-source-ami-used-to-create-new-ami.html>.
pub(crate) fn create_image(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let instance = own_running(state, call, params.need("InstanceId")?)?;
    check_name(state, call, params.need("Name")?)?;
    let mut tags = tag::specifications(state, call, &["image", "snapshot"])?;
    let (image_tags, snapshot_tags) = (tags.remove("image"), tags.remove("snapshot"));
    let template = state.ec2.image(&call.region, &instance.image_id);
    let template = template.map(|image| image.layout.clone());
    let layout = layout(template, &instance);
    let mut image = new_image(state, call, layout, image_tags.unwrap_or_default())?;
    let snapshot_tags = snapshot_tags.unwrap_or_default();
    let devices = devices(state, call, &instance, &image.id, &snapshot_tags);
    image.layout.devices = devices;
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

fn own_running(state: &mut State, call: &Request, id: &str) -> Result<Instance, ApiError> {
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

/// The layout of the instance's image, or a usual one where that image is gone.
fn layout(template: Option<Layout>, instance: &Instance) -> Layout {
    template.unwrap_or_else(|| Layout {
        architecture: "x86_64".to_owned(),
        virtualization: "hvm".to_owned(),
        root_device: instance.root_device.clone(),
        boot_mode: None,
        imds_support: None,
        tpm_support: None,
        ena_support: true,
        devices: Vec::new(),
    })
}

fn devices(
    state: &mut State,
    call: &Request,
    instance: &Instance,
    image_id: &str,
    tags: &TagMap,
) -> Vec<Device> {
    let about = format!("Created by CreateImage({}) for {image_id}", instance.id);
    let mut devices = Vec::new();
    for (name, volume_id) in &instance.volumes {
        let volumes = &state.ec2.region_mut(&call.region).volumes;
        let Some(volume) = volumes.get(volume_id).cloned() else {
            continue;
        };
        let id = snapshot::begin(state, call, &volume, &about, DURATION);
        if let Some(snapshot) = state.ec2.snapshot_mut(&call.region, &id) {
            snapshot.tags = Tags::of_owner(call.account(), tags.clone());
        }
        devices.push(Device {
            name: name.clone(),
            virtual_name: None,
            ebs: Some(Ebs {
                snapshot_id: Some(id),
                size: volume.size,
                kind: volume.kind,
                iops: None,
                throughput: None,
                encrypted: volume.key.is_some(),
                delete_on_termination: true,
            }),
        });
    }
    devices
}
