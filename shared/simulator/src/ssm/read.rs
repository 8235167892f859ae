//! Reading parameters: one, some, those below a path, and all versions of one.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::filter::{self, Filter, is_below};
use super::{Parameter, Ssm, Store, Version, invalid, name, not_found};
use crate::ec2::page;
use crate::ids::hex;
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

const HISTORY_PAGE: usize = 50;
const PATH_PAGE: usize = 10;

/// What a name means.
pub(super) struct Found<'a> {
    pub(super) parameter: &'a Parameter,
    pub(super) version: &'a Version,
    selector: Option<String>,
}

/// The version that a name, a name with a version or a label, or an ARN means.
/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html>.
pub(super) fn find<'a>(
    ssm: &'a Ssm,
    place: (&str, &str),
    text: &str,
) -> Result<Found<'a>, ApiError> {
    let named = name::read(text)?;
    let key = name::key(&named.name);
    let others = |account: &str| !account.is_empty() && account != place.0;
    if named.account.is_some_and(others) {
        let message = format!("No access to the parameter {text}, which is another account's");
        return Err(ApiError::new("AccessDeniedException", message));
    }
    let store = ssm.holding(place, &key);
    let parameter = store.and_then(|store| store.get(&key));
    let parameter = parameter.ok_or_else(|| not_found(text))?;
    let version = match named.selector {
        None => parameter.latest(),
        Some(selector) => match selector.parse::<i64>() {
            Ok(number) => parameter.versions.get(&number),
            Err(_) => parameter.labelled(selector),
        },
    };
    let version = version.ok_or_else(|| no_version(&named.name, named.selector.unwrap_or("1")))?;
    Ok(Found {
        parameter,
        version,
        selector: named.selector.map(|selector| format!(":{selector}")),
    })
}

/// The error for a version or a label that a parameter doesn't have.
pub(super) fn no_version(name: &str, selector: &str) -> ApiError {
    let message = format!(
        "Systems Manager could not find version {selector} of {name}. Verify the version and try \
         again."
    );
    ApiError::new("ParameterVersionNotFound", message)
}

impl Parameter {
    fn labelled(&self, label: &str) -> Option<&Version> {
        let mut versions = self.versions.values();
        versions.find(|version| version.labels.contains(label))
    }
}

impl Version {
    /// The value as it is shown: a secure one is a secret unless it is asked for in plain.
    fn shown(&self, plain: bool) -> String {
        if self.kind != "SecureString" || plain {
            return self.value.clone();
        }
        let digest = Sha256::digest(format!("{} {}", self.number, self.value).as_bytes());
        format!("AQICAHh{}", hex(digest))
    }
}

fn written(found: &Found<'_>, plain: bool) -> Value {
    json!({
        "Name": found.parameter.name,
        "Type": found.version.kind,
        "Value": found.version.shown(plain),
        "Version": found.version.number,
        "Selector": found.selector,
        "LastModifiedDate": found.version.modified.to_string(),
        "ARN": found.parameter.arn,
        "DataType": found.version.data_type,
    })
}

fn in_plain(call: &Request) -> bool {
    call.params().flag("WithDecryption").unwrap_or_default()
}

/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html>.
pub(super) fn get_parameter(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let place = (call.account(), call.region.as_str());
    let name = call.params().need("Name")?;
    state.touch(name::arn(place, &name::read(name)?.name));
    let found = find(&state.ssm, place, name)?;
    Ok(json!({ "Parameter": written(&found, in_plain(call)) }))
}

/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html>: in
/// the order of their names; what isn't there is listed.
pub(super) fn get_parameters(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let place = (call.account(), call.region.as_str());
    let mut names = call.params().texts("Names");
    names.sort_unstable();
    names.dedup();
    for name in &names {
        state.touch(name::arn(place, &name::read(name)?.name));
    }
    let (mut parameters, mut missing) = (Vec::new(), Vec::new());
    for name in names {
        match find(&state.ssm, place, name) {
            Ok(found) => parameters.push(written(&found, in_plain(call))),
            Err(error) if error.code == "AccessDeniedException" => return Err(error),
            Err(_) => missing.push(name),
        }
    }
    Ok(json!({ "Parameters": parameters, "InvalidParameters": missing }))
}

/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParametersByPath.html>.
pub(super) fn get_parameters_by_path(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let place = (call.account(), call.region.as_str());
    let path = call.params().need("Path")?.trim();
    if !path.starts_with('/') || path.contains("//") {
        return Err(invalid(
            "The parameter doesn't meet the parameter name requirements. The parameter name must \
             begin with a forward slash \"/\".",
        ));
    }
    state.touch(name::arn(place, path));
    let recursive = call.params().flag("Recursive").unwrap_or_default();
    let filters = filter::read(call, &["Type", "KeyId", "Label"])?;
    let cursor = page::open(call, 1)?.at_most(PATH_PAGE);
    let empty = Store::new();
    let beginning = format!("{}/", path.trim_end_matches('/'));
    let store = state.ssm.holding(place, &beginning).unwrap_or(&empty);
    let below = store
        .range(beginning.clone()..)
        .take_while(|(key, _)| key.starts_with(&beginning))
        .filter(|(key, _)| is_below(key, path, recursive));
    let found = below.filter_map(|(key, parameter)| Some((key, chosen(parameter, &filters)?)));
    let page = cursor.cut(call, found, |found| written(&found, in_plain(call)));
    Ok(json!({ "Parameters": page.items, "NextToken": page.next }))
}

/// The newest version, or that with the label, where the filters match it.
fn chosen<'a>(parameter: &'a Parameter, filters: &[Filter]) -> Option<Found<'a>> {
    let labels = filters.iter().find_map(Filter::label);
    let version = match labels {
        Some(labels) => labels.iter().find_map(|label| parameter.labelled(label)),
        None => parameter.latest(),
    }?;
    let matches = filters
        .iter()
        .all(|filter| filter.matches(parameter, version));
    matches.then_some(Found {
        parameter,
        version,
        selector: None,
    })
}

/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameterHistory.html>:
/// the versions kept, the oldest first.
pub(super) fn get_parameter_history(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let place = (call.account(), call.region.as_str());
    let name = name::read(call.params().need("Name")?)?.name;
    state.touch(name::arn(place, &name));
    let cursor = page::open(call, 1)?.at_most(HISTORY_PAGE);
    let parameter = find(&state.ssm, place, &name)?.parameter;
    let versions = parameter.versions.values();
    let found = versions.map(|version| (format!("{:020}", version.number), version));
    let page = cursor.cut(call, found, |version| {
        json!({
            "Name": parameter.name,
            "Type": version.kind,
            "KeyId": version.key,
            "LastModifiedDate": version.modified.to_string(),
            "LastModifiedUser": version.by,
            "Description": version.description,
            "Value": version.shown(in_plain(call)),
            "AllowedPattern": version.pattern,
            "Version": version.number,
            "Labels": version.labels,
            "Tier": version.tier,
            "Policies": [],
            "DataType": version.data_type,
        })
    });
    Ok(json!({ "Parameters": page.items, "NextToken": page.next }))
}
