use amiary_domain::lineage::SourceStatus;
use amiary_domain::naming::OPERATION_TAG;
use amiary_simulator::bus::Delivering;
use amiary_tests::{BUILDER, SOURCE_REGION, Stage, Wants, golden, invoked};
use jiff::SignedDuration;

/// The story behind it: packer #6536, #8415; ansible #37111; twoliter #582.
#[tokio::test]
async fn with_every_event_lost_the_schedule_alone_gets_there() {
    let wants = Wants {
        production: vec!["eu-west-1"],
        ..Wants::default()
    };
    let mut stage = Stage::new(&wants).await;
    stage.local.bus().set_delivery(Delivering::Lost);
    let source = stage.publish(golden("golden-1"));
    let happened = stage.local.pass(SignedDuration::from_hours(1)).await;
    assert!(
        !invoked(&happened).contains(&"ReplicateFunction"),
        "no event arrived"
    );
    assert!(
        stage.is_replicated(&source, 3).await,
        "{:?}",
        stage.states(&source).await
    );
    assert_eq!(stage.count("CopyImage"), 3);
    assert_eq!(stage.inbox().len(), 1);
}

#[tokio::test]
async fn with_every_event_doubled_nothing_is_done_twice() {
    let mut stage = Stage::new(&Wants::default()).await;
    stage.local.bus().set_delivery(Delivering::Doubled);
    let source = stage.publish(golden("golden-1"));
    stage.local.settle().await;
    stage.local.pass(SignedDuration::from_hours(1)).await;
    assert!(stage.is_replicated(&source, 2).await);
    assert_eq!(stage.count("CopyImage"), 2);
    assert_eq!(stage.count("ModifyImageAttribute"), 2);
    assert_eq!(stage.inbox().len(), 1);
}

#[tokio::test]
async fn with_events_in_reverse_order_the_end_is_the_same() {
    let mut stage = Stage::new(&Wants::default()).await;
    stage.local.bus().set_delivery(Delivering::Reversed);
    let sources: Vec<_> = (1..=3)
        .map(|n| stage.publish(golden(&format!("golden-{n}"))))
        .collect();
    stage.local.settle().await;
    for source in &sources {
        assert!(stage.is_replicated(source, 2).await);
    }
    assert_eq!(stage.count("CopyImage"), 6);
    assert_eq!(stage.inbox().len(), 3);
}

/// The story behind it: an `available` rule without a guard copies its own copies.
#[tokio::test]
async fn a_copys_own_event_starts_no_other_copy() {
    let mut stage = Stage::new(&Wants {
        // The destination's Region is a source Region as well, and the copy's name fits.
        family: "",
        own: vec!["eu-west-1"],
        ..Wants::default()
    })
    .await;
    let everywhere = Wants {
        own: vec!["eu-west-1", "us-east-1"],
        ..Wants::default()
    }
    .policy()
    .replace(
        "regions = [\"us-east-1\"]",
        "regions = [\"us-east-1\", \"eu-west-1\"]",
    );
    stage.replace_policy(&everywhere).await;
    let source = stage.publish(golden("golden-1"));
    stage.local.settle().await;
    stage.local.pass(SignedDuration::from_hours(2)).await;
    assert_eq!(
        stage.count("CopyImage"),
        1,
        "one copy, and none of the copy"
    );
    assert_eq!(stage.images(BUILDER, SOURCE_REGION).len(), 1);
    assert_eq!(
        stage.lineage(&source).await.unwrap().source.status,
        SourceStatus::Replicated
    );
}

#[tokio::test]
async fn an_image_built_from_an_instance_names_a_source_image_and_is_a_source_all_the_same() {
    let mut stage = Stage::new(&Wants {
        own: vec!["eu-west-1"],
        ..Wants::default()
    })
    .await;
    let base = stage.publish(golden("golden-base"));
    stage.local.settle().await;
    let built = stage.build_from(&base, "golden-built");
    let seen = stage
        .world()
        .image(BUILDER, SOURCE_REGION, built.id.as_str())
        .unwrap();
    assert_eq!(
        seen.source_image_id.as_deref(),
        Some(base.id.as_str()),
        "CreateImage set it"
    );
    stage.local.settle().await;
    assert!(
        stage.is_replicated(&built, 1).await,
        "it is no replica: {:?}",
        stage.states(&built).await
    );
    let lineage = stage.lineage(&built).await.unwrap();
    assert_eq!(lineage.source.parent, Some(base.clone()));
    assert_eq!(lineage.source.ancestors[0].id, base.id);
    assert!(
        stage
            .lineage(&base)
            .await
            .unwrap()
            .descendants
            .contains(&built)
    );
}

#[tokio::test]
async fn a_forged_operation_tag_makes_no_image_a_replica_and_none_a_source() {
    let mut stage = Stage::new(&Wants::default()).await;
    let mut image = golden("golden-forged");
    image
        .tags
        .insert(OPERATION_TAG.to_owned(), "0123456789abcdef".to_owned());
    let source = stage.publish(image);
    stage.local.settle().await;
    assert!(stage.lineage(&source).await.is_none());
    assert_eq!(stage.count("CopyImage"), 0);
}

#[tokio::test]
async fn a_tag_that_makes_an_image_ready_is_enough_to_start() {
    let wants = Wants {
        family: "ready = { tag = \"Status\", value = \"released\" }",
        ..Wants::default()
    };
    let mut stage = Stage::new(&wants).await;
    let source = stage.publish(golden("golden-1"));
    stage.local.settle().await;
    assert!(stage.lineage(&source).await.is_none(), "not ready yet");
    stage.tag(&source, "Status", "released");
    stage.local.settle().await;
    assert!(stage.is_replicated(&source, 2).await);
}
