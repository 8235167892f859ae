//! Owns the reading of events: which images one is about. An event is a hint, so nothing else of
//! it is used.

use amiary_aws::USER_AGENT_WORD;
use amiary_domain::ids::{ImageId, ImageRef, Place};
use amiary_runtime::Failure;
use aws_lambda_events::eventbridge::EventBridgeEvent;
use serde_json::Value;
use std::collections::BTreeSet;

/// What an event asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Scope {
    /// To look at these images.
    Images(Vec<ImageRef>),
    /// Nothing, for this reason.
    Nothing(String),
}

/// Reads an `EventBridge` event: image state changes, see
/// [Monitor AMI events](https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitor-ami-events.html),
/// and calls that changed tags or permissions, as `CloudTrail` reports them.
///
/// # Errors
/// Where the text is no such event, or names what can't be an account, Region or image.
pub fn scope(body: &str) -> Result<Scope, Failure> {
    let event: EventBridgeEvent<Value> = serde_json::from_str(body)
        .map_err(|error| Failure::Event(format!("not an EventBridge event: {error}")))?;
    if event.source != "aws.ec2" {
        return Ok(Scope::Nothing(format!(
            "its source is {:?}, not aws.ec2",
            event.source
        )));
    }
    let place = place(&event)?;
    match event.detail_type.as_str() {
        "EC2 AMI State Change" => {
            let id = event
                .detail
                .get("ImageId")
                .and_then(Value::as_str)
                .unwrap_or_default();
            Ok(Scope::Images(vec![ImageRef::new(place, image_id(id)?)]))
        }
        "AWS API Call via CloudTrail" => called(&place, &event.detail),
        other => Ok(Scope::Nothing(format!(
            "nothing is known of detail type {other:?}"
        ))),
    }
}

fn place(event: &EventBridgeEvent<Value>) -> Result<Place, Failure> {
    let parse = |text: &Option<String>| text.clone().unwrap_or_default();
    let account = parse(&event.account).parse();
    let region = parse(&event.region).parse();
    let wrong = |error: amiary_domain::ids::InvalidId| Failure::Event(error.to_string());
    Ok(Place::new(account.map_err(wrong)?, region.map_err(wrong)?))
}

fn image_id(text: &str) -> Result<ImageId, Failure> {
    text.parse()
        .map_err(|error: amiary_domain::ids::InvalidId| Failure::Event(error.to_string()))
}

fn called(place: &Place, detail: &Value) -> Result<Scope, Failure> {
    if let Some(code) = detail.get("errorCode").and_then(Value::as_str) {
        return Ok(Scope::Nothing(format!("the call failed with {code}")));
    }
    let agent = detail
        .get("userAgent")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if agent.split_whitespace().any(|word| word == USER_AGENT_WORD) {
        return Ok(Scope::Nothing("the call was Amiary's own".to_owned()));
    }
    let parameters = &detail["requestParameters"];
    let one = parameters["imageId"].as_str();
    let items = parameters["resourcesSet"]["items"].as_array();
    let many = items
        .into_iter()
        .flatten()
        .filter_map(|item| item["resourceId"].as_str());
    let images = one
        .into_iter()
        .chain(many)
        .filter(|id| id.starts_with("ami-"))
        .map(|id| Ok(ImageRef::new(place.clone(), image_id(id)?)))
        .collect::<Result<BTreeSet<_>, Failure>>()?;
    if images.is_empty() {
        return Ok(Scope::Nothing("the call names no image".to_owned()));
    }
    Ok(Scope::Images(images.into_iter().collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[expect(clippy::needless_pass_by_value, reason = "each event is made in place")]
    fn event(detail_type: &str, detail: Value) -> String {
        json!({"version": "0", "id": "1", "detail-type": detail_type, "source": "aws.ec2",
               "account": "111111111111", "region": "us-east-1", "time": "2026-01-01T00:00:00Z",
               "resources": [], "detail": detail})
        .to_string()
    }

    fn image(id: &str) -> ImageRef {
        format!("111111111111/us-east-1/{id}").parse().unwrap()
    }

    #[test]
    fn a_state_change_names_its_image_whatever_the_state() {
        for state in [
            "available",
            "failed",
            "disabled",
            "deregistered",
            "something new",
        ] {
            let body = event(
                "EC2 AMI State Change",
                json!({"ImageId": "ami-01234567", "State": state}),
            );
            assert_eq!(
                scope(&body).unwrap(),
                Scope::Images(vec![image("ami-01234567")])
            );
        }
    }

    #[test]
    fn a_call_on_tags_names_each_image_and_no_snapshot() {
        let items = json!([{"resourceId": "ami-01234567"}, {"resourceId": "snap-01234567"}, {"resourceId": "ami-89abcdef"}]);
        let body = event(
            "AWS API Call via CloudTrail",
            json!({"eventName": "CreateTags", "requestParameters": {"resourcesSet": {"items": items}}}),
        );
        assert_eq!(
            scope(&body).unwrap(),
            Scope::Images(vec![image("ami-01234567"), image("ami-89abcdef")])
        );
    }

    #[test]
    fn failed_calls_and_amiarys_own_are_left_alone() {
        let parameters = json!({"imageId": "ami-01234567"});
        for detail in [
            json!({"errorCode": "Client.UnauthorizedOperation", "requestParameters": parameters}),
            json!({"userAgent": "aws-sdk-rust/1.3 os/linux app/amiary", "requestParameters": parameters}),
        ] {
            let body = event("AWS API Call via CloudTrail", detail);
            assert!(matches!(scope(&body).unwrap(), Scope::Nothing(_)));
        }
    }

    #[test]
    fn another_source_is_left_alone() {
        let body = event("EC2 AMI State Change", json!({"ImageId": "ami-01234567"}))
            .replace("aws.ec2", "my.app");
        assert!(matches!(scope(&body).unwrap(), Scope::Nothing(_)));
    }

    #[test]
    fn what_is_malformed_is_an_error_that_says_what_was_expected() {
        let cases = [
            ("", "not an EventBridge event"),
            ("{}", "not an EventBridge event"),
            ("[1,2]", "not an EventBridge event"),
            (&event("EC2 AMI State Change", json!({})), "image id"),
            (&event("EC2 AMI State Change", json!("{}")), "image id"),
            (
                &event("EC2 AMI State Change", json!({"ImageId": "ami-\u{1b}[31m"})),
                "image id",
            ),
            (
                &event("EC2 AMI State Change", json!({"ImageId": "ami-01234567"}))
                    .replace("111111111111", "1"),
                "account id",
            ),
            (
                &event("EC2 AMI State Change", json!({"ImageId": "ami-01234567"}))
                    .replace("us-east-1", "moon"),
                "Region",
            ),
        ];
        for (body, expected) in cases {
            let error = scope(body).unwrap_err().to_string();
            assert!(error.contains(expected), "{body}: {error}");
            assert!(!error.chars().any(char::is_control), "{error:?}");
        }
    }
}
