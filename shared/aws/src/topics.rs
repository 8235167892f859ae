//! Owns publishing notices to SNS.

use crate::Aws;
use crate::clients::Identity;
use crate::errors::Call;
use amiary_domain::ids::{AccountId, Place, Region};
use amiary_domain::notice::Notice;
use amiary_engine::ports::{Answer, Class, Publish};
use async_trait::async_trait;
use aws_sdk_sns::error::BuildError;
use aws_sdk_sns::types::MessageAttributeValue;
use std::collections::HashMap;

#[async_trait]
impl Publish for Aws {
    /// [`Publish`](https://docs.aws.amazon.com/sns/latest/api/API_Publish.html), in the topic's
    /// Region and with Amiary's own credentials: the topics' policies let it in.
    async fn publish(&self, notice: &Notice) -> Answer<String> {
        let Some(place) = place_of(&notice.topic) else {
            let said = format!("{:?} is not a topic's ARN", notice.topic);
            let call = Call::sns("Publish", "no Region");
            return Err(call.refused(Class::Permanent, "InvalidTopic", said));
        };
        let call = Call::sns("Publish", &place);
        let attributes = attributes(notice).map_err(|error| call.not_sent(error))?;
        let client = self.clients.sns(Identity::Own, Some(&place.region)).await;
        let answer = client
            .publish()
            .topic_arn(&notice.topic)
            .subject(notice.subject())
            .message(message(notice))
            .set_message_attributes(Some(attributes))
            .send()
            .await
            .map_err(|error| call.failed(error))?;
        let id = answer
            .message_id()
            .ok_or_else(|| call.unreadable("the answer has no message id"))?;
        Ok(id.to_owned())
    }
}

/// The message: the text for people, and below a line `---` the data for machines, on one line.
fn message(notice: &Notice) -> String {
    format!("{}\n\n---\n{}", notice.text(), notice.data_line())
}

/// What subscriptions filter by. SNS takes no attribute without a value.
fn attributes(notice: &Notice) -> Result<HashMap<String, MessageAttributeValue>, BuildError> {
    notice
        .attributes()
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| {
            let builder = MessageAttributeValue::builder().data_type("String");
            Ok((name.to_owned(), builder.string_value(value).build()?))
        })
        .collect()
}

/// The account and Region in `arn:aws:sns:<region>:<account>:<name>`.
fn place_of(topic: &str) -> Option<Place> {
    let mut parts = topic.splitn(6, ':').skip(2);
    if parts.next()? != "sns" {
        return None;
    }
    let region: Region = parts.next()?.parse().ok()?;
    let account: AccountId = parts.next()?.parse().ok()?;
    parts.next().filter(|name| !name.is_empty())?;
    Some(Place::new(account, region))
}

#[cfg(test)]
mod tests {
    use super::*;
    use amiary_domain::notice::NoticeKind;

    fn notice() -> Notice {
        Notice {
            id: "n-1".to_owned(),
            topic: "arn:aws:sns:eu-west-1:222222222222:images".to_owned(),
            owner: "platform".to_owned(),
            kind: NoticeKind::Failed,
            family: "web".to_owned(),
            source: "111111111111/us-east-1/ami-0123456789abcdef0"
                .parse()
                .unwrap(),
            name: "web\n1".to_owned(),
            destinations: vec![("111111111111/eu-west-1".parse().unwrap(), "a\nb".to_owned())],
        }
    }

    #[test]
    fn the_region_is_the_topics() {
        let place = place_of(&notice().topic).unwrap();
        assert_eq!(place.to_string(), "222222222222/eu-west-1");
        for bad in [
            "",
            "images",
            "arn:aws:sqs:eu-west-1:222222222222:q",
            "arn:aws:sns:eu-west-1:222222222222:",
            "arn:aws:sns::222222222222:t",
        ] {
            assert!(place_of(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_message_ends_in_its_data_on_one_line() {
        let message = message(&notice());
        let (text, data) = message.split_once("\n\n---\n").unwrap();
        assert_eq!(text, notice().text());
        assert!(!data.contains('\n'));
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(data).unwrap(),
            notice().data()
        );
    }

    #[test]
    fn attributes_are_strings_and_none_is_empty() {
        let mut unowned = notice();
        unowned.owner = String::new();
        let attributes = attributes(&unowned).unwrap();
        assert_eq!(attributes["kind"].string_value(), Some("failed"));
        assert!(
            attributes
                .values()
                .all(|value| value.data_type() == "String")
        );
        assert!(!attributes.contains_key("owner"));
    }
}
