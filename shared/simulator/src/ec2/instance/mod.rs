//! Instances, as far as images are launched and made of them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::millis;
use crate::ec2::access::{unavailable_image, visible_image};
use crate::ec2::arn;
use crate::ec2::filter::Filters;
use crate::ec2::image::{Image, ImageState};
use crate::ec2::page;
use crate::ec2::tag::{self, TagMap, Tags};
use crate::ec2::volume::Volume;
use crate::ec2::{Operation, op};
use crate::kms;
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

pub(crate) const OPERATIONS: &[Operation] = &[
    op("DescribeInstances", describe_instances),
    op("RunInstances", run_instances),
    op("TerminateInstances", terminate_instances).without(&["Force", "SkipOsShutdown"]),
];

/// An instance.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Instance {
    pub(crate) id: String,
    pub(crate) owner: String,
    pub(crate) image_id: String,
    kind: String,
    pub(crate) launched: Timestamp,
    pub(crate) running: bool,
    pub(crate) root_device: String,
    /// Device names and volume ids.
    pub(crate) volumes: Vec<(String, String)>,
    reservation: String,
    pub(crate) tags: Tags,
}

impl Instance {
    /// Whether it is in a state in which an image can be made of it.
    pub(crate) fn can_be_imaged(&self) -> bool {
        self.running
    }

    fn state(&self) -> Value {
        if self.running {
            json!({ "Code": 16, "Name": "running" })
        } else {
            json!({ "Code": 48, "Name": "terminated" })
        }
    }

    fn written(&self, account: &str) -> Value {
        let devices = self.volumes.iter().map(|(device, volume)| {
            json!({ "DeviceName": device, "Ebs": { "VolumeId": volume, "Status": "attached" } })
        });
        json!({
            "InstanceId": self.id,
            "ImageId": self.image_id,
            "InstanceType": self.kind,
            "LaunchTime": millis(self.launched),
            "State": self.state(),
            "RootDeviceName": self.root_device,
            "RootDeviceType": "ebs",
            "BlockDeviceMappings": devices.collect::<Vec<_>>(),
            "Tags": tag::written(&self.tags.own(account)),
        })
    }
}

