//! An image's attributes: launch permissions and description, read, modified and reset.

use serde_json::{Map, Value, json};

use crate::clock::millis;
use crate::ec2::access::{own_available_image, own_image};
use crate::ec2::image::Image;
use crate::ec2::image::permission::{LaunchPermission, Modification};
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImageAttribute.html>: one
/// attribute, for the owner.
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
        "blockDeviceMapping" => ("BlockDeviceMappings", image.devices_written()),
        "bootMode" => ("BootMode", value(image.layout.boot_mode.as_ref())),
        "tpmSupport" => ("TpmSupport", value(image.layout.tpm_support.as_ref())),
        "imdsSupport" => ("ImdsSupport", value(image.layout.imds_support.as_ref())),
        "productCodes" => ("ProductCodes", json!([])),
        "lastLaunchedTime" => {
            let launched = image.last_launched(now).map(millis);
            ("LastLaunchedTime", value(launched.as_ref()))
        }
        "deregistrationProtection" => ("DeregistrationProtection", json!({ "Value": "disabled" })),
        other => {
            let message = format!("The attribute {other} is not simulated");
            return Err(ApiError::new("UnsupportedOperation", message));
        }
    };
    let mut written = Map::new();
    written.insert("ImageId".to_owned(), Value::from(image.id.clone()));
    written.insert(name.to_owned(), attribute);
    Ok(Value::Object(written))
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyImageAttribute.html>: one
/// attribute per call, of an available image, by its owner.
pub(crate) fn modify_image_attribute(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let modification = Modification::of_image(params)?;
    let description = match (params.text("Attribute"), params.child("Description")) {
        (_, Some(description)) => description.text("Value"),
        (Some("description"), None) => params.text("Value"),
        _ => None,
    };
    let image = own_available_image(state, call)?;
    match (modification, description) {
        (Some(_), Some(_)) => Err(ApiError::new(
            "InvalidParameterCombination",
            "Only one attribute can be modified at a time",
        )),
        (Some(modification), None) => {
            let image = image.clone();
            refuse_sharing(state, &image, &modification)?;
            if let Some(image) = state.ec2.image_mut(&call.region, &image.id) {
                modification.apply(&mut image.permissions);
            }
            Ok(json!({}))
        }
        (None, Some(description)) => {
            description.clone_into(&mut image.description);
            Ok(json!({}))
        }
        (None, None) => Err(ApiError::new(
            "InvalidParameterCombination",
            "No attributes specified.",
        )),
    }
}

/// What can't be shared:
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sharingamis-explicit.html> (the default
/// key) and <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sharingamis-intro.html> (public
/// and encrypted).
fn refuse_sharing(
    state: &State,
    image: &Image,
    modification: &Modification,
) -> Result<(), ApiError> {
    let ids = image.snapshot_ids();
    let snapshots = ids
        .iter()
        .filter_map(|id| state.ec2.snapshot(&image.region, id));
    let keys: Vec<&String> = snapshots
        .filter_map(|snapshot| snapshot.key.as_ref())
        .collect();
    let adds_all = modification.add.contains(&LaunchPermission::All);
    if adds_all && !keys.is_empty() {
        let message = "Images with encrypted snapshots can't be made public";
        return Err(ApiError::new("InvalidParameter", message));
    }
    let managed = |arn: &&&String| state.kms.key(arn).is_some_and(|key| key.managed_by_aws);
    if !modification.add.is_empty() && keys.iter().any(|arn| managed(&arn)) {
        let message = "Images encrypted with the AWS managed key can't be shared";
        return Err(ApiError::new("InvalidParameter", message));
    }
    Ok(())
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ResetImageAttribute.html>.
pub(crate) fn reset_image_attribute(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    own_available_image(state, call)?.permissions.clear();
    Ok(json!({}))
}
