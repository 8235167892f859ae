//! What an image is, and the table of the operations on images.

pub(crate) mod allowed;
pub(crate) mod ancestry;
pub(crate) mod attribute;
pub(crate) mod copy;
pub(crate) mod copy_rules;
pub(crate) mod create;
pub(crate) mod deregister;
pub(crate) mod describe;
pub(crate) mod fields;
pub(crate) mod launches;
pub(crate) mod lifecycle;
pub(crate) mod mapping;
pub(crate) mod naming;
pub(crate) mod permission;
pub(crate) mod protection;
pub(crate) mod public_access;
pub(crate) mod references;
pub(crate) mod register;
pub(crate) mod sharing;
pub(crate) mod store;
pub(crate) mod stored;
pub(crate) mod usage_report;
mod uses;
mod written;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ec2::image::launches::Launches;
use crate::ec2::image::permission::LaunchPermission;
use crate::ec2::image::protection::Protection;
use crate::ec2::tag::Tags;
use crate::ec2::{Operation, op};

pub(crate) const OPERATIONS: &[Operation] = &[
    op(
        "CancelImageLaunchPermission",
        sharing::cancel_image_launch_permission,
    ),
    op("CopyImage", copy::copy_image).without(&[
        "DestinationOutpostArn",
        "DestinationAvailabilityZone",
        "DestinationAvailabilityZoneId",
    ]),
    op("CreateImage", create::create_image),
    op("DeregisterImage", deregister::deregister_image),
    op(
        "DescribeImageAttribute",
        attribute::describe_image_attribute,
    ),
    op("DescribeImages", describe::describe_images),
    op(
        "DisableAllowedImagesSettings",
        allowed::disable_allowed_images_settings,
    ),
    op("DisableImage", lifecycle::disable_image),
    op(
        "DisableImageBlockPublicAccess",
        public_access::disable_image_block_public_access,
    ),
    op(
        "DisableImageDeprecation",
        lifecycle::disable_image_deprecation,
    ),
    op(
        "DisableImageDeregistrationProtection",
        protection::disable_image_deregistration_protection,
    ),
    op(
        "EnableAllowedImagesSettings",
        allowed::enable_allowed_images_settings,
    ),
    op("EnableImage", lifecycle::enable_image),
    op(
        "EnableImageBlockPublicAccess",
        public_access::enable_image_block_public_access,
    ),
    op(
        "EnableImageDeprecation",
        lifecycle::enable_image_deprecation,
    ),
    op(
        "EnableImageDeregistrationProtection",
        protection::enable_image_deregistration_protection,
    ),
    op(
        "GetAllowedImagesSettings",
        allowed::get_allowed_images_settings,
    ),
    op("GetImageAncestry", ancestry::get_image_ancestry),
    op(
        "GetImageBlockPublicAccessState",
        public_access::get_image_block_public_access_state,
    ),
    op("ModifyImageAttribute", attribute::modify_image_attribute).without(&["ProductCodes"]),
    op("RegisterImage", register::register_image),
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
    pub(crate) launches: Launches,
    pub(crate) permissions: BTreeSet<LaunchPermission>,
    pub(crate) tags: Tags,
    /// `amazon`, `aws-backup-vault` or `aws-marketplace`, for an owner on Amazon's list.
    pub(crate) owner_alias: Option<String>,
    pub(crate) protection: Protection,
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
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Layout {
    pub(crate) architecture: String,
    pub(crate) virtualization: String,
    pub(crate) root_device: String,
    pub(crate) boot_mode: Option<String>,
    pub(crate) imds_support: Option<String>,
    pub(crate) tpm_support: Option<String>,
    pub(crate) ena_support: bool,
    pub(crate) sriov: Option<String>,
    pub(crate) kernel: Option<String>,
    pub(crate) ramdisk: Option<String>,
    pub(crate) uefi_data: Option<String>,
    /// Where the manifest of an instance-store image lies: bucket and key.
    pub(crate) manifest: Option<String>,
    pub(crate) devices: Vec<Device>,
}

/// One block device of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Device {
    pub(crate) name: String,
    pub(crate) virtual_name: Option<String>,
    pub(crate) ebs: Option<Ebs>,
}

/// The EBS volume behind a block device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// The image it was copied or restored from, or whose instance it was made from, and that
    /// one's Region.
    pub(crate) image: Option<(String, String)>,
    /// The instance it was made from.
    pub(crate) instance: Option<String>,
    /// Whether it was restored from an object in S3.
    pub(crate) stored: bool,
}

/// What is known of an image that is gone.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Remains {
    pub(crate) owner: String,
    pub(crate) owner_alias: Option<String>,
    pub(crate) name: String,
    pub(crate) created: Timestamp,
    pub(crate) deprecation: Option<Timestamp>,
    pub(crate) public: bool,
}

impl Remains {
    /// What will be known of an image.
    pub(crate) fn of(image: &Image) -> Self {
        Self {
            owner: image.owner.clone(),
            owner_alias: image.owner_alias.clone(),
            name: image.name.clone(),
            created: image.created,
            deprecation: image.deprecation,
            public: image.is_public(),
        }
    }
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

    /// Whether it is a copy that has not ended yet.
    pub(crate) fn is_being_copied(&self) -> bool {
        self.state == ImageState::Pending
            && self.origin.image.is_some()
            && self.origin.instance.is_none()
            && !self.origin.stored
    }

    /// Whether AWS Backup manages it.
    pub(crate) fn is_backup(&self) -> bool {
        let own = self.tags.own(&self.owner);
        self.owner_alias.as_deref() == Some("aws-backup-vault")
            || own.keys().any(|key| key.starts_with("aws:backup:"))
    }

    pub(crate) fn is_deprecated(&self, now: Timestamp) -> bool {
        self.deprecation.is_some_and(|at| at <= now)
    }

    /// The snapshots of its block devices, in their order, each once.
    pub(crate) fn snapshot_ids(&self) -> Vec<String> {
        let devices = self.layout.devices.iter();
        let mut ids = Vec::new();
        for id in devices.filter_map(|device| device.ebs.as_ref()?.snapshot_id.as_ref()) {
            if !ids.contains(id) {
                ids.push(id.clone());
            }
        }
        ids
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A plain image of one account, over a snapshot.
    pub(crate) fn image(id: &str, name: &str, snapshot: &str) -> Image {
        Image {
            id: id.to_owned(),
            owner: "111111111111".to_owned(),
            region: "us-east-1".to_owned(),
            name: name.to_owned(),
            description: String::new(),
            state: ImageState::Available,
            created: Timestamp::UNIX_EPOCH,
            deprecation: None,
            launches: Launches::default(),
            permissions: BTreeSet::new(),
            tags: Tags::default(),
            owner_alias: None,
            protection: Protection::Off,
            layout: Layout {
                devices: vec![Device {
                    name: "/dev/xvda".to_owned(),
                    virtual_name: None,
                    ebs: Some(Ebs {
                        snapshot_id: Some(snapshot.to_owned()),
                        size: 8,
                        kind: "gp2".to_owned(),
                        iops: None,
                        throughput: None,
                        encrypted: false,
                        delete_on_termination: true,
                    }),
                }],
                ..Layout::default()
            },
            origin: Origin::default(),
        }
    }
}
