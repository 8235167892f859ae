//! Making templates and versions, and choosing the default one.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Template, Version, data};
use crate::ec2::instance::launch;
use crate::ec2::tag::{self, Tags};
use crate::request::{Params, Request};
use crate::state::State;
use crate::wire::error::ApiError;

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html>. Nothing
/// is asked of the image or of anything else it names.
pub(crate) fn create_launch_template(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let name = params.need("LaunchTemplateName")?;
    check_name(name)?;
    check_image(params)?;
    let mut tags = tag::specifications(state, call, &["launch-template"])?;
    let templates = &state.ec2.region_mut(&call.region).launch_templates;
    if templates.named(call.account(), name).is_some() {
        return Err(ApiError::new(
            "InvalidLaunchTemplateName.AlreadyExistsException",
            "Launch template name already in use.",
        ));
    }
    let version = version(state, call, 1, params.value("LaunchTemplateData"));
    let tags = tags.remove("launch-template").unwrap_or_default();
    let template = Template {
        id: state.ids.resource("lt"),
        owner: call.account().to_owned(),
        name: name.to_owned(),
        created: state.clock.now(),
        creator: call.caller.arn.clone(),
        default: 1,
        last: 1,
        versions: BTreeMap::from([(1, version)]),
        tags: Tags::of_owner(call.account(), tags),
    };
    let written = template.written(call.account());
    let region = state.ec2.region_mut(&call.region);
    region.launch_templates.insert(template);
    Ok(json!({ "LaunchTemplate": written }))
}

fn check_name(name: &str) -> Result<(), ApiError> {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "().-/_".contains(letter);
    if (3..=128).contains(&name.chars().count()) && name.chars().all(allowed) {
        return Ok(());
    }
    Err(ApiError::new(
        "InvalidLaunchTemplateName.MalformedException",
        "A launch template name must be between 3 and 128 characters, and may contain letters, \
         numbers, and the following characters: - ( ) . / _",
    ))
}

/// An image is named by its id, or by a parameter of Systems Manager.
fn check_image(params: Params<'_>) -> Result<(), ApiError> {
    let data = params.child("LaunchTemplateData");
    match data.and_then(|data| data.text("ImageId")) {
        Some(id) if !id.starts_with("resolve:ssm:") => crate::ec2::access::well_formed_image(id),
        _ => Ok(()),
    }
}

fn version(state: &State, call: &Request, number: u64, data: Option<&Value>) -> Version {
    let description = call.params().text("VersionDescription");
    Version {
        number,
        description: description.map(str::to_owned),
        created: state.clock.now(),
        creator: call.caller.arn.clone(),
        data: data.cloned().unwrap_or_else(|| json!({})),
    }
}

/// The template a call names, noted as IAM asks for it.
pub(super) fn named(state: &mut State, call: &Request) -> Result<Template, ApiError> {
    let place = (call.account(), call.region.as_str());
    let template = super::template(state, place, call.params())?.clone();
    let kind = format!("launch-template/{}", template.id);
    state.touch(format!(
        "arn:aws:ec2:{}:{}:{kind}",
        call.region,
        call.account()
    ));
    tag::present(state, &template.tags.own(call.account()));
    Ok(template)
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplateVersion.html>.
pub(crate) fn create_launch_template_version(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let params = call.params();
    check_image(params)?;
    let mut template = named(state, call)?;
    let given = params.value("LaunchTemplateData").cloned();
    let given = given.unwrap_or_else(|| json!({}));
    let all = match params.text("SourceVersion") {
        Some(source) => {
            let source = template.version(source)?;
            data::overlaid(&data::inherited(&source.data), &given)
        }
        None => given,
    };
    let version = version(state, call, template.last + 1, Some(&all));
    let shown = shown(state, call, &version.data);
    let written = template.version_written(&version, &shown);
    template.last = version.number;
    template.versions.insert(version.number, version);
    let region = state.ec2.region_mut(&call.region);
    region.launch_templates.insert(template);
    Ok(json!({ "LaunchTemplateVersion": written }))
}

/// The launch parameters as a call is shown them: with `ResolveAlias`, the image behind a
/// parameter of Systems Manager stands in its place, if there is one.
pub(super) fn shown(state: &State, call: &Request, data: &Value) -> Value {
    let mut shown = data.clone();
    if call.params().flag("ResolveAlias") == Some(true)
        && let Some(named) = data["ImageId"].as_str()
        && let Ok(id) = launch::image_id(state, (call.account(), &call.region), named)
    {
        shown["ImageId"] = Value::from(id);
    }
    shown
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyLaunchTemplate.html>.
pub(crate) fn modify_launch_template(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let mut template = named(state, call)?;
    if let Some(default) = call.params().text("DefaultVersion") {
        template.default = template.version(default)?.number;
    }
    let written = template.written(call.account());
    let region = state.ec2.region_mut(&call.region);
    region.launch_templates.insert(template);
    Ok(json!({ "LaunchTemplate": written }))
}
