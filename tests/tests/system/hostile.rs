//! Hostile input of every kind: what comes in is read, or refused with a reason, and nothing is done
//! that it does not justify.

pub mod answering;
mod answers;
mod answers_by_port;
mod answers_by_run;
pub mod asked;
mod batches;
mod bends;
mod events;
mod images;
mod notices;
pub mod policies;
mod runs;
pub mod told;

use amiary_domain::lineage::ReplicaState;
use amiary_domain::naming::MOST_TAGS;
use amiary_tests::{BUILDER, SOURCE_REGION, Stage, Wants, golden};
use jiff::SignedDuration;
use serde_json::{Value, json};

fn state_change(account: &str, region: &str, image: &str) -> Value {
    json!({"version": "0", "id": "1", "detail-type": "EC2 AMI State Change", "source": "aws.ec2",
           "account": account, "region": region, "time": "2026-01-01T00:00:00Z", "resources": [],
           "detail": {"RequestId": "r", "ImageId": image, "State": "available", "ErrorMessage": ""}})
}

fn batch(bodies: &[String]) -> Value {
    let records: Vec<Value> = bodies
        .iter()
        .enumerate()
        .map(
            |(n, body)| json!({"messageId": n.to_string(), "body": body, "eventSource": "aws:sqs"}),
        )
        .collect();
    json!({ "Records": records })
}

