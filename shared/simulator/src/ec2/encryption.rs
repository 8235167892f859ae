//! Encryption by default, per account and Region:
//! <https://docs.aws.amazon.com/ebs/latest/userguide/encryption-by-default.html>.

use serde_json::{Value, json};

use crate::ec2::{Operation, op};
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
    op("GetEbsEncryptionByDefault", get_ebs_encryption_by_default),
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
