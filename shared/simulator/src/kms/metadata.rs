//! How the API writes a key.

use serde_json::{Value, json};

use crate::kms::key::{Key, KeyState};
use crate::kms::{Kms, multi_region};

/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html>.
pub(super) fn metadata(kms: &Kms, key: &Key) -> Value {
    let manager = if key.managed_by_aws {
        "AWS"
    } else {
        "CUSTOMER"
    };
    let (deletion, window) = match key.state {
        KeyState::PendingDeletion(at) => (Some(at.to_string()), None),
        KeyState::PendingReplicaDeletion(days) => (None, Some(days)),
        KeyState::Enabled | KeyState::Disabled => (None, None),
    };
    json!({
        "AWSAccountId": key.account,
        "KeyId": key.id,
        "Arn": key.arn,
        "CreationDate": key.created.to_string(),
        "Enabled": key.state == KeyState::Enabled,
        "Description": key.description,
        "KeyUsage": "ENCRYPT_DECRYPT",
        "KeyState": key.state_name(),
        "DeletionDate": deletion,
        "PendingDeletionWindowInDays": window,
        "Origin": "AWS_KMS",
        "KeyManager": manager,
        "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
        "MultiRegion": key.primary.is_some(),
        "MultiRegionConfiguration": multi_region::configuration(kms, key),
    })
}
