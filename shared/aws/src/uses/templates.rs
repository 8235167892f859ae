//! Owns reading launch templates.

use super::{image_target, next, snapshot_target};
use crate::Aws;
use crate::errors::Call;
use amiary_domain::ids::Place;
use amiary_engine::ports::{Answer, Found, Page, Target};
use aws_sdk_ec2::types::{LaunchTemplateVersion, ResponseLaunchTemplateData};
use std::collections::BTreeSet;

/// The most versions of a page.
const PAGE: i32 = 200;

impl Aws {
    /// A page of the newest and the default version of every launch template, as they are written:
    /// [without a template](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeLaunchTemplateVersions.html)
    /// only these can be asked for. Older versions are among an image's references.
    pub(super) async fn launch_templates(
        &self,
        place: &Place,
        from: Option<String>,
    ) -> Answer<Page<Found>> {
        let call = Call::ec2("DescribeLaunchTemplateVersions", place);
        let client = self.ec2(place, &call).await?;
        let request = client.describe_launch_template_versions();
        let request = request.versions("$Latest").versions("$Default");
        let answer = request.max_results(PAGE).set_next_token(from).send().await;
        let answer = answer.map_err(|error| call.failed(error))?;
        let versions = answer.launch_template_versions().iter();
        Ok(Page {
            items: versions.map(version).collect(),
            next: next(answer.next_token()),
        })
    }

    /// What these versions of a template point at. Those that are not there point at nothing.
    pub(super) async fn template_versions(
        &self,
        place: &Place,
        template: &str,
        versions: &BTreeSet<String>,
    ) -> Answer<Vec<Found>> {
        let call = Call::ec2("DescribeLaunchTemplateVersions", place);
        let client = self.ec2(place, &call).await?;
        let mut request = client.describe_launch_template_versions();
        request = match template.starts_with("lt-") {
            true => request.launch_template_id(template),
            false => request.launch_template_name(template),
        };
        let wanted: Vec<String> = versions.iter().cloned().collect();
        let request = request.set_versions(Some(wanted)).max_results(PAGE);
        let mut pages = request.into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let page = match page.map_err(|error| call.failed(error)) {
                Err(error) if error.code.starts_with("InvalidLaunchTemplate") => return Ok(found),
                page => page?,
            };
            found.extend(page.launch_template_versions().iter().map(version));
        }
        Ok(found)
    }
}

fn version(seen: &LaunchTemplateVersion) -> Found {
    let (id, name) = (seen.launch_template_id(), seen.launch_template_name());
    Found {
        by: format!(
            "launch template {} ({}) version {}",
            id.unwrap_or_default(),
            name.unwrap_or_default(),
            seen.version_number().unwrap_or_default()
        ),
        targets: seen.launch_template_data().map(data).unwrap_or_default(),
    }
}

fn data(seen: &ResponseLaunchTemplateData) -> BTreeSet<Target> {
    let devices = seen.block_device_mappings().iter();
    let snapshots = devices.filter_map(|device| device.ebs()?.snapshot_id());
    let image = seen.image_id().and_then(image_target);
    image
        .into_iter()
        .chain(snapshots.filter_map(snapshot_target))
        .collect()
}
