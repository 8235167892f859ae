//! What every operation that makes an image shares: the rules of names, the quota, and the image
//! as it begins.

use std::collections::BTreeSet;

use crate::ec2::arn;
use crate::ec2::image::launches::Launches;
use crate::ec2::image::protection::Protection;
use crate::ec2::image::{Image, ImageState, Layout, Origin};
use crate::ec2::tag::{TagMap, Tags};
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;
use crate::wire::refusal::malformed_image_name;

/// Refuses a name that is malformed, or that another image of the account in the Region has.
pub(crate) fn check_name(state: &State, call: &Request, name: &str) -> Result<(), ApiError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "()[] ./-'@_".contains(c);
    if !(3..=128).contains(&name.len()) || !name.chars().all(allowed) {
        return Err(malformed_image_name());
    }
    let Some(region) = state.ec2.region(&call.region) else {
        return Ok(());
    };
    if let Some(image) = region.images.named(call.account(), name) {
        return Err(ApiError::new(
            "InvalidAMIName.Duplicate",
            format!("AMI name {name} is already in use by AMI {}", image.id),
        ));
    }
    Ok(())
}

/// Refuses a new image beyond the quota, in which every image counts, whatever its state, and those
/// in the Recycle Bin too: <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-quotas.html>.
fn check_quota(state: &State, call: &Request) -> Result<(), ApiError> {
    let limit = state.settings.images;
    let images = state.ec2.region(&call.region).map_or(0, |region| {
        region.images.count(call.account()) + region.bin.images_of(call.account())
    });
    if images < limit {
        return Ok(());
    }
    let message = format!(
        "You have reached your quota of {limit} for the number of images allowed in this Region. \
         Deregister unused images, or request an increase in your AMIs quota."
    );
    Err(ApiError::new("ResourceLimitExceeded", message))
}

/// A new image of the caller's, named as the call says, within the quota.
pub(crate) fn new_image(
    state: &mut State,
    call: &Request,
    layout: Layout,
    tags: TagMap,
) -> Result<Image, ApiError> {
    let params = call.params();
    let description = params.text("Description").unwrap_or_default();
    named_image(
        state,
        call,
        (params.need("Name")?, description),
        layout,
        tags,
    )
}

/// The same under a name and a description that the call doesn't say.
pub(crate) fn named_image(
    state: &mut State,
    call: &Request,
    (name, description): (&str, &str),
    layout: Layout,
    tags: TagMap,
) -> Result<Image, ApiError> {
    check_quota(state, call)?;
    let id = state.ids.resource("ami");
    state.touch(arn(&call.region, "image", &id));
    Ok(Image {
        id,
        owner: call.account().to_owned(),
        region: call.region.clone(),
        name: name.to_owned(),
        description: description.to_owned(),
        state: ImageState::Pending,
        created: state.clock.now(),
        deprecation: None,
        launches: Launches::default(),
        permissions: BTreeSet::new(),
        tags: Tags::of_owner(call.account(), tags),
        owner_alias: None,
        protection: Protection::Off,
        layout,
        origin: Origin::default(),
    })
}

/// Puts a new image into its Region.
pub(crate) fn add(state: &mut State, image: Image) {
    let region = state.ec2.region_mut(&image.region);
    region.images.insert(image);
}
