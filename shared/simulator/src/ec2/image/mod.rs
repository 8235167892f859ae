//! What an image is, and how the API writes it.

pub(crate) mod ancestry;
pub(crate) mod attribute;
pub(crate) mod copy;
pub(crate) mod copy_rules;
pub(crate) mod create;
pub(crate) mod deregister;
pub(crate) mod describe;
pub(crate) mod lifecycle;
pub(crate) mod permission;
pub(crate) mod references;
pub(crate) mod register;
pub(crate) mod usage_report;
mod uses;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::millis;
use crate::ec2::image::permission::LaunchPermission;
use crate::ec2::tag::{self, Tags};
use crate::ec2::{Operation, op};
use crate::state::later;

pub(crate) const OPERATIONS: &[Operation] = &[
    op("CopyImage", copy::copy_image).without(&[
        "DestinationOutpostArn",
        "DestinationAvailabilityZone",
        "DestinationAvailabilityZoneId",
        "SnapshotCopyCompletionDurationMinutes",
    ]),
    op("CreateImage", create::create_image).without(&["BlockDeviceMappings", "SnapshotLocation"]),
    op("DeregisterImage", deregister::deregister_image),
    op(
        "DescribeImageAttribute",
        attribute::describe_image_attribute,
    ),
    op("DescribeImages", describe::describe_images),
    op("DisableImage", lifecycle::disable_image),
    op(
        "DisableImageDeprecation",
        lifecycle::disable_image_deprecation,
    ),
    op("EnableImage", lifecycle::enable_image),
    op(
        "EnableImageDeprecation",
        lifecycle::enable_image_deprecation,
    ),
    op("GetImageAncestry", ancestry::get_image_ancestry),
    op("ModifyImageAttribute", attribute::modify_image_attribute)
        .without(&["ProductCodes", "ImdsSupport"]),
    op("RegisterImage", register::register_image).without(&[
        "ImageLocation",
        "BillingProducts",
        "KernelId",
        "RamdiskId",
        "SriovNetSupport",
        "UefiData",
    ]),
    op("ResetImageAttribute", attribute::reset_image_attribute),
];

/// An image, of whichever account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Image {
    pub(crate) id: String,
    pub(crate) owner: String,
    pub(crate) region: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) state: ImageState,
    pub(crate) created: Timestamp,
    pub(crate) deprecation: Option<Timestamp>,
    pub(crate) launched: Option<Timestamp>,
    pub(crate) permissions: BTreeSet<LaunchPermission>,
    pub(crate) tags: Tags,
    pub(crate) layout: Layout,
    pub(crate) origin: Origin,
}

/// Where an image is in its life:
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-lifecycle.html>.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ImageState {
    Pending,
    Available,
    Disabled,
    /// With the reason's code and message.
    Failed(String, String),
}

/// What an image is made of; a copy carries it on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Layout {
    pub(crate) architecture: String,
    pub(crate) virtualization: String,
    pub(crate) root_device: String,
    pub(crate) boot_mode: Option<String>,
    pub(crate) imds_support: Option<String>,
    pub(crate) tpm_support: Option<String>,
    pub(crate) ena_support: bool,
    pub(crate) devices: Vec<Device>,
}

/// One block device of an image.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Device {
    pub(crate) name: String,
    pub(crate) virtual_name: Option<String>,
    pub(crate) ebs: Option<Ebs>,
}

/// The EBS volume behind a block device.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Ebs {
    pub(crate) snapshot_id: Option<String>,
    pub(crate) size: i64,
    pub(crate) kind: String,
    pub(crate) iops: Option<i64>,
    pub(crate) throughput: Option<i64>,
    pub(crate) encrypted: bool,
    pub(crate) delete_on_termination: bool,
}

/// What an image came from; nothing, for a registered one.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Origin {
    /// The image it was copied from, or whose instance it was made from, and that one's Region.
    pub(crate) image: Option<(String, String)>,
    /// The instance it was made from.
    pub(crate) instance: Option<String>,
}

