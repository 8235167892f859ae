//! How the API writes an image and its block devices.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::clock::millis;
use crate::ec2::image::{Device, Image, ImageState, Layout};
use crate::ec2::tag;

impl Layout {
    /// `ebs` or `instance-store`.
    pub(crate) fn root_device_type(&self) -> &'static str {
        if self.manifest.is_some() {
            "instance-store"
        } else {
            "ebs"
        }
    }
}

impl Image {
    /// Where its manifest lies, or a name made of owner and name where it has none.
    pub(crate) fn location(&self) -> String {
        let manifest = self.layout.manifest.clone();
        manifest.unwrap_or_else(|| format!("{}/{}", self.owner, self.name))
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
        let mut written = json!({
            "ImageId": self.id,
            "ImageLocation": self.location(),
            "State": self.state_name(),
            "StateReason": reason,
            "OwnerId": self.owner,
            "ImageOwnerAlias": self.owner_alias,
            "CreationDate": millis(self.created),
            "DeprecationTime": self.deprecation.map(millis),
            "LastLaunchedTime": self.launches.last(now).filter(|_| own).map(millis),
            "Public": self.is_public(),
            "Architecture": layout.architecture,
            "ImageType": "machine",
            "Hypervisor": "xen",
            "PlatformDetails": "Linux/UNIX",
            "UsageOperation": "RunInstances",
            "Name": self.name,
            "Description": Some(&self.description).filter(|text| !text.is_empty()),
            "KernelId": layout.kernel,
            "RamdiskId": layout.ramdisk,
            "RootDeviceName": layout.root_device,
            "RootDeviceType": layout.root_device_type(),
            "VirtualizationType": layout.virtualization,
            "BootMode": layout.boot_mode,
            "ImdsSupport": layout.imds_support,
            "TpmSupport": layout.tpm_support,
            "EnaSupport": layout.ena_support,
            "SriovNetSupport": layout.sriov,
            "DeregistrationProtection": self.protection.name(now),
            "SourceImageId": source.map(|(id, _)| id),
            "SourceImageRegion": source.map(|(_, region)| region),
            "SourceInstanceId": self.origin.instance,
        });
        written["BlockDeviceMappings"] = self.devices_written();
        written["Tags"] = tag::written(&self.tags.seen_by(account, &self.owner));
        written
    }

    fn devices_written(&self) -> Value {
        self.layout.devices.iter().map(Device::written).collect()
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
