//! EC2: images, snapshots, volumes and instances by Region, and the table of operations.

pub(crate) mod access;
pub(crate) mod ancestry;
pub(crate) mod attribute;
pub(crate) mod change;
pub(crate) mod copy;
pub(crate) mod copy_rules;
pub(crate) mod create_image;
pub(crate) mod deregister;
pub(crate) mod describe_images;
pub(crate) mod describe_snapshots;
pub(crate) mod encryption;
pub(crate) mod filter;
pub(crate) mod idempotency;
pub(crate) mod image;
pub(crate) mod instance;
pub(crate) mod lifecycle;
pub(crate) mod page;
pub(crate) mod permission;
pub(crate) mod region;
pub(crate) mod register;
pub(crate) mod snapshot;
pub(crate) mod snapshot_attribute;
pub(crate) mod tag;
pub(crate) mod tag_calls;
pub(crate) mod volume;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::dispatch::Handler;
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

use image::Image;
use instance::Instance;
use snapshot::Snapshot;
use volume::Volume;

/// All of EC2, in all Regions.
#[derive(Debug, Default)]
pub(crate) struct Ec2 {
    regions: BTreeMap<String, Region>,
    /// Accounts' Regions that encrypt by default.
    pub(crate) encrypting: BTreeSet<(String, String)>,
    /// What client tokens were used for.
    pub(crate) tokens: idempotency::Tokens,
    /// The organizations and organizational units each account is in.
    pub(crate) organizations: BTreeMap<String, BTreeSet<String>>,
}

/// The resources of one Region, of all accounts.
#[derive(Debug, Default)]
pub(crate) struct Region {
    pub(crate) images: BTreeMap<String, Image>,
    pub(crate) snapshots: BTreeMap<String, Snapshot>,
    pub(crate) volumes: BTreeMap<String, Volume>,
    pub(crate) instances: BTreeMap<String, Instance>,
    /// The ids of images that are gone.
    pub(crate) deregistered: BTreeSet<String>,
}

impl Ec2 {
    pub(crate) fn region(&self, name: &str) -> Option<&Region> {
        self.regions.get(name)
    }

    pub(crate) fn region_mut(&mut self, name: &str) -> &mut Region {
        self.regions.entry(name.to_owned()).or_default()
    }

    pub(crate) fn image(&self, region: &str, id: &str) -> Option<&Image> {
        self.region(region)?.images.get(id)
    }

    pub(crate) fn image_mut(&mut self, region: &str, id: &str) -> Option<&mut Image> {
        self.regions.get_mut(region)?.images.get_mut(id)
    }

    pub(crate) fn snapshot(&self, region: &str, id: &str) -> Option<&Snapshot> {
        self.region(region)?.snapshots.get(id)
    }

    pub(crate) fn snapshot_mut(&mut self, region: &str, id: &str) -> Option<&mut Snapshot> {
        self.regions.get_mut(region)?.snapshots.get_mut(id)
    }
}

/// An operation, and the parameters of it whose effect is not simulated.
struct Operation {
    name: &'static str,
    handler: Handler,
    unsimulated: &'static [&'static str],
}

const fn op(name: &'static str, handler: Handler) -> Operation {
    Operation {
        name,
        handler,
        unsimulated: &[],
    }
}

impl Operation {
    const fn without(mut self, unsimulated: &'static [&'static str]) -> Self {
        self.unsimulated = unsimulated;
        self
    }
}

