//! Publishing: what a message must be, and the inbox it goes to.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::request::{Params, Request};
use crate::sns::{invalid, unsimulated};
use crate::state::State;
use crate::wire::error::ApiError;

/// A message as its topic's subscribers get it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// When it was published.
    pub at: Timestamp,
    /// The topic's ARN.
    pub topic: String,
    /// The subject.
    pub subject: Option<String>,
    /// The message.
    pub message: String,
    /// The message attributes' string values, by name.
    pub attributes: BTreeMap<String, String>,
}

/// How many messages the inbox keeps, of all topics.
pub(super) const MOST_KEPT: usize = 10_000;

/// <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>.
pub(super) fn publish(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    unsimulated(
        params,
        &[
            "PhoneNumber",
            "MessageStructure",
            "MessageDeduplicationId",
            "MessageGroupId",
        ],
    )?;
    let topic = params.text("TopicArn").or(params.text("TargetArn"));
    let topic = topic
        .ok_or_else(|| invalid("TopicArn or TargetArn Reason: no value for required parameter"))?;
    state.touch(topic);
    if !state.sns.topics.contains_key(topic) {
        return Err(ApiError::with_status(
            404,
            "NotFound",
            "Topic does not exist",
        ));
    }
    let subject = params.text("Subject");
    if subject.is_some_and(|subject| !is_subject(subject)) {
        return Err(invalid("Subject"));
    }
    let message = params.need("Message")?;
    if message.is_empty() {
        return Err(invalid("Empty message"));
    }
    if message.len() > 262_144 {
        return Err(invalid("Message too long"));
    }
    let attributes = attributes(params)?;
    if state.sns.messages.len() >= MOST_KEPT {
        state.sns.messages.pop_front();
    }
    state.sns.messages.push_back(Message {
        at: state.clock.now(),
        topic: topic.to_owned(),
        subject: subject.map(str::to_owned),
        message: message.to_owned(),
        attributes,
    });
    state.sns.published += 1;
    Ok(json!({ "MessageId": state.ids.uuid() }))
}

/// A subject "must be ASCII text that begins with a letter, number, or punctuation mark; must not
/// include line breaks or control characters; and must be less than 100 characters long".
fn is_subject(subject: &str) -> bool {
    let printable = subject.chars().all(|c| c == ' ' || c.is_ascii_graphic());
    printable && (1..100).contains(&subject.len()) && !subject.starts_with(' ')
}

fn attributes(params: Params<'_>) -> Result<BTreeMap<String, String>, ApiError> {
    let mut read = BTreeMap::new();
    for (name, value) in params.entries("MessageAttributes") {
        let text = value.text("StringValue").filter(|text| !text.is_empty());
        let text = text.ok_or_else(|| {
            let message = format!(
                "The message attribute '{name}' must contain non-empty message attribute value."
            );
            ApiError::new("ParameterValueInvalid", message)
        })?;
        read.insert(name.to_owned(), text.to_owned());
    }
    Ok(read)
}
