//! `DescribeInstanceImageMetadata`: which image each instance was launched from, also when that is
//! gone or the caller sees it no more.

use serde_json::{Value, json};

use super::{Instance, check_ids};
use crate::clock::millis;
use crate::ec2::Region;
use crate::ec2::filter::Filters;
use crate::ec2::image::allowed;
use crate::ec2::image::{Image, Remains};
use crate::ec2::{page, tag, zone};
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

const FILTERS: [&str; 10] = [
    "availability-zone",
    "image-allowed",
    "instance-id",
    "instance-state-name",
    "instance-type",
    "launch-time",
    "owner-alias",
    "owner-id",
    "tag-key",
    "zone-id",
];

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceImageMetadata.html>.
/// No page says whose `owner-id` and `owner-alias` are; here they are the image's.
pub(super) fn describe_instance_image_metadata(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let params = call.params();
    let filters = Filters::read(params, &FILTERS)?;
    let cursor = page::open(call, 1)?.at_most(1000);
    let ids = params.texts("InstanceIds");
    let allowed = allowed::told(state, call);
    let region = &*state.ec2.region_mut(&call.region);
    check_ids(region, call.account(), &ids)?;
    let rest = cursor.rest(&region.instances).filter(|(id, instance)| {
        let named = ids.is_empty() || ids.contains(id);
        named && instance.owner == call.account()
    });
    let of = |instance: &Instance| of_image(region, &instance.image_id, allowed);
    let wanted = rest.filter(|(_, instance)| {
        let tags = || instance.tags.own(call.account());
        filters.match_all(tags, |name| field(call, instance, &of(instance), name))
    });
    let page = cursor.cut(call, wanted, |instance| {
        json!({
            "InstanceId": instance.id,
            "InstanceType": instance.kind,
            "LaunchTime": millis(instance.launched),
            "AvailabilityZone": instance.zone,
            "ZoneId": zone::id_of(&call.region, &instance.zone),
            "State": instance.phase.written(),
            "OwnerId": instance.owner,
            "Tags": tag::written(&instance.tags.own(call.account())),
            "ImageMetadata": of(instance),
        })
    });
    Ok(json!({ "InstanceImageMetadata": page.items, "NextToken": page.next }))
}

/// What is told of an image, or of what is known of one that is gone.
fn of_image(region: &Region, id: &str, allowed: Option<bool>) -> Value {
    let there = region.images.get(id);
    let state = there.map_or("deregistered", Image::state_name);
    let remains = there.map(Remains::of);
    let gone = || region.deregistered.still(&id.to_owned());
    let Some(image) = remains.as_ref().or_else(gone) else {
        return json!({ "ImageId": id });
    };
    json!({
        "ImageId": id,
        "Name": image.name,
        "OwnerId": image.owner,
        "State": state,
        "ImageOwnerAlias": image.owner_alias,
        "CreationDate": millis(image.created),
        "DeprecationTime": image.deprecation.map(millis),
        "ImageAllowed": allowed,
        "IsPublic": image.public,
    })
}

fn field(call: &Request, instance: &Instance, image: &Value, name: &str) -> Vec<String> {
    let of_image = |member: &str| match &image[member] {
        Value::Bool(whether) => Some(whether.to_string()),
        value => value.as_str().map(str::to_owned),
    };
    let value = match name {
        "availability-zone" => Some(instance.zone.clone()),
        "image-allowed" => of_image("ImageAllowed"),
        "instance-id" => Some(instance.id.clone()),
        "instance-state-name" => Some(instance.state_name().to_owned()),
        "instance-type" => Some(instance.kind.clone()),
        "launch-time" => Some(millis(instance.launched)),
        "owner-alias" => of_image("ImageOwnerAlias"),
        "owner-id" => of_image("OwnerId"),
        "zone-id" => zone::id_of(&call.region, &instance.zone),
        _ => None,
    };
    value.into_iter().collect()
}
