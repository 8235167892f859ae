//! The volumes of a new instance: the image's block devices, as the launch overrides them.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/block-device-mapping-concepts.html>.

use crate::ec2::access::no_snapshot;
use crate::ec2::image::copy_rules::key_without_encrypted;
use crate::ec2::image::{Ebs, Image};
use crate::ec2::volume::performance;
use crate::kms;
use crate::request::Params;
use crate::state::State;
use crate::wire::error::ApiError;

/// A volume to be made.
#[derive(Debug, Clone)]
pub(super) struct Planned {
    pub(super) name: String,
    pub(super) ebs: Ebs,
    pub(super) key: Option<String>,
    /// Whether a key it needs can't be used.
    pub(super) locked: bool,
}

/// The volumes that an image's instance begins with.
pub(super) fn plan(
    state: &mut State,
    place: (&str, &str),
    image: &Image,
    overrides: &[Params<'_>],
) -> Result<Vec<Planned>, ApiError> {
    let mut volumes: Vec<(String, Ebs, Option<Params<'_>>)> = Vec::new();
    for device in &image.layout.devices {
        if let Some(ebs) = &device.ebs {
            volumes.push((device.name.clone(), ebs.clone(), None));
        }
    }
    for mapping in overrides {
        let name = mapping.need("DeviceName")?;
        let at = volumes.iter().position(|(device, ..)| device == name);
        if mapping.has("NoDevice") {
            volumes.retain(|(device, ..)| device != name);
        } else if let Some(ebs) = mapping.child("Ebs") {
            let below = at.map(|at| volumes[at].1.clone());
            let planned = (name.to_owned(), overridden(below, ebs), Some(ebs));
            match at {
                Some(at) => volumes[at] = planned,
                None => volumes.push(planned),
            }
        }
    }
    let volumes = volumes.into_iter();
    volumes
        .map(|(name, ebs, asked)| planned(state, place, image, (name, ebs, asked)))
        .collect()
}

/// The image's device, if there is one of that name, with what the launch says of it.
fn overridden(below: Option<Ebs>, asked: Params<'_>) -> Ebs {
    let mut ebs = below.unwrap_or_else(|| Ebs {
        snapshot_id: None,
        size: 0,
        kind: "gp2".to_owned(),
        iops: None,
        throughput: None,
        encrypted: false,
        delete_on_termination: true,
    });
    if let Some(id) = asked.text("SnapshotId") {
        ebs.snapshot_id = Some(id.to_owned());
        ebs.size = 0;
    }
    ebs.size = asked.number("VolumeSize").unwrap_or(ebs.size);
    if let Some(kind) = asked.text("VolumeType").filter(|kind| **kind != ebs.kind) {
        kind.clone_into(&mut ebs.kind);
        // What the image has of these is of another type.
        (ebs.iops, ebs.throughput) = (None, None);
    }
    ebs.iops = asked.number("Iops").or(ebs.iops);
    ebs.throughput = asked.number("Throughput").or(ebs.throughput);
    if let Some(goes) = asked.flag("DeleteOnTermination") {
        ebs.delete_on_termination = goes;
    }
    ebs
}

fn planned(
    state: &mut State,
    place: (&str, &str),
    image: &Image,
    (name, mut ebs, asked): (String, Ebs, Option<Params<'_>>),
) -> Result<Planned, ApiError> {
    let own = image.snapshot_ids();
    let snapshot = match ebs.snapshot_id.as_deref() {
        None => None,
        Some(id) => {
            let snapshot = state.ec2.snapshot(place.1, id);
            let of_image = own.iter().any(|own| own == id);
            let readable = snapshot.filter(|snapshot| of_image || snapshot.is_readable_by(place.0));
            Some(readable.ok_or_else(|| no_snapshot(id))?.clone())
        }
    };
    let least = snapshot.as_ref().map_or(0, |snapshot| snapshot.size);
    let sized = asked.is_some_and(|asked| asked.has("VolumeSize"));
    if ebs.size == 0 && !sized {
        ebs.size = least;
    }
    if ebs.size == 0 && !sized {
        let message = "The request must contain the parameter size or snapshotId";
        return Err(ApiError::new("MissingParameter", message));
    }
    if ebs.size < least {
        let from = ebs.snapshot_id.unwrap_or_default();
        let message = format!(
            "Volume of size {}GB is smaller than snapshot '{from}', expect size >= {least}GB",
            ebs.size
        );
        return Err(ApiError::new("InvalidBlockDeviceMapping", message));
    }
    performance::check(&ebs.kind, ebs.size, ebs.iops, ebs.throughput)?;
    let source_key = snapshot.and_then(|snapshot| snapshot.key);
    let key = key(state, place, source_key.as_deref(), &image.owner, asked)?;
    let needed = [source_key, key.clone()];
    let locked = needed.iter().flatten().any(|arn| {
        let key = state.kms.key(arn).cloned();
        kms::problem(key.as_ref(), place.0, arn).is_some()
    });
    Ok(Planned {
        name,
        ebs,
        key,
        locked,
    })
}

/// The key a volume is encrypted under. One of another account's image is encrypted under one's
/// own default key: <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/AMIEncryption.html>.
fn key(
    state: &mut State,
    place: (&str, &str),
    source: Option<&str>,
    image_owner: &str,
    asked: Option<Params<'_>>,
) -> Result<Option<String>, ApiError> {
    let encrypted = asked.and_then(|asked| asked.flag("Encrypted"));
    if encrypted == Some(false) && source.is_some() {
        let message = "The encrypted flag can't be false for an encrypted snapshot";
        return Err(ApiError::new("InvalidBlockDeviceMapping", message));
    }
    if let Some(name) = asked.and_then(|asked| asked.text("KmsKeyId")) {
        if encrypted != Some(true) {
            return Err(key_without_encrypted());
        }
        let key = kms::resolve(state, place, name);
        return Ok(Some(key.map_or_else(|| name.to_owned(), |key| key.arn)));
    }
    let by_default = (place.0.to_owned(), place.1.to_owned());
    match source {
        Some(key) if image_owner == place.0 => Ok(Some(key.to_owned())),
        None if encrypted != Some(true) && !state.ec2.encrypting.contains(&by_default) => Ok(None),
        _ => Ok(Some(kms::default_key(state, place))),
    }
}
