//! Deleting templates, and versions of them.

use serde_json::{Value, json};

use super::Template;
use super::make::named;
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

/// How many versions one call may delete.
const MOST: usize = 200;

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteLaunchTemplate.html>: with
/// all its versions.
pub(crate) fn delete_launch_template(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let template = named(state, call)?;
    let region = state.ec2.region_mut(&call.region);
    region.launch_templates.remove(&template.id);
    Ok(json!({ "LaunchTemplate": template.written(call.account()) }))
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteLaunchTemplateVersions.html>:
/// each has its own outcome, and the default version stays.
pub(crate) fn delete_launch_template_versions(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let versions = call.params().texts("Versions");
    if versions.len() > MOST {
        let message = format!("You can delete at most {MOST} launch template versions in one call");
        return Err(ApiError::invalid_value(message));
    }
    let mut template = named(state, call)?;
    let (mut done, mut undone) = (Vec::new(), Vec::new());
    for text in versions {
        let number = super::number(text)?;
        let mut outcome = json!({
            "LaunchTemplateId": template.id,
            "LaunchTemplateName": template.name,
            "VersionNumber": number,
        });
        match refusal(&template, number) {
            None => {
                template.versions.remove(&number);
                done.push(outcome);
            }
            Some((code, message)) => {
                outcome["ResponseError"] = json!({ "Code": code, "Message": message });
                undone.push(outcome);
            }
        }
    }
    let region = state.ec2.region_mut(&call.region);
    region.launch_templates.insert(template);
    Ok(json!({
        "SuccessfullyDeletedLaunchTemplateVersions": done,
        "UnsuccessfullyDeletedLaunchTemplateVersions": undone,
    }))
}

fn refusal(template: &Template, number: u64) -> Option<(&'static str, String)> {
    if !template.versions.contains_key(&number) {
        let message = format!(
            "Could not find the specified version {number} for the launch template with ID {}.",
            template.id
        );
        return Some(("launchTemplateVersionDoesNotExist", message));
    }
    (template.default == number).then(|| {
        let message = "You cannot delete the default version of a launch template. Set another \
                       version as the default first.";
        ("unexpectedError", message.to_owned())
    })
}
