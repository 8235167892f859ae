//! Keys' tags: <https://docs.aws.amazon.com/kms/latest/developerguide/tagging-keys.html>.

use serde_json::{Value, json};

use crate::ec2::tag::TagMap;
use crate::kms::listing::Listing;
use crate::kms::{change, own_customer_key, own_key};
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

const MOST: usize = 50;

/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_TagResource.html>.
pub(super) fn tag_resource(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let mut key = own_customer_key(state, call, call.params().need("KeyId")?)?;
    key.refuse_pending()?;
    key.tags.extend(read(call)?);
    refuse_too_many(&key.tags)?;
    change(state, &key.arn, |kept| kept.tags = key.tags);
    Ok(json!({}))
}

/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_UntagResource.html>.
pub(super) fn untag_resource(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let key = own_customer_key(state, call, call.params().need("KeyId")?)?;
    key.refuse_pending()?;
    let gone = call.params().texts("TagKeys");
    change(state, &key.arn, |key| {
        key.tags.retain(|name, _| !gone.contains(&name.as_str()));
    });
    Ok(json!({}))
}

/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_ListResourceTags.html>.
pub(super) fn list_resource_tags(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let key = own_key(state, call, call.params().need("KeyId")?)?;
    let tags = key.tags.iter().map(|tag| (tag.0, tag));
    let write = |(key, value): (&String, &String)| json!({ "TagKey": key, "TagValue": value });
    Ok(Listing::open(call, 50, 50)?
        .cut(tags, write)
        .written("Tags"))
}

/// The tags of a call, checked.
pub(super) fn read(call: &Request) -> Result<TagMap, ApiError> {
    let refuse = |why: String| Err(ApiError::new("TagException", why));
    let mut tags = TagMap::new();
    for tag in call.params().list("Tags") {
        let key = tag.need("TagKey")?;
        let value = tag.text("TagValue").unwrap_or_default();
        if key.to_ascii_lowercase().starts_with("aws:") {
            return refuse("Tag keys that begin with aws: are reserved".to_owned());
        }
        if tags.insert(key.to_owned(), value.to_owned()).is_some() {
            return refuse(format!("The tag key {key} stands there twice"));
        }
    }
    refuse_too_many(&tags)?;
    Ok(tags)
}

fn refuse_too_many(tags: &TagMap) -> Result<(), ApiError> {
    if tags.len() <= MOST {
        return Ok(());
    }
    let message = format!("A key has at most {MOST} tags");
    Err(ApiError::new("LimitExceededException", message))
}

/// Tags as KMS writes them.
pub(super) fn written(tags: &TagMap) -> Vec<Value> {
    let tags = tags.iter();
    tags.map(|(key, value)| json!({ "TagKey": key, "TagValue": value }))
        .collect()
}
