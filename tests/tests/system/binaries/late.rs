use super::{ends_well, everywhere};
use amiary_simulator::EventFaults;
use amiary_tests::golden;
use amiary_tests::lambda::{Deployment, Limits};
use serde_json::json;
use std::time::Duration;

/// What a function is told, and all the time that it may want.
fn told(seconds: u64) -> Limits {
    Limits {
        told: Duration::from_secs(seconds),
        kept: Duration::from_mins(1),
    }
}

#[tokio::test]
async fn a_batch_near_its_deadline_is_handed_back_with_nothing_begun() {
    let mut aws = Deployment::new(&everywhere()).await;
    aws.limits = Some(told(45));
    let source = aws.stage.publish(golden("golden-1"));
    aws.until("the invocation ended", async |aws| !aws.invoked.is_empty())
        .await;
    let invoked = &aws.invoked[0];
    let given = invoked.payload["Records"].as_array().unwrap().iter();
    let back = given.map(|record| json!({"itemIdentifier": record["messageId"]}));
    let back: Vec<_> = back.collect();
    assert_eq!(invoked.answer, Ok(json!({"batchItemFailures": back})));
    assert!(aws.stage.calls("ec2").is_empty(), "no image was looked at");
    aws.limits = None;
    ends_well(&mut aws, &source).await;
    aws.end().await;
}

#[tokio::test]
async fn a_scheduled_run_near_its_deadline_leaves_what_there_is_to_the_next() {
    let mut aws = Deployment::new(&everywhere()).await;
    let every = EventFaults {
        lost: 1.0,
        ..EventFaults::default()
    };
    aws.stage.world().set_event_faults(every);
    aws.stage.publish(golden("golden-1"));
    aws.limits = Some(told(240));
    let summary = aws.schedule("reconcile").await.unwrap();
    assert_eq!(summary["late"], 1, "{summary}");
    assert_eq!(summary["steps"], 0);
    assert_eq!(aws.stage.count("CopyImage"), 0);
    // The template gives it ten minutes.
    aws.limits = None;
    let summary = aws.schedule("reconcile").await.unwrap();
    assert_eq!(summary["late"], 0, "{summary}");
    assert_eq!(aws.stage.count("CopyImage"), 3);
    aws.end().await;
}
