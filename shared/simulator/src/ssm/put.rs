//! `PutParameter`: new parameters, and new versions of those there are.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use regex_lite::Regex;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{IMAGE, Parameter, Ssm, Version, invalid, name, value};
use crate::ec2::access::visible_image;
use crate::ec2::change::Change;
use crate::ec2::image::ImageState;
use crate::ec2::tag::{self, TagMap};
use crate::event;
use crate::kms;
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

/// How long an image id is looked at: "a few minutes" at most.
const VALIDATION: SignedDuration = SignedDuration::from_secs(5);
const MOST_VERSIONS: usize = 100;
const MOST_STANDARD: usize = 10_000;
const MOST_ADVANCED: usize = 100_000;

/// What a parameter is to become.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Draft {
    account: String,
    region: String,
    name: String,
    version: Version,
    tags: TagMap,
}

/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html>. A
/// parameter of the data type `aws:ec2:image` gets its version number at once, but is written
/// only after the image has been looked at:
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-ec2-aliases.html>.
pub(super) fn put_parameter(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    if params.has("Policies") {
        return Err(invalid("The parameter Policies is not simulated"));
    }
    let place = (call.account(), call.region.as_str());
    let name = name::to_write(params.need("Name")?, place)?;
    state.touch(name::arn(place, &name));
    let overwrite = params.flag("Overwrite").unwrap_or_default();
    let tags = tag::read(&params.list("Tags"))?;
    tag::requested(state, &tags);
    if overwrite && !tags.is_empty() {
        return Err(invalid(
            "Invalid request: tags and overwrite can't be used together. To create a parameter \
             with tags, please remove overwrite flag. To update tags for an existing parameter, \
             please use AddTagsToResource or RemoveTagsFromResource.",
        ));
    }
    let waiting = (place.0.to_owned(), place.1.to_owned(), name::key(&name));
    if state.ssm.validating.contains(&waiting) {
        let message = format!("The validation of parameter {name} is still in process");
        return Err(ApiError::new("TooManyUpdates", message));
    }
    let version = version(state, call, &name)?;
    refuse_too_many(&state.ssm, place, &name, &version)?;
    let (number, tier) = (version.number, version.tier.clone());
    let draft = Draft {
        account: place.0.to_owned(),
        region: place.1.to_owned(),
        name,
        version,
        tags,
    };
    if draft.version.data_type == IMAGE {
        state.ssm.validating.insert(waiting);
        state.schedule(VALIDATION, Change::ParameterValidated(Box::new(draft)));
    } else {
        store(state, draft);
    }
    Ok(json!({ "Version": number, "Tier": tier }))
}

/// The version that a call makes, after the one there is.
fn version(state: &mut State, call: &Request, name: &str) -> Result<Version, ApiError> {
    let params = call.params();
    let place = (call.account(), call.region.as_str());
    let store = state.ssm.store(place);
    let parameter = store.and_then(|store| store.get(&name::key(name)));
    if parameter.is_some() && params.flag("Overwrite") != Some(true) {
        return Err(ApiError::new(
            "ParameterAlreadyExists",
            "The parameter already exists. To overwrite this value, set the overwrite option in \
             the request to true.",
        ));
    }
    let before = parameter.and_then(Parameter::latest).cloned();
    let kind = value::kind(params, before.as_ref())?;
    let data_type = value::data_type(params, before.as_ref(), &kind)?;
    let tier = value::tier(params, before.as_ref())?;
    let kept = |name: &str, earlier: fn(&Version) -> Option<String>| {
        let given = params.text(name).map(str::to_owned);
        given.or_else(|| before.as_ref().and_then(earlier))
    };
    let pattern = kept("AllowedPattern", |version| version.pattern.clone());
    let description = kept("Description", |version| version.description.clone());
    let key = kept("KeyId", |version| version.key.clone());
    let text = params.need("Value")?;
    refuse_mismatch(pattern.as_deref(), text)?;
    let key = secret_key(state, place, &kind, key)?;
    Ok(Version {
        number: before.map_or(1, |before| before.number + 1),
        kind,
        value: text.to_owned(),
        data_type,
        description,
        pattern,
        key,
        tier,
        modified: state.clock.now(),
        by: call.caller.arn.clone(),
        labels: BTreeSet::new(),
    })
}

fn refuse_mismatch(pattern: Option<&str>, text: &str) -> Result<(), ApiError> {
    let Some(pattern) = pattern.filter(|pattern| !pattern.is_empty()) else {
        return Ok(());
    };
    let Ok(regex) = Regex::new(pattern) else {
        let message = format!("AllowedPattern is not a regular expression: {pattern}");
        return Err(ApiError::new("InvalidAllowedPatternException", message));
    };
    if regex.is_match(text) {
        return Ok(());
    }
    Err(ApiError::new(
        "ParameterPatternMismatchException",
        format!("Parameter value, cannot be validated against allowedPattern: {pattern}"),
    ))
}

