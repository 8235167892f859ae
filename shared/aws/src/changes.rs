//! Owns changing images and snapshots through EC2. Nothing here deletes.

use crate::Aws;
use crate::convert;
use crate::errors::Call;
use crate::sendings::Sendings;
use amiary_domain::ids::{AccountId, ImageId, ImageRef, Place, SnapshotId};
use amiary_domain::image::{LaunchPermission, Tags};
use amiary_domain::lineage::CopyRequest;
use amiary_engine::ports::{Answer, ChangeImages, PortError};
use async_trait::async_trait;
use aws_sdk_ec2::types::{
    self as ec2, CreateVolumePermissionModifications, LaunchPermissionModifications, ResourceType,
    SnapshotAttributeName, TagSpecification,
};
use std::collections::BTreeSet;

/// The most accounts one call may change, see
/// [`ModifySnapshotAttribute`](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifySnapshotAttribute.html).
const ACCOUNTS: usize = 500;

#[async_trait]
impl ChangeImages for Aws {
    /// [`CopyImage`](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CopyImage.html), in
    /// the destination's Region and with the destination account's credentials. The token makes
    /// a repeated call the same call; image and snapshots are tagged as they come to be.
    async fn copy(
        &self,
        source: &ImageRef,
        destination: &Place,
        request: &CopyRequest,
    ) -> Answer<ImageId> {
        let call = Call::ec2("CopyImage", destination);
        let sendings = Sendings::default();
        let answer = self
            .ec2(destination, &call)
            .await?
            .copy_image()
            .client_token(&request.token)
            .name(&request.name)
            .set_description(Some(request.description.clone()).filter(|text| !text.is_empty()))
            .source_image_id(source.id.as_str())
            .source_region(source.place.region.as_str())
            .set_encrypted(request.key.as_ref().map(|_| true))
            .set_kms_key_id(request.key.clone())
            .set_tag_specifications(tag_specifications(&request.tags))
            .customize()
            .interceptor(sendings.clone())
            .send()
            .await
            .map_err(|error| PortError {
                repeated: sendings.are_several(),
                ..call.failed(error)
            })?;
        convert::image_id(answer.image_id()).map_err(|error| call.unreadable(error))
    }

    /// [`CreateTags`](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateTags.html).
    async fn tag(&self, place: &Place, resources: &[String], tags: &Tags) -> Answer<()> {
        if resources.is_empty() || tags.is_empty() {
            return Ok(());
        }
        let call = Call::ec2("CreateTags", place);
        let client = self.ec2(place, &call).await?;
        client
            .create_tags()
            .set_resources(Some(resources.to_vec()))
            .set_tags(Some(convert::to_tags(tags)))
            .send()
            .await
            .map_err(|error| call.failed(error))?;
        Ok(())
    }

    /// [`DeleteTags`](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteTags.html):
    /// a key without a value is removed whatever its value.
    async fn untag(
        &self,
        place: &Place,
        resources: &[String],
        keys: &BTreeSet<String>,
    ) -> Answer<()> {
        if resources.is_empty() || keys.is_empty() {
            return Ok(());
        }
        let call = Call::ec2("DeleteTags", place);
        let tags = keys
            .iter()
            .map(|key| ec2::Tag::builder().key(key).build())
            .collect();
        let client = self.ec2(place, &call).await?;
        client
            .delete_tags()
            .set_resources(Some(resources.to_vec()))
            .set_tags(Some(tags))
            .send()
            .await
            .map_err(|error| call.failed(error))?;
        Ok(())
    }

    /// [`ModifyImageAttribute`](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyImageAttribute.html)
    /// changes one attribute a call, and adds and removes in the same.
    async fn share(
        &self,
        image: &ImageRef,
        add: &BTreeSet<LaunchPermission>,
        remove: &BTreeSet<LaunchPermission>,
    ) -> Answer<()> {
        if add.is_empty() && remove.is_empty() {
            return Ok(());
        }
        let call = Call::ec2("ModifyImageAttribute", &image.place);
        let client = self.ec2(&image.place, &call).await?;
        let changes = LaunchPermissionModifications::builder()
            .set_add(launch_permissions(add))
            .set_remove(launch_permissions(remove))
            .build();
        client
            .modify_image_attribute()
            .image_id(image.id.as_str())
            .launch_permission(changes)
            .send()
            .await
            .map_err(|error| call.failed(error))?;
        Ok(())
    }

    /// [`ModifySnapshotAttribute`](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifySnapshotAttribute.html)
    /// can't add and remove in the same call, and changes at most 500 accounts.
    async fn share_snapshot(
        &self,
        place: &Place,
        snapshot: &SnapshotId,
        add: &BTreeSet<AccountId>,
        remove: &BTreeSet<AccountId>,
    ) -> Answer<()> {
        for accounts in volume_permissions(add).chunks(ACCOUNTS) {
            let builder = CreateVolumePermissionModifications::builder();
            let changes = builder.set_add(Some(accounts.to_vec())).build();
            self.modify_snapshot(place, snapshot, changes).await?;
        }
        for accounts in volume_permissions(remove).chunks(ACCOUNTS) {
            let builder = CreateVolumePermissionModifications::builder();
            let changes = builder.set_remove(Some(accounts.to_vec())).build();
            self.modify_snapshot(place, snapshot, changes).await?;
        }
        Ok(())
    }
}

impl Aws {
    async fn modify_snapshot(
        &self,
        place: &Place,
        snapshot: &SnapshotId,
        changes: CreateVolumePermissionModifications,
    ) -> Answer<()> {
        let call = Call::ec2("ModifySnapshotAttribute", place);
        let client = self.ec2(place, &call).await?;
        client
            .modify_snapshot_attribute()
            .snapshot_id(snapshot.as_str())
            .attribute(SnapshotAttributeName::CreateVolumePermission)
            .create_volume_permission(changes)
            .send()
            .await
            .map_err(|error| call.failed(error))?;
        Ok(())
    }
}

/// The same tags for the image and for every snapshot; none at all where there is no tag, as EC2
/// takes no empty specification.
fn tag_specifications(tags: &Tags) -> Option<Vec<TagSpecification>> {
    let of = |kind| {
        let tags = Some(convert::to_tags(tags));
        TagSpecification::builder()
            .resource_type(kind)
            .set_tags(tags)
            .build()
    };
    (!tags.is_empty()).then(|| vec![of(ResourceType::Image), of(ResourceType::Snapshot)])
}

fn launch_permissions(
    permissions: &BTreeSet<LaunchPermission>,
) -> Option<Vec<ec2::LaunchPermission>> {
    let list = || {
        permissions
            .iter()
            .map(convert::to_launch_permission)
            .collect()
    };
    (!permissions.is_empty()).then(list)
}

fn volume_permissions(accounts: &BTreeSet<AccountId>) -> Vec<ec2::CreateVolumePermission> {
    let permission = |id: &AccountId| {
        ec2::CreateVolumePermission::builder()
            .user_id(id.as_str())
            .build()
    };
    accounts.iter().map(permission).collect()
}
