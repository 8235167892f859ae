//! Owns reading images and snapshots from EC2.

use crate::Aws;
use crate::convert::{self, Unreadable};
use crate::errors::Call;
use amiary_domain::ids::{AccountId, ImageId, ImageRef, Place, SnapshotId};
use amiary_domain::image::{Image, LaunchPermission, Snapshot};
use amiary_engine::pages::Pages;
use amiary_engine::ports::{Answer, Class, Page, ReadImages};
use async_trait::async_trait;
use aws_sdk_ec2::operation::describe_image_attribute::DescribeImageAttributeOutput;
use aws_sdk_ec2::operation::describe_images::DescribeImagesOutput;
use aws_sdk_ec2::operation::describe_images::builders::DescribeImagesFluentBuilder;
use aws_sdk_ec2::types::{self as ec2, Filter, ImageAttributeName, SnapshotAttributeName};
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
        let unreadable = |error| call.unreadable(error);
        let images = images_of(&answer).map_err(unreadable)?;
        let Some(first) = images.first() else {
            return Ok(None);
        };
        let asked = |image: &&ec2::Image| image.image_id() == Some(id.as_str());
        let image = images.iter().find(asked).unwrap_or(first);
        convert::about(image.image_id(), id.as_str(), "image").map_err(unreadable)?;
        let image = convert::image(image, &place.region).map_err(unreadable)?;
        Ok(Some(image))
    }

    async fn images_named(&self, place: &Place, name: &str) -> Answer<Vec<Image>> {
        let call = Call::ec2("DescribeImages", place);
        let filter = Filter::builder().name("name").values(literal(name)).build();
        let request = self
            .describe_images(place, &call)
            .await?
            .owners("self")
            .filters(filter)
            .max_results(PAGE);
        let mut found = Vec::new();
        let (mut pages, mut from) = (Pages::default(), None);
        loop {
            let answer = request.clone().set_next_token(from).send().await;
            let answer = answer.map_err(|error| call.failed(error))?;
            for image in images_of(&answer).map_err(|error| call.unreadable(error))? {
                let image =
                    convert::image(image, &place.region).map_err(|error| call.unreadable(error))?;
                own(&image, place, &call)?;
                found.push(image);
            }
            let next = pages.turn(next_page(&answer));
            from = next.map_err(|no_end| call.unreadable(no_end))?;
            if from.is_none() {
                break;
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
        let images = images_of(&answer).map_err(|error| call.unreadable(error))?;
        let mut items = Vec::with_capacity(images.len());
        for seen in images {
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
            next: next_page(&answer),
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
        permissions_of(&answer, &image.id).map_err(|error| call.unreadable(error))
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
            let snapshots = convert::list(answer.snapshots.as_ref(), "set of snapshots");
            for snapshot in snapshots.map_err(|error| call.unreadable(error))? {
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
        let about = convert::about(answer.snapshot_id(), snapshot.as_str(), "snapshot");
        let permissions = answer.create_volume_permissions.as_ref();
        about
            .and_then(|()| convert::list(permissions, "volume permissions"))
            .and_then(convert::volume_permissions)
            .map_err(|error| call.unreadable(error))
    }
}

fn images_of(answer: &DescribeImagesOutput) -> Result<&[ec2::Image], Unreadable> {
    convert::list(answer.images.as_ref(), "set of images")
}

fn next_page(answer: &DescribeImagesOutput) -> Option<String> {
    let token = answer.next_token().filter(|token| !token.is_empty());
    token.map(str::to_owned)
}

fn permissions_of(
    answer: &DescribeImageAttributeOutput,
    image: &ImageId,
) -> Result<BTreeSet<LaunchPermission>, Unreadable> {
    convert::about(answer.image_id(), image.as_str(), "image")?;
    let permissions = convert::list(answer.launch_permissions.as_ref(), "launch permissions")?;
    permissions.iter().map(convert::launch_permission).collect()
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
