//! `DescribeLaunchTemplates`.

use serde_json::{Value, json};

use super::{Template, malformed, no_template, no_template_named};
use crate::clock::millis;
use crate::ec2::filter::Filters;
use crate::ec2::page;
use crate::ids::is_resource_id;
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

const FILTERS: [&str; 3] = ["create-time", "launch-template-name", "tag-key"];
/// How many are on a page where the call doesn't say.
const USUAL: i64 = 200;

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeLaunchTemplates.html>.
pub(crate) fn describe_launch_templates(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let params = call.params();
    let filters = Filters::read(params, &FILTERS)?;
    let cursor = page::of_size(call, params.number("MaxResults").unwrap_or(USUAL))?;
    let (ids, names) = (
        params.texts("LaunchTemplateIds"),
        params.texts("LaunchTemplateNames"),
    );
    let templates = &state.ec2.reading(&call.region).launch_templates;
    for id in &ids {
        if !is_resource_id(id, "lt") {
            return Err(malformed(id));
        }
        if templates.own(call.account(), id).is_none() {
            return Err(no_template(id));
        }
    }
    let missing = |name: &&str| templates.named(call.account(), name).is_none();
    if names.iter().any(missing) {
        return Err(no_template_named());
    }
    let wanted = cursor.rest(templates.all()).filter(|(id, template)| {
        template.owner == call.account()
            && (ids.is_empty() || ids.contains(id))
            && (names.is_empty() || names.contains(&template.name.as_str()))
            && filters.match_all(
                || template.tags.own(call.account()),
                |name| vec![field(template, name)],
            )
    });
    let page = cursor.cut(call, wanted, |template| template.written(call.account()));
    Ok(json!({ "LaunchTemplates": page.items, "NextToken": page.next }))
}

fn field(template: &Template, name: &str) -> String {
    match name {
        "create-time" => millis(template.created),
        _ => template.name.clone(),
    }
}
