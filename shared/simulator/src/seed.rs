//! Seeding: what a world is furnished with, through the same operations as over the wire.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::dispatch::{call_by_value, seed_by_value};
use crate::ec2::change;
use crate::ec2::image::permission::LaunchPermission;
use crate::ec2::tag::{self, Tags};
use crate::state::State;
use crate::wire::error::ApiError;

/// An image that a builder publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewImage {
    /// The owner's account.
    pub account: String,
    /// The Region.
    pub region: String,
    /// The name.
    pub name: String,
    /// The description.
    pub description: String,
    /// The architecture, `x86_64` unless said otherwise.
    pub architecture: String,
    /// The image's tags; `aws:` ones are put on as AWS would.
    pub tags: BTreeMap<String, String>,
    /// The key it is encrypted under: an id, an ARN or an alias. None leaves it unencrypted.
    pub encrypted_with: Option<String>,
    /// Amazon's alias of the owner: `amazon`, `aws-marketplace`, or `aws-backup-vault` for an image
    /// that AWS Backup manages.
    pub owner_alias: Option<String>,
    /// Who may launch it.
    pub launch_permissions: Vec<LaunchPermission>,
    /// The size of each volume.
    pub volume_gib: u32,
    /// Volumes besides the root volume.
    pub extra_volumes: usize,
    /// The id and the Region of the image that it is a copy of.
    pub copied_from: Option<(String, String)>,
}

impl NewImage {
    /// A plain image: one unencrypted volume of 8 GiB, no tags, not shared.
    pub fn new(account: &str, region: &str, name: &str) -> Self {
        Self {
            account: account.to_owned(),
            region: region.to_owned(),
            name: name.to_owned(),
            description: String::new(),
            architecture: "x86_64".to_owned(),
            tags: BTreeMap::new(),
            encrypted_with: None,
            owner_alias: None,
            launch_permissions: Vec::new(),
            volume_gib: 8,
            extra_volumes: 0,
            copied_from: None,
        }
    }
}

/// Publishes an image: volumes, their snapshots (which complete at once), the image, its sharing.
pub(crate) fn publish(state: &mut State, spec: &NewImage) -> Result<String, ApiError> {
    let mut mappings = Vec::new();
    for number in 0..=spec.extra_volumes {
        let snapshot = snapshot_of_new_volume(state, spec)?;
        mappings.push(json!({
            "DeviceName": device_name(number),
            "Ebs": { "SnapshotId": snapshot, "VolumeType": "gp3" },
        }));
    }
    let tags = spec.tags.iter();
    let tags: Vec<Value> = tags
        .filter(|(key, _)| !key.starts_with(tag::RESERVED))
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect();
    let mut parameters = json!({
        "Name": spec.name,
        "Description": spec.description,
        "Architecture": spec.architecture,
        "VirtualizationType": "hvm",
        "EnaSupport": true,
        "RootDeviceName": device_name(0),
        "BlockDeviceMappings": mappings,
    });
    if !tags.is_empty() {
        let specification = json!([{ "ResourceType": "image", "Tags": tags }]);
        parameters["TagSpecifications"] = specification;
    }
    let registered = ec2(state, spec, "RegisterImage", parameters)?;
    let image = text(&registered, "ImageId");
    mark(state, spec, &image);
    if !spec.launch_permissions.is_empty() {
        let add = spec
            .launch_permissions
            .iter()
            .map(LaunchPermission::written);
        let add: Vec<Value> = add.collect();
        let parameters = json!({ "ImageId": image, "LaunchPermission": { "Add": add } });
        let place = (spec.account.as_str(), spec.region.as_str());
        call_by_value(state, place, ("ec2", "ModifyImageAttribute"), parameters)?;
    }
    Ok(image)
}

/// Puts on an image what only AWS can: its owner's alias, `aws:` tags, and what it was copied from.
fn mark(state: &mut State, spec: &NewImage, id: &str) {
    if let Some(image) = state.ec2.image_mut(&spec.region, id) {
        image.owner_alias.clone_from(&spec.owner_alias);
        image.origin.image.clone_from(&spec.copied_from);
        image.tags = Tags::of_owner(&spec.account, spec.tags.clone());
    }
}

fn snapshot_of_new_volume(state: &mut State, spec: &NewImage) -> Result<String, ApiError> {
    let mut parameters = json!({
        "AvailabilityZone": format!("{}a", spec.region),
        "Size": spec.volume_gib,
        "VolumeType": "gp3",
    });
    if let Some(key) = &spec.encrypted_with {
        parameters["Encrypted"] = Value::Bool(true);
        parameters["KmsKeyId"] = Value::from(key.clone());
    }
    let volume = text(&ec2(state, spec, "CreateVolume", parameters)?, "VolumeId");
    let snapshot = ec2(state, spec, "CreateSnapshot", json!({ "VolumeId": volume }))?;
    let id = text(&snapshot, "SnapshotId");
    change::complete_snapshot(state, &spec.region, &id);
    Ok(id)
}

fn ec2(
    state: &mut State,
    spec: &NewImage,
    operation: &str,
    parameters: Value,
) -> Result<Value, ApiError> {
    let place = (spec.account.as_str(), spec.region.as_str());
    seed_by_value(state, place, ("ec2", operation), parameters)
}

/// `/dev/xvda`, `/dev/xvdb` and so on.
fn device_name(number: usize) -> String {
    let letter = u8::try_from(number % 26).unwrap_or_default();
    format!("/dev/xvd{}", char::from(b'a' + letter))
}

/// A text in an operation's result.
pub(crate) fn text(result: &Value, name: &str) -> String {
    result[name].as_str().unwrap_or_default().to_owned()
}
