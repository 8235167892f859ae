//! An image's attributes: all are read; launch permissions, description and IMDS support are
//! modified, and launch permissions reset.

use serde_json::{Map, Value, json};

use crate::clock::millis;
use crate::ec2::access::{own_available_image, own_image};
use crate::ec2::image::permission::{LaunchPermission, Modification};
use crate::ec2::image::sharing;
use crate::request::{Params, Request};
use crate::state::State;
use crate::wire::error::ApiError;

const LONGEST_DESCRIPTION: usize = 255;

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImageAttribute.html>: one
/// attribute, for the owner. The block devices are not told in this way any more.
pub(crate) fn describe_image_attribute(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let now = state.clock.now();
    let image = own_image(state, call)?;
    let value = |text: Option<&String>| json!({ "Value": text });
    let permissions = image.permissions.iter().map(LaunchPermission::written);
    let (name, attribute) = match call.params().need("Attribute")? {
        "description" => ("Description", value(Some(&image.description))),
        "launchPermission" => ("LaunchPermissions", Value::Array(permissions.collect())),
        "blockDeviceMapping" => {
            let message = "Unauthorized attempt to access restricted resource";
            return Err(ApiError::with_status(403, "AuthFailure", message));
        }
        "bootMode" => ("BootMode", value(image.layout.boot_mode.as_ref())),
        "tpmSupport" => ("TpmSupport", value(image.layout.tpm_support.as_ref())),
        "imdsSupport" => ("ImdsSupport", value(image.layout.imds_support.as_ref())),
        "productCodes" => ("ProductCodes", json!([])),
        "lastLaunchedTime" => {
            let launched = image.launches.last(now).map(millis);
            ("LastLaunchedTime", value(launched.as_ref()))
        }
        "kernel" => ("KernelId", value(image.layout.kernel.as_ref())),
        "ramdisk" => ("RamdiskId", value(image.layout.ramdisk.as_ref())),
        "sriovNetSupport" => ("SriovNetSupport", value(image.layout.sriov.as_ref())),
        "uefiData" => ("UefiData", value(image.layout.uefi_data.as_ref())),
        "deregistrationProtection" => {
            let protection = image.protection.name(now).to_owned();
            ("DeregistrationProtection", value(Some(&protection)))
        }
        other => {
            let message = format!("Value ({other}) for parameter attribute is invalid.");
            return Err(ApiError::invalid_value(message));
        }
    };
    let mut written = Map::new();
    written.insert("ImageId".to_owned(), Value::from(image.id.clone()));
    written.insert(name.to_owned(), attribute);
    Ok(Value::Object(written))
}

/// What a call of `ModifyImageAttribute` changes.
enum Change {
    Permissions(Modification),
    Description(String),
    ImdsSupport(String),
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyImageAttribute.html>: one
/// attribute per call, of an available image, by its owner.
pub(crate) fn modify_image_attribute(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let change = change(call.params())?;
    let image = own_available_image(state, call)?;
    match change {
        Change::Permissions(modification) => {
            let image = image.clone();
            sharing::share(state, &image, &modification)?;
        }
        Change::Description(description) => image.description = description,
        Change::ImdsSupport(version) => image.layout.imds_support = Some(version),
    }
    Ok(json!({}))
}

/// Reads both forms: a structure named like the attribute, and `Attribute` with `Value` or lists.
fn change(params: Params<'_>) -> Result<Change, ApiError> {
    let attribute = params.text("Attribute");
    let known = ["description", "imdsSupport", "launchPermission"];
    if let Some(other) = attribute.filter(|name| !known.contains(name)) {
        let message = format!("Value ({other}) for parameter attribute is invalid.");
        return Err(ApiError::invalid_value(message));
    }
    if params.has("Value") && !matches!(attribute, Some("description" | "imdsSupport")) {
        let message = "The parameter Value can be used only with description or imdsSupport";
        return Err(ApiError::new("InvalidParameterCombination", message));
    }
    let mut changes = Vec::new();
    changes.extend(Modification::of_image(params)?.map(Change::Permissions));
    if let Some(text) = value_of(params, "Description", "description") {
        changes.push(Change::Description(checked_description(text)?));
    }
    if let Some(text) = value_of(params, "ImdsSupport", "imdsSupport") {
        changes.push(Change::ImdsSupport(checked_imds(text)?));
    }
    let refused = |message: &str| ApiError::new("InvalidParameterCombination", message);
    if changes.len() > 1 {
        return Err(refused("Only one attribute can be modified at a time"));
    }
    changes
        .pop()
        .ok_or_else(|| refused("No attributes specified."))
}

/// An attribute's new value, in either form.
fn value_of<'a>(params: Params<'a>, structure: &str, attribute: &str) -> Option<&'a str> {
    match params.child(structure) {
        Some(structure) => Some(structure.text("Value").unwrap_or_default()),
        None if params.text("Attribute") == Some(attribute) => {
            Some(params.text("Value").unwrap_or_default())
        }
        None => None,
    }
}

fn checked_description(text: &str) -> Result<String, ApiError> {
    if text.chars().count() > LONGEST_DESCRIPTION {
        let message = format!("A description has at most {LONGEST_DESCRIPTION} characters");
        return Err(ApiError::invalid_value(message));
    }
    Ok(text.to_owned())
}

/// `v2.0` is all there is, and can't be taken back.
fn checked_imds(text: &str) -> Result<String, ApiError> {
    if text == "v2.0" {
        return Ok(text.to_owned());
    }
    let message = format!("Value ({text}) for parameter imdsSupport is invalid. Expected: v2.0");
    Err(ApiError::invalid_value(message))
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ResetImageAttribute.html>.
pub(crate) fn reset_image_attribute(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    own_available_image(state, call)?.permissions.clear();
    Ok(json!({}))
}