impl Image {
    pub(crate) fn state_name(&self) -> &'static str {
        match self.state {
            ImageState::Pending => "pending",
            ImageState::Available => "available",
            ImageState::Disabled => "disabled",
            ImageState::Failed(..) => "failed",
        }
    }

    pub(crate) fn is_public(&self) -> bool {
        self.permissions.contains(&LaunchPermission::All)
    }

    pub(crate) fn is_deprecated(&self, now: Timestamp) -> bool {
        self.deprecation.is_some_and(|at| at <= now)
    }

    /// The snapshots of its block devices, in their order.
    pub(crate) fn snapshot_ids(&self) -> Vec<String> {
        let volumes = self
            .layout
            .devices
            .iter()
            .filter_map(|device| device.ebs.as_ref());
        volumes.filter_map(|ebs| ebs.snapshot_id.clone()).collect()
    }

    /// When it was last launched, as far as the API tells: a day late.
    /// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-last-launched-time.html>.
    pub(crate) fn last_launched(&self, now: Timestamp) -> Option<Timestamp> {
        let launched = self.launched?;
        (later(launched, SignedDuration::from_hours(24)) <= now).then_some(launched)
    }

    /// The image as `DescribeImages` writes it for an account.
    pub(crate) fn written(&self, account: &str, now: Timestamp) -> Value {
        let layout = &self.layout;
        let reason = match &self.state {
            ImageState::Failed(code, message) => Some(json!({ "Code": code, "Message": message })),
            _ => None,
        };
        let source = self.origin.image.as_ref();
        let own = account == self.owner;
        json!({
            "ImageId": self.id,
            "ImageLocation": format!("{}/{}", self.owner, self.name),
            "State": self.state_name(),
            "StateReason": reason,
            "OwnerId": self.owner,
            "CreationDate": millis(self.created),
            "DeprecationTime": self.deprecation.map(millis),
            "LastLaunchedTime": self.last_launched(now).filter(|_| own).map(millis),
            "Public": self.is_public(),
            "Architecture": layout.architecture,
            "ImageType": "machine",
            "Hypervisor": "xen",
            "PlatformDetails": "Linux/UNIX",
            "UsageOperation": "RunInstances",
            "Name": self.name,
            "Description": Some(&self.description).filter(|text| !text.is_empty()),
            "RootDeviceName": layout.root_device,
            "RootDeviceType": "ebs",
            "VirtualizationType": layout.virtualization,
            "BootMode": layout.boot_mode,
            "ImdsSupport": layout.imds_support,
            "TpmSupport": layout.tpm_support,
            "EnaSupport": layout.ena_support,
            "SriovNetSupport": layout.ena_support.then_some("simple"),
            "DeregistrationProtection": "disabled",
            "SourceImageId": source.map(|(id, _)| id),
            "SourceImageRegion": source.map(|(_, region)| region),
            "SourceInstanceId": self.origin.instance,
            "BlockDeviceMappings": self.devices_written(),
            "Tags": tag::written(&self.tags.seen_by(account, &self.owner)),
        })
    }

    pub(crate) fn devices_written(&self) -> Value {
        let devices = self.layout.devices.iter();
        Value::Array(devices.map(Device::written).collect())
    }
}

impl Device {
    fn written(&self) -> Value {
        let ebs = self.ebs.as_ref().map(|ebs| {
            json!({
                "SnapshotId": ebs.snapshot_id,
                "VolumeSize": ebs.size,
                "VolumeType": ebs.kind,
                "Iops": ebs.iops,
                "Throughput": ebs.throughput,
                "Encrypted": ebs.encrypted,
                "DeleteOnTermination": ebs.delete_on_termination,
            })
        });
        json!({ "DeviceName": self.name, "VirtualName": self.virtual_name, "Ebs": ebs })
    }
}
