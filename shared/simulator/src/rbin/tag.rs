//! The tags of the rules themselves.

use serde_json::{Value, json};

use super::rule::over_quota;
use super::{Rule, invalid, not_found, rules};
use crate::ec2::tag::{self, TagMap};
use crate::request::{Params, Request};
use crate::state::State;
use crate::wire::error::ApiError;

const MOST: usize = 50;

/// <https://docs.aws.amazon.com/recyclebin/latest/APIReference/API_ListTagsForResource.html>.
pub(super) fn list_tags_for_resource(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    Ok(json!({ "Tags": tag::written(&by_arn(state, call)?.tags) }))
}

/// <https://docs.aws.amazon.com/recyclebin/latest/APIReference/API_TagResource.html>.
pub(super) fn tag_resource(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let tags = read(call.params())?;
    tag::requested(state, &tags);
    let rule = by_arn(state, call)?;
    let mut after = rule.tags.clone();
    after.extend(tags);
    check_number(&after)?;
    rule.tags = after;
    Ok(json!({}))
}

/// <https://docs.aws.amazon.com/recyclebin/latest/APIReference/API_UntagResource.html>.
pub(super) fn untag_resource(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let keys = call.params().texts("TagKeys");
    tag::tag_keys(state, keys.iter().copied());
    let rule = by_arn(state, call)?;
    rule.tags.retain(|key, _| !keys.contains(&key.as_str()));
    Ok(json!({}))
}

/// A call's tags, by the rules of all of AWS:
/// <https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html>.
pub(super) fn read(params: Params<'_>) -> Result<TagMap, ApiError> {
    let mut tags = TagMap::new();
    for tag in params.list("Tags") {
        let key = tag.text("Key").unwrap_or_default();
        if key.to_ascii_lowercase().starts_with(tag::RESERVED) {
            return Err(invalid("Tag keys can't begin with aws:."));
        }
        let value = tag.text("Value").unwrap_or_default().to_owned();
        if tags.insert(key.to_owned(), value).is_some() {
            return Err(invalid(format!("The tag key {key} is given twice.")));
        }
    }
    check_number(&tags)?;
    Ok(tags)
}

fn check_number(tags: &TagMap) -> Result<(), ApiError> {
    if tags.len() > MOST {
        return Err(over_quota(&format!("{MOST} tags per resource")));
    }
    Ok(())
}

/// The rule that a call names by its ARN.
fn by_arn<'a>(state: &'a mut State, call: &Request) -> Result<&'a mut Rule, ApiError> {
    let arn = call.params().need("ResourceArn")?;
    let place = format!("arn:aws:rbin:{}:{}:rule/", call.region, call.account());
    if !arn.starts_with("arn:aws:rbin:") {
        return Err(invalid(format!("The ARN {arn} is not valid.")));
    }
    state.touch(arn);
    let identifier = arn.strip_prefix(&place).unwrap_or_default();
    if let Some(rule) = rules(state, call).get(identifier) {
        let tags = rule.tags.clone();
        tag::present(state, &tags);
    }
    rules(state, call)
        .get_mut(identifier)
        .ok_or_else(|| not_found(arn))
}
