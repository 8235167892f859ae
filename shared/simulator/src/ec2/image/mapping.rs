//! Block device mappings in the requests that make images:
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EbsBlockDevice.html>.

use crate::ec2::access::{no_snapshot, well_formed_snapshot};
use crate::ec2::arn;
use crate::ec2::image::{Device, Ebs};
use crate::ec2::snapshot::Snapshot;
use crate::ec2::volume::performance;
use crate::request::{Params, Request};
use crate::state::State;
use crate::wire::error::ApiError;

/// Members of a mapping's volume that are about places a world doesn't have.
const UNSIMULATED: [&str; 5] = [
    "OutpostArn",
    "AvailabilityZone",
    "AvailabilityZoneId",
    "VolumeInitializationRate",
    "EbsCardIndex",
];

/// The error for a mapping that can't be.
pub(crate) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidBlockDeviceMapping", message)
}

/// The devices that a call maps; those it leaves out with `NoDevice` are left out.
pub(crate) fn devices(state: &mut State, call: &Request) -> Result<Vec<Device>, ApiError> {
    let mappings = call.params().list("BlockDeviceMappings");
    refuse_twice_named(&mappings)?;
    let mut devices = Vec::new();
    for mapping in mappings {
        if !mapping.has("NoDevice") {
            devices.push(device(state, call, mapping)?);
        }
    }
    Ok(devices)
}

/// Refuses mappings without a device, and two of one device.
pub(crate) fn refuse_twice_named(mappings: &[Params<'_>]) -> Result<(), ApiError> {
    let mut seen = Vec::new();
    for mapping in mappings {
        let name = mapping.text("DeviceName").unwrap_or_default();
        if name.is_empty() {
            return Err(invalid("A block device mapping must have a device name"));
        }
        if seen.contains(&name) {
            let message =
                format!("The device '{name}' is used in more than one block-device mapping");
            return Err(invalid(message));
        }
        seen.push(name);
    }
    Ok(())
}

/// One device as a mapping describes it.
pub(crate) fn device(
    state: &mut State,
    call: &Request,
    mapping: Params<'_>,
) -> Result<Device, ApiError> {
    let name = mapping.text("DeviceName").unwrap_or_default();
    let virtual_name = mapping.text("VirtualName");
    let ebs = match (mapping.child("Ebs"), virtual_name) {
        (Some(ebs), None) => Some(volume(state, call, name, ebs)?),
        (None, Some(virtual_name)) => {
            check_virtual_name(virtual_name)?;
            None
        }
        (Some(_), Some(_)) => {
            let message = format!("The device '{name}' is mapped to two things");
            return Err(invalid(message));
        }
        (None, None) => return Err(invalid(format!("The device '{name}' is mapped to nothing"))),
    };
    Ok(Device {
        name: name.to_owned(),
        virtual_name: virtual_name.map(str::to_owned),
        ebs,
    })
}

/// Instance store volumes are `ephemeral0` to `ephemeral23`.
fn check_virtual_name(name: &str) -> Result<(), ApiError> {
    let number = name.strip_prefix("ephemeral");
    let number = number.and_then(|digits| digits.parse::<u8>().ok());
    match number {
        Some(0..=23) => Ok(()),
        _ => Err(invalid(format!("The virtual name '{name}' is not valid"))),
    }
}

fn volume(
    state: &mut State,
    call: &Request,
    device: &str,
    ebs: Params<'_>,
) -> Result<Ebs, ApiError> {
    if let Some(name) = UNSIMULATED.iter().find(|name| ebs.has(name)) {
        let message = format!("The parameter Ebs.{name} is not simulated");
        return Err(ApiError::new("UnsupportedOperation", message));
    }
    if ebs.has("KmsKeyId") {
        let message = format!("KmsKeyId is not supported by this operation (device {device})");
        return Err(invalid(message));
    }
    let snapshot = match ebs.text("SnapshotId") {
        Some(id) => Some(usable_snapshot(state, call, id)?),
        None => None,
    };
    if snapshot.is_some() && ebs.has("Encrypted") {
        let message = format!(
            "the encrypted flag cannot be specified since device {device} has a snapshot specified."
        );
        return Err(invalid(message));
    }
    let kind = ebs.text("VolumeType").unwrap_or("gp2");
    let size = size(ebs, snapshot.as_ref())?;
    let (iops, throughput) = (ebs.number("Iops"), ebs.number("Throughput"));
    performance::check(kind, size, iops, throughput)?;
    let usual = performance::usual(kind);
    let encrypted = snapshot
        .as_ref()
        .is_some_and(|snapshot| snapshot.key.is_some());
    Ok(Ebs {
        snapshot_id: snapshot.map(|snapshot| snapshot.id),
        size,
        kind: kind.to_owned(),
        iops: iops.or(usual.0),
        throughput: throughput.or(usual.1),
        encrypted: encrypted || ebs.flag("Encrypted") == Some(true),
        delete_on_termination: ebs.flag("DeleteOnTermination").unwrap_or(true),
    })
}

/// A volume's size: its own or its snapshot's.
fn size(ebs: Params<'_>, snapshot: Option<&Snapshot>) -> Result<i64, ApiError> {
    let size = ebs.number("VolumeSize");
    let size = size.or(snapshot.map(|snapshot| snapshot.size));
    let size = size.ok_or_else(|| {
        ApiError::new(
            "MissingParameter",
            "The request must contain the parameter size or snapshotId",
        )
    })?;
    if let Some(snapshot) = snapshot.filter(|snapshot| size < snapshot.size) {
        let message = format!(
            "Volume of size {size}GB is smaller than snapshot '{}', expect size >= {}GB",
            snapshot.id, snapshot.size
        );
        return Err(invalid(message));
    }
    Ok(size)
}

/// A snapshot that the caller may read. Whether a pending one is refused is not documented; here
/// it is.
fn usable_snapshot(state: &mut State, call: &Request, id: &str) -> Result<Snapshot, ApiError> {
    well_formed_snapshot(id)?;
    state.touch(arn(&call.region, "snapshot", id));
    let snapshot = state.ec2.snapshot(&call.region, id);
    let snapshot = snapshot
        .filter(|snapshot| snapshot.is_readable_by(call.account()))
        .ok_or_else(|| no_snapshot(id))?;
    snapshot.refuse_unusable()?;
    Ok(snapshot.clone())
}
