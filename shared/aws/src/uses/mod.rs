//! Owns finding who uses images: each place that AWS lets one look, read in pages.

mod autoscaling;
mod fleets;
mod instances;
mod parameters;
mod references;
mod templates;

use crate::Aws;
use crate::convert;
use crate::errors::Call;
use amiary_domain::ids::{ImageId, ImageRef, Place, SnapshotId};
use amiary_domain::retention::{Lookout, Report};
use amiary_engine::ports::{Answer, DEFAULT, Found, LATEST, Listed, Page, ReadUses, Target};
use async_trait::async_trait;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What stands before the name of an SSM parameter in the place of an image's id, see
/// [using parameters](https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/create-launch-template.html#use-an-ssm-parameter-instead-of-an-ami-id).
const RESOLVE: &str = "resolve:ssm:";

#[async_trait]
impl ReadUses for Aws {
    async fn listed(&self, place: &Place, from: Option<String>) -> Answer<Page<Listed>> {
        self.listed_images(place, from).await
    }

    async fn uses(
        &self,
        place: &Place,
        lookout: Lookout,
        from: Option<String>,
    ) -> Answer<Page<Found>> {
        match lookout {
            Lookout::Instances => self.instances(place, from).await,
            Lookout::LaunchTemplates => self.launch_templates(place, from).await,
            Lookout::LaunchConfigurations => self.launch_configurations(place, from).await,
            Lookout::AutoScalingGroups => self.auto_scaling_groups(place, from).await,
            Lookout::Fleets => self.ec2_fleets(place, from).await,
            Lookout::SpotFleets => self.spot_fleets(place, from).await,
            Lookout::SpotRequests => self.spot_requests(place, from).await,
            Lookout::Parameters => self.parameter_names(place, from).await,
            Lookout::References => Ok(Page {
                items: Vec::new(),
                next: None,
            }),
        }
    }

    async fn template(
        &self,
        place: &Place,
        template: &str,
        versions: &BTreeSet<String>,
    ) -> Answer<Vec<Found>> {
        self.template_versions(place, template, versions).await
    }

    async fn parameters(
        &self,
        place: &Place,
        names: &BTreeSet<String>,
    ) -> Answer<BTreeMap<String, String>> {
        self.parameter_values(place, names).await
    }

    async fn references(
        &self,
        place: &Place,
        images: &[ImageId],
    ) -> Answer<Vec<(ImageId, String)>> {
        self.image_references(place, images).await
    }

    async fn locked(
        &self,
        place: &Place,
        from: Option<String>,
    ) -> Answer<Page<(SnapshotId, Option<Timestamp>)>> {
        self.locked_snapshots(place, from).await
    }

    async fn usage_report(&self, image: &ImageRef) -> Answer<Option<Report>> {
        self.newest_usage_report(image).await
    }
}

/// What an image's id points at, or what stands in its place. What is neither is no image of ours.
fn image_target(text: &str) -> Option<Target> {
    match text.strip_prefix(RESOLVE) {
        Some(name) => Some(Target::Parameter(name.to_owned())),
        None => text.parse().ok().map(Target::Image),
    }
}

/// What a block device's snapshot points at.
fn snapshot_target(text: &str) -> Option<Target> {
    text.parse().ok().map(Target::Snapshot)
}

/// What a template's specification points at; without a version it is the default one.
fn template_target(id: Option<&str>, name: Option<&str>, version: Option<&str>) -> Option<Target> {
    Some(Target::Template {
        template: id.or(name)?.to_owned(),
        version: version.unwrap_or(DEFAULT).to_owned(),
    })
}

/// A list of an answer; where it is missing, nobody knows what is in it.
fn listing<'a, T>(call: &Call, seen: Option<&'a Vec<T>>, what: &'static str) -> Answer<&'a [T]> {
    convert::list(seen, what).map_err(|error| call.unreadable(error))
}

fn next(token: Option<&str>) -> Option<String> {
    token.filter(|token| !token.is_empty()).map(str::to_owned)
}

/// An SDK's time. One that is out of range is unreadable.
fn moment(call: &Call, time: &aws_smithy_types::DateTime) -> Answer<Timestamp> {
    Timestamp::new(time.secs(), 0).map_err(|error| call.unreadable(error))
}

/// An image as it is listed to be judged.
fn listed(call: &Call, seen: &aws_sdk_ec2::types::Image, place: &Place) -> Answer<Option<Listed>> {
    match convert::listed(seen, &place.region) {
        Ok(listed) => Ok(Some(listed)),
        Err(error @ convert::Unreadable::Missing("name")) => {
            // Very old images have no name, and are nobody's to retire.
            tracing::warn!(image.id = seen.image_id().unwrap_or_default(), %error, "passed over");
            Ok(None)
        }
        Err(error) => Err(call.unreadable(error)),
    }
}