const OPERATIONS: &[Operation] = &[
    op("CopyImage", copy::copy_image).without(&[
        "DestinationOutpostArn",
        "DestinationAvailabilityZone",
        "DestinationAvailabilityZoneId",
        "SnapshotCopyCompletionDurationMinutes",
    ]),
    op("CreateImage", create_image::create_image)
        .without(&["BlockDeviceMappings", "SnapshotLocation"]),
    op("CreateSnapshot", snapshot::create_snapshot).without(&["OutpostArn", "Location"]),
    op("CreateTags", tag_calls::create_tags),
    op("CreateVolume", volume::create_volume).without(&[
        "OutpostArn",
        "MultiAttachEnabled",
        "VolumeInitializationRate",
        "Operator",
    ]),
    op("DeleteSnapshot", snapshot::delete_snapshot),
    op("DeleteTags", tag_calls::delete_tags),
    op("DeregisterImage", deregister::deregister_image),
    op(
        "DescribeImageAttribute",
        attribute::describe_image_attribute,
    ),
    op("DescribeImages", describe_images::describe_images),
    op("DescribeInstances", instance::describe_instances),
    op("DescribeRegions", region::describe_regions),
    op(
        "DescribeSnapshotAttribute",
        snapshot_attribute::describe_snapshot_attribute,
    ),
    op("DescribeSnapshots", describe_snapshots::describe_snapshots),
    op("DescribeTags", tag_calls::describe_tags),
    op("DescribeVolumes", volume::describe_volumes),
    op(
        "DisableEbsEncryptionByDefault",
        encryption::disable_ebs_encryption_by_default,
    ),
    op("DisableImage", lifecycle::disable_image),
    op(
        "DisableImageDeprecation",
        lifecycle::disable_image_deprecation,
    ),
    op(
        "EnableEbsEncryptionByDefault",
        encryption::enable_ebs_encryption_by_default,
    ),
    op("EnableImage", lifecycle::enable_image),
    op(
        "EnableImageDeprecation",
        lifecycle::enable_image_deprecation,
    ),
    op(
        "GetEbsEncryptionByDefault",
        encryption::get_ebs_encryption_by_default,
    ),
    op("GetImageAncestry", ancestry::get_image_ancestry),
    op("ModifyImageAttribute", attribute::modify_image_attribute)
        .without(&["ProductCodes", "ImdsSupport"]),
    op(
        "ModifySnapshotAttribute",
        snapshot_attribute::modify_snapshot_attribute,
    ),
    op("RegisterImage", register::register_image).without(&[
        "ImageLocation",
        "BillingProducts",
        "KernelId",
        "RamdiskId",
        "SriovNetSupport",
        "UefiData",
    ]),
    op("ResetImageAttribute", attribute::reset_image_attribute),
    op(
        "ResetSnapshotAttribute",
        snapshot_attribute::reset_snapshot_attribute,
    ),
    op("RunInstances", instance::run_instances),
    op("TerminateInstances", instance::terminate_instances).without(&["Force", "SkipOsShutdown"]),
];

/// The handler of an operation of EC2.
pub(crate) fn handler(operation: &str) -> Option<Handler> {
    let known = OPERATIONS.iter().any(|entry| entry.name == operation);
    known.then_some(run as Handler)
}

/// Does an operation, unless it is a dry run or asks for what isn't simulated.
fn run(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let operation = OPERATIONS.iter().find(|entry| entry.name == call.operation);
    let Some(operation) = operation else {
        return Err(ApiError::internal("the operation has no handler"));
    };
    let params = call.params();
    if let Some(name) = operation.unsimulated.iter().find(|name| params.has(name)) {
        let message = format!("The parameter {name} is not simulated");
        return Err(ApiError::new("UnsupportedOperation", message));
    }
    if params.flag("DryRun") == Some(true) {
        let message = "Request would have succeeded, but DryRun flag is set.";
        return Err(ApiError::with_status(412, "DryRunOperation", message));
    }
    if let Some(answer) = idempotency::earlier(state, call)? {
        return Ok(answer);
    }
    let answer = (operation.handler)(state, call)?;
    idempotency::remember(state, call, &answer);
    Ok(answer)
}

/// The ARN of an image or a snapshot, which has no account in it:
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html>.
pub(crate) fn arn(region: &str, kind: &str, id: &str) -> String {
    format!("arn:aws:ec2:{region}::{kind}/{id}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::model;

    #[test]
    fn the_model_and_the_dispatch_table_hold_the_same_operations() {
        let service = model::service("ec2").expect("ec2");
        let in_model: Vec<&str> = service.operations.keys().map(String::as_str).collect();
        let here: Vec<&str> = OPERATIONS.iter().map(|entry| entry.name).collect();
        assert_eq!(in_model, here);
    }
}
