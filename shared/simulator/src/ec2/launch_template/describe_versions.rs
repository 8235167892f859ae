//! `DescribeLaunchTemplateVersions`: of one template, or the latest and default ones of all.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::make::shown;
use super::{Template, Version, number};
use crate::clock::millis;
use crate::ec2::filter::Filters;
use crate::ec2::page;
use crate::ec2::tag::TagMap;
use crate::request::{Params, Request};
use crate::state::State;
use crate::wire::error::ApiError;

const FILTERS: [&str; 9] = [
    "create-time",
    "ebs-optimized",
    "http-endpoint",
    "http-tokens",
    "iam-instance-profile",
    "image-id",
    "instance-type",
    "is-default-version",
    "kernel-id",
];
/// The most that a page holds.
const MOST: i64 = 200;

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeLaunchTemplateVersions.html>.
/// The newest version of a template comes first.
pub(crate) fn describe_launch_template_versions(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let params = call.params();
    let filters = Filters::read(params, &FILTERS)?;
    let size = params.number("MaxResults").unwrap_or(MOST);
    if !(1..=MOST).contains(&size) {
        let message = format!(
            "Value for parameter maxResults is invalid. Expecting a value between 1 and {MOST}."
        );
        return Err(ApiError::invalid_value(message));
    }
    let cursor = page::of_size(call, size)?;
    let state = &*state;
    let mut found = asked_for(state, call)?;
    found.retain(|(template, version)| {
        filters.match_all(TagMap::new, |name| {
            let data = shown(state, call, &version.data);
            field(template, version, &data, name).into_iter().collect()
        })
    });
    let mut found: Vec<_> = found
        .into_iter()
        .map(|(template, version)| (key(template, version), (template, version)))
        .collect();
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    let page = cursor.cut(call, found.into_iter(), |(template, version)| {
        template.version_written(version, &shown(state, call, &version.data))
    });
    Ok(json!({ "LaunchTemplateVersions": page.items, "NextToken": page.next }))
}

/// The versions a call asks for, with their templates.
fn asked_for<'a>(
    state: &'a State,
    call: &Request,
) -> Result<Vec<(&'a Template, &'a Version)>, ApiError> {
    let params = call.params();
    let region = state.ec2.region(&call.region);
    let one = params.has("LaunchTemplateId") || params.has("LaunchTemplateName");
    let templates: Vec<&Template> = if one {
        let place = (call.account(), call.region.as_str());
        vec![super::template(state, place, params)?]
    } else {
        aliases_only(params)?;
        let all = region
            .into_iter()
            .flat_map(|region| region.launch_templates.all.values());
        all.filter(|template| template.owner == call.account())
            .collect()
    };
    let mut found = Vec::new();
    for template in templates {
        for number in versions(template, params)? {
            found.extend(
                template
                    .versions
                    .get(&number)
                    .map(|version| (template, version)),
            );
        }
    }
    Ok(found)
}

/// Where a version stands in a listing.
fn key(template: &Template, version: &Version) -> String {
    format!("{} {:020}", template.id, u64::MAX - version.number)
}

/// Without a template, only what every template has can be asked for.
fn aliases_only(params: Params<'_>) -> Result<(), ApiError> {
    let versions = params.texts("Versions");
    let aliases = versions
        .iter()
        .all(|text| ["$Latest", "$Default"].contains(text));
    if !versions.is_empty() && aliases && !params.has("MinVersion") && !params.has("MaxVersion") {
        return Ok(());
    }
    Err(ApiError::new(
        "MissingParameter",
        "Either a launch template ID or a launch template name must be specified, unless the \
         versions are $Latest or $Default.",
    ))
}

/// The numbers of the versions of a template that a call asks for.
fn versions(template: &Template, params: Params<'_>) -> Result<BTreeSet<u64>, ApiError> {
    let named = params.texts("Versions");
    let bound = |name: &str| params.text(name).map(number).transpose();
    let (least, most) = (bound("MinVersion")?, bound("MaxVersion")?);
    if !named.is_empty() {
        if least.is_some() || most.is_some() {
            let message = "Versions can't be specified together with MinVersion or MaxVersion.";
            return Err(ApiError::new("InvalidParameterCombination", message));
        }
        let found = named.iter().map(|text| Ok(template.version(text)?.number));
        return found.collect();
    }
    let within = |number: &u64| {
        least.is_none_or(|least| *number >= least) && most.is_none_or(|most| *number <= most)
    };
    Ok(template.versions.keys().copied().filter(within).collect())
}

fn field(template: &Template, version: &Version, data: &Value, name: &str) -> Option<String> {
    let data = Params::of(data);
    let text = |name: &str| data.text(name).map(str::to_owned);
    let metadata = |name: &str| Some(data.child("MetadataOptions")?.text(name)?.to_owned());
    match name {
        "create-time" => Some(millis(version.created)),
        "ebs-optimized" => data.flag("EbsOptimized").map(|on| on.to_string()),
        "http-endpoint" => metadata("HttpEndpoint"),
        "http-tokens" => metadata("HttpTokens"),
        "iam-instance-profile" => Some(data.child("IamInstanceProfile")?.text("Arn")?.to_owned()),
        "image-id" => text("ImageId"),
        "instance-type" => text("InstanceType"),
        "is-default-version" => Some((template.default == version.number).to_string()),
        _ => text("KernelId"),
    }
}