#[tokio::test]
async fn malformed_events_are_reported_alone_and_the_others_of_their_batch_are_handled() {
    let mut stage = Stage::new(&Wants::default()).await;
    let source = stage.publish(golden("golden-1"));
    let good = state_change(BUILDER, SOURCE_REGION, source.id.as_str()).to_string();
    let bodies = [
        String::new(),
        "{".to_owned(),
        "<html>502</html>".to_owned(),
        good,
        state_change("1", SOURCE_REGION, source.id.as_str()).to_string(),
        state_change(BUILDER, SOURCE_REGION, "ami-\u{1b}]0;x").to_string(),
    ];
    let answer = stage
        .local
        .invoke_by_hand("ReplicateFunction", batch(&bodies))
        .await
        .unwrap();
    let failed: Vec<&str> = answer["batchItemFailures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["itemIdentifier"].as_str().unwrap())
        .collect();
    assert_eq!(failed, ["0", "1", "2", "4", "5"]);
    stage.local.settle().await;
    assert!(stage.is_replicated(&source, 2).await);
}

#[tokio::test]
async fn forged_and_foreign_events_are_looked_at_and_left_alone() {
    let stage = Stage::new(&Wants::default()).await;
    let mut foreign = golden("golden-1");
    foreign.account = "666666666666".to_owned();
    let foreign = stage.publish(foreign);
    let events = [
        state_change("666666666666", SOURCE_REGION, foreign.id.as_str()),
        // A stranger's image, said to be the builder's.
        state_change(BUILDER, SOURCE_REGION, foreign.id.as_str()),
        state_change(BUILDER, SOURCE_REGION, "ami-00000000000000000"),
        state_change(BUILDER, "mars-north-1", "ami-00000000000000000"),
    ];
    let bodies: Vec<String> = events.iter().map(ToString::to_string).collect();
    let answer = stage
        .local
        .invoke_by_hand("ReplicateFunction", batch(&bodies))
        .await
        .unwrap();
    assert_eq!(
        answer["batchItemFailures"],
        json!([]),
        "each has a clear outcome"
    );
    assert!(stage.lineage(&foreign).await.is_none());
    assert_eq!(stage.count("CopyImage"), 0);
}

#[tokio::test]
async fn a_message_that_nobody_can_read_ends_in_the_dead_letter_queue() {
    let mut stage = Stage::new(&Wants::default()).await;
    let now = stage.world().now();
    let event = state_change(BUILDER, SOURCE_REGION, "not-an-image");
    stage
        .local
        .bus()
        .put_event(now, BUILDER, SOURCE_REGION, &event);
    stage.local.pass(SignedDuration::from_hours(3)).await;
    assert_eq!(
        stage
            .local
            .bus()
            .dead_letters("ImageEventsDeadLetters")
            .len(),
        1
    );
}

#[tokio::test]
async fn fifty_tags_and_a_name_of_128_characters_are_replicated_as_far_as_they_fit() {
    let mut stage = Stage::new(&Wants {
        own: vec!["eu-west-1"],
        ..Wants::default()
    })
    .await;
    let name = format!("golden-{}", "n".repeat(121));
    let mut image = golden(&name);
    for n in image.tags.len()..MOST_TAGS {
        image.tags.insert(
            format!("key-{n:02} <script>&\"'"),
            "päß \u{202e} =+-@".to_owned(),
        );
    }
    let source = stage.publish(image);
    stage.local.settle().await;
    assert!(
        stage.is_replicated(&source, 1).await,
        "{:?}",
        stage.states(&source).await
    );
    let replica = stage
        .replica(&source, &format!("{BUILDER}/eu-west-1"))
        .await;
    assert_eq!(replica.name, name);
    assert_eq!(replica.tags.len(), MOST_TAGS);
    let subject = stage.inbox().pop().unwrap().subject.unwrap();
    assert!(subject.len() < 100 && subject.bytes().all(|b| (0x20..0x7f).contains(&b)));
}

#[tokio::test]
async fn one_hostile_image_does_not_hold_up_the_others() {
    let mut stage = Stage::new(&Wants {
        own: vec!["eu-west-1"],
        ..Wants::default()
    })
    .await;
    let mut shouting = golden("golden-shouting");
    // Every control character that XML, and so EC2's answer, can carry.
    shouting.tags.insert(
        "Team".to_owned(),
        "\t\r\nSubject: forged\u{85}\u{9b}31m".to_owned(),
    );
    shouting.description = "\u{9b}31m\u{9d}0;title".to_owned();
    let shouting = stage.publish(shouting);
    let mut hostile = golden("golden-hostile");
    hostile
        .tags
        .insert("amiary:source".to_owned(), "../../../etc/passwd".to_owned());
    hostile
        .tags
        .insert("amiary:operation".to_owned(), "x".repeat(256));
    let hostile = stage.publish(hostile);
    let source = stage.publish(golden("golden-1"));
    stage.local.settle().await;
    assert!(stage.lineage(&hostile).await.is_none());
    assert!(
        stage.is_replicated(&shouting, 1).await,
        "{:?}",
        stage.states(&shouting).await
    );
    for message in stage.inbox() {
        let subject = message.subject.unwrap();
        assert!(!subject.chars().any(char::is_control), "{subject:?}");
    }
    assert_eq!(
        stage
            .states(&source)
            .await
            .into_values()
            .collect::<Vec<_>>(),
        [ReplicaState::Verified]
    );
}

/// Cases of the tables are counted here; each stands in its table with the outcome it must have.
#[test]
fn there_are_at_least_three_hundred_hostile_cases_each_with_its_outcome() {
    let (events, truncated) = events::count();
    let (answers, foreign) = answers::count();
    let by_hand = [
        ("messages of replicate", events),
        ("batches of replicate", batches::count()),
        ("records and payloads of notify", notices::count()),
        ("policies", policies::count()),
        ("names, descriptions and tags", images::count()),
        ("answers of AWS, by port", answers),
        ("answers of AWS, by run", runs::count()),
    ];
    let generated = [
        ("truncated messages", truncated),
        ("answers that are not AWS's, by operation", foreign),
    ];
    for (what, count) in by_hand.iter().chain(&generated) {
        println!("{count:>5} {what}");
    }
    let written: usize = by_hand.iter().map(|(_, count)| count).sum();
    println!("{written:>5} written by hand, each with its outcome");
    assert!(written >= 300, "{written}");
}
