//! The filters of `DescribeImages`, and what of an image each looks at:
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImages.html>.

use crate::clock::millis;
use crate::ec2::image::{Device, Image, ImageState};

/// The filters besides `tag:…`. Those about what a world's images don't have (platforms, product
/// codes, watermarks, scans) are known, and match nothing.
pub(crate) const FILTERS: [&str; 52] = [
    "architecture",
    "block-device-mapping.delete-on-termination",
    "block-device-mapping.device-name",
    "block-device-mapping.encrypted",
    "block-device-mapping.snapshot-id",
    "block-device-mapping.volume-size",
    "block-device-mapping.volume-type",
    "boot-mode",
    "creation-date",
    "description",
    "ena-support",
    "free-tier-eligible",
    "hypervisor",
    "image-allowed",
    "image-id",
    "image-type",
    "image-watermark.source-image-creation-time",
    "image-watermark.source-image-id",
    "image-watermark.source-image-region",
    "image-watermark.watermark-creation-time",
    "image-watermark.watermark-key",
    "instance-type-specification.supported-instance-type",
    "instance-type-specification.unsupported-instance-type",
    "is-public",
    "kernel-id",
    "manifest-location",
    "name",
    "owner-alias",
    "owner-id",
    "platform",
    "product-code",
    "product-code.type",
    "public-ssm-parameter-name",
    "ramdisk-id",
    "root-device-name",
    "root-device-type",
    "scan-result.critical-fix-available-since",
    "scan-result.finding-scan-date",
    "scan-result.high-fix-available-since",
    "scan-result.highest-finding-severity-label",
    "scan-result.informational-fix-available-since",
    "scan-result.low-fix-available-since",
    "scan-result.medium-fix-available-since",
    "source-image-id",
    "source-image-region",
    "source-instance-id",
    "sriov-net-support",
    "state",
    "state-reason-code",
    "state-reason-message",
    "tag-key",
    "virtualization-type",
];

/// What an image has under a filter's name.
pub(crate) fn field(image: &Image, name: &str) -> Vec<String> {
    if let Some(name) = name.strip_prefix("block-device-mapping.") {
        let devices = image.layout.devices.iter();
        return devices
            .filter_map(|device| of_device(device, name))
            .collect();
    }
    let value = of_layout(image, name).or_else(|| of_image(image, name));
    value.into_iter().collect()
}

fn of_layout(image: &Image, name: &str) -> Option<String> {
    let layout = &image.layout;
    match name {
        "architecture" => Some(layout.architecture.clone()),
        "boot-mode" => layout.boot_mode.clone(),
        "ena-support" => Some(layout.ena_support.to_string()),
        "hypervisor" => Some("xen".to_owned()),
        "image-type" => Some("machine".to_owned()),
        "kernel-id" => layout.kernel.clone(),
        "manifest-location" => Some(image.location()),
        "ramdisk-id" => layout.ramdisk.clone(),
        "root-device-name" => Some(layout.root_device.clone()),
        "root-device-type" => Some(layout.root_device_type().to_owned()),
        "sriov-net-support" => layout.sriov.clone(),
        "virtualization-type" => Some(layout.virtualization.clone()),
        _ => None,
    }
}

fn of_image(image: &Image, name: &str) -> Option<String> {
    let source = image.origin.image.as_ref();
    let reason = match &image.state {
        ImageState::Failed(code, message) => Some((code, message)),
        _ => None,
    };
    match name {
        "creation-date" => Some(millis(image.created)),
        "description" => Some(image.description.clone()),
        "image-id" => Some(image.id.clone()),
        "is-public" => Some(image.is_public().to_string()),
        "name" => Some(image.name.clone()),
        "owner-alias" => image.owner_alias.clone(),
        "owner-id" => Some(image.owner.clone()),
        "source-image-id" => source.map(|(id, _)| id.clone()),
        "source-image-region" => source.map(|(_, region)| region.clone()),
        "source-instance-id" => image.origin.instance.clone(),
        "state" => Some(image.state_name().to_owned()),
        "state-reason-code" => reason.map(|(code, _)| code.clone()),
        "state-reason-message" => reason.map(|(_, message)| message.clone()),
        _ => None,
    }
}

fn of_device(device: &Device, name: &str) -> Option<String> {
    let ebs = device.ebs.as_ref();
    match name {
        "delete-on-termination" => ebs.map(|ebs| ebs.delete_on_termination.to_string()),
        "device-name" => Some(device.name.clone()),
        "encrypted" => ebs.map(|ebs| ebs.encrypted.to_string()),
        "snapshot-id" => ebs.and_then(|ebs| ebs.snapshot_id.clone()),
        "volume-size" => ebs.map(|ebs| ebs.size.to_string()),
        "volume-type" => ebs.map(|ebs| ebs.kind.clone()),
        _ => None,
    }
}
