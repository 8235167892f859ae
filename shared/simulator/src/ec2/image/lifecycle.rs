//! Disabling and deprecating images, and taking both back.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::ec2::access::{own_image, unavailable_image};
use crate::ec2::image::ImageState;
use crate::ec2::image::sharing::latest_of_public;
use crate::event;
use crate::request::Request;
use crate::state::{State, later};
use crate::wire::error::ApiError;

const DAY: i64 = 24;

/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/disable-an-ami.html>: drops all launch
/// permissions.
pub(crate) fn disable_image(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let image = own_image(state, call)?;
    if image.state != ImageState::Available {
        return Err(unavailable_image(&image.id));
    }
    image.state = ImageState::Disabled;
    image.permissions.clear();
    let id = image.id.clone();
    event::image_state(state, (call.account(), &call.region), &id, "disabled", "");
    Ok(json!({ "Return": true }))
}

/// The launch permissions stay dropped. Snapshots that were archived meanwhile are to be restored
/// first (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/disable-an-ami.html>); the refusal's
/// code is not documented.
pub(crate) fn enable_image(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let image = own_image(state, call)?;
    if image.state != ImageState::Disabled {
        return Err(unavailable_image(&image.id));
    }
    let (id, snapshots) = (image.id.clone(), image.snapshot_ids());
    for snapshot in &snapshots {
        if let Some(snapshot) = state.ec2.snapshot(&call.region, snapshot) {
            snapshot.refuse_archived()?;
        }
    }
    let images = &mut state.ec2.region_mut(&call.region).images;
    images.set_state(&id, ImageState::Available);
    event::image_state(state, (call.account(), &call.region), &id, "available", "");
    Ok(json!({ "Return": true }))
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-deprecate.html>: rounded to the minute,
/// not in the past, at most ten years ahead, and two from its creation for a public image.
pub(crate) fn enable_image_deprecation(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let now = state.clock.now();
    let asked = call.params().need("DeprecateAt")?;
    let invalid = |why: &str| {
        ApiError::invalid_value(format!("Value ({asked}) for DeprecateAt is invalid: {why}"))
    };
    let at: Timestamp = asked.parse().map_err(|_| invalid("not a time"))?;
    let seconds = at.as_second();
    let rounded = (seconds + 30).div_euclid(60) * 60;
    let at = Timestamp::from_second(rounded).map_err(|_| invalid("out of range"))?;
    if seconds < now.as_second() {
        return Err(invalid("it is in the past"));
    }
    if at > later(now, SignedDuration::from_hours(3653 * DAY)) {
        return Err(invalid("it is more than 10 years ahead"));
    }
    let image = own_image(state, call)?;
    if image.is_public() && at > latest_of_public(image) {
        return Err(invalid(
            "it is more than 2 years after the public image's creation",
        ));
    }
    image.deprecation = Some(at);
    Ok(json!({ "Return": true }))
}

/// Takes a deprecation back; a public image keeps its own.
pub(crate) fn disable_image_deprecation(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let image = own_image(state, call)?;
    if image.is_public() {
        let message = "A public image can't be without a deprecation date";
        return Err(ApiError::new("OperationNotPermitted", message));
    }
    image.deprecation = None;
    Ok(json!({ "Return": true }))
}
