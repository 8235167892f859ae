//! What becomes of loans whose source goes away while they are out.

use amiary_simulator::ImageView;
use amiary_tests::{BUILDER, PRODUCTION, SOURCE_REGION, Stage, Wants, golden};
use jiff::SignedDuration;
use serde_json::{Value, json};

/// A source that is lent to the production account, whose copy is under way.
async fn lent() -> (Stage, ImageView) {
    let wants = Wants {
        own: Vec::new(),
        production: vec!["eu-west-1"],
        ..Wants::default()
    };
    let mut stage = Stage::new(&wants).await;
    let source = stage.publish(golden("golden-1"));
    while stage.count("CopyImage") == 0 {
        stage.local.step().await.expect("a copy is started");
    }
    let source = stage
        .world()
        .image(BUILDER, SOURCE_REGION, source.id.as_str());
    (stage, source.unwrap())
}

fn who_may_read(stage: &Stage, snapshot: &str) -> Value {
    let parameters = json!({ "SnapshotId": snapshot, "Attribute": "createVolumePermission" });
    let answer = stage.world().perform(
        BUILDER,
        SOURCE_REGION,
        "ec2",
        "DescribeSnapshotAttribute",
        parameters,
    );
    answer.unwrap()["CreateVolumePermissions"].clone()
}

/// Lets the source go by an operation, and answers who may read its snapshot in the end.
async fn once_it_is_gone(operation: &str) {
    let (mut stage, source) = lent().await;
    let snapshot = &source.snapshots[0].id;
    let lent = who_may_read(&stage, snapshot);
    assert_eq!(lent[0]["UserId"], PRODUCTION, "{operation}: lent at first");
    let parameters = json!({ "ImageId": source.id });
    let world = stage.world().clone();
    world
        .perform(BUILDER, SOURCE_REGION, "ec2", operation, parameters)
        .unwrap();
    stage.local.pass(SignedDuration::from_hours(2)).await;
    let lent = who_may_read(&stage, snapshot);
    assert!(
        lent.as_array().is_none_or(Vec::is_empty),
        "{operation}: lent still: {lent}"
    );
    let at = format!("{BUILDER}/{SOURCE_REGION}/{}", source.id);
    let lineage = stage.lineage(&at.parse().unwrap()).await.unwrap();
    assert!(lineage.source.loans.is_empty(), "{operation}");
    stage.world().forget_calls();
    stage.local.pass(SignedDuration::from_hours(1)).await;
    assert_eq!(stage.count("ModifyImageAttribute"), 0, "{operation}");
}

#[tokio::test]
async fn the_snapshots_of_a_source_that_was_disabled_are_not_lent_for_ever() {
    once_it_is_gone("DisableImage").await;
}

#[tokio::test]
async fn the_snapshots_of_a_source_that_was_deregistered_are_not_lent_for_ever() {
    once_it_is_gone("DeregisterImage").await;
}
