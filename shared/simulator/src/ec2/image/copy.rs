//! `CopyImage`: begins a copy, and ends it when its time has come.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::ec2::arn;
use crate::ec2::change::{self, Change};
use crate::ec2::image::Image;
use crate::ec2::image::copy_rules::{self, check_encryption, check_quota, copied_tags};
use crate::ec2::image::naming::{add, check_name, new_image};
use crate::ec2::snapshot::{Snapshot, SnapshotState};
use crate::ec2::tag::{self, TagMap, Tags};
use crate::ids::hex;
use crate::kms;
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

/// A copy under way.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Copy {
    account: String,
    region: String,
    image: String,
    source_region: String,
    parts: Vec<Part>,
}

/// One snapshot being copied.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Part {
    source: String,
    target: String,
    key: Option<String>,
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CopyImage.html>. A key is looked at
/// only when the copy ends: a bad one makes the image `failed` then.
pub(crate) fn copy_image(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    note_source(state, call);
    check_name(state, call, params.need("Name")?)?;
    let (source, snapshots) = copy_rules::source(state, call)?;
    check_encryption(call, &source, &snapshots)?;
    let mut tags = tag::specifications(state, call, &["image", "snapshot"])?;
    let mut image_tags = copied_tags(call, &source);
    image_tags.extend(tags.remove("image").unwrap_or_default());
    tag::refuse_too_many(&image_tags)?;
    check_quota(state, call)?;
    let lasting = copy_rules::duration(state, call)?;

    let mut image = new_image(state, call, source.layout.clone(), image_tags)?;
    image.origin.image = Some((source.id.clone(), source.region.clone()));
    let snapshot_tags = tags.remove("snapshot").unwrap_or_default();
    let mut parts = Vec::new();
    for snapshot in &snapshots {
        parts.push(begin_part(
            state,
            call,
            (&source, &image),
            snapshot,
            &snapshot_tags,
        ));
    }
    carry(&mut image, &parts);
    if let Some(manifest) = &source.layout.manifest {
        image.layout.manifest = Some(copied_manifest(call, &image.id, manifest));
    }
    let id = image.id.clone();
    add(state, image);
    let copy = Copy {
        account: call.account().to_owned(),
        region: call.region.clone(),
        image: id.clone(),
        source_region: source.region,
        parts,
    };
    schedule(state, copy, lasting);
    Ok(json!({ "ImageId": id }))
}

/// Notes what IAM would ask about the source.
fn note_source(state: &mut State, call: &Request) {
    let params = call.params();
    let region = params.text("SourceRegion").unwrap_or_default();
    if let Some(id) = params.text("SourceImageId") {
        state.touch(arn(region, "image", id));
        state.condition("ec2:ImageID", id);
        if let Some(owner) = state.ec2.image(region, id).map(|image| image.owner.clone()) {
            state.condition("ec2:Owner", owner);
        }
    }
}

/// Lets the copy end after its duration, and its snapshots show their progress until then.
fn schedule(state: &mut State, copy: Copy, lasting: SignedDuration) {
    let region = copy.region.clone();
    let targets: Vec<String> = copy.parts.iter().map(|part| part.target.clone()).collect();
    let until = state.schedule(lasting, Change::CopyEnds(copy));
    for target in targets {
        if let Some(snapshot) = state.ec2.snapshot_mut(&region, &target) {
            snapshot.state = SnapshotState::Pending { until };
        }
    }
}

fn begin_part(
    state: &mut State,
    call: &Request,
    (source, image): (&Image, &Image),
    from: &Snapshot,
    tags: &TagMap,
) -> Part {
    let key = copy_rules::key_name(state, call, from);
    let place = (call.account(), call.region.as_str());
    let resolved = key.as_ref().map(|name| {
        let found = kms::resolve(state, place, name);
        found.map_or_else(|| name.clone(), |key| key.arn)
    });
    let now = state.clock.now();
    let id = state.ids.resource("snap");
    state.touch(arn(&call.region, "snapshot", &id));
    let mut snapshot = Snapshot::begun(id.clone(), call.account(), now, now);
    snapshot.size = from.size;
    snapshot.key = resolved;
    snapshot.tags = Tags::of_owner(call.account(), tags.clone());
    snapshot.description = format!(
        "Copied for DestinationAmi {} from SourceAmi {} for SourceSnapshot {}. Task created on {}.",
        image.id,
        source.id,
        from.id,
        now.as_millisecond()
    );
    let region = state.ec2.region_mut(&call.region);
    region.snapshots.insert(id.clone(), snapshot);
    Part {
        source: from.id.clone(),
        target: id,
        key,
    }
}

/// Gives the copy's block devices their own snapshots.
fn carry(image: &mut Image, parts: &[Part]) {
    for ebs in image
        .layout
        .devices
        .iter_mut()
        .filter_map(|device| device.ebs.as_mut())
    {
        let source = ebs.snapshot_id.as_ref();
        if let Some(part) = parts.iter().find(|part| Some(&part.source) == source) {
            ebs.snapshot_id = Some(part.target.clone());
            ebs.encrypted = part.key.is_some();
        }
    }
}

/// Where the manifest of an instance-store image is copied to: a bucket that AWS makes for the
/// account's Region.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/CopyingAMIs.html>.
fn copied_manifest(call: &Request, id: &str, manifest: &str) -> String {
    let (account, region) = (call.account(), &call.region);
    let digest = Sha256::digest(format!("{account} {region}").as_bytes());
    let hash = hex(digest.into_iter().take(4));
    let name = manifest.rsplit('/').next().unwrap_or(manifest);
    format!("amis-for-{account}-in-{region}-{hash}/{id}/{name}")
}

/// Ends a copy: the image becomes available, or failed with the cause.
pub(crate) fn end(state: &mut State, copy: &Copy) {
    if state.ec2.image(&copy.region, &copy.image).is_none() {
        // Deregistered meanwhile; the snapshots are copied all the same.
        for part in &copy.parts {
            change::complete_snapshot(state, &copy.region, &part.target);
        }
        return;
    }
    let mut parts = copy.parts.iter();
    let planned = state.faults.copy_failure(&copy.image);
    let problem = planned.or_else(|| parts.find_map(|part| problem(state, copy, part)));
    match problem {
        Some(why) => change::image_failed(state, &copy.region, &copy.image, &why),
        None => change::image_ready(state, &copy.region, &copy.image),
    }
}

/// Why a snapshot could not be copied. The source is read until the end, so it must still be
/// there, shared, and under a key that works.
fn problem(state: &mut State, copy: &Copy, part: &Part) -> Option<String> {
    if let Some(name) = &part.key {
        let key = kms::resolve(state, (&copy.account, &copy.region), name);
        if let Some(problem) = kms::problem(key.as_ref(), &copy.account, name) {
            return Some(problem);
        }
    }
    let source = state.ec2.snapshot(&copy.source_region, &part.source);
    let Some(source) = source.filter(|source| source.is_readable_by(&copy.account)) else {
        return Some(format!("The snapshot {} can't be read", part.source));
    };
    let arn = source.key.as_ref()?;
    kms::problem(state.kms.key(arn), &copy.account, arn)
}
