//! Topics and their attributes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::request::Request;
use crate::sns::{account_and_region, invalid, own_topic, unsimulated};
use crate::state::State;
use crate::wire::error::ApiError;

/// Attributes that one may set and that change nothing else here:
/// <https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html>.
const SETTABLE: [&str; 3] = ["DisplayName", "KmsMasterKeyId", "Policy"];
/// How many characters a topic's display name may have.
const LONGEST_DISPLAY_NAME: usize = 100;

/// The attributes that were set on a topic.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Topic {
    set: BTreeMap<String, String>,
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html>: the same name gives the same
/// topic, unless other attributes are asked for. FIFO topics aren't simulated.
pub(super) fn create_topic(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    unsimulated(params, &["Tags", "DataProtectionPolicy"])?;
    let name = params.need("Name")?;
    if name.strip_suffix(".fifo").is_some() {
        return Err(invalid("Topic Name: FIFO topics are not simulated"));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || name.len() > 256 || !name.chars().all(allowed) {
        return Err(invalid("Topic Name"));
    }
    let mut topic = Topic::default();
    let attributes = call.parameters["Attributes"].as_object();
    for (name, value) in attributes.into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        set(&mut topic, name, value)?;
    }
    let arn = format!("arn:aws:sns:{}:{}:{name}", call.region, call.account());
    state.touch(arn.clone());
    match state.sns.topics.get(&arn) {
        Some(known) if attributes.is_some() && *known != topic => {
            let why = "Attributes Reason: Topic already exists with different attributes";
            return Err(invalid(why));
        }
        Some(_) => {}
        None => {
            state.sns.topics.insert(arn.clone(), topic);
        }
    }
    Ok(json!({ "TopicArn": arn }))
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_DeleteTopic.html>: one that is not there is no
/// error.
pub(super) fn delete_topic(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let arn = call.params().need("TopicArn")?;
    match own_topic(state, call, arn) {
        Err(error) if error.code != "NotFound" => Err(error),
        _ => {
            state.sns.topics.remove(arn);
            Ok(json!({}))
        }
    }
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_ListTopics.html>, in pages of 100.
pub(super) fn list_topics(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let prefix = format!("arn:aws:sns:{}:{}:", call.region, call.account());
    let after = call.params().text("NextToken").unwrap_or_default();
    if !after.is_empty() && account_and_region(after) != Ok((call.account(), &call.region)) {
        return Err(invalid("NextToken"));
    }
    let from = after.max(&prefix).to_owned();
    let mine = state.sns.topics.range(from..).map(|(arn, _)| arn);
    let mine = mine.take_while(|arn| arn.starts_with(&prefix));
    let mut left = mine.filter(|arn| arn.as_str() != after);
    let page: Vec<&String> = left.by_ref().take(100).collect();
    let next = page.last().filter(|_| left.next().is_some());
    let topics = page.iter().map(|arn| json!({ "TopicArn": arn }));
    Ok(json!({ "Topics": topics.collect::<Vec<_>>(), "NextToken": next }))
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html>.
pub(super) fn get_topic_attributes(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let arn = call.params().need("TopicArn")?;
    let topic = own_topic(state, call, arn)?;
    let mut attributes = json!({
        "TopicArn": arn,
        "Owner": call.account(),
        "DisplayName": "",
        "Policy": default_policy(arn, call.account()),
        "EffectiveDeliveryPolicy": EFFECTIVE_DELIVERY,
        "SubscriptionsConfirmed": "0",
        "SubscriptionsPending": "0",
        "SubscriptionsDeleted": "0",
    });
    for (name, value) in &topic.set {
        attributes[name] = Value::from(value.clone());
    }
    Ok(json!({ "Attributes": attributes }))
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html>.
pub(super) fn set_topic_attributes(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let topic = own_topic(state, call, params.need("TopicArn")?)?;
    let value = params.text("AttributeValue").unwrap_or_default();
    set(topic, params.need("AttributeName")?, value)?;
    Ok(json!({}))
}

fn set(topic: &mut Topic, name: &str, value: &str) -> Result<(), ApiError> {
    if !SETTABLE.contains(&name) {
        return Err(invalid(&format!("AttributeName: {name}")));
    }
    if name == "DisplayName" && value.chars().count() > LONGEST_DISPLAY_NAME {
        return Err(invalid("DisplayName"));
    }
    if name == "Policy" && serde_json::from_str::<Value>(value).is_err() {
        return Err(invalid("Policy Error: null"));
    }
    topic.set.insert(name.to_owned(), value.to_owned());
    Ok(())
}

/// How delivery is tried again where nothing was set:
/// <https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html>.
const EFFECTIVE_DELIVERY: &str = r#"{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},"disableSubscriptionOverrides":false}}"#;

fn default_policy(arn: &str, account: &str) -> String {
    let actions = [
        "AddPermission",
        "DeleteTopic",
        "GetTopicAttributes",
        "ListSubscriptionsByTopic",
        "Publish",
        "RemovePermission",
        "SetTopicAttributes",
        "Subscribe",
    ];
    let statement = json!({
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": { "AWS": "*" },
        "Action": actions.map(|action| format!("SNS:{action}")),
        "Resource": arn,
        "Condition": { "StringEquals": { "AWS:SourceOwner": account } },
    });
    let policy = json!({
        "Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement],
    });
    policy.to_string()
}
