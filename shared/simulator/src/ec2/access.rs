//! Who sees an image or a snapshot, and who may change it.

use crate::ec2::image::permission::LaunchPermission;
use crate::ec2::image::{Image, ImageState};
use crate::ec2::snapshot::Snapshot;
use crate::ec2::{Ec2, arn, tag};
use crate::ids::is_resource_id;
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

impl Ec2 {
    /// Whether an account has been given the right to launch an image by name, by organization or
    /// by organizational unit.
    pub(crate) fn is_shared_with(&self, image: &Image, account: &str) -> bool {
        let memberships = self.organizations.get(account);
        image.permissions.iter().any(|permission| match permission {
            LaunchPermission::Account(id) => id == account,
            LaunchPermission::Organization(arn) | LaunchPermission::OrganizationalUnit(arn) => {
                memberships.is_some_and(|arns| arns.contains(arn))
            }
            LaunchPermission::All => false,
        })
    }

    /// Whether an account sees an image: its own, a public one, or one shared with it.
    /// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sharing-amis.html>.
    pub(crate) fn sees(&self, image: &Image, account: &str) -> bool {
        image.owner == account || image.is_public() || self.is_shared_with(image, account)
    }
}

impl Snapshot {
    /// Whether everyone may read it.
    pub(crate) fn is_public(&self) -> bool {
        self.permissions.contains(&LaunchPermission::All) && !self.public_blocked
    }

    /// Whether an account may create volumes from the snapshot, and so read and copy it.
    pub(crate) fn is_readable_by(&self, account: &str) -> bool {
        self.owner == account
            || self.is_public()
            || self
                .permissions
                .contains(&LaunchPermission::Account(account.to_owned()))
    }
}

/// Refuses what isn't an image id.
pub(crate) fn well_formed_image(id: &str) -> Result<(), ApiError> {
    if is_resource_id(id, "ami") {
        Ok(())
    } else {
        Err(ApiError::new(
            "InvalidAMIID.Malformed",
            format!("Invalid id: \"{id}\" (expecting \"ami-...\")"),
        ))
    }
}

/// The error for images that don't exist, or can't be seen.
pub(crate) fn no_image(ids: &[&str]) -> ApiError {
    let plural = if ids.len() == 1 { "id" } else { "ids" };
    let verb = if ids.len() == 1 { "does" } else { "do" };
    ApiError::new(
        "InvalidAMIID.NotFound",
        format!("The image {plural} '[{}]' {verb} not exist", ids.join(", ")),
    )
}

/// The error for an image that isn't in the state an operation needs.
pub(crate) fn unavailable_image(id: &str) -> ApiError {
    ApiError::new(
        "InvalidAMIID.Unavailable",
        format!("The image ID '{id}' is not available"),
    )
}

/// An image the caller sees. One that was deregistered is told from one that never was:
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>.
pub(crate) fn visible_image<'a>(
    ec2: &'a Ec2,
    account: &str,
    region: &str,
    id: &str,
) -> Result<&'a Image, ApiError> {
    well_formed_image(id)?;
    let gone = ec2
        .region(region)
        .is_some_and(|region| region.deregistered.holds(&id.to_owned()));
    if gone {
        return Err(ApiError::new(
            "InvalidAMIID.Unavailable",
            format!("The image ID '{id}' is no longer available"),
        ));
    }
    ec2.image(region, id)
        .filter(|image| ec2.sees(image, account))
        .ok_or_else(|| no_image(&[id]))
}

/// The image a call names in `ImageId`, where the caller owns it.
pub(crate) fn own_image<'a>(
    state: &'a mut State,
    call: &Request,
) -> Result<&'a mut Image, ApiError> {
    let id = call.params().need("ImageId")?;
    state.touch(arn(&call.region, "image", id));
    let image = visible_image(&state.ec2, call.account(), &call.region, id)?;
    let (owner, tags) = (image.owner.clone(), image.tags.own(call.account()));
    tag::present(state, &tags);
    state.condition("ec2:Owner", owner.clone());
    if owner != call.account() {
        let message = format!("Not authorized for image:{id}");
        return Err(ApiError::with_status(403, "AuthFailure", message));
    }
    state
        .ec2
        .image_mut(&call.region, id)
        .ok_or_else(|| no_image(&[id]))
}

/// As [`own_image`], for operations that need it available.
pub(crate) fn own_available_image<'a>(
    state: &'a mut State,
    call: &Request,
) -> Result<&'a mut Image, ApiError> {
    let image = own_image(state, call)?;
    if image.state == ImageState::Available {
        Ok(image)
    } else {
        Err(unavailable_image(&image.id))
    }
}

/// The error for snapshots that don't exist, or can't be read.
pub(crate) fn no_snapshot(id: &str) -> ApiError {
    ApiError::new(
        "InvalidSnapshot.NotFound",
        format!("The snapshot '{id}' does not exist."),
    )
}

/// Refuses what isn't a snapshot id.
pub(crate) fn well_formed_snapshot(id: &str) -> Result<(), ApiError> {
    if is_resource_id(id, "snap") {
        Ok(())
    } else {
        Err(ApiError::new(
            "InvalidSnapshotID.Malformed",
            format!("Invalid id: \"{id}\" (expecting \"snap-...\")"),
        ))
    }
}

/// The snapshot a call names in `SnapshotId`, where the caller owns it.
pub(crate) fn own_snapshot<'a>(
    state: &'a mut State,
    call: &Request,
) -> Result<&'a mut Snapshot, ApiError> {
    let id = call.params().need("SnapshotId")?;
    well_formed_snapshot(id)?;
    state.touch(arn(&call.region, "snapshot", id));
    let snapshot = state.ec2.snapshot(&call.region, id);
    let snapshot = snapshot
        .filter(|snapshot| snapshot.is_readable_by(call.account()))
        .ok_or_else(|| no_snapshot(id))?;
    let (owner, tags) = (snapshot.owner.clone(), snapshot.tags.own(call.account()));
    tag::present(state, &tags);
    state.condition("ec2:Owner", owner.clone());
    if owner != call.account() {
        let message = format!("Not authorized for snapshot:{id}");
        return Err(ApiError::with_status(403, "AuthFailure", message));
    }
    state
        .ec2
        .snapshot_mut(&call.region, id)
        .ok_or_else(|| no_snapshot(id))
}
