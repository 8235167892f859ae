//! Tags: each account's own on a resource, and their rules:
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html>.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::request::{Params, Request};
use crate::state::State;
use crate::wire::error::ApiError;

/// Tags with this prefix are seen by those a resource is shared with.
const SHARED: &str = "ec2:SharedTag/";
/// Tags with this prefix are AWS's own.
pub(crate) const RESERVED: &str = "aws:";
const MOST: usize = 50;
const LONGEST_KEY: usize = 127;
const LONGEST_VALUE: usize = 256;

/// Keys and values.
pub(crate) type TagMap = BTreeMap<String, String>;

/// A resource's tags. Whoever sees a resource may tag it, and sees only their own tags.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Tags(BTreeMap<String, TagMap>);

impl Tags {
    pub(crate) fn of_owner(owner: &str, tags: TagMap) -> Self {
        Self(BTreeMap::from([(owner.to_owned(), tags)]))
    }

    /// An account's own tags, where it ever put any.
    pub(crate) fn of(&self, account: &str) -> Option<&TagMap> {
        self.0.get(account)
    }

    /// An account's own tags.
    pub(crate) fn own(&self, account: &str) -> TagMap {
        self.of(account).cloned().unwrap_or_default()
    }

    /// The tags an account sees: its own, and the owner's shared ones.
    pub(crate) fn seen_by(&self, account: &str, owner: &str) -> TagMap {
        let mut seen = self.own(owner);
        if account != owner {
            seen.retain(|key, _| key.starts_with(SHARED));
            seen.extend(self.own(account));
        }
        seen
    }

    /// Adds or overwrites an account's tags; all of them, or none past the limit.
    pub(crate) fn put(&mut self, account: &str, tags: &TagMap) -> Result<(), ApiError> {
        let own = self.0.entry(account.to_owned()).or_default();
        let mut after = own.clone();
        after.extend(tags.clone());
        refuse_too_many(&after)?;
        *own = after;
        Ok(())
    }

    /// Puts a tag of AWS's own.
    pub(crate) fn mark(&mut self, account: &str, key: &str, value: &str) {
        let own = self.0.entry(account.to_owned()).or_default();
        own.insert(key.to_owned(), value.to_owned());
    }

    /// Takes a tag of AWS's own away.
    pub(crate) fn unmark(&mut self, account: &str, key: &str) {
        if let Some(own) = self.0.get_mut(account) {
            own.remove(key);
        }
    }

    /// Removes an account's tags for which `gone` holds; AWS's own stay.
    pub(crate) fn remove(&mut self, account: &str, gone: impl Fn(&str, &str) -> bool) {
        if let Some(own) = self.0.get_mut(account) {
            own.retain(|key, value| key.starts_with(RESERVED) || !gone(key, value));
        }
    }
}

/// Tags as the API writes them.
pub(crate) fn written(tags: &TagMap) -> Value {
    let tags = tags.iter();
    Value::Array(
        tags.map(|(key, value)| json!({ "Key": key, "Value": value }))
            .collect(),
    )
}

/// Reads a list of tags, and checks their rules.
pub(crate) fn read(list: &[Params<'_>]) -> Result<TagMap, ApiError> {
    let mut tags = TagMap::new();
    for tag in list {
        let key = tag.need("Key")?;
        let value = tag.text("Value").unwrap_or_default();
        check(key, value)?;
        if tags.insert(key.to_owned(), value.to_owned()).is_some() {
            let message = format!("Duplicate tag key '{key}' specified.");
            return Err(ApiError::invalid_value(message));
        }
    }
    refuse_too_many(&tags)?;
    Ok(tags)
}

/// The 50-tag limit; AWS's own tags don't count.
pub(crate) fn refuse_too_many(tags: &TagMap) -> Result<(), ApiError> {
    let counted = tags.keys().filter(|key| !key.starts_with(RESERVED));
    if counted.count() > MOST {
        return Err(ApiError::new(
            "TagLimitExceeded",
            format!("The maximum number of Tags for a resource has been reached: {MOST}"),
        ));
    }
    Ok(())
}

fn check(key: &str, value: &str) -> Result<(), ApiError> {
    if key.is_empty() {
        return Err(ApiError::invalid_value("Tag key cannot be empty"));
    }
    if key.to_ascii_lowercase().starts_with(RESERVED) {
        let message = "Tag keys starting with 'aws:' are reserved for internal use";
        return Err(ApiError::invalid_value(message));
    }
    if key.chars().count() > LONGEST_KEY {
        let message = format!("Tag key exceeds the maximum length of {LONGEST_KEY} characters");
        return Err(ApiError::invalid_value(message));
    }
    if value.chars().count() > LONGEST_VALUE {
        let message = format!("Tag value exceeds the maximum length of {LONGEST_VALUE} characters");
        return Err(ApiError::invalid_value(message));
    }
    Ok(())
}

/// The tags that a call's `TagSpecifications` puts on each kind of resource it creates.
/// A kind the operation can't create is refused.
pub(crate) fn specifications(
    state: &mut State,
    call: &Request,
    kinds: &[&str],
) -> Result<BTreeMap<String, TagMap>, ApiError> {
    let mut read_tags: BTreeMap<String, TagMap> = BTreeMap::new();
    for specification in call.params().list("TagSpecifications") {
        let kind = specification.text("ResourceType").unwrap_or_default();
        if !kinds.contains(&kind) {
            let message =
                format!("'{kind}' is not a valid taggable resource type for this operation.");
            return Err(ApiError::invalid_value(message));
        }
        let tags = read(&specification.list("Tags"))?;
        if read_tags.insert(kind.to_owned(), tags).is_some() {
            let message = format!("The resource type '{kind}' is specified more than once");
            return Err(ApiError::invalid_value(message));
        }
    }
    if !read_tags.is_empty() {
        state.condition("ec2:CreateAction", call.operation.clone());
        for tags in read_tags.values() {
            requested(state, tags);
        }
    }
    Ok(read_tags)
}

/// Notes the condition keys of tags in a request.
pub(crate) fn requested(state: &mut State, tags: &TagMap) {
    for (key, value) in tags {
        state.condition(format!("aws:RequestTag/{key}"), value.clone());
    }
    tag_keys(state, tags.keys().map(String::as_str));
}

/// Notes `aws:TagKeys`, joined by commas.
pub(crate) fn tag_keys<'a>(state: &mut State, keys: impl Iterator<Item = &'a str>) {
    let seen = state.trail.context.get("aws:TagKeys").cloned();
    let mut all: std::collections::BTreeSet<String> = seen
        .iter()
        .flat_map(|seen| seen.split(','))
        .map(str::to_owned)
        .collect();
    all.extend(keys.map(str::to_owned));
    let joined = all.into_iter().collect::<Vec<_>>().join(",");
    state.condition("aws:TagKeys", joined);
}

/// Notes the condition keys of the tags that a resource has.
pub(crate) fn present(state: &mut State, tags: &TagMap) {
    for (key, value) in tags {
        state.condition(format!("aws:ResourceTag/{key}"), value.clone());
    }
}
