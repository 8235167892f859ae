//! What `CopyImage` refuses at once, and which key each copied snapshot gets:
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/CopyingAMIs.html> and
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/AMIEncryption.html>.

use jiff::SignedDuration;

use crate::ec2::Ec2;
use crate::ec2::access::{unavailable_image, visible_image};
use crate::ec2::image::{Image, ImageState};
use crate::ec2::region;
use crate::ec2::snapshot::Snapshot;
use crate::ec2::tag::{RESERVED, TagMap};
use crate::kms::{self, Kms};
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

/// The error for a key given without asking for encryption.
pub(crate) fn key_without_encrypted() -> ApiError {
    ApiError::new(
        "InvalidParameterDependency",
        "The parameter [KmsKeyId] requires the parameter Encrypted to be set.",
    )
}

/// The source image and its snapshots, if the caller may copy them.
pub(crate) fn source(state: &State, call: &Request) -> Result<(Image, Vec<Snapshot>), ApiError> {
    let params = call.params();
    let region = params.need("SourceRegion")?;
    if !region::exists(region) {
        let message = format!("Value ({region}) for parameter SourceRegion is invalid.");
        return Err(ApiError::invalid_value(message));
    }
    let id = params.need("SourceImageId")?;
    let image = visible_image(&state.ec2, call.account(), region, id)?;
    if image.state != ImageState::Available {
        return Err(unavailable_image(id));
    }
    // What S3 lets others read is not simulated: a manifest is its owner's.
    let own_manifest = image.layout.manifest.is_none() || image.owner == call.account();
    let snapshots = storage(&state.ec2, &state.kms, image, call.account());
    let snapshots: Vec<Snapshot> = snapshots.filter(|_| own_manifest).ok_or_else(|| {
        let message = "You do not have permission to access the storage of this ami";
        ApiError::new("InvalidRequest", message)
    })?;
    for snapshot in &snapshots {
        snapshot.refuse_archived()?;
    }
    Ok((image.clone(), snapshots))
}

/// An image's snapshots, if an account may read each of them and use its key.
fn storage(ec2: &Ec2, kms: &Kms, image: &Image, account: &str) -> Option<Vec<Snapshot>> {
    let ids = image.snapshot_ids();
    ids.iter()
        .map(|id| {
            ec2.snapshot(&image.region, id)
                .filter(|snapshot| {
                    snapshot.is_readable_by(account) && may_decrypt(kms, snapshot, account)
                })
                .cloned()
        })
        .collect()
}

fn may_decrypt(kms: &Kms, snapshot: &Snapshot, account: &str) -> bool {
    snapshot
        .key
        .as_ref()
        .is_none_or(|arn| kms.key(arn).is_some_and(|key| key.usable_by(account)))
}

/// The refusals about encryption that need nothing but the call and the source.
pub(crate) fn check_encryption(
    call: &Request,
    source: &Image,
    snapshots: &[Snapshot],
) -> Result<(), ApiError> {
    let params = call.params();
    let encrypted = params.flag("Encrypted");
    if encrypted == Some(true) && source.layout.manifest.is_some() {
        let message = "The encryption of an instance-store image can't be changed by a copy";
        return Err(ApiError::new("InvalidRequest", message));
    }
    if params.has("KmsKeyId") && encrypted != Some(true) {
        return Err(key_without_encrypted());
    }
    if encrypted == Some(false) && snapshots.iter().any(|snapshot| snapshot.key.is_some()) {
        let message = "An encrypted image can't be copied to an unencrypted one";
        return Err(ApiError::new("InvalidRequest", message));
    }
    Ok(())
}

/// The name of the key that the copy of a snapshot is encrypted under; none leaves it plain.
/// Across Regions, and for a shared source, that is the default key unless the call names one.
pub(crate) fn key_name(state: &mut State, call: &Request, snapshot: &Snapshot) -> Option<String> {
    let params = call.params();
    let place = (call.account(), call.region.as_str());
    if params.flag("Encrypted") == Some(true) {
        let named = params.text("KmsKeyId").map(str::to_owned);
        return Some(named.unwrap_or_else(|| kms::default_key(state, place)));
    }
    let same_region = params.text("SourceRegion") == Some(&call.region);
    if snapshot.key.is_some() && snapshot.owner == call.account() && same_region {
        return snapshot.key.clone();
    }
    let by_default = (call.account().to_owned(), call.region.clone());
    let encrypted = snapshot.key.is_some() || state.ec2.encrypting.contains(&by_default);
    encrypted.then(|| kms::default_key(state, place))
}

/// The tags `CopyImageTags` carries over: those the caller sees, without AWS's own.
pub(crate) fn copied_tags(call: &Request, source: &Image) -> TagMap {
    if call.params().flag("CopyImageTags") != Some(true) {
        return TagMap::new();
    }
    let mut tags = source.tags.seen_by(call.account(), &source.owner);
    tags.retain(|key, _| !key.starts_with(RESERVED));
    tags
}

/// Refuses a copy beyond the quota of concurrent ones.
pub(crate) fn check_quota(state: &State, call: &Request) -> Result<(), ApiError> {
    let limit = state.settings.concurrent_copies;
    let region = state.ec2.region(&call.region);
    let copies = region.map_or(0, |region| region.images.copies_under_way(call.account()));
    if copies < limit {
        return Ok(());
    }
    Err(ApiError::new(
        "ResourceLimitExceeded",
        format!("You have reached the limit of {limit} concurrent image copies"),
    ))
}

/// How long the copy takes: what a time-based copy asks for, or the usual time if that is less.
/// <https://docs.aws.amazon.com/ebs/latest/userguide/time-based-copies.html>: in steps of a
/// quarter of an hour, up to two days.
pub(crate) fn duration(state: &State, call: &Request) -> Result<SignedDuration, ApiError> {
    let usual = state.settings.copy_duration;
    let Some(minutes) = call
        .params()
        .number("SnapshotCopyCompletionDurationMinutes")
    else {
        return Ok(usual);
    };
    if minutes % 15 != 0 || !(15..=48 * 60).contains(&minutes) {
        let message = format!(
            "Value ({minutes}) for snapshotCopyCompletionDurationMinutes is invalid. It must be a \
             multiple of 15 from 15 to 2880"
        );
        return Err(ApiError::invalid_value(message));
    }
    // Durations vary by a tenth, and this one is a promise.
    Ok(usual.min(SignedDuration::from_mins(minutes) * 9 / 10))
}
