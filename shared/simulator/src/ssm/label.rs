//! `LabelParameterVersion`: names for versions, each on one version at a time.

use serde_json::{Value, json};

use super::read::no_version;
use super::{name, not_found, put};
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

const MOST: usize = 10;

/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_LabelParameterVersion.html>:
/// a label moves from the version that had it. Labels that break the rules are listed.
pub(super) fn label_parameter_version(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let place = (call.account(), call.region.as_str());
    let params = call.params();
    let name = params.need("Name")?.trim();
    state.touch(name::arn(place, name));
    let store = state.ssm.store_mut(place);
    let parameter = store
        .get_mut(&name::key(name))
        .ok_or_else(|| not_found(name))?;
    let latest = parameter.latest().map_or(1, |latest| latest.number);
    let number = params.number("ParameterVersion").unwrap_or(latest);
    let version = parameter.versions.get(&number);
    let version = version.ok_or_else(|| no_version(name, &number.to_string()))?;
    let labels = params.texts("Labels");
    let (good, bad): (Vec<&str>, Vec<&str>) = labels.iter().partition(|label| is_label(label));
    let mut after = version.labels.clone();
    after.extend(good.iter().map(|label| (*label).to_owned()));
    if after.len() > MOST {
        return Err(ApiError::new(
            "ParameterVersionLabelLimitExceeded",
            "A parameter version can have maximum 10 labels. Move one or more labels to another \
             version and try again.",
        ));
    }
    for version in parameter.versions.values_mut() {
        version
            .labels
            .retain(|label| !good.contains(&label.as_str()));
    }
    if let Some(version) = parameter.versions.get_mut(&number) {
        version.labels = after;
        let (name, version) = (parameter.name.clone(), version.clone());
        if !good.is_empty() {
            let what = (name.as_str(), "LabelParameterVersion");
            put::tell(state, place, what, &version, None);
        }
    }
    Ok(json!({ "InvalidLabels": bad, "ParameterVersion": number }))
}

/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-labels.html>.
fn is_label(label: &str) -> bool {
    let lower = label.to_ascii_lowercase();
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    label.chars().all(allowed)
        && !label.starts_with(|first: char| first.is_ascii_digit())
        && !lower.starts_with("aws")
        && !lower.starts_with("ssm")
}
