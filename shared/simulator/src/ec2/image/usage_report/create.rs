//! Making a report: what is asked, and what is found a while later.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Asked, Entry, Report, ReportState, arn, reports};
use crate::ec2::access::own_image;
use crate::ec2::change::Change;
use crate::ec2::image::uses::{self, Search, Use};
use crate::ec2::tag::{self, Tags};
use crate::ids::is_account;
use crate::request::{Params, Request};
use crate::state::State;
use crate::wire::error::ApiError;

/// How long a report takes; AWS doesn't say.
const TAKES: SignedDuration = SignedDuration::from_mins(10);
/// How far reports lag behind: a day for instances, "a few days" for the rest.
const INSTANCE_LAG: SignedDuration = SignedDuration::from_hours(24);
const OTHER_LAG: SignedDuration = SignedDuration::from_hours(72);
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/your-ec2-ami-usage.html#ami-usage-report-quotas>.
const MOST_PENDING: usize = 2000;
const USUAL_DEPTH: usize = 20;
const KIND: &str = "image-usage-report";
const KINDS: [&str; 4] = [
    uses::INSTANCE,
    uses::TEMPLATE,
    uses::IMAGE_RECIPE,
    uses::CONTAINER_RECIPE,
];

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateImageUsageReport.html>: the
/// image's owner only; the answer comes before the report is made.
pub(super) fn create_image_usage_report(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let image_id = own_image(state, call)?.id.clone();
    let asked = asked(call.params())?;
    let accounts = accounts(call.params())?;
    let tags = tag::specifications(state, call, &[KIND])?;
    refuse_too_many(state, call, &image_id)?;
    let id = state.ids.resource("amiur");
    state.touch(arn(call, &id));
    let report = Report {
        id: id.clone(),
        image_id,
        owner: call.account().to_owned(),
        asked,
        accounts,
        state: ReportState::Pending,
        created: state.clock.now(),
        tags: Tags::of_owner(call.account(), tags.get(KIND).cloned().unwrap_or_default()),
    };
    reports(state, &call.region).insert(id.clone(), report);
    let (region, report) = (call.region.clone(), id.clone());
    state.schedule(TAKES, Change::UsageReported { region, id: report });
    Ok(json!({ "ReportId": id }))
}

fn asked(params: Params<'_>) -> Result<Vec<Asked>, ApiError> {
    let mut asked: Vec<Asked> = Vec::new();
    for one in params.list("ResourceTypes") {
        let kind = one.need("ResourceType")?;
        if !KINDS.contains(&kind) || asked.iter().any(|earlier| earlier.kind == kind) {
            let message = format!("Value ({kind}) for parameter ResourceType is invalid");
            return Err(ApiError::invalid_value(message));
        }
        let mut depth = None;
        for option in one.list("ResourceTypeOptions") {
            let (name, values) = (option.need("OptionName")?, option.texts("OptionValues"));
            depth = uses::depth(&values).filter(|_| kind == uses::TEMPLATE);
            if name != "version-depth" || depth.is_none() {
                let message = format!(
                    "The option {name} with the value ({}) is invalid for the type {kind}",
                    values.join(", ")
                );
                return Err(ApiError::invalid_value(message));
            }
        }
        let kind = kind.to_owned();
        asked.push(Asked { kind, depth });
    }
    if asked.is_empty() {
        let message = "The request must contain the parameter ResourceTypes";
        return Err(ApiError::new("MissingParameter", message));
    }
    Ok(asked)
}

fn accounts(params: Params<'_>) -> Result<Vec<String>, ApiError> {
    let accounts = params.texts("AccountIds");
    match accounts.iter().find(|account| !is_account(account)) {
        Some(wrong) => {
            let message = format!("Value ({wrong}) for parameter AccountId is invalid");
            Err(ApiError::invalid_value(message))
        }
        None => Ok(accounts.into_iter().map(str::to_owned).collect()),
    }
}

fn refuse_too_many(state: &mut State, call: &Request, image_id: &str) -> Result<(), ApiError> {
    let reports = reports(state, &call.region);
    let own = reports
        .values()
        .filter(|report| report.owner == call.account() && report.is_pending());
    let (mut pending, mut same) = (0, false);
    for report in own {
        pending += 1;
        same |= report.image_id == image_id;
    }
    if same || pending >= MOST_PENDING {
        let message = format!(
            "There may be one usage report in progress for an image, and {MOST_PENDING} for an \
             account"
        );
        return Err(ApiError::new("ResourceLimitExceeded", message));
    }
    Ok(())
}

/// Fills a report, if its image is still there.
pub(crate) fn finish(state: &mut State, region: &str, id: &str) {
    let Some(report) = reports(state, region).get(id) else {
        return;
    };
    let (image, created) = (report.image_id.clone(), report.created);
    let (asked, accounts) = (report.asked.clone(), report.accounts.clone());
    let made = if state.ec2.image(region, &image).is_some() {
        let mut entries = Vec::new();
        for one in &asked {
            entries.extend(entries_of(state, (region, &image), one, &accounts, created));
        }
        ReportState::Available(entries)
    } else {
        ReportState::Error(format!("The image {image} is no longer available"))
    };
    if let Some(report) = reports(state, region).get_mut(id) {
        report.state = made;
    }
}

fn entries_of(
    state: &State,
    (region, image): (&str, &str),
    asked: &Asked,
    accounts: &[String],
    created: Timestamp,
) -> Vec<Entry> {
    let lag = if asked.kind == uses::INSTANCE {
        INSTANCE_LAG
    } else {
        OTHER_LAG
    };
    let search = Search {
        region,
        account: None,
        images: &[image],
        since: created.checked_sub(lag).unwrap_or(Timestamp::MIN),
    };
    let found: Vec<Use> = if asked.kind == uses::INSTANCE {
        let alive: Vec<&str> = uses::STATES
            .into_iter()
            .filter(|state| *state != "terminated")
            .collect();
        uses::instances(state, search, &alive)
    } else {
        uses::of_kind(
            state,
            search,
            &asked.kind,
            asked.depth.unwrap_or(USUAL_DEPTH),
        )
    };
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for one in found {
        if accounts.is_empty() || accounts.contains(&one.account) {
            *counts.entry(one.account).or_default() += 1;
        }
    }
    let counts = counts.into_iter();
    counts
        .map(|(account, count)| Entry {
            kind: asked.kind.clone(),
            account,
            count,
        })
        .collect()
}
