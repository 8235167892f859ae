//! Topics.

use serde_json::json;

use crate::aws::{Aws, HERE, OTHER, OWNER, THERE, text};
use crate::scenario::{Section, scenario};

pub const SECTION: Section = Section {
    name: "topics",
    title: "Topics",
    scenarios: &[
        scenario!(
            the_same_name_gives_the_same_topic,
            Documented,
            "sns/latest/api/API_CreateTopic.html",
            "A topic's name gives its ARN; creating it again gives the same topic.",
        )
        .and_moto(),
        scenario!(
            names_of_topics_have_rules,
            Documented,
            "sns/latest/api/API_CreateTopic.html",
            "A topic's name has 1 to 256 letters, digits, underscores and dashes.",
        )
        .and_moto(),
        scenario!(
            fifo_topics_are_refused,
            Chosen,
            "sns/latest/dg/sns-fifo-topics.html",
            "FIFO topics are not simulated.",
        ),
        scenario!(
            a_topic_is_deleted_as_often_as_one_likes,
            Documented,
            "sns/latest/api/API_DeleteTopic.html",
            "Deleting a topic that is not there is no error; publishing to it is.",
        ),
        scenario!(
            attributes_are_set_and_read,
            Documented,
            "sns/latest/api/API_SetTopicAttributes.html",
            "A topic's display name, policy and key are set by its owner; attributes there are \
             none of are refused.",
        ),
        scenario!(
            topics_are_listed_by_account_and_region_in_pages,
            Documented,
            "sns/latest/api/API_ListTopics.html",
            "Topics are listed by account and Region, 100 at a time.",
        ),
    ],
};

fn topic(aws: &Aws<'_>, name: &str) -> String {
    let made = aws.call("sns", "CreateTopic", json!({ "Name": name }));
    text(&made["TopicArn"])
}

fn the_same_name_gives_the_same_topic(aws: &Aws<'_>) {
    let arn = topic(aws, "notices");
    assert_eq!(arn, format!("arn:aws:sns:{HERE}:{OWNER}:notices"));
    assert_eq!(topic(aws, "notices"), arn);
    let topics = aws.call("sns", "ListTopics", json!({}));
    assert_eq!(topics["Topics"], json!([{ "TopicArn": arn }]));
}

fn names_of_topics_have_rules(aws: &Aws<'_>) {
    let long = "n".repeat(257);
    for name in ["", "two words", "dot.ted", &long] {
        let refused = aws.refused("sns", "CreateTopic", json!({ "Name": name }));
        assert_eq!(refused.code, "InvalidParameter", "{name}");
    }
    topic(aws, &"n".repeat(256));
}

fn fifo_topics_are_refused(aws: &Aws<'_>) {
    let refused = aws.refused("sns", "CreateTopic", json!({ "Name": "notices.fifo" }));
    assert_eq!(refused.code, "InvalidParameter");
    assert!(refused.message.contains("FIFO"), "{}", refused.message);
}

fn a_topic_is_deleted_as_often_as_one_likes(aws: &Aws<'_>) {
    let named = json!({ "TopicArn": topic(aws, "notices") });
    let stranger = aws.by(OTHER).refused("sns", "DeleteTopic", named.clone());
    assert_eq!(
        (stranger.code.as_str(), stranger.status),
        ("AuthorizationError", 403)
    );
    aws.call("sns", "DeleteTopic", named.clone());
    aws.call("sns", "DeleteTopic", named.clone());
    let publish = json!({ "TopicArn": named["TopicArn"], "Message": "body" });
    let refused = aws.refused("sns", "Publish", publish);
    assert_eq!((refused.code.as_str(), refused.status), ("NotFound", 404));
    let refused = aws.refused("sns", "GetTopicAttributes", named);
    assert_eq!(refused.code, "NotFound");
}

fn attributes_are_set_and_read(aws: &Aws<'_>) {
    let arn = topic(aws, "notices");
    let set = |name: &str, value: &str| {
        let parameters = json!({
            "TopicArn": arn, "AttributeName": name, "AttributeValue": value,
        });
        aws.ask("sns", "SetTopicAttributes", parameters)
    };
    assert!(set("DisplayName", "Notices").is_ok());
    for (name, value) in [
        ("Colour", "blue"),
        ("TopicArn", "arn"),
        ("Policy", "not JSON"),
    ] {
        let refused = set(name, value).map_err(|refused| refused.code);
        assert_eq!(refused, Err("InvalidParameter".to_owned()), "{name}");
    }
    let got = aws.call("sns", "GetTopicAttributes", json!({ "TopicArn": arn }));
    assert_eq!(got["Attributes"]["DisplayName"], "Notices");
    assert_eq!(got["Attributes"]["Owner"], OWNER);
    assert!(text(&got["Attributes"]["Policy"]).contains(&arn));
}

fn topics_are_listed_by_account_and_region_in_pages(aws: &Aws<'_>) {
    topic(&aws.by(OTHER), "others");
    topic(&aws.at(THERE), "elsewhere");
    for number in 0..101 {
        topic(aws, &format!("t{number:03}"));
    }
    let first = aws.call("sns", "ListTopics", json!({}));
    assert_eq!(first["Topics"].as_array().map(Vec::len), Some(100));
    let second = json!({ "NextToken": first["NextToken"] });
    let second = aws.call("sns", "ListTopics", second);
    let last = format!("arn:aws:sns:{HERE}:{OWNER}:t100");
    assert_eq!(second["Topics"], json!([{ "TopicArn": last }]));
    assert!(second.get("NextToken").is_none());
}
