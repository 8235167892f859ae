//! Encryption by default, and the key it uses, per account and Region:
//! <https://docs.aws.amazon.com/ebs/latest/userguide/encryption-by-default.html>.

use serde_json::{Value, json};

use crate::ec2::{Operation, op};
use crate::kms;
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

pub(crate) const OPERATIONS: &[Operation] = &[
    op(
        "DisableEbsEncryptionByDefault",
        disable_ebs_encryption_by_default,
    ),
    op(
        "EnableEbsEncryptionByDefault",
        enable_ebs_encryption_by_default,
    ),
    op("GetEbsDefaultKmsKeyId", get_ebs_default_kms_key_id),
    op("GetEbsEncryptionByDefault", get_ebs_encryption_by_default),
    op("ModifyEbsDefaultKmsKeyId", modify_ebs_default_kms_key_id),
    op("ResetEbsDefaultKmsKeyId", reset_ebs_default_kms_key_id),
];

fn place(call: &Request) -> (String, String) {
    (call.account().to_owned(), call.region.clone())
}

#[expect(clippy::unnecessary_wraps, reason = "a dispatch table's entry")]
pub(crate) fn get_ebs_encryption_by_default(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let on = state.ec2.encrypting.contains(&place(call));
    Ok(json!({ "EbsEncryptionByDefault": on }))
}

#[expect(clippy::unnecessary_wraps, reason = "a dispatch table's entry")]
pub(crate) fn enable_ebs_encryption_by_default(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    state.ec2.encrypting.insert(place(call));
    Ok(json!({ "EbsEncryptionByDefault": true }))
}

#[expect(clippy::unnecessary_wraps, reason = "a dispatch table's entry")]
pub(crate) fn disable_ebs_encryption_by_default(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    state.ec2.encrypting.remove(&place(call));
    Ok(json!({ "EbsEncryptionByDefault": false }))
}

/// The AWS-managed key as it is named where nothing else was set.
const MANAGED: &str = "alias/aws/ebs";

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetEbsDefaultKmsKeyId.html>.
#[expect(clippy::unnecessary_wraps, reason = "a dispatch table's entry")]
pub(crate) fn get_ebs_default_kms_key_id(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let key = state.ec2.default_keys.get(&place(call));
    Ok(json!({ "KmsKeyId": key.map_or(MANAGED, String::as_str) }))
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyEbsDefaultKmsKeyId.html>. The
/// key is looked at only when something is encrypted under it.
pub(crate) fn modify_ebs_default_kms_key_id(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let name = call.params().need("KmsKeyId")?;
    let key = kms::resolve(state, (call.account(), &call.region), name);
    let arn = key.map_or_else(|| name.to_owned(), |key| key.arn);
    state.ec2.default_keys.insert(place(call), arn.clone());
    Ok(json!({ "KmsKeyId": arn }))
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ResetEbsDefaultKmsKeyId.html>.
#[expect(clippy::unnecessary_wraps, reason = "a dispatch table's entry")]
pub(crate) fn reset_ebs_default_kms_key_id(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    state.ec2.default_keys.remove(&place(call));
    Ok(json!({ "KmsKeyId": MANAGED }))
}
