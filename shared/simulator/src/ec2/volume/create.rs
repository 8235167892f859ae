//! `CreateVolume`: empty, or from a snapshot.

use serde_json::{Value, json};

use crate::ec2::access::{no_snapshot, well_formed_snapshot};
use crate::ec2::image::copy_rules::key_without_encrypted;
use crate::ec2::snapshot::Snapshot;
use crate::ec2::tag::{self, Tags};
use crate::ec2::volume::{Volume, performance};
use crate::ec2::{arn, zone};
use crate::kms;
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVolume.html>. A bad key is
/// refused at once, where AWS would fail the volume a moment later; a good volume is available by
/// the next call.
pub(crate) fn create_volume(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let zone = zone_name(call)?;
    let source = match params.text("SnapshotId") {
        Some(id) => Some(readable(state, call, id)?),
        None => None,
    };
    let size = size(call, source.as_ref())?;
    let kind = params.text("VolumeType").unwrap_or("gp2");
    let (iops, throughput) = (params.number("Iops"), params.number("Throughput"));
    performance::check(kind, size, iops, throughput)?;
    let key = key(state, call, source.as_ref())?;
    let mut tags = tag::specifications(state, call, &["volume"])?;
    let volume = Volume {
        id: state.ids.resource("vol"),
        owner: call.account().to_owned(),
        zone,
        size,
        kind: kind.to_owned(),
        iops,
        throughput,
        key,
        snapshot_id: source.map(|snapshot| snapshot.id),
        created: state.clock.now(),
        instance: None,
        delete_on_termination: false,
        tags: Tags::of_owner(call.account(), tags.remove("volume").unwrap_or_default()),
    };
    state.touch(format!(
        "arn:aws:ec2:{}:{}:volume/{}",
        call.region,
        call.account(),
        volume.id
    ));
    let mut written = volume.written(call.account());
    written["State"] = json!("creating");
    let region = state.ec2.region_mut(&call.region);
    region.volumes.insert(volume.id.clone(), volume);
    Ok(written)
}

/// The zone by its name or its id: one of them.
fn zone_name(call: &Request) -> Result<String, ApiError> {
    let params = call.params();
    let named = (
        params.text("AvailabilityZone"),
        params.text("AvailabilityZoneId"),
    );
    let (asked, by_id) = match named {
        (Some(name), None) => (name, false),
        (None, Some(id)) => (id, true),
        (Some(_), Some(_)) => {
            let message = "Only one of AvailabilityZone and AvailabilityZoneId may be specified";
            return Err(ApiError::new("InvalidParameterCombination", message));
        }
        (None, None) => {
            let message = "The request must contain the parameter AvailabilityZone";
            return Err(ApiError::new("MissingParameter", message));
        }
    };
    let mut zones = zone::zones(&call.region).into_iter();
    let found = zones.find(|zone| asked == if by_id { &zone.id } else { &zone.name });
    found.map(|zone| zone.name).ok_or_else(|| {
        let message = format!("The zone '{asked}' does not exist.");
        ApiError::new("InvalidZone.NotFound", message)
    })
}

/// A snapshot that the caller may make volumes of.
fn readable(state: &mut State, call: &Request, id: &str) -> Result<Snapshot, ApiError> {
    well_formed_snapshot(id)?;
    state.touch(arn(&call.region, "snapshot", id));
    let snapshot = state.ec2.snapshot(&call.region, id);
    let snapshot = snapshot.filter(|snapshot| snapshot.is_readable_by(call.account()));
    let snapshot = snapshot.ok_or_else(|| no_snapshot(id))?;
    snapshot.refuse_unusable()?;
    Ok(snapshot.clone())
}

fn size(call: &Request, source: Option<&Snapshot>) -> Result<i64, ApiError> {
    let least = source.map(|snapshot| snapshot.size);
    let size = call.params().number("Size").or(least).ok_or_else(|| {
        ApiError::new(
            "MissingParameter",
            "The request must contain the parameter size/snapshot",
        )
    })?;
    match least {
        Some(least) if size < least => Err(ApiError::invalid_value(format!(
            "Volume of {size}GiB is smaller than its snapshot, expect size >= {least}GiB"
        ))),
        _ => Ok(size),
    }
}

/// The key a new volume is encrypted under: the one that is named, that of one's own snapshot, or
/// the default key.
/// <https://docs.aws.amazon.com/ebs/latest/userguide/encryption-examples.html>.
fn key(
    state: &mut State,
    call: &Request,
    source: Option<&Snapshot>,
) -> Result<Option<String>, ApiError> {
    let params = call.params();
    let place = (call.account(), call.region.as_str());
    let inherited = source.and_then(|snapshot| snapshot.key.clone());
    let asked = params.flag("Encrypted");
    if inherited.is_some() && asked == Some(false) {
        let message = "A volume of an encrypted snapshot can't be unencrypted";
        return Err(ApiError::invalid_value(message));
    }
    if let Some(arn) = &inherited {
        usable(state, call, arn)?;
    }
    if let Some(name) = params.text("KmsKeyId") {
        if asked != Some(true) {
            return Err(key_without_encrypted());
        }
        return usable(state, call, name).map(Some);
    }
    let own = source.is_some_and(|snapshot| snapshot.owner == call.account());
    if own && inherited.is_some() {
        return Ok(inherited);
    }
    let by_default = (call.account().to_owned(), call.region.clone());
    let by_default = state.ec2.encrypting.contains(&by_default);
    if asked != Some(true) && inherited.is_none() && !by_default {
        return Ok(None);
    }
    let arn = kms::default_key(state, place);
    usable(state, call, &arn).map(Some)
}

/// The ARN of a key, if the caller may use it now.
fn usable(state: &mut State, call: &Request, name: &str) -> Result<String, ApiError> {
    let key = kms::resolve(state, (call.account(), &call.region), name);
    match kms::problem(key.as_ref(), call.account(), name) {
        Some(problem) => Err(ApiError::invalid_value(problem)),
        None => Ok(key.map(|key| key.arn).unwrap_or_default()),
    }
}
