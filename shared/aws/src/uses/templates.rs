//! Owns reading launch templates.

use super::{DEFAULT, LATEST, image_target, listing, next, snapshot_target};
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
        let request = request.versions(LATEST).versions(DEFAULT);
        let answer = request.max_results(PAGE).set_next_token(from).send().await;
        let answer = answer.map_err(|error| call.failed(error))?;
        let versions = listing(&call, answer.launch_template_versions.as_ref(), "versions")?.iter();
        Ok(Page {
            items: versions.map(version).collect(),
            next: next(answer.next_token()),
        })
    }

    /// What these versions of a template point at. Those that are not there point at nothing: EC2
    /// then says nothing of the others either, and they are asked for one by one.
    pub(super) async fn template_versions(
        &self,
        place: &Place,
        template: &str,
        versions: &BTreeSet<String>,
    ) -> Answer<Vec<Found>> {
        let all: Vec<String> = versions.iter().cloned().collect();
        if let Some(found) = self.versions_if_there(place, template, all).await? {
            return Ok(found);
        }
        let mut found = Vec::new();
        for one in versions.iter().filter(|_| versions.len() > 1) {
            let there = self.versions_if_there(place, template, vec![one.clone()]);
            found.extend(there.await?.into_iter().flatten());
        }
        Ok(found)
    }

    /// The same; nothing where not all of them are there.
    async fn versions_if_there(
        &self,
        place: &Place,
        template: &str,
        versions: Vec<String>,
    ) -> Answer<Option<Vec<Found>>> {
        let call = Call::ec2("DescribeLaunchTemplateVersions", place);
        let client = self.ec2(place, &call).await?;
        let request = client.describe_launch_template_versions();
        let request = if is_id(template) {
            request.launch_template_id(template)
        } else {
            request.launch_template_name(template)
        };
        let request = request.set_versions(Some(versions)).max_results(PAGE);
        let mut pages = request.into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let page = match page.map_err(|error| call.failed(error)) {
                Err(error) if is_absence(&error.code) => return Ok(None),
                page => page?,
            };
            let versions = listing(&call, page.launch_template_versions.as_ref(), "versions")?;
            found.extend(versions.iter().map(version));
        }
        Ok(Some(found))
    }
}

/// Whether this is a template's id: a name may begin as one does.
fn is_id(template: &str) -> bool {
    let digits = template.strip_prefix("lt-").unwrap_or_default();
    [8, 17].contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
}

/// Whether EC2 says that there is no such template or version, see
/// [error codes](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html).
fn is_absence(code: &str) -> bool {
    code.starts_with("InvalidLaunchTemplate") && code.contains("NotFound")
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
        named: names(seen),
        targets: seen.launch_template_data().map(data).unwrap_or_default(),
    }
}

/// How others name a version that was listed as the newest or the default one: by its number, and
/// by what it is.
fn names(seen: &LaunchTemplateVersion) -> BTreeSet<Target> {
    let number = seen.version_number().map(|number| number.to_string());
    let what = match seen.default_version() {
        Some(true) => DEFAULT,
        _ => LATEST,
    };
    let templates = [seen.launch_template_id(), seen.launch_template_name()];
    let templates = templates.into_iter().flatten();
    templates
        .flat_map(|template| {
            let versions = number.clone().into_iter().chain([what.to_owned()]);
            versions.map(|version| Target::Template {
                template: template.to_owned(),
                version,
            })
        })
        .collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_begins_as_an_id_does_is_a_name() {
        assert!(is_id("lt-0123456789abcdef0") && is_id("lt-0123abcd"));
        for name in [
            "lt-web",
            "lt-",
            "web",
            "lt-0123456789abcdefg",
            "lt-0123abcde",
        ] {
            assert!(!is_id(name), "{name}");
        }
    }

    #[test]
    fn only_what_ec2_says_is_not_there_points_at_nothing() {
        for code in [
            "InvalidLaunchTemplateId.NotFound",
            "InvalidLaunchTemplateName.NotFoundException",
            "InvalidLaunchTemplateId.VersionNotFound",
        ] {
            assert!(is_absence(code), "{code}");
        }
        for code in ["InvalidLaunchTemplateId.Malformed", "RequestLimitExceeded"] {
            assert!(!is_absence(code), "{code}");
        }
    }
}
