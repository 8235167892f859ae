//! Owns what EC2 itself says of who uses an image: its references and its usage reports.

use super::instances::ALIVE;
use super::{listing, moment};
use crate::Aws;
use crate::errors::Call;
use amiary_domain::ids::{ImageId, ImageRef, Place};
use amiary_domain::retention::Report;
use amiary_engine::ports::{Answer, AskUses};
use async_trait::async_trait;
use aws_sdk_ec2::types::{
    ImageReferenceOptionName, ImageReferenceResourceType, ImageUsageResourceTypeOptionRequest,
    ImageUsageResourceTypeRequest, ResourceTypeOption, ResourceTypeRequest,
};
use aws_smithy_types::DateTime;

/// How far back versions of launch templates are looked at: as far as EC2 goes, see
/// [`ResourceTypeOption`](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ResourceTypeOption.html).
const ALL_VERSIONS: &str = "10000";

/// How many versions of each template a usage report counts; EC2 looks at 20 where nobody says.
const VERSION_DEPTH: &str = "version-depth";

/// Everything that EC2 looks at, and instances only while they run or can start again.
fn asked() -> Vec<ResourceTypeRequest> {
    let option = |name, values: &[&str]| {
        let values = values.iter().map(ToString::to_string).collect();
        let option = ResourceTypeOption::builder().option_name(name);
        option.set_option_values(Some(values)).build()
    };
    let of = |kind| ResourceTypeRequest::builder().resource_type(kind);
    let states = option(ImageReferenceOptionName::StateName, &ALIVE);
    let versions = option(ImageReferenceOptionName::VersionDepth, &[ALL_VERSIONS]);
    vec![
        of(ImageReferenceResourceType::Ec2Instance)
            .resource_type_options(states)
            .build(),
        of(ImageReferenceResourceType::Ec2LaunchTemplate)
            .resource_type_options(versions)
            .build(),
        of(ImageReferenceResourceType::SsmParameter).build(),
        of(ImageReferenceResourceType::ImageBuilderImageRecipe).build(),
        of(ImageReferenceResourceType::ImageBuilderContainerRecipe).build(),
    ]
}

#[async_trait]
impl AskUses for Aws {
    /// [`CreateImageUsageReport`](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateImageUsageReport.html)
    /// of every account and of all that EC2 counts.
    async fn ask_usage_report(&self, image: &ImageRef) -> Answer<()> {
        let call = Call::ec2("CreateImageUsageReport", &image.place);
        let client = self.ec2(&image.place, &call).await?;
        let versions = ImageUsageResourceTypeOptionRequest::builder()
            .option_name(VERSION_DEPTH)
            .option_values(ALL_VERSIONS)
            .build();
        let of = |kind| ImageUsageResourceTypeRequest::builder().resource_type(kind);
        let kinds = [
            of("ec2:Instance").build(),
            of("ec2:LaunchTemplate")
                .resource_type_options(versions)
                .build(),
        ];
        let request = client
            .create_image_usage_report()
            .image_id(image.id.as_str());
        let request = request.set_resource_types(Some(kinds.into()));
        let answer = request.send().await.map_err(|error| call.failed(error));
        answer.map(drop)
    }
}

impl Aws {
    /// What of a place's account refers to images, by
    /// [`DescribeImageReferences`](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImageReferences.html).
    pub(super) async fn image_references(
        &self,
        place: &Place,
        images: &[ImageId],
    ) -> Answer<Vec<(ImageId, String)>> {
        let call = Call::ec2("DescribeImageReferences", place);
        let client = self.ec2(place, &call).await?;
        let ids: Vec<String> = images.iter().map(ToString::to_string).collect();
        let request = client.describe_image_references().set_image_ids(Some(ids));
        let request = request.set_resource_types(Some(asked())).max_results(1000);
        let mut pages = request.into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| call.failed(error))?;
            for reference in listing(&call, page.image_references.as_ref(), "references")? {
                let id = reference.image_id().unwrap_or_default().parse();
                let id: ImageId = id.map_err(|error| call.unreadable(error))?;
                found.push((id, reference.arn().unwrap_or_default().to_owned()));
            }
        }
        Ok(found)
    }

    /// The newest usage report on an image, with what it counted. A report that failed is none.
    pub(super) async fn newest_usage_report(&self, image: &ImageRef) -> Answer<Option<Report>> {
        let call = Call::ec2("DescribeImageUsageReports", &image.place);
        let client = self.ec2(&image.place, &call).await?;
        let request = client
            .describe_image_usage_reports()
            .image_ids(image.id.as_str());
        let mut pages = request.into_paginator().send();
        let mut reports = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| call.failed(error))?;
            let listed = listing(&call, page.image_usage_reports.as_ref(), "usage reports")?;
            reports.extend_from_slice(listed);
        }
        let newest = reports
            .iter()
            .filter(|report| report.state() != Some("error"))
            .max_by_key(|report| report.creation_time().map(DateTime::secs));
        let (Some(report), Some(asked)) = (newest, newest.and_then(|r| r.creation_time())) else {
            return Ok(None);
        };
        let asked = moment(&call, asked)?;
        let uses = match (report.state(), report.report_id()) {
            (Some("available"), Some(id)) => Some(self.usage_entries(image, id).await?),
            _ => None,
        };
        Ok(Some(Report { asked, uses }))
    }

    async fn usage_entries(&self, image: &ImageRef, report: &str) -> Answer<Vec<String>> {
        let call = Call::ec2("DescribeImageUsageReportEntries", &image.place);
        let client = self.ec2(&image.place, &call).await?;
        let request = client
            .describe_image_usage_report_entries()
            .report_ids(report);
        let mut pages = request.into_paginator().send();
        let mut uses = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| call.failed(error))?;
            for entry in listing(&call, page.image_usage_report_entries.as_ref(), "entries")? {
                let (account, kind) = (entry.account_id(), entry.resource_type());
                let count = entry.usage_count().unwrap_or_default();
                uses.push(format!(
                    "account {} ({count} × {})",
                    account.unwrap_or_default(),
                    kind.unwrap_or_default()
                ));
            }
        }
        Ok(uses)
    }
}
