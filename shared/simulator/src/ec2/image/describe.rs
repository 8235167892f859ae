//! `DescribeImages`: who sees which images, by which ids, owners, users and filters.
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImages.html>.

use serde_json::{Value, json};

use crate::clock::millis;
use crate::ec2::Ec2;
use crate::ec2::access::{no_image, well_formed_image};
use crate::ec2::filter::Filters;
use crate::ec2::image::permission::LaunchPermission;
use crate::ec2::image::{Image, ImageState};
use crate::ec2::page;
use crate::request::{Params, Request};
use crate::state::State;
use crate::wire::error::ApiError;

const FILTERS: [&str; 24] = [
    "architecture",
    "block-device-mapping.device-name",
    "block-device-mapping.encrypted",
    "block-device-mapping.snapshot-id",
    "block-device-mapping.volume-size",
    "block-device-mapping.volume-type",
    "creation-date",
    "description",
    "ena-support",
    "hypervisor",
    "image-id",
    "image-type",
    "is-public",
    "name",
    "owner-id",
    "root-device-name",
    "root-device-type",
    "source-image-id",
    "source-image-region",
    "source-instance-id",
    "state",
    "state-reason-code",
    "tag-key",
    "virtualization-type",
];

pub(crate) fn describe_images(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let filters = Filters::read(params, &FILTERS)?;
    let cursor = page::open(call, 1)?;
    let ids = params.texts("ImageIds");
    known_ids(&state.ec2, call, &ids)?;
    let now = state.clock.now();
    let account = call.account();
    let images = state.ec2.region(&call.region).map(|region| &region.images);
    let wanted = images
        .into_iter()
        .flat_map(|images| cursor.rest(images))
        .map(|(_, image)| image)
        .filter(|image| state.ec2.sees(image, account))
        .filter(|image| ids.is_empty() || ids.contains(&image.id.as_str()))
        .filter(|image| owned_by(image, params, account))
        .filter(|image| executable_by(&state.ec2, image, params, account))
        .filter(|image| {
            let disabled = image.state == ImageState::Disabled;
            !disabled || params.flag("IncludeDisabled") == Some(true)
        })
        .filter(|image| {
            let hidden = image.is_deprecated(now) && image.owner != account;
            !hidden || params.flag("IncludeDeprecated") == Some(true)
        })
        .filter(|image| {
            let tags = || image.tags.seen_by(account, &image.owner);
            filters.match_all(tags, |name| field(image, name))
        });
    let found = wanted.map(|image| (&image.id, image));
    let page = cursor.cut(call, found, |image| image.written(account, now));
    Ok(json!({ "Images": page.items, "NextToken": page.next }))
}

/// Refuses ids that are malformed, that don't exist, or that the caller can't see.
fn known_ids(ec2: &Ec2, call: &Request, ids: &[&str]) -> Result<(), ApiError> {
    ids.iter().try_for_each(|id| well_formed_image(id))?;
    let unknown = |id: &&&str| {
        let image = ec2.image(&call.region, id);
        !image.is_some_and(|image| ec2.sees(image, call.account()))
    };
    let unknown: Vec<&str> = ids.iter().filter(unknown).copied().collect();
    if unknown.is_empty() {
        Ok(())
    } else {
        Err(no_image(&unknown))
    }
}

/// `Owners`: account ids, `self`, or an alias. No image here is Amazon's.
fn owned_by(image: &Image, params: Params<'_>, account: &str) -> bool {
    let owners = params.texts("Owners");
    let own = |owner: &&str| match *owner {
        "self" => image.owner == account,
        owner => image.owner == owner,
    };
    owners.is_empty() || owners.iter().any(own)
}

/// `ExecutableUsers`: account ids, `self` (explicitly shared with the caller) or `all` (public).
fn executable_by(ec2: &Ec2, image: &Image, params: Params<'_>, account: &str) -> bool {
    let users = params.texts("ExecutableUsers");
    let may = |user: &str| match user {
        "all" => image.is_public(),
        "self" => ec2.is_shared_with(image, account),
        id => image
            .permissions
            .contains(&LaunchPermission::Account(id.to_owned())),
    };
    users.is_empty() || users.iter().any(|user| may(user))
}

fn field(image: &Image, name: &str) -> Vec<String> {
    let layout = &image.layout;
    let source = image.origin.image.as_ref();
    if let Some(name) = name.strip_prefix("block-device-mapping.") {
        return device_field(image, name);
    }
    let value = match name {
        "architecture" => Some(layout.architecture.clone()),
        "creation-date" => Some(millis(image.created)),
        "description" => Some(image.description.clone()),
        "ena-support" => Some(layout.ena_support.to_string()),
        "hypervisor" => Some("xen".to_owned()),
        "image-id" => Some(image.id.clone()),
        "image-type" => Some("machine".to_owned()),
        "is-public" => Some(image.is_public().to_string()),
        "name" => Some(image.name.clone()),
        "owner-id" => Some(image.owner.clone()),
        "root-device-name" => Some(layout.root_device.clone()),
        "root-device-type" => Some("ebs".to_owned()),
        "source-image-id" => source.map(|(id, _)| id.clone()),
        "source-image-region" => source.map(|(_, region)| region.clone()),
        "source-instance-id" => image.origin.instance.clone(),
        "state" => Some(image.state_name().to_owned()),
        "state-reason-code" => match &image.state {
            ImageState::Failed(code, _) => Some(code.clone()),
            _ => None,
        },
        "virtualization-type" => Some(layout.virtualization.clone()),
        _ => None,
    };
    value.into_iter().collect()
}

fn device_field(image: &Image, name: &str) -> Vec<String> {
    let devices = image.layout.devices.iter();
    let of_device = |device: &crate::ec2::image::Device| {
        let ebs = device.ebs.as_ref();
        match name {
            "device-name" => Some(device.name.clone()),
            "encrypted" => ebs.map(|ebs| ebs.encrypted.to_string()),
            "snapshot-id" => ebs.and_then(|ebs| ebs.snapshot_id.clone()),
            "volume-size" => ebs.map(|ebs| ebs.size.to_string()),
            "volume-type" => ebs.map(|ebs| ebs.kind.clone()),
            _ => None,
        }
    };
    devices.filter_map(of_device).collect()
}
