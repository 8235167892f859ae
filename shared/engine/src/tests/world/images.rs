//! Owns what the world's EC2 and KMS answer to those who read.

use super::{State, World, refusal};
use crate::ports::{Answer, Class, Page, ReadImages, ReadKeys};
use amiary_domain::ids::{AccountId, ImageId, ImageRef, Place, SnapshotId};
use amiary_domain::image::{Image, ImageState, Key, LaunchPermission, Snapshot, Tags};
use async_trait::async_trait;
use std::collections::{BTreeMap, BTreeSet};

impl State {
    /// An image as an account sees it: its own, or what was shared with it, without the tags. See
    /// [DescribeImages](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImages.html).
    pub(super) fn seen_by(&self, place: &Place, id: &ImageId) -> Option<Image> {
        let (at, image) = self
            .images
            .iter()
            .find(|(at, _)| at.place.region == place.region && at.id == *id)?;
        if image.state == ImageState::Deregistered {
            return None;
        }
        if at.place.account == place.account {
            return Some(image.clone());
        }
        let permissions = self.permissions.get(at)?;
        let account = LaunchPermission::Account(place.account.clone());
        let shared =
            permissions.contains(&account) || permissions.contains(&LaunchPermission::Everyone);
        shared.then(|| Image {
            tags: Tags::new(),
            ..image.clone()
        })
    }

    fn owned(&self, place: &Place) -> Vec<Image> {
        self.images
            .values()
            .filter(|image| image.at.place == *place && image.state != ImageState::Deregistered)
            .cloned()
            .collect()
    }
}

#[async_trait]
impl ReadImages for World {
    async fn image(&self, place: &Place, id: &ImageId) -> Answer<Option<Image>> {
        self.call(&format!("DescribeImages {place}/{id}"), |state| {
            Ok(state.seen_by(place, id))
        })
    }

    async fn images_named(&self, place: &Place, name: &str) -> Answer<Vec<Image>> {
        self.call(&format!("DescribeImages {place} name {name}"), |state| {
            let mut owned = state.owned(place);
            owned.retain(|image| image.name == name);
            Ok(owned)
        })
    }

    async fn images(&self, place: &Place, from: Option<String>) -> Answer<Page<Image>> {
        let said = format!(
            "DescribeImages {place} page {}",
            from.as_deref().unwrap_or("0")
        );
        self.call(&said, |state| {
            let owned = state.owned(place);
            let from: usize = from.as_deref().map_or(0, |from| from.parse().unwrap());
            let to = owned.len().min(from + state.page);
            Ok(Page {
                items: owned[from..to].to_vec(),
                next: (to < owned.len()).then(|| to.to_string()),
            })
        })
    }

    async fn launch_permissions(&self, image: &ImageRef) -> Answer<BTreeSet<LaunchPermission>> {
        self.call(&format!("DescribeImageAttribute {image}"), |state| {
            if !state.images.contains_key(image) {
                return Err(refusal(Class::Gone, "there is no such image"));
            }
            Ok(state.permissions.get(image).cloned().unwrap_or_default())
        })
    }

    async fn snapshots(
        &self,
        place: &Place,
        ids: &BTreeSet<SnapshotId>,
    ) -> Answer<BTreeMap<SnapshotId, Snapshot>> {
        self.call(&format!("DescribeSnapshots {place}"), |state| {
            ids.iter()
                .map(|id| {
                    let found = state.snapshots.get(id).cloned();
                    let found = found.map(|snapshot| (id.clone(), snapshot));
                    found.ok_or_else(|| refusal(Class::Gone, "there is no such snapshot"))
                })
                .collect()
        })
    }

    async fn volume_permissions(
        &self,
        place: &Place,
        snapshot: &SnapshotId,
    ) -> Answer<BTreeSet<AccountId>> {
        let said = format!("DescribeSnapshotAttribute {place}/{snapshot}");
        self.call(&said, |state| {
            if !state.snapshots.contains_key(snapshot) {
                return Err(refusal(Class::Gone, "there is no such snapshot"));
            }
            Ok(state.volumes.get(snapshot).cloned().unwrap_or_default())
        })
    }
}

#[async_trait]
impl ReadKeys for World {
    async fn key(&self, place: &Place, name: &str) -> Answer<Option<Key>> {
        self.call(&format!("DescribeKey {place} {name}"), |state| {
            Ok(state.keys.get(&(place.clone(), name.to_owned())).cloned())
        })
    }
}
