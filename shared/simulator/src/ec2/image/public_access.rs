//! Block public access for images, per account and Region, and the quota of public ones:
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/block-public-access-to-amis.html>.
//!
//! AWS blocks in accounts that are new; a world's accounts begin unblocked, as older accounts with
//! public images are.

use serde_json::{Value, json};

use crate::ec2::image::Image;
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

const BLOCKED: &str = "block-new-sharing";
const UNBLOCKED: &str = "unblocked";

fn place(call: &Request) -> (String, String) {
    (call.account().to_owned(), call.region.clone())
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EnableImageBlockPublicAccess.html>:
/// at once here, where AWS may take ten minutes. What is public already stays so.
#[expect(clippy::unnecessary_wraps, reason = "a dispatch table's entry")]
pub(crate) fn enable_image_block_public_access(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    state.ec2.images_kept_private.insert(place(call));
    Ok(json!({ "ImageBlockPublicAccessState": BLOCKED }))
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DisableImageBlockPublicAccess.html>.
#[expect(clippy::unnecessary_wraps, reason = "a dispatch table's entry")]
pub(crate) fn disable_image_block_public_access(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    state.ec2.images_kept_private.remove(&place(call));
    Ok(json!({ "ImageBlockPublicAccessState": UNBLOCKED }))
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetImageBlockPublicAccessState.html>.
#[expect(clippy::unnecessary_wraps, reason = "a dispatch table's entry")]
pub(crate) fn get_image_block_public_access_state(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let blocked = state.ec2.images_kept_private.contains(&place(call));
    let name = if blocked { BLOCKED } else { UNBLOCKED };
    Ok(json!({ "ImageBlockPublicAccessState": name, "ManagedBy": "account" }))
}

/// Refuses to make an image public where that is blocked, or beyond the quota:
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-quotas.html>.
pub(crate) fn refuse_public(state: &State, image: &Image) -> Result<(), ApiError> {
    let place = (image.owner.clone(), image.region.clone());
    if state.ec2.images_kept_private.contains(&place) {
        let message = "You can\u{2019}t publicly share this image because block public access for \
                       AMIs is enabled for this account. To publicly share the image, you must \
                       call the DisableImageBlockPublicAccess API.";
        return Err(ApiError::new("OperationNotPermitted", message));
    }
    let limit = state.settings.public_images;
    let region = state.ec2.region(&image.region);
    let own = region
        .into_iter()
        .flat_map(|region| region.images.of(&image.owner));
    if image.is_public() || own.filter(|image| image.is_public()).count() < limit {
        return Ok(());
    }
    let message = format!(
        "You have reached your quota of {limit} for the number of public images allowed in this \
         Region. Deregister unused public images or make them private, or request an increase in \
         your public AMIs quota."
    );
    Err(ApiError::new("ResourceLimitExceeded", message))
}
