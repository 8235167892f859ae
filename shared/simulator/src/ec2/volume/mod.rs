//! Volumes, as far as snapshots are made of them.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod describe;
pub(crate) mod performance;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::millis;
use crate::ec2::tag::{self, Tags};
use crate::ec2::zone;
use crate::ec2::{Operation, op};
use crate::ids::is_resource_id;
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

pub(crate) const OPERATIONS: &[Operation] = &[
    op("CreateVolume", create::create_volume).without(&[
        "OutpostArn",
        "MultiAttachEnabled",
        "VolumeInitializationRate",
        "Operator",
    ]),
    op("DeleteVolume", delete::delete_volume),
    op("DescribeVolumes", describe::describe_volumes),
];

/// A volume.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Volume {
    pub(crate) id: String,
    pub(crate) owner: String,
    pub(crate) zone: String,
    pub(crate) size: i64,
    pub(crate) kind: String,
    pub(crate) iops: Option<i64>,
    pub(crate) throughput: Option<i64>,
    pub(crate) key: Option<String>,
    pub(crate) snapshot_id: Option<String>,
    pub(crate) created: Timestamp,
    /// The instance it is attached to, and as which device.
    pub(crate) instance: Option<(String, String)>,
    /// Whether it goes with its instance.
    pub(crate) delete_on_termination: bool,
    pub(crate) tags: Tags,
}

impl Volume {
    fn state_name(&self) -> &'static str {
        match self.instance {
            Some(_) => "in-use",
            None => "available",
        }
    }

    fn region(&self) -> &str {
        self.zone.trim_end_matches(|c: char| c.is_ascii_lowercase())
    }

    fn zone_id(&self) -> Option<String> {
        zone::id_of(self.region(), &self.zone)
    }

    fn written(&self, account: &str) -> Value {
        let attachments = self.instance.iter().map(|(instance, device)| {
            json!({
                "InstanceId": instance,
                "Device": device,
                "VolumeId": self.id,
                "State": "attached",
                "AttachTime": millis(self.created),
                "DeleteOnTermination": self.delete_on_termination,
            })
        });
        json!({
            "VolumeId": self.id,
            "AvailabilityZone": self.zone,
            "AvailabilityZoneId": self.zone_id(),
            "Size": self.size,
            "VolumeType": self.kind,
            "Iops": performance::iops(self),
            "Throughput": performance::throughput(self),
            "State": self.state_name(),
            "CreateTime": millis(self.created),
            "Encrypted": self.key.is_some(),
            "KmsKeyId": self.key,
            "SnapshotId": self.snapshot_id.clone().unwrap_or_default(),
            "MultiAttachEnabled": false,
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

/// Refuses what isn't a volume id.
pub(crate) fn well_formed_volume(id: &str, parameter: &str) -> Result<(), ApiError> {
    if is_resource_id(id, "vol") {
        return Ok(());
    }
    let message =
        format!("Value ({id}) for parameter {parameter} is invalid. Expected: 'vol-...'.");
    Err(ApiError::invalid_value(message))
}

/// A volume of the caller's own.
pub(crate) fn own_volume(state: &mut State, call: &Request, id: &str) -> Result<Volume, ApiError> {
    well_formed_volume(id, "volumeId")?;
    state.touch(format!(
        "arn:aws:ec2:{}:{}:volume/{id}",
        call.region,
        call.account()
    ));
    let volume = state.ec2.region_mut(&call.region).volumes.get(id);
    let volume = volume.filter(|volume| volume.owner == call.account());
    let volume = volume.cloned().ok_or_else(|| no_volume(id))?;
    tag::present(state, &volume.tags.own(call.account()));
    Ok(volume)
}
