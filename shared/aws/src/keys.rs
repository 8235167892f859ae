//! Owns reading keys from KMS.

use crate::Aws;
use crate::errors::Call;
use amiary_domain::ids::Place;
use amiary_domain::image::Key;
use amiary_engine::ports::{Answer, ReadKeys};
use async_trait::async_trait;
use aws_sdk_kms::operation::describe_key::DescribeKeyError;
use aws_sdk_kms::types::{KeyManagerType, KeyMetadata, KeySpec, KeyUsageType};

#[async_trait]
impl ReadKeys for Aws {
    /// [`DescribeKey`](https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html), by
    /// id, ARN, alias name or alias ARN.
    async fn key(&self, place: &Place, name: &str) -> Answer<Option<Key>> {
        let call = Call::kms("DescribeKey", place);
        let client = self.kms(place, &call).await?;
        let answer = match client.describe_key().key_id(name).send().await {
            Ok(answer) => answer,
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DescribeKeyError::is_not_found_exception) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(call.failed(error)),
        };
        let metadata = answer
            .key_metadata()
            .ok_or_else(|| call.unreadable("the answer has no key"))?;
        key(metadata)
            .map(Some)
            .ok_or_else(|| call.unreadable("the answer has no key ARN or state"))
    }
}

/// A key, after
/// [`KeyMetadata`](https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html). EBS
/// takes [symmetric encryption keys](https://docs.aws.amazon.com/ebs/latest/userguide/how-ebs-encryption-works.html)
/// only.
fn key(seen: &KeyMetadata) -> Option<Key> {
    Some(Key {
        arn: seen.arn()?.to_owned(),
        state: seen.key_state()?.as_str().to_owned(),
        aws_managed: seen.key_manager() == Some(&KeyManagerType::Aws),
        symmetric: seen.key_spec() == Some(&KeySpec::SymmetricDefault)
            && seen.key_usage() == Some(&KeyUsageType::EncryptDecrypt),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_kms::types::KeyState;

    fn metadata() -> aws_sdk_kms::types::builders::KeyMetadataBuilder {
        KeyMetadata::builder()
            .key_id("1234")
            .arn("arn:aws:kms:eu-west-1:111111111111:key/1234")
            .key_state(KeyState::PendingDeletion)
            .key_manager(KeyManagerType::Customer)
            .key_spec(KeySpec::SymmetricDefault)
            .key_usage(KeyUsageType::EncryptDecrypt)
    }

    #[test]
    fn a_key_is_read_as_kms_describes_it() {
        let read = key(&metadata().build().unwrap()).unwrap();
        assert_eq!(read.state, "PendingDeletion");
        assert!(read.symmetric && !read.aws_managed);
        assert!(
            key(&metadata().key_manager(KeyManagerType::Aws).build().unwrap())
                .unwrap()
                .aws_managed
        );
    }

    #[test]
    fn a_key_for_signing_or_without_a_spec_is_not_symmetric() {
        let signing = metadata()
            .key_spec(KeySpec::EccNistP256)
            .key_usage(KeyUsageType::SignVerify);
        assert!(!key(&signing.build().unwrap()).unwrap().symmetric);
        let mac = metadata().key_usage(KeyUsageType::GenerateVerifyMac);
        assert!(!key(&mac.build().unwrap()).unwrap().symmetric);
        let unknown = metadata().set_key_spec(None);
        assert!(!key(&unknown.build().unwrap()).unwrap().symmetric);
    }

    #[test]
    fn a_key_without_an_arn_or_state_is_none() {
        assert!(key(&metadata().set_arn(None).build().unwrap()).is_none());
        assert!(key(&metadata().set_key_state(None).build().unwrap()).is_none());
    }
}
