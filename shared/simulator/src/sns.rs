//! SNS: topics, and publishing into an inbox one can read.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::dispatch::Handler;
use crate::request::{Params, Request};
use crate::state::State;
use crate::wire::error::ApiError;

/// The topics and what was published to them.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Sns {
    topics: BTreeSet<String>,
    pub(crate) messages: Vec<Message>,
}

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

/// The operation's handler.
pub(crate) fn handler(operation: &str) -> Option<Handler> {
    let handler: Handler = match operation {
        "CreateTopic" => create_topic,
        "ListTopics" => list_topics,
        "Publish" => publish,
        _ => return None,
    };
    Some(handler)
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html>: the same name gives the same
/// topic.
fn create_topic(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    unsimulated(params, &["Attributes", "Tags", "DataProtectionPolicy"])?;
    let name = params.need("Name")?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || name.len() > 256 || !name.chars().all(allowed) {
        return Err(invalid("Topic Name"));
    }
    let arn = format!("arn:aws:sns:{}:{}:{name}", call.region, call.account());
    state.touch(arn.clone());
    state.sns.topics.insert(arn.clone());
    Ok(json!({ "TopicArn": arn }))
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_ListTopics.html>, in pages of 100.
fn list_topics(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let prefix = format!("arn:aws:sns:{}:{}:", call.region, call.account());
    let after = call.params().text("NextToken").unwrap_or_default();
    if !after.is_empty() && !state.sns.topics.contains(after) {
        return Err(invalid("NextToken"));
    }
    let mine = |arn: &&String| arn.starts_with(&prefix) && arn.as_str() > after;
    let found: Vec<&String> = state.sns.topics.iter().filter(mine).collect();
    let page = found.iter().take(100);
    let topics: Vec<Value> = page.map(|arn| json!({ "TopicArn": arn })).collect();
    let next = found.get(99).filter(|_| found.len() > 100);
    Ok(json!({ "Topics": topics, "NextToken": next }))
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>.
fn publish(state: &mut State, call: &Request) -> Result<Value, ApiError> {
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
    if !state.sns.topics.contains(topic) {
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
    state.sns.messages.push(Message {
        at: state.clock.now(),
        topic: topic.to_owned(),
        subject: subject.map(str::to_owned),
        message: message.to_owned(),
        attributes,
    });
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

fn invalid(what: &str) -> ApiError {
    ApiError::new("InvalidParameter", format!("Invalid parameter: {what}"))
}

/// Refuses parameters whose effect isn't simulated, rather than ignore them.
fn unsimulated(params: Params<'_>, names: &[&str]) -> Result<(), ApiError> {
    match names.iter().find(|name| params.has(name)) {
        Some(name) => Err(invalid(&format!("{name} is not simulated"))),
        None => Ok(()),
    }
}