/// The key of a secure parameter: the one named, or the account's own for Systems Manager.
fn secret_key(
    state: &mut State,
    place: (&str, &str),
    kind: &str,
    named: Option<String>,
) -> Result<Option<String>, ApiError> {
    const USUAL: &str = "alias/aws/ssm";
    match (kind, named) {
        ("SecureString", None) => Ok(Some(USUAL.to_owned())),
        ("SecureString", Some(key)) => {
            if key == USUAL || kms::resolve(state, place, &key).is_some() {
                return Ok(Some(key));
            }
            Err(ApiError::new(
                "InvalidKeyId",
                format!("Invalid keyId {key}"),
            ))
        }
        (_, None) => Ok(None),
        (_, Some(_)) => Err(invalid(
            "KeyId is required for SecureString type parameter only.",
        )),
    }
}

/// The limits of accounts and of parameters:
/// <https://docs.aws.amazon.com/general/latest/gr/ssm.html>.
fn refuse_too_many(
    ssm: &Ssm,
    place: (&str, &str),
    name: &str,
    version: &Version,
) -> Result<(), ApiError> {
    let Some(store) = ssm.store(place) else {
        return Ok(());
    };
    let Some(parameter) = store.get(&name::key(name)) else {
        let most = if version.tier == "Standard" {
            MOST_STANDARD
        } else {
            MOST_ADVANCED
        };
        let same = |parameter: &&Parameter| {
            let latest = parameter.latest();
            latest.is_some_and(|latest| latest.tier == version.tier)
        };
        if store.len() >= most && store.values().filter(same).count() >= most {
            let message = format!(
                "At most {most} parameters of the tier {} can be made",
                version.tier
            );
            return Err(ApiError::new("ParameterLimitExceeded", message));
        }
        return Ok(());
    };
    let oldest = parameter.versions.first_key_value();
    match oldest.filter(|_| parameter.versions.len() >= MOST_VERSIONS) {
        Some((number, oldest)) if !oldest.labels.is_empty() => {
            let message = format!(
                "You attempted to create a new version of {name} by calling the PutParameter API \
                 with the overwrite flag. Version {number}, the oldest version, can't be deleted \
                 because it has a label associated with it. Move the label to another version of \
                 the parameter, and try again."
            );
            Err(ApiError::new("ParameterMaxVersionLimitExceeded", message))
        }
        _ => Ok(()),
    }
}

fn store(state: &mut State, draft: Draft) {
    let place = (draft.account.as_str(), draft.region.as_str());
    let store = state.ssm.store_mut(place);
    let parameter = store
        .entry(name::key(&draft.name))
        .or_insert_with(|| Parameter {
            name: draft.name.clone(),
            arn: name::arn(place, &draft.name),
            versions: BTreeMap::new(),
            tags: draft.tags,
        });
    // A parameter that was deleted while its image was looked at begins again.
    let number = parameter.latest().map_or(1, |latest| latest.number + 1);
    let version = Version {
        number,
        ..draft.version
    };
    let operation = if number == 1 { "Create" } else { "Update" };
    parameter.versions.insert(number, version.clone());
    if parameter.versions.len() > MOST_VERSIONS {
        parameter.versions.pop_first();
    }
    let name = parameter.name.clone();
    tell(state, place, (&name, operation), &version, None);
}

/// Ends the look at a parameter's image: it must be one that the account sees, and available.
pub(crate) fn validated(state: &mut State, draft: Draft) {
    let place = (draft.account.as_str(), draft.region.as_str());
    let key = (
        draft.account.clone(),
        draft.region.clone(),
        name::key(&draft.name),
    );
    state.ssm.validating.remove(&key);
    let image = visible_image(&state.ec2, place.0, place.1, &draft.version.value);
    if image.is_ok_and(|image| image.state == ImageState::Available) {
        store(state, draft);
        return;
    }
    let known = state.ssm.store(place);
    let known = known.is_some_and(|store| store.contains_key(&key.2));
    let operation = if known { "Update" } else { "Create" };
    let why = Some("Unable to Describe Resource");
    tell(state, place, (&draft.name, operation), &draft.version, why);
}

/// `Parameter Store Change`:
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-cwe.html>.
pub(super) fn tell(
    state: &mut State,
    place: (&str, &str),
    (name, operation): (&str, &str),
    version: &Version,
    exception: Option<&str>,
) {
    let mut detail = json!({
        "operation": operation,
        "name": name,
        "type": version.kind,
    });
    if version.data_type != value::TEXT {
        detail["dataType"] = Value::from(version.data_type.clone());
    }
    if let Some(description) = &version.description {
        detail["description"] = Value::from(description.clone());
    }
    if let Some(exception) = exception {
        detail["exception"] = Value::from(exception);
    }
    let arn = name::arn(place, name);
    event::emit_from(
        state,
        place,
        ("aws.ssm", "Parameter Store Change"),
        &[arn],
        &detail,
    );
}
