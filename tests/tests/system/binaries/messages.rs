use super::{ends_well, everywhere, text};
use amiary_tests::lambda::Deployment;
use amiary_tests::{BUILDER, SOURCE_REGION, golden};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// An event that the rules let through and nobody can understand.
fn bad() -> Value {
    json!({
        "version": "0",
        "id": "b1b1b1b1-0000-4000-8000-000000000000",
        "detail-type": "EC2 AMI State Change",
        "source": "aws.ec2",
        "account": BUILDER,
        "time": "2026-11-25T00:00:00Z",
        "region": SOURCE_REGION,
        "resources": [],
        "detail": {"State": "available", "ImageId": "ami-\u{1b}[31m"},
    })
}

/// How often each message was named.
type Times = BTreeMap<String, u32>;

fn count(times: &mut Times, items: &Value, name: &str) {
    for item in items.as_array().unwrap() {
        *times.entry(text(&item[name]).to_owned()).or_default() += 1;
    }
}

#[tokio::test]
async fn a_message_comes_again_only_if_it_was_handed_back_and_a_bad_one_ends_in_the_dead_letters() {
    let mut aws = Deployment::new(&everywhere()).await;
    let source = aws.stage.publish(golden("golden-1"));
    let now = aws.stage.world().now();
    let bus = aws.stage.local.bus();
    bus.put_event(now, BUILDER, SOURCE_REGION, &bad());
    ends_well(&mut aws, &source).await;
    for _ in 0..5 {
        aws.skip_hiding().await;
    }
    let bus = aws.stage.local.bus();
    assert_eq!(bus.dead_letters("ImageEventsDeadLetters"), [bad()]);
    assert_eq!(bus.dead_letters("ImageEventsQueue"), [] as [Value; 0]);

    let (mut given, mut back) = (Times::new(), Times::new());
    for invoked in aws.invocations("replicate") {
        let answer = invoked.answer.as_ref().unwrap();
        count(&mut given, &invoked.payload["Records"], "messageId");
        count(&mut back, &answer["batchItemFailures"], "itemIdentifier");
    }
    let first = &aws.invocations("replicate")[0].payload["Records"];
    assert!(first.as_array().unwrap().len() > 1, "it was one of a batch");
    let body = bad().to_string();
    let is_bad = |record: &&Value| text(&record["body"]) == body;
    let bad_id = first.as_array().unwrap().iter().find(is_bad).unwrap();
    let bad_id = text(&bad_id["messageId"]);
    assert_eq!(
        (given.remove(bad_id), back.remove(bad_id)),
        (Some(5), Some(5))
    );
    for (id, times) in &mut back {
        *times += 1;
        assert_eq!(
            given.remove(id),
            Some(*times),
            "{id} comes again as often as it was given back"
        );
    }
    assert!(given.values().all(|times| *times == 1), "{given:?}");

    let bad_id = bad_id.to_owned();
    let logs = aws.end().await;
    let errors = logs.iter().flat_map(|(_, log)| log.of_level("ERROR"));
    let about_it = errors.filter(|error| error["message.id"] == bad_id.as_str());
    assert_eq!(about_it.count(), 5, "each time told once");
}
