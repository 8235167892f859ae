//! Reading reports: which there are, and what they say.

use serde_json::{Value, json};

use super::{Entry, Report, ReportState, no_report, reports, well_formed};
use crate::clock::millis;
use crate::ec2::access::well_formed_image;
use crate::ec2::filter::Filters;
use crate::ec2::page;
use crate::ec2::tag::{self, TagMap};
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImageUsageReports.html>:
/// the caller's own.
pub(super) fn describe_image_usage_reports(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let known = ["creation-time", "state", "tag-key"];
    let filters = Filters::read(call.params(), &known)?;
    let cursor = page::open(call, 1)?;
    let wanted = named(state, call)?;
    let found = wanted.into_iter().filter(|report| {
        filters.match_all(
            || report.tags.own(call.account()),
            |name| match name {
                "creation-time" => vec![millis(report.created)],
                "state" => vec![report.state_name().to_owned()],
                _ => Vec::new(),
            },
        )
    });
    let found = found.map(|report| (&report.id, report));
    let page = cursor.cut(call, found, Report::written);
    Ok(json!({ "ImageUsageReports": page.items, "NextToken": page.next }))
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImageUsageReportEntries.html>:
/// a report says nothing until it is available.
pub(super) fn describe_image_usage_report_entries(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let known = ["account-id", "creation-time", "resource-type"];
    let filters = Filters::read(call.params(), &known)?;
    let cursor = page::open(call, 1)?;
    let mut found = Vec::new();
    for report in named(state, call)? {
        for entry in report.entries() {
            let matches = filters.match_all(TagMap::new, |name| match name {
                "account-id" => vec![entry.account.clone()],
                "creation-time" => vec![millis(report.created)],
                "resource-type" => vec![entry.kind.clone()],
                _ => Vec::new(),
            });
            if matches {
                let id = format!("{} {} {}", report.id, entry.kind, entry.account);
                found.push((id, (report, entry)));
            }
        }
    }
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    let page = cursor.cut(call, found.into_iter(), |(report, entry)| {
        json!({
            "ResourceType": entry.kind,
            "ReportId": report.id,
            "UsageCount": entry.count,
            "AccountId": entry.account,
            "ImageId": report.image_id,
            "ReportCreationTime": millis(report.created),
        })
    });
    Ok(json!({ "ImageUsageReportEntries": page.items, "NextToken": page.next }))
}

/// The caller's reports that a call names, by their ids or by their images; all where it names
/// none.
fn named<'a>(state: &'a mut State, call: &Request) -> Result<Vec<&'a Report>, ApiError> {
    let ids = call.params().texts("ReportIds");
    let images = call.params().texts("ImageIds");
    for image in &images {
        well_formed_image(image)?;
    }
    let reports = reports(state, &call.region);
    for id in &ids {
        well_formed(id)?;
        let own = reports
            .get(*id)
            .filter(|report| report.owner == call.account());
        if own.is_none() {
            return Err(no_report(id));
        }
    }
    let wanted = |report: &&Report| {
        report.owner == call.account()
            && (ids.is_empty() || ids.contains(&report.id.as_str()))
            && (images.is_empty() || images.contains(&report.image_id.as_str()))
    };
    Ok(reports.values().filter(wanted).collect())
}

impl Report {
    fn state_name(&self) -> &'static str {
        match self.state {
            ReportState::Pending => "pending",
            ReportState::Available(_) => "available",
            ReportState::Error(_) => "error",
        }
    }

    fn entries(&self) -> &[Entry] {
        match &self.state {
            ReportState::Available(entries) => entries,
            ReportState::Pending | ReportState::Error(_) => &[],
        }
    }

    fn written(&self) -> Value {
        let kinds = self.asked.iter().map(|asked| {
            let options = asked.depth.map(|depth| {
                json!([{ "OptionName": "version-depth", "OptionValues": [depth.to_string()] }])
            });
            json!({ "ResourceType": asked.kind, "ResourceTypeOptions": options })
        });
        let reason = match &self.state {
            ReportState::Error(why) => Some(why),
            ReportState::Pending | ReportState::Available(_) => None,
        };
        json!({
            "ImageId": self.image_id,
            "ReportId": self.id,
            "ResourceTypes": kinds.collect::<Vec<_>>(),
            "AccountIds": self.accounts,
            "State": self.state_name(),
            "StateReason": reason,
            "CreationTime": millis(self.created),
            "ExpirationTime": millis(self.expires()),
            "Tags": tag::written(&self.tags.own(&self.owner)),
        })
    }
}
