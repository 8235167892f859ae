use amiary_simulator::{Fault, FaultKind};
use amiary_tests::{Stage, Wants, golden, topic};
use jiff::SignedDuration;

fn refusing(times: usize, stage: &Stage) {
    for _ in 0..times {
        stage.world().fail_next(Fault {
            operation: "Publish".to_owned(),
            caller: None,
            region: None,
            nth: 1,
            kind: FaultKind::ErrorBefore {
                code: "InternalError".to_owned(),
                status: 500,
                message: "as planned".to_owned(),
            },
        });
    }
}

#[tokio::test]
async fn a_notice_that_sns_would_not_take_is_published_later() {
    let mut stage = Stage::new(&Wants::default()).await;
    refusing(9, &stage);
    stage.publish(golden("golden-1"));
    stage.local.settle().await;
    stage.local.pass(SignedDuration::from_hours(1)).await;
    assert_eq!(stage.world().faults_pending(), 0);
    assert_eq!(stage.inbox().len(), 1);
}

#[tokio::test]
async fn a_notice_that_the_stream_gave_up_on_is_published_by_the_schedule() {
    let mut stage = Stage::new(&Wants::default()).await;
    refusing(60, &stage);
    stage.publish(golden("golden-1"));
    stage.local.pass(SignedDuration::from_hours(6)).await;
    assert_eq!(stage.world().faults_pending(), 0);
    assert_eq!(stage.inbox().len(), 1);
}

#[tokio::test]
async fn a_notice_carries_text_for_people_json_for_machines_and_attributes_for_filters() {
    let mut stage = Stage::new(&Wants::default()).await;
    let source = stage.publish(golden("golden-1"));
    stage.local.settle().await;
    let message = stage.inbox().pop().unwrap();
    let (people, machines) = message.message.split_once("\n---\n").unwrap();
    assert!(people.contains("verified"));
    let data: serde_json::Value = serde_json::from_str(machines).unwrap();
    assert_eq!(data["format"], 1);
    assert_eq!(data["source"], source.to_string());
    assert_eq!(data["destinations"].as_array().unwrap().len(), 2);
    assert_eq!(message.attributes["family"], "web");
    assert_eq!(message.topic, topic());
}
