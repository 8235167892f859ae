//! SNS: topics, and publishing into an inbox one can read.

mod publish;
mod topic;

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::dispatch::Handler;
use crate::request::{Params, Request};
use crate::state::State;
use crate::wire::error::ApiError;

pub use publish::Message;
use topic::Topic;

/// The topics by ARN, and what was published to them.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Sns {
    topics: BTreeMap<String, Topic>,
    /// Oldest first, the newest [`publish::MOST_KEPT`].
    pub(crate) messages: VecDeque<Message>,
    /// How many were ever published.
    #[serde(default)]
    pub(crate) published: u64,
}

/// The operation's handler.
pub(crate) fn handler(operation: &str) -> Option<Handler> {
    let handler: Handler = match operation {
        "CreateTopic" => topic::create_topic,
        "DeleteTopic" => topic::delete_topic,
        "GetTopicAttributes" => topic::get_topic_attributes,
        "ListTopics" => topic::list_topics,
        "Publish" => publish::publish,
        "SetTopicAttributes" => topic::set_topic_attributes,
        _ => return None,
    };
    Some(handler)
}

/// A topic that the caller may act on: one of its account's, in the Region.
fn own_topic<'a>(
    state: &'a mut State,
    call: &Request,
    arn: &str,
) -> Result<&'a mut Topic, ApiError> {
    let place = account_and_region(arn)?;
    state.touch(arn);
    if place != (call.account(), &call.region) {
        let message = format!(
            "User: {} is not authorized to perform: SNS:{} on resource: {arn}",
            call.caller.arn, call.operation
        );
        return Err(ApiError::with_status(403, "AuthorizationError", message));
    }
    let topic = state.sns.topics.get_mut(arn);
    topic.ok_or_else(|| ApiError::with_status(404, "NotFound", "Topic does not exist"))
}

/// The account and Region in a topic's ARN.
fn account_and_region(arn: &str) -> Result<(&str, &str), ApiError> {
    let parts: Vec<&str> = arn.split(':').collect();
    match parts.as_slice() {
        ["arn", "aws", "sns", region, account, _] => Ok((account, region)),
        _ => Err(invalid("TopicArn")),
    }
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
