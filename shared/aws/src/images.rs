//! Owns reading images and snapshots from EC2.

use crate::Aws;
use crate::convert;
use crate::errors::Call;
use amiary_domain::ids::{AccountId, ImageId, ImageRef, Place, SnapshotId};
use amiary_domain::image::{Image, LaunchPermission, Snapshot};
use amiary_engine::ports::{Answer, Class, Page, ReadImages};
use async_trait::async_trait;
use aws_sdk_ec2::operation::describe_images::builders::DescribeImagesFluentBuilder;
use aws_sdk_ec2::types::{Filter, ImageAttributeName, SnapshotAttributeName};
use std::collections::{BTreeMap, BTreeSet};

/// The most images one page may hold, see
/// [`DescribeImages`](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImages.html).
const PAGE: i32 = 1000;

/// How many snapshots are asked for by id in one call: far below any limit of a request's size.
const SNAPSHOTS: usize = 200;

#[async_trait]
impl ReadImages for Aws {
    async fn image(&self, place: &Place, id: &ImageId) -> Answer<Option<Image>> {
        let call = Call::ec2("DescribeImages", place);
        let answer = self
            .describe_images(place, &call)
            .await?
            .image_ids(id.as_str())
            .send()
            .await;
        let answer = match answer.map_err(|error| call.failed(error)) {
            Ok(answer) => answer,
            Err(error) if is_absence(&error.code) => return Ok(None),
            Err(error) => return Err(error),
        };
        answer
            .images()
            .iter()
            .find(|image| image.image_id() == Some(id.as_str()))
            .map(|image| convert::image(image, &place.region))
            .transpose()
            .map_err(|error| call.unreadable(error))
    }

    async fn images_named(&self, place: &Place, name: &str) -> Answer<Vec<Image>> {
        let call = Call::ec2("DescribeImages", place);
        let filter = Filter::builder().name("name").values(literal(name)).build();
        let mut pages = self
            .describe_images(place, &call)
            .await?
            .owners("self")
            .filters(filter)
            .into_paginator()
            .page_size(PAGE)
            .send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            for image in page.map_err(|error| call.failed(error))?.images() {
                let image =
                    convert::image(image, &place.region).map_err(|error| call.unreadable(error))?;
                own(&image, place, &call)?;
                found.push(image);
            }
        }
        found.retain(|image| image.name == name);
        Ok(found)
    }

    async fn images(&self, place: &Place, from: Option<String>) -> Answer<Page<Image>> {
        let call = Call::ec2("DescribeImages", place);
        let answer = self
            .describe_images(place, &call)
            .await?
            .owners("self")
            .max_results(PAGE)
            .set_next_token(from)
            .send()
            .await
            .map_err(|error| call.failed(error))?;
        let mut items = Vec::with_capacity(answer.images().len());
        for seen in answer.images() {
            match convert::image(seen, &place.region) {
                Ok(image) => {
                    own(&image, place, &call)?;
                    items.push(image);
                }
                // Very old images have no name. One such must not hide all the others.
                Err(error) => tracing::warn!(
                    image.id = seen.image_id().unwrap_or_default(),
                    image.region = %place.region,
                    image.account = %place.account,
                    %error,
                    "an image in a listing can't be read and is passed over"
                ),
            }
        }
        Ok(Page {
            items,
            next: answer
                .next_token()
                .filter(|token| !token.is_empty())
                .map(str::to_owned),
        })
    }

    async fn launch_permissions(&self, image: &ImageRef) -> Answer<BTreeSet<LaunchPermission>> {
        let call = Call::ec2("DescribeImageAttribute", &image.place);
        let answer = self
            .ec2(&image.place, &call)
            .await?
            .describe_image_attribute()
            .image_id(image.id.as_str())
            .attribute(ImageAttributeName::LaunchPermission)
            .send()
            .await
            .map_err(|error| call.failed(error))?;
        let permissions = answer
            .launch_permissions()
            .iter()
            .map(convert::launch_permission);
        permissions
            .collect::<Result<_, _>>()
            .map_err(|error| call.unreadable(error))
    }

    async fn snapshots(
        &self,
        place: &Place,
        ids: &BTreeSet<SnapshotId>,
    ) -> Answer<BTreeMap<SnapshotId, Snapshot>> {
        let call = Call::ec2("DescribeSnapshots", place);
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let mut found = BTreeMap::new();
        for some in ids.chunks(SNAPSHOTS) {
            let client = self.ec2(place, &call).await?;
            let request = client
                .describe_snapshots()
                .set_snapshot_ids(Some(some.to_vec()));
            let answer = request.send().await.map_err(|error| call.failed(error))?;
            for snapshot in answer.snapshots() {
                let snapshot =
                    convert::snapshot(snapshot).map_err(|error| call.unreadable(error))?;
                found.insert(snapshot.id.clone(), snapshot);
            }
        }
        Ok(found)
    }

    async fn volume_permissions(
        &self,
        place: &Place,
        snapshot: &SnapshotId,
    ) -> Answer<BTreeSet<AccountId>> {
        let call = Call::ec2("DescribeSnapshotAttribute", place);
        let answer = self
            .ec2(place, &call)
            .await?
            .describe_snapshot_attribute()
            .snapshot_id(snapshot.as_str())
            .attribute(SnapshotAttributeName::CreateVolumePermission)
            .send()
            .await
            .map_err(|error| call.failed(error))?;
        convert::volume_permissions(answer.create_volume_permissions())
            .map_err(|error| call.unreadable(error))
    }
}

impl Aws {
    /// `DescribeImages`, showing disabled and deprecated images too, which it otherwise hides.
    pub(crate) async fn describe_images(
        &self,
        place: &Place,
        call: &Call,
    ) -> Answer<DescribeImagesFluentBuilder> {
        let client = self.ec2(place, call).await?;
        Ok(client
            .describe_images()
            .include_disabled(true)
            .include_deprecated(true))
    }
}

/// Whether EC2 says by this code that there is no such image. `InvalidAMIID.Malformed` doesn't.
fn is_absence(code: &str) -> bool {
    matches!(code, "InvalidAMIID.NotFound" | "InvalidAMIID.Unavailable")
}

/// Images listed as the caller's own belong to the place's account, or the credentials are
/// another account's.
fn own(image: &Image, place: &Place, call: &Call) -> Answer<()> {
    let owner = &image.at.place.account;
    if *owner == place.account {
        return Ok(());
    }
    Err(call.refused(
        Class::Permanent,
        "WrongAccount",
        format!(
            "the credentials for {} are those of {owner}; give the account its role in [accounts]",
            place.account
        ),
    ))
}

/// A text as a filter's value that matches nothing else, see
/// [filters](https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html).
fn literal(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '*' | '?' | '\\') {
            value.push('\\');
        }
        value.push(character);
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_wildcards_is_looked_up_as_it_is() {
        assert_eq!(literal("web (1)/2025"), "web (1)/2025");
        assert_eq!(literal(r"w*b?\"), r"w\*b\?\\");
    }

    #[test]
    fn a_malformed_id_is_no_absence() {
        assert!(is_absence("InvalidAMIID.NotFound") && is_absence("InvalidAMIID.Unavailable"));
        assert!(!is_absence("InvalidAMIID.Malformed") && !is_absence("UnauthorizedOperation"));
    }
}
