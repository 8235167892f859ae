//! Volumes, as far as snapshots are made of them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::millis;
use crate::ec2::access::no_snapshot;
use crate::ec2::filter::Filters;
use crate::ec2::page;
use crate::ec2::tag::{self, Tags};
use crate::ec2::{Operation, op};
use crate::ids::is_resource_id;
use crate::kms;
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

pub(crate) const OPERATIONS: &[Operation] = &[
    op("CreateVolume", create_volume).without(&[
        "OutpostArn",
        "MultiAttachEnabled",
        "VolumeInitializationRate",
        "Operator",
    ]),
    op("DescribeVolumes", describe_volumes),
];

/// A volume.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Volume {
    pub(crate) id: String,
    pub(crate) owner: String,
    pub(crate) zone: String,
    pub(crate) size: i64,
    pub(crate) kind: String,
    pub(crate) key: Option<String>,
    pub(crate) snapshot_id: Option<String>,
    pub(crate) created: Timestamp,
    pub(crate) instance: Option<(String, String)>,
    pub(crate) tags: Tags,
}

impl Volume {
    fn state_name(&self) -> &'static str {
        match self.instance {
            Some(_) => "in-use",
            None => "available",
        }
    }

    fn written(&self, account: &str) -> Value {
        let attachments = self.instance.iter().map(|(instance, device)| {
            json!({ "InstanceId": instance, "Device": device, "VolumeId": self.id, "State": "attached" })
        });
        json!({
            "VolumeId": self.id,
            "AvailabilityZone": self.zone,
            "Size": self.size,
            "VolumeType": self.kind,
            "State": self.state_name(),
            "CreateTime": millis(self.created),
            "Encrypted": self.key.is_some(),
            "KmsKeyId": self.key,
            "SnapshotId": self.snapshot_id.clone().unwrap_or_default(),
            "Attachments": attachments.collect::<Vec<_>>(),
            "Tags": tag::written(&self.tags.own(account)),
        })
    }
}

/// The error for a volume that doesn't exist.
pub(crate) fn no_volume(id: &str) -> ApiError {
    ApiError::new(
        "InvalidVolume.NotFound",
        format!("The volume '{id}' does not exist."),
    )
}

/// A volume of the caller's own.
pub(crate) fn own_volume(state: &mut State, call: &Request, id: &str) -> Result<Volume, ApiError> {
    if !is_resource_id(id, "vol") {
        let message =
            format!("Value ({id}) for parameter volumeId is invalid. Expected: 'vol-...'.");
        return Err(ApiError::new("InvalidParameterValue", message));
    }
    state.touch(format!(
        "arn:aws:ec2:{}:{}:volume/{id}",
        call.region,
        call.account()
    ));
    let volume = state.ec2.region_mut(&call.region).volumes.get(id);
    let volume = volume.filter(|volume| volume.owner == call.account());
    volume.cloned().ok_or_else(|| no_volume(id))
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVolume.html>.
/// A bad key is refused at once, where AWS would fail the volume a moment later.
pub(crate) fn create_volume(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let zone = params.need("AvailabilityZone")?;
    if !zone.starts_with(&call.region) {
        let message = format!("The zone '{zone}' does not exist.");
        return Err(ApiError::new("InvalidZone.NotFound", message));
    }
    let source = match params.text("SnapshotId") {
        Some(id) => {
            let snapshot = state.ec2.snapshot(&call.region, id);
            let readable = snapshot.filter(|snapshot| snapshot.is_readable_by(call.account()));
            Some(readable.ok_or_else(|| no_snapshot(id))?.clone())
        }
        None => None,
    };
    let size = params
        .number("Size")
        .or(source.as_ref().map(|snapshot| snapshot.size));
    let size = size.ok_or_else(|| {
        ApiError::new(
            "MissingParameter",
            "The request must contain the parameter size/snapshot",
        )
    })?;
    if !(1..=65_536).contains(&size) {
        let message = format!("Volume of {size}GiB is outside of the limits");
        return Err(ApiError::invalid_value(message));
    }
    let inherited = source.as_ref().and_then(|snapshot| snapshot.key.clone());
    let key = key(state, call, inherited)?;
    let mut tags = tag::specifications(state, call, &["volume"])?;
    let volume = Volume {
        id: state.ids.resource("vol"),
        owner: call.account().to_owned(),
        zone: zone.to_owned(),
        size,
        kind: params.text("VolumeType").unwrap_or("gp2").to_owned(),
        key,
        snapshot_id: source.map(|snapshot| snapshot.id),
        created: state.clock.now(),
        instance: None,
        tags: Tags::of_owner(call.account(), tags.remove("volume").unwrap_or_default()),
    };
    let written = volume.written(call.account());
    let region = state.ec2.region_mut(&call.region);
    region.volumes.insert(volume.id.clone(), volume);
    Ok(written)
}

/// The key a new volume is encrypted under.
fn key(
    state: &mut State,
    call: &Request,
    inherited: Option<String>,
) -> Result<Option<String>, ApiError> {
    let params = call.params();
    let place = (call.account(), call.region.as_str());
    let encrypted = params.flag("Encrypted") == Some(true);
    match params.text("KmsKeyId") {
        Some(_) if !encrypted => Err(crate::ec2::image::copy_rules::key_without_encrypted()),
        Some(name) => {
            let key = kms::resolve(state, place, name);
            match kms::problem(key.as_ref(), call.account(), name) {
                Some(problem) => Err(ApiError::invalid_value(problem)),
                None => Ok(key.map(|key| key.arn)),
            }
        }
        None if inherited.is_some() => Ok(inherited),
        None => {
            let by_default = (call.account().to_owned(), call.region.clone());
            let encrypted = encrypted || state.ec2.encrypting.contains(&by_default);
            Ok(encrypted.then(|| kms::default_key(state, place)))
        }
    }
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVolumes.html>.
pub(crate) fn describe_volumes(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let known = [
        "availability-zone",
        "encrypted",
        "size",
        "snapshot-id",
        "status",
        "tag-key",
        "volume-id",
        "volume-type",
    ];
    let filters = Filters::read(params, &known)?;
    let cursor = page::open(call, 1)?;
    let ids = params.texts("VolumeIds");
    let volumes = &state.ec2.region_mut(&call.region).volumes;
    let own = |volume: &&Volume| volume.owner == call.account();
    if let Some(id) = ids
        .iter()
        .find(|id| !volumes.get(**id).as_ref().is_some_and(own))
    {
        return Err(no_volume(id));
    }
    let rest = cursor.rest(volumes).map(|(_, volume)| volume);
    let wanted = rest.filter(own).filter(|volume| {
        let named = ids.is_empty() || ids.contains(&volume.id.as_str());
        named
            && filters.match_all(
                || volume.tags.own(call.account()),
                |name| field(volume, name),
            )
    });
    let found = wanted.map(|volume| (&volume.id, volume));
    let page = cursor.cut(call, found, |volume| volume.written(call.account()));
    Ok(json!({ "Volumes": page.items, "NextToken": page.next }))
}

fn field(volume: &Volume, name: &str) -> Vec<String> {
    match name {
        "availability-zone" => vec![volume.zone.clone()],
        "encrypted" => vec![volume.key.is_some().to_string()],
        "size" => vec![volume.size.to_string()],
        "snapshot-id" => volume.snapshot_id.clone().into_iter().collect(),
        "status" => vec![volume.state_name().to_owned()],
        "volume-id" => vec![volume.id.clone()],
        "volume-type" => vec![volume.kind.clone()],
        _ => Vec::new(),
    }
}
