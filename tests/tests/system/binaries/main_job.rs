use super::{PLACES, ends_well, everywhere};
use amiary_simulator::EventFaults;
use amiary_tests::lambda::Deployment;
use amiary_tests::{Wants, golden};

#[tokio::test]
async fn an_event_brings_an_image_everywhere_and_its_owner_is_told() {
    let mut aws = Deployment::new(&everywhere()).await;
    let source = aws.stage.publish(golden("golden-1"));
    ends_well(&mut aws, &source).await;
    assert_eq!(aws.stage.count("CopyImage"), PLACES.len());
    let summary = aws.schedule("reconcile").await.unwrap();
    assert_eq!(summary["steps"], 0, "nothing is left to do: {summary}");
    assert_eq!(summary["unread"], serde_json::json!([]));
    assert!(aws.invoked.iter().all(|one| one.answer.is_ok()));
    let logs = aws.end().await;
    for function in ["replicate", "reconcile", "notify"] {
        assert!(logs.iter().any(|(name, _)| *name == function), "{function}");
    }
}

#[tokio::test]
async fn an_image_whose_events_were_all_lost_is_healed_by_the_schedule_alone() {
    let mut aws = Deployment::new(&everywhere()).await;
    let every = EventFaults {
        lost: 1.0,
        ..EventFaults::default()
    };
    aws.stage.world().set_event_faults(every);
    let source = aws.stage.publish(golden("golden-1"));
    let summary = aws.schedule("reconcile").await.unwrap();
    assert_eq!(summary["discovered"], 1, "{summary}");
    aws.quiet().await;
    assert_eq!(aws.stage.count("CopyImage"), PLACES.len());
    aws.schedule("reconcile").await.unwrap();
    ends_well(&mut aws, &source).await;
    assert!(aws.invocations("replicate").is_empty(), "no event arrived");
    aws.end().await;
}

#[tokio::test]
async fn batches_that_are_handled_side_by_side_do_not_disturb_one_another() {
    let wants = Wants {
        own: vec!["eu-west-1"],
        ..Wants::default()
    };
    let mut aws = Deployment::new(&wants).await;
    let publish = |n| aws.stage.publish(golden(&format!("golden-{n}")));
    let sources: Vec<_> = (0..12).map(publish).collect();
    for _ in 0..5 {
        aws.quiet().await;
        if aws.stage.inbox().len() == sources.len() {
            break;
        }
        aws.skip_hiding().await;
    }
    for source in &sources {
        assert!(aws.stage.is_replicated(source, 1).await, "{}", aws.told());
    }
    assert_eq!(aws.stage.inbox().len(), sources.len());
    assert!(aws.started("replicate") > 1, "a batch has ten at most");
    assert_eq!(aws.stage.count("CopyImage"), sources.len());
    assert_eq!(
        aws.stage.images(amiary_tests::BUILDER, "eu-west-1").len(),
        sources.len()
    );
    aws.end().await;
}
