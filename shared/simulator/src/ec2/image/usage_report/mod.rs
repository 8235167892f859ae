//! Image usage reports: how many resources of which accounts name an image, a while ago.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/your-ec2-ami-usage.html>.

mod create;
mod describe;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::ec2::tag::{self, Tags};
use crate::ec2::{Operation, op};
use crate::ids::is_resource_id;
use crate::request::Request;
use crate::state::{State, later};
use crate::wire::error::ApiError;

pub(crate) use create::finish;

pub(crate) const OPERATIONS: &[Operation] = &[
    op("CreateImageUsageReport", create::create_image_usage_report),
    op("DeleteImageUsageReport", delete_image_usage_report),
    op(
        "DescribeImageUsageReportEntries",
        describe::describe_image_usage_report_entries,
    ),
    op(
        "DescribeImageUsageReports",
        describe::describe_image_usage_reports,
    ),
];

/// How long a report is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The usage reports of a Region, of all accounts.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Reports(BTreeMap<String, Report>);

/// One report, on one image.
#[derive(Debug, Serialize, Deserialize)]
struct Report {
    id: String,
    image_id: String,
    owner: String,
    asked: Vec<Asked>,
    /// The accounts that were asked about; all where there are none.
    accounts: Vec<String>,
    state: ReportState,
    created: Timestamp,
    tags: Tags,
}

/// A kind of resource that was asked about.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Asked {
    kind: String,
    /// How many of a launch template's newest versions count, where that was said.
    depth: Option<usize>,
}

/// How far a report has come.
#[derive(Debug, Serialize, Deserialize)]
enum ReportState {
    Pending,
    Available(Vec<Entry>),
    Error(String),
}

/// How many resources of a kind name the image in an account.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    kind: String,
    account: String,
    count: usize,
}

impl Report {
    fn expires(&self) -> Timestamp {
        later(self.created, KEPT)
    }

    fn is_pending(&self) -> bool {
        matches!(self.state, ReportState::Pending)
    }
}

impl Reports {
    /// An account's report's tags.
    pub(crate) fn tags_of(&self, id: &str) -> Option<&Tags> {
        self.0.get(id).map(|report| &report.tags)
    }

    /// The same, to be changed.
    pub(crate) fn tags_mut(&mut self, id: &str) -> Option<&mut Tags> {
        self.0.get_mut(id).map(|report| &mut report.tags)
    }

    /// Every report's id and tags.
    pub(crate) fn tagged(&self) -> impl Iterator<Item = (&String, &Tags)> {
        self.0.values().map(|report| (&report.id, &report.tags))
    }

    /// Whether an account has a report of that id.
    pub(crate) fn owns(&self, account: &str, id: &str) -> bool {
        self.0.get(id).is_some_and(|report| report.owner == account)
    }
}

/// The reports of a Region, without those that were kept long enough.
fn reports<'a>(state: &'a mut State, region: &str) -> &'a mut BTreeMap<String, Report> {
    let now = state.clock.now();
    let reports = &mut state.ec2.region_mut(region).usage_reports.0;
    reports.retain(|_, report| report.expires() > now);
    reports
}

/// The error for a report that isn't there, or isn't the caller's.
pub(crate) fn no_report(id: &str) -> ApiError {
    ApiError::new(
        "InvalidImageUsageReportId.NotFound",
        format!("The image usage report ID '{id}' does not exist"),
    )
}

fn well_formed(id: &str) -> Result<(), ApiError> {
    if is_resource_id(id, "amiur") {
        return Ok(());
    }
    Err(ApiError::new(
        "InvalidImageUsageReportId.Malformed",
        format!("Invalid id: \"{id}\" (expecting \"amiur-...\")"),
    ))
}

/// A report's ARN.
pub(crate) fn arn(call: &Request, id: &str) -> String {
    let (region, account) = (&call.region, call.account());
    format!("arn:aws:ec2:{region}:{account}:image-usage-report/{id}")
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteImageUsageReport.html>.
fn delete_image_usage_report(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let id = call.params().need("ReportId")?;
    well_formed(id)?;
    state.touch(arn(call, id));
    let reports = reports(state, &call.region);
    let own = reports
        .get(id)
        .filter(|report| report.owner == call.account());
    let tags = own
        .map(|report| report.tags.own(call.account()))
        .ok_or_else(|| no_report(id))?;
    reports.remove(id);
    tag::present(state, &tags);
    Ok(json!({ "Return": true }))
}
