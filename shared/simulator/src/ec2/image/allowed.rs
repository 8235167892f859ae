//! Allowed AMIs, per account and Region. The criteria can't be set here, so that every image is
//! allowed: <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-allowed-amis.html>.

use serde_json::{Value, json};

use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

const DISABLED: &str = "disabled";

fn place(call: &Request) -> (String, String) {
    (call.account().to_owned(), call.region.clone())
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetAllowedImagesSettings.html>.
#[expect(clippy::unnecessary_wraps, reason = "a dispatch table's entry")]
pub(crate) fn get_allowed_images_settings(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let setting = state.ec2.allowed_images.get(&place(call));
    let name = setting.map_or(DISABLED, String::as_str);
    Ok(json!({ "State": name, "ImageCriteria": [], "ManagedBy": "account" }))
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EnableAllowedImagesSettings.html>:
/// `enabled` or `audit-mode`.
pub(crate) fn enable_allowed_images_settings(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let name = call.params().need("AllowedImagesSettingsState")?;
    let settings = &mut state.ec2.allowed_images;
    settings.insert(place(call), name.to_owned());
    Ok(json!({ "AllowedImagesSettingsState": name }))
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DisableAllowedImagesSettings.html>.
#[expect(clippy::unnecessary_wraps, reason = "a dispatch table's entry")]
pub(crate) fn disable_allowed_images_settings(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    state.ec2.allowed_images.remove(&place(call));
    Ok(json!({ "AllowedImagesSettingsState": DISABLED }))
}

/// Whether an image is allowed, as far as that is told: not while the setting is disabled.
pub(crate) fn told(state: &State, call: &Request) -> Option<bool> {
    let settings = &state.ec2.allowed_images;
    settings.contains_key(&place(call)).then_some(true)
}
