//! `DescribeImageReferences`: which of the caller's own resources name an image.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-ami-references.html>.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::uses::{self, Search, Use};
use crate::ec2::access::well_formed_image;
use crate::ec2::page;
use crate::ec2::{Operation, op};
use crate::request::{Params, Request};
use crate::state::State;
use crate::wire::error::ApiError;

pub(crate) const OPERATIONS: &[Operation] =
    &[op("DescribeImageReferences", describe_image_references)];

const KINDS: [&str; 5] = [
    uses::INSTANCE,
    uses::TEMPLATE,
    uses::PARAMETER,
    uses::IMAGE_RECIPE,
    uses::CONTAINER_RECIPE,
];

/// How far one kind of resource is looked at.
#[derive(Debug, Clone)]
struct Scope<'a> {
    /// The states that an instance may be in.
    states: Vec<&'a str>,
    /// How many of a launch template's newest versions count.
    depth: usize,
}

impl Default for Scope<'_> {
    fn default() -> Self {
        Self {
            states: uses::STATES.to_vec(),
            depth: 10,
        }
    }
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImageReferences.html>: of
/// images of anybody's, whether they are there or not. Auto Scaling groups are not looked at.
pub(crate) fn describe_image_references(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let images = call.params().texts("ImageIds");
    for image in &images {
        well_formed_image(image)?;
    }
    let scopes = scopes(call)?;
    let search = Search {
        region: &call.region,
        account: Some(call.account()),
        images: &images,
        since: state.clock.now(),
    };
    let mut found: BTreeMap<String, (&str, Use)> = BTreeMap::new();
    for (kind, scope) in scopes {
        let uses = match kind {
            uses::INSTANCE => uses::instances(state, search, &scope.states),
            _ => uses::of_kind(state, search, kind, scope.depth),
        };
        for one in uses {
            found.insert(format!("{} {kind} {}", one.image, one.arn), (kind, one));
        }
    }
    let page = page::open(call, 5)?.cut(
        call,
        found.into_iter(),
        |(kind, one)| json!({ "ImageId": one.image, "ResourceType": kind, "Arn": one.arn }),
    );
    Ok(page.named("ImageReferences"))
}

/// The kinds that a call asks for: all of them, those it lists, or both, with the listed scopes.
fn scopes(call: &Request) -> Result<BTreeMap<&str, Scope<'_>>, ApiError> {
    let params = call.params();
    let all = params.flag("IncludeAllResourceTypes") == Some(true);
    let listed = params.list("ResourceTypes");
    if !all && listed.is_empty() {
        let message = "Either IncludeAllResourceTypes or ResourceTypes must be specified.";
        return Err(ApiError::new("MissingParameter", message));
    }
    let mut scopes = BTreeMap::new();
    for one in listed {
        let kind = one.need("ResourceType")?;
        if scopes.insert(kind, scope(kind, one)?).is_some() {
            let message = format!("The resource type '{kind}' is specified more than once");
            return Err(ApiError::invalid_value(message));
        }
    }
    if all {
        for kind in KINDS {
            scopes.entry(kind).or_default();
        }
    }
    Ok(scopes)
}

fn scope<'a>(kind: &str, one: Params<'a>) -> Result<Scope<'a>, ApiError> {
    let mut scope = Scope::default();
    for option in one.list("ResourceTypeOptions") {
        let name = option.need("OptionName")?;
        let values = option.texts("OptionValues");
        let wrong = || {
            let message = format!(
                "Value ({}) for the option {name} is invalid",
                values.join(", ")
            );
            ApiError::invalid_value(message)
        };
        match (kind, name) {
            (uses::INSTANCE, "state-name") => {
                let known = values.iter().all(|value| uses::STATES.contains(value));
                if values.is_empty() || !known {
                    return Err(wrong());
                }
                scope.states = values;
            }
            (uses::TEMPLATE, "version-depth") => {
                scope.depth = uses::depth(&values).ok_or_else(wrong)?;
            }
            _ => {
                let message = format!("The option {name} is not valid for the type {kind}");
                return Err(ApiError::invalid_value(message));
            }
        }
    }
    Ok(scope)
}
