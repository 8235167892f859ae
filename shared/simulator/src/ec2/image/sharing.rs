//! What can't be shared, what becomes of an image that is made public, and how an account gives
//! up what was shared with it.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::ec2::access::visible_image;
use crate::ec2::arn;
use crate::ec2::image::permission::{LaunchPermission, Modification};
use crate::ec2::image::{Image, public_access};
use crate::request::Request;
use crate::state::{State, later};
use crate::wire::error::ApiError;

/// How many accounts, organizations and units an image may be shared with:
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-quotas.html>.
const MOST: usize = 1000;
/// How long after its creation a public image may last undeprecated.
const PUBLIC_LIFE: SignedDuration = SignedDuration::from_hours(731 * 24);

/// Changes an image's launch permissions, where that may be.
pub(crate) fn share(
    state: &mut State,
    image: &Image,
    modification: &Modification,
) -> Result<(), ApiError> {
    refuse(state, image, modification)?;
    let mut after = image.permissions.clone();
    modification.apply(&mut after);
    let entities = after
        .iter()
        .filter(|entry| **entry != LaunchPermission::All);
    if entities.count() > MOST && !modification.add.is_empty() {
        let message = format!("An image can be shared with at most {MOST} entities");
        return Err(ApiError::new("ResourceLimitExceeded", message));
    }
    if let Some(image) = state.ec2.image_mut(&image.region, &image.id) {
        image.permissions = after;
        if image.is_public() {
            limit_deprecation(image);
        }
    }
    Ok(())
}

/// A public image is deprecated two years after its creation at the latest:
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-deprecate.html>.
fn limit_deprecation(image: &mut Image) {
    let latest = latest_of_public(image);
    let at = image.deprecation.map_or(latest, |at| at.min(latest));
    image.deprecation = Some(at);
}

/// When a public image is deprecated at the latest, to the minute.
pub(crate) fn latest_of_public(image: &Image) -> jiff::Timestamp {
    let latest = later(image.created, PUBLIC_LIFE);
    let minute = latest.as_second().div_euclid(60) * 60;
    jiff::Timestamp::from_second(minute).unwrap_or(latest)
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sharingamis-explicit.html> (the default
/// key) and <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sharingamis-intro.html> (public
/// and encrypted).
fn refuse(state: &State, image: &Image, modification: &Modification) -> Result<(), ApiError> {
    let ids = image.snapshot_ids();
    let snapshots = ids
        .iter()
        .filter_map(|id| state.ec2.snapshot(&image.region, id));
    let keys: Vec<&String> = snapshots
        .filter_map(|snapshot| snapshot.key.as_ref())
        .collect();
    let mut volumes = image.layout.devices.iter().filter_map(|d| d.ebs.as_ref());
    if modification.add.contains(&LaunchPermission::All) {
        if !keys.is_empty() || volumes.any(|ebs| ebs.encrypted) {
            let message = "Images with encrypted snapshots can't be made public";
            return Err(ApiError::new("InvalidParameter", message));
        }
        public_access::refuse_public(state, image)?;
    }
    let managed = |arn: &&&String| state.kms.key(arn).is_some_and(|key| key.managed_by_aws);
    if !modification.add.is_empty() && keys.iter().any(|arn| managed(&arn)) {
        let message = "Images encrypted with the AWS managed key can't be shared";
        return Err(ApiError::new("InvalidParameter", message));
    }
    Ok(())
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/cancel-sharing-an-AMI.html>: only what is
/// shared with the account by its number. The refusal's code is not documented.
pub(crate) fn cancel_image_launch_permission(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let id = call.params().need("ImageId")?;
    state.touch(arn(&call.region, "image", id));
    visible_image(&state.ec2, call.account(), &call.region, id)?;
    let own = LaunchPermission::Account(call.account().to_owned());
    let image = state.ec2.image_mut(&call.region, id);
    if image.is_some_and(|image| image.permissions.remove(&own)) {
        return Ok(json!({ "Return": true }));
    }
    let message = format!("The image '{id}' is not explicitly shared with your account");
    Err(ApiError::new("OperationNotPermitted", message))
}
