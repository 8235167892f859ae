//! Who may create volumes from a snapshot: read, modified and reset.
//! <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-modifying-snapshot-permissions.html>.

use serde_json::{Value, json};

use crate::ec2::access::own_snapshot;
use crate::ec2::image::permission::{LaunchPermission, Modification};
use crate::ec2::snapshot::{Snapshot, notify, public_access};
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

const MOST: usize = 500;

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSnapshotAttribute.html>.
pub(crate) fn describe_snapshot_attribute(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let snapshot = own_snapshot(state, call)?;
    if call.params().need("Attribute")? == "productCodes" {
        return Ok(json!({ "SnapshotId": snapshot.id, "ProductCodes": [] }));
    }
    let permissions = snapshot.permissions.iter().map(LaunchPermission::written);
    let permissions: Vec<Value> = permissions.collect();
    Ok(json!({ "SnapshotId": snapshot.id, "CreateVolumePermissions": permissions }))
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifySnapshotAttribute.html>.
pub(crate) fn modify_snapshot_attribute(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let modification = Modification::of_snapshot(call.params())?.ok_or_else(|| {
        ApiError::new(
            "MissingParameter",
            "The request must contain the parameter createVolumePermission",
        )
    })?;
    if modification.len() > MOST {
        let message = format!("At most {MOST} permissions can be modified in one call");
        return Err(ApiError::invalid_value(message));
    }
    if !modification.add.is_empty() && !modification.remove.is_empty() {
        let message = "Permissions can't be added and removed in one call";
        return Err(ApiError::new("InvalidParameterCombination", message));
    }
    let snapshot = own_snapshot(state, call)?.clone();
    refuse_sharing(state, call, &snapshot, &modification)?;
    modification.apply(&mut own_snapshot(state, call)?.permissions);
    for permission in modification.add.difference(&snapshot.permissions) {
        if let LaunchPermission::Account(account) = permission {
            notify::shared(state, &call.region, &snapshot, account);
        }
    }
    Ok(json!({}))
}

fn refuse_sharing(
    state: &State,
    call: &Request,
    snapshot: &Snapshot,
    modification: &Modification,
) -> Result<(), ApiError> {
    if modification.add.is_empty() {
        return Ok(());
    }
    snapshot.refuse_archived()?;
    let public = modification.add.contains(&LaunchPermission::All);
    if public && public_access::of(state, call.account(), &call.region).is_some() {
        let message = "Block public access for snapshots is on: snapshots can't be made public";
        return Err(ApiError::new("OperationNotPermitted", message));
    }
    let Some(arn) = &snapshot.key else {
        return Ok(());
    };
    if public {
        let message = "Encrypted snapshots can't be shared publicly";
        return Err(ApiError::new("OperationNotPermitted", message));
    }
    let managed = state.kms.key(arn).is_some_and(|key| key.managed_by_aws);
    if managed {
        let message = "Encrypted snapshots with EBS default key cannot be shared";
        return Err(ApiError::new("OperationNotPermitted", message));
    }
    Ok(())
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ResetSnapshotAttribute.html>.
pub(crate) fn reset_snapshot_attribute(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    if call.params().need("Attribute")? != "createVolumePermission" {
        let message = "Only createVolumePermission can be reset";
        return Err(ApiError::invalid_value(message));
    }
    own_snapshot(state, call)?.permissions.clear();
    Ok(json!({}))
}
