//! Launching: what `RunInstances`, groups, fleets and Spot requests have in common.

use serde_json::{Value, json};

use super::device::{self, Planned};
use super::phase::{self, Phase};
use super::{Instance, network, quota};
use crate::ec2::access::{unavailable_image, visible_image};
use crate::ec2::image::{Image, ImageState};
use crate::ec2::tag::{self, TagMap, Tags};
use crate::ec2::volume::Volume;
use crate::request::Params;
use crate::state::State;
use crate::wire::error::ApiError;

/// Launch parameters whose effect is not simulated, as calls and launch templates name them.
pub(crate) const UNSIMULATED: &[&str] = &[
    "AdditionalInfo",
    "ElasticGpuSpecification",
    "ElasticGpuSpecifications",
    "ElasticInferenceAccelerators",
    "EnablePrimaryIpv6",
    "Ipv6AddressCount",
    "Ipv6Addresses",
    "KernelId",
    "NetworkPerformanceOptions",
    "Operator",
    "RamDiskId",
    "RamdiskId",
    "SecondaryInterfaces",
];

/// The type of an instance where none is named.
const USUAL_TYPE: &str = "m1.small";
/// The type chosen where only requirements are named.
const FITTING_TYPE: &str = "m5.large";

/// What is to be launched, and for whom.
pub(crate) struct Order<'a> {
    /// The account and the Region.
    pub(crate) place: (&'a str, &'a str),
    /// The parameters of `RunInstances`, a launch template's among them.
    pub(crate) data: &'a Value,
    pub(crate) count: i64,
    /// Tags that AWS puts on the instances itself.
    pub(crate) marks: TagMap,
}

/// Launches instances; gives their ids. All of them, or none and the reason.
pub(crate) fn launch(state: &mut State, order: &Order<'_>) -> Result<Vec<String>, ApiError> {
    let data = Params::of(order.data);
    if let Some(name) = UNSIMULATED.iter().find(|name| data.has(name)) {
        let message = format!("The parameter {name} is not simulated");
        return Err(ApiError::new("UnsupportedOperation", message));
    }
    let named = data.need("ImageId")?;
    let image = launchable(state, order.place, named)?;
    network::check(data)?;
    quota::check(
        state,
        order.place,
        usize::try_from(order.count).unwrap_or(0),
    )?;
    let zone = network::zone(data, order.place.1)?;
    let devices = data.list("BlockDeviceMappings");
    let devices = device::plan(state, order.place, &image, &devices)?;
    for id in devices
        .iter()
        .filter_map(|planned| planned.ebs.snapshot_id.as_ref())
    {
        if let Some(snapshot) = state.ec2.snapshot(order.place.1, id) {
            snapshot.refuse_archived()?;
        }
    }
    let reservation = state.ids.resource("r");
    let mut ids = Vec::new();
    for index in 0..order.count {
        let mut instance = instance(state, order, &image, (&zone, &reservation, index))?;
        for planned in &devices {
            attach(state, order, &mut instance, planned)?;
        }
        let id = instance.id.clone();
        let region = state.ec2.region_mut(order.place.1);
        region.running.note(order.place.0, None, instance.phase);
        region.instances.insert(id.clone(), instance);
        phase::enter(state, order.place.1, &id, Phase::Pending);
        ids.push(id);
    }
    let now = state.clock.now();
    if let Some(image) = state.ec2.image_mut(order.place.1, &image.id) {
        image.launches.add(now);
    }
    Ok(ids)
}

/// The id of the image that a launch names, by its id or by a Systems Manager parameter:
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-systems-manager-parameter-to-find-AMI.html>.
pub(crate) fn image_id(
    state: &State,
    place: (&str, &str),
    named: &str,
) -> Result<String, ApiError> {
    match named.strip_prefix("resolve:ssm:") {
        Some(name) => crate::ssm::image_of(state, place, name),
        None => Ok(named.to_owned()),
    }
}

/// An image that an account may launch: one it sees, available, deprecated or not.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-lifecycle.html>.
pub(crate) fn launchable(
    state: &State,
    place: (&str, &str),
    named: &str,
) -> Result<Image, ApiError> {
    let id = image_id(state, place, named)?;
    let image = visible_image(&state.ec2, place.0, place.1, &id)?;
    if image.state == ImageState::Available {
        Ok(image.clone())
    } else {
        Err(unavailable_image(&id))
    }
}

fn instance(
    state: &mut State,
    order: &Order<'_>,
    image: &Image,
    (zone, reservation, index): (&str, &str, i64),
) -> Result<Instance, ApiError> {
    let data = Params::of(order.data);
    let layout = &image.layout;
    let mut tags = tags(data, "instance")?;
    tags.extend(order.marks.clone());
    let usual = if data.has("InstanceRequirements") {
        FITTING_TYPE
    } else {
        USUAL_TYPE
    };
    Ok(Instance {
        id: state.ids.resource("i"),
        owner: order.place.0.to_owned(),
        image_id: image.id.clone(),
        kind: data.text("InstanceType").unwrap_or(usual).to_owned(),
        zone: zone.to_owned(),
        launched: state.clock.now(),
        phase: Phase::Pending,
        reason: None,
        asked: None,
        root_device: layout.root_device.clone(),
        volumes: Vec::new(),
        reservation: reservation.to_owned(),
        index,
        hardware: json!({
            "Architecture": layout.architecture,
            "VirtualizationType": layout.virtualization,
            "BootMode": layout.boot_mode,
            "TpmSupport": layout.tpm_support,
            "EnaSupport": layout.ena_support,
            "ImdsSupport": layout.imds_support,
        }),
        data: order.data.clone(),
        spot_request: None,
        tags: Tags::of_owner(order.place.0, tags),
    })
}

/// The tags that launch parameters give a kind of resource.
pub(crate) fn tags(data: Params<'_>, kind: &str) -> Result<TagMap, ApiError> {
    let mut tags = TagMap::new();
    for specification in data.list("TagSpecifications") {
        if specification.text("ResourceType") == Some(kind) {
            tags.extend(tag::read(&specification.list("Tags"))?);
        }
    }
    Ok(tags)
}

fn attach(
    state: &mut State,
    order: &Order<'_>,
    instance: &mut Instance,
    planned: &Planned,
) -> Result<(), ApiError> {
    let tags = tags(Params::of(order.data), "volume")?;
    let volume = Volume {
        id: state.ids.resource("vol"),
        owner: order.place.0.to_owned(),
        zone: instance.zone.clone(),
        size: planned.ebs.size,
        kind: planned.ebs.kind.clone(),
        iops: planned.ebs.iops,
        throughput: planned.ebs.throughput,
        key: planned.key.clone(),
        snapshot_id: planned.ebs.snapshot_id.clone(),
        created: state.clock.now(),
        instance: Some((instance.id.clone(), planned.name.clone())),
        delete_on_termination: planned.ebs.delete_on_termination,
        tags: Tags::of_owner(order.place.0, tags),
    };
    if planned.locked {
        let message = format!("{}: Client error on launch", phase::LAUNCH_FAILED);
        instance.reason = Some((phase::LAUNCH_FAILED.to_owned(), message));
    }
    let attached = (planned.name.clone(), volume.id.clone());
    instance.volumes.push(attached);
    let region = state.ec2.region_mut(order.place.1);
    region.volumes.insert(volume.id.clone(), volume);
    Ok(())
}