/// The error for an instance that doesn't exist.
pub(crate) fn no_instance(id: &str) -> ApiError {
    ApiError::new(
        "InvalidInstanceID.NotFound",
        format!("The instance ID '{id}' does not exist"),
    )
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html>: instances run
/// at once, with volumes like the image's block devices.
pub(crate) fn run_instances(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let known = [
        "ImageId",
        "InstanceType",
        "MinCount",
        "MaxCount",
        "TagSpecifications",
        "ClientToken",
        "DryRun",
    ];
    let names = call
        .parameters
        .as_object()
        .into_iter()
        .flat_map(|object| object.keys());
    if let Some(name) = names
        .into_iter()
        .find(|name| !known.contains(&name.as_str()))
    {
        let message = format!("The parameter {name} is not simulated");
        return Err(ApiError::new("UnsupportedOperation", message));
    }
    let params = call.params();
    let (least, most) = (params.number("MinCount"), params.number("MaxCount"));
    let count = most.unwrap_or(1);
    if least.unwrap_or(1) < 1 || count < least.unwrap_or(1) || count > 100 {
        return Err(ApiError::invalid_value(
            "Value for parameter maxCount is invalid",
        ));
    }
    let id = params.need("ImageId")?;
    state.touch(arn(&call.region, "image", id));
    let image = visible_image(&state.ec2, call.account(), &call.region, id)?.clone();
    if image.state != ImageState::Available {
        return Err(unavailable_image(id));
    }
    let tags = tag::specifications(state, call, &["instance", "volume"])?;
    let reservation = state.ids.resource("r");
    let launched: Vec<Value> = (0..count)
        .map(|_| launch(state, call, &image, &reservation, &tags))
        .collect();
    let now = state.clock.now();
    if let Some(image) = state.ec2.image_mut(&call.region, id) {
        image.launched = Some(now);
    }
    Ok(json!({ "ReservationId": reservation, "OwnerId": call.account(), "Instances": launched }))
}

fn launch(
    state: &mut State,
    call: &Request,
    image: &Image,
    reservation: &str,
    tags: &std::collections::BTreeMap<String, TagMap>,
) -> Value {
    let tags_of = |kind: &str| {
        let tags = tags.get(kind).cloned().unwrap_or_default();
        Tags::of_owner(call.account(), tags)
    };
    let id = state.ids.resource("i");
    let now = state.clock.now();
    let mut volumes = Vec::new();
    for device in &image.layout.devices {
        let Some(ebs) = &device.ebs else { continue };
        let source = ebs
            .snapshot_id
            .as_ref()
            .and_then(|id| state.ec2.snapshot(&call.region, id));
        let source_key = source.and_then(|snapshot| snapshot.key.clone());
        let key = match source_key {
            // An image of another account is launched under one's own default key:
            // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/AMIEncryption.html
            Some(_) if image.owner != call.account() => {
                Some(kms::default_key(state, (call.account(), &call.region)))
            }
            key => key,
        };
        let volume = Volume {
            id: state.ids.resource("vol"),
            owner: call.account().to_owned(),
            zone: format!("{}a", call.region),
            size: ebs.size,
            kind: ebs.kind.clone(),
            iops: ebs.iops,
            throughput: ebs.throughput,
            key,
            snapshot_id: ebs.snapshot_id.clone(),
            created: now,
            instance: Some((id.clone(), device.name.clone())),
            delete_on_termination: ebs.delete_on_termination,
            tags: tags_of("volume"),
        };
        volumes.push((device.name.clone(), volume.id.clone()));
        let region = state.ec2.region_mut(&call.region);
        region.volumes.insert(volume.id.clone(), volume);
    }
    let instance = Instance {
        id: id.clone(),
        owner: call.account().to_owned(),
        image_id: image.id.clone(),
        kind: call
            .params()
            .text("InstanceType")
            .unwrap_or("m1.small")
            .to_owned(),
        launched: now,
        running: true,
        root_device: image.layout.root_device.clone(),
        volumes,
        reservation: reservation.to_owned(),
        tags: tags_of("instance"),
    };
    let written = instance.written(call.account());
    state
        .ec2
        .region_mut(&call.region)
        .instances
        .insert(id, instance);
    written
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html>.
pub(crate) fn describe_instances(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let known = [
        "image-id",
        "instance-id",
        "instance-state-name",
        "instance-type",
        "tag-key",
    ];
    let filters = Filters::read(params, &known)?;
    let ids = params.texts("InstanceIds");
    let instances = &state.ec2.region_mut(&call.region).instances;
    let own = |instance: &&Instance| instance.owner == call.account();
    if let Some(id) = ids
        .iter()
        .find(|id| !instances.get(**id).as_ref().is_some_and(own))
    {
        return Err(no_instance(id));
    }
    let wanted = instances.values().filter(own).filter(|instance| {
        let named = ids.is_empty() || ids.contains(&instance.id.as_str());
        named
            && filters.match_all(
                || instance.tags.own(call.account()),
                |name| field(instance, name),
            )
    });
    let found = wanted.map(|instance| (&instance.id, instance));
    let page = page::open(call, 5)?.cut(call, found, |instance| {
        json!({
            "ReservationId": instance.reservation,
            "OwnerId": instance.owner,
            "Instances": [instance.written(call.account())],
        })
    });
    Ok(json!({ "Reservations": page.items, "NextToken": page.next }))
}

fn field(instance: &Instance, name: &str) -> Vec<String> {
    match name {
        "image-id" => vec![instance.image_id.clone()],
        "instance-id" => vec![instance.id.clone()],
        "instance-state-name" => {
            vec![
                if instance.running {
                    "running"
                } else {
                    "terminated"
                }
                .to_owned(),
            ]
        }
        "instance-type" => vec![instance.kind.clone()],
        _ => Vec::new(),
    }
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TerminateInstances.html>.
pub(crate) fn terminate_instances(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let ids = call.params().texts("InstanceIds");
    for id in &ids {
        state.touch(format!(
            "arn:aws:ec2:{}:{}:instance/{id}",
            call.region,
            call.account()
        ));
    }
    let region = state.ec2.region_mut(&call.region);
    let own = |instance: &&Instance| instance.owner == call.account();
    if let Some(id) = ids
        .iter()
        .find(|id| !region.instances.get(**id).as_ref().is_some_and(own))
    {
        return Err(no_instance(id));
    }
    let mut changes = Vec::new();
    for id in ids {
        let Some(instance) = region.instances.get_mut(id) else {
            continue;
        };
        let before = instance.state();
        instance.running = false;
        for (_, volume) in &instance.volumes {
            region.volumes.remove(volume);
        }
        changes.push(json!({
            "InstanceId": id,
            "PreviousState": before,
            "CurrentState": instance.state(),
        }));
    }
    Ok(json!({ "TerminatingInstances": changes }))
}
