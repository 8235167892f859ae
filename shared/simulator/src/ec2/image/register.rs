//! `RegisterImage`: an image over snapshots, or over a manifest in S3.

use serde_json::{Value, json};

use crate::ec2::image::mapping::{self, invalid};
use crate::ec2::image::naming::{add, check_name, new_image};
use crate::ec2::image::{Device, ImageState, Layout};
use crate::ec2::tag;
use crate::event;
use crate::ids::is_resource_id;
use crate::request::{Params, Request};
use crate::s3;
use crate::state::State;
use crate::wire::error::ApiError;

const MANIFEST: &str = ".manifest.xml";

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RegisterImage.html>.
pub(crate) fn register_image(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    check_name(state, call, params.need("Name")?)?;
    let devices = mapping::devices(state, call)?;
    let layout = layout(state, call, devices)?;
    let mut tags = tag::specifications(state, call, &["image"])?;
    let tags = tags.remove("image").unwrap_or_default();
    let mut image = new_image(state, call, layout, tags)?;
    image.state = ImageState::Available;
    let id = image.id.clone();
    add(state, image);
    event::image_state(state, (call.account(), &call.region), &id, "available", "");
    Ok(json!({ "ImageId": id }))
}

fn layout(state: &State, call: &Request, devices: Vec<Device>) -> Result<Layout, ApiError> {
    let params = call.params();
    let text = |name: &str| params.text(name).map(str::to_owned);
    let virtualization = params.text("VirtualizationType").unwrap_or("paravirtual");
    if !["hvm", "paravirtual"].contains(&virtualization) {
        let message = format!("Value ({virtualization}) for virtualizationType is invalid.");
        return Err(ApiError::invalid_value(message));
    }
    check_root(state, call, &devices)?;
    check_features(params, virtualization)?;
    Ok(Layout {
        architecture: text("Architecture").unwrap_or_else(|| "i386".to_owned()),
        virtualization: virtualization.to_owned(),
        root_device: root_device(params).to_owned(),
        boot_mode: text("BootMode"),
        imds_support: text("ImdsSupport"),
        tpm_support: text("TpmSupport"),
        ena_support: params.flag("EnaSupport").unwrap_or(false),
        sriov: text("SriovNetSupport"),
        kernel: text("KernelId"),
        ramdisk: text("RamdiskId"),
        uefi_data: text("UefiData"),
        manifest: text("ImageLocation"),
        devices,
    })
}

fn root_device(params: Params<'_>) -> &str {
    params.text("RootDeviceName").unwrap_or("/dev/sda1")
}

/// The root is a snapshot, or a manifest in S3, and never both.
fn check_root(state: &State, call: &Request, devices: &[Device]) -> Result<(), ApiError> {
    let (params, account) = (call.params(), call.account());
    let root = root_device(params);
    let root = devices.iter().find(|device| device.name == root);
    let snapshot = root.and_then(|device| device.ebs.as_ref()?.snapshot_id.as_ref());
    match (params.text("ImageLocation"), snapshot) {
        (None, Some(_)) => Ok(()),
        (None, None) if devices.is_empty() => Err(ApiError::new(
            "MissingParameter",
            "The request must contain the parameter imageLocation or blockDeviceMapping",
        )),
        (None, None) => Err(invalid("No root snapshot specified in device mapping")),
        (Some(_), Some(_)) => Err(ApiError::new(
            "InvalidParameterCombination",
            "A manifest location and a root snapshot cannot be specified together",
        )),
        (Some(location), None) => check_manifest(state, account, location),
    }
}

/// `bucket/prefix/image.manifest.xml`, in a bucket of the account's:
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>.
fn check_manifest(state: &State, account: &str, location: &str) -> Result<(), ApiError> {
    let unfit = |status: &str| {
        let message =
            format!("HTTP {status} response for URL {location}: check your manifest path");
        ApiError::new("InvalidManifest", message)
    };
    let key = location.split_once('/');
    let key = key
        .filter(|(bucket, key)| !bucket.is_empty() && key.ends_with(MANIFEST) && *key != MANIFEST);
    if key.is_none() {
        return Err(unfit("400 (Bad Request)"));
    }
    if s3::holds(state, account, location) {
        Ok(())
    } else {
        Err(unfit("404 (Not Found)"))
    }
}

/// What depends on the virtualization, the boot mode, or on the account.
fn check_features(params: Params<'_>, virtualization: &str) -> Result<(), ApiError> {
    let combination = |message: &str| Err(ApiError::new("InvalidParameterCombination", message));
    if let Some(other) = params
        .text("SriovNetSupport")
        .filter(|value| *value != "simple")
    {
        let message = format!("Value ({other}) for parameter sriovNetSupport is invalid.");
        return Err(ApiError::invalid_value(message));
    }
    let enhanced = params.has("SriovNetSupport") || params.flag("EnaSupport") == Some(true);
    if enhanced && virtualization == "paravirtual" {
        return combination("Enhanced networking is supported only for HVM images");
    }
    let uefi = ["uefi", "uefi-preferred"].contains(&params.text("BootMode").unwrap_or_default());
    if params.has("TpmSupport") && !uefi {
        return combination("TpmSupport requires the boot mode uefi");
    }
    for (name, prefix) in [("KernelId", "aki"), ("RamdiskId", "ari")] {
        let wrong = |id: &&str| !is_resource_id(id, prefix);
        if let Some(id) = params.text(name).filter(wrong) {
            return Err(ApiError::new(
                format!("Invalid{name}.Malformed"),
                format!("Invalid id: \"{id}\" (expecting \"{prefix}-...\")"),
            ));
        }
    }
    if !params.texts("BillingProducts").is_empty() {
        let message = "The account is not authorized to specify billing product codes";
        return Err(ApiError::with_status(403, "AuthFailure", message));
    }
    Ok(())
}
