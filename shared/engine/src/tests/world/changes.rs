//! Owns what the world's EC2 does for those who change something.

use super::{State, World, refusal};
use crate::ports::{Answer, ChangeImages, Class};
use amiary_domain::ids::{AccountId, ImageId, ImageRef, Place, SnapshotId};
use amiary_domain::image::{ImageState, LaunchPermission, Tags};
use amiary_domain::lineage::CopyRequest;
use async_trait::async_trait;
use std::collections::BTreeSet;

fn list<T: ToString>(items: &BTreeSet<T>) -> String {
    let items: Vec<String> = items.iter().map(ToString::to_string).collect();
    items.join(",")
}

impl State {
    /// A copy: asked for again with the same token it is the same copy, and a name is an image's
    /// alone. Another account's image must be shared with its snapshots. What arrives has the
    /// request's tags and no permissions. See
    /// [CopyImage](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CopyImage.html).
    fn copy(&mut self, from: &ImageRef, to: &Place, request: &CopyRequest) -> Answer<ImageId> {
        if let Some((asked, made)) = self.tokens.get(&request.token) {
            return if asked == request {
                Ok(made.clone())
            } else {
                Err(refusal(
                    Class::TokenMismatch,
                    "the token was used otherwise",
                ))
            };
        }
        let caller = Place::new(to.account.clone(), from.place.region.clone());
        let Some(source) = self.seen_by(&caller, &from.id) else {
            return Err(refusal(Class::Gone, "the source can't be seen"));
        };
        if source.state != ImageState::Available {
            return Err(refusal(Class::NotReady, "the source is not available"));
        }
        let is_own = from.place.account == to.account;
        let lent = |id| {
            let accounts = self.volumes.get(id);
            accounts.is_some_and(|accounts| accounts.contains(&to.account))
        };
        if !is_own && !source.snapshots.iter().all(lent) {
            let said = "you do not have permission to access the storage of this ami";
            return Err(refusal(Class::Permanent, said));
        }
        let mut images = self.images.values();
        let taken = images.any(|image| {
            image.at.place == *to
                && image.name == request.name
                && image.state != ImageState::Deregistered
        });
        if taken {
            return Err(refusal(Class::NameTaken, "the name is taken"));
        }
        let made = self.make(
            to,
            &request.name,
            request.tags.clone(),
            request.key.as_ref(),
        );
        let image = self.images.get_mut(&made).unwrap();
        image.source = Some((from.place.region.clone(), from.id.clone()));
        let used = (request.clone(), made.id.clone());
        self.tokens.insert(request.token.clone(), used);
        Ok(made.id)
    }

    /// The tags of each resource.
    fn tagged(&mut self, resources: &[String], mut change: impl FnMut(&mut Tags)) -> Answer<()> {
        for resource in resources {
            let mut images = self.images.values_mut();
            let image = images.find(|image| image.at.id.as_str() == resource);
            let mut snapshots = self.snapshots.values_mut();
            let snapshot = snapshots.find(|snapshot| snapshot.id.as_str() == resource);
            match (image, snapshot) {
                (Some(image), _) => change(&mut image.tags),
                (_, Some(snapshot)) => change(&mut snapshot.tags),
                _ => return Err(refusal(Class::Gone, "there is no such resource")),
            }
        }
        Ok(())
    }
}

#[async_trait]
impl ChangeImages for World {
    async fn copy(
        &self,
        source: &ImageRef,
        destination: &Place,
        request: &CopyRequest,
    ) -> Answer<ImageId> {
        let said = format!("CopyImage {destination} {}", request.token);
        self.call(&said, |state| state.copy(source, destination, request))
    }

    async fn tag(&self, place: &Place, resources: &[String], tags: &Tags) -> Answer<()> {
        let said = format!("CreateTags {place} {}", resources.join(","));
        self.call(&said, |state| {
            state.tagged(resources, |present| present.extend(tags.clone()))
        })
    }

    async fn untag(
        &self,
        place: &Place,
        resources: &[String],
        keys: &BTreeSet<String>,
    ) -> Answer<()> {
        let said = format!("DeleteTags {place} {}", resources.join(","));
        self.call(&said, |state| {
            state.tagged(resources, |tags| tags.retain(|key, _| !keys.contains(key)))
        })
    }

    async fn share(
        &self,
        image: &ImageRef,
        add: &BTreeSet<LaunchPermission>,
        remove: &BTreeSet<LaunchPermission>,
    ) -> Answer<()> {
        let said = format!(
            "ModifyImageAttribute {image} +{} -{}",
            list(add),
            list(remove)
        );
        self.call(&said, |state| {
            let there = state.images.get(image);
            if there.is_none_or(|image| image.state == ImageState::Deregistered) {
                return Err(refusal(Class::Gone, "there is no such image"));
            }
            let present = state.permissions.entry(image.clone()).or_default();
            present.extend(add.iter().cloned());
            present.retain(|permission| !remove.contains(permission));
            Ok(())
        })
    }

    async fn share_snapshot(
        &self,
        place: &Place,
        snapshot: &SnapshotId,
        add: &BTreeSet<AccountId>,
        remove: &BTreeSet<AccountId>,
    ) -> Answer<()> {
        let said = format!(
            "ModifySnapshotAttribute {place}/{snapshot} +{} -{}",
            list(add),
            list(remove)
        );
        self.call(&said, |state| {
            if !state.snapshots.contains_key(snapshot) {
                return Err(refusal(Class::Gone, "there is no such snapshot"));
            }
            let present = state.volumes.entry(snapshot.clone()).or_default();
            present.extend(add.iter().cloned());
            present.retain(|account| !remove.contains(account));
            Ok(())
        })
    }
}
