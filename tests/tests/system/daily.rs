//! What only the look at everything finds that is due once a day, as no event told of it.

use amiary_domain::lineage::ReplicaState;
use amiary_simulator::bus::Delivering;
use amiary_tests::{BUILDER, Stage, Wants, golden};
use jiff::SignedDuration;
use serde_json::json;

#[tokio::test]
async fn a_replica_that_went_unheard_is_told_of_by_the_daily_look_and_the_next_run() {
    let wants = Wants {
        own: vec!["eu-west-1"],
        ..Wants::default()
    };
    let mut stage = Stage::new(&wants).await;
    let source = stage.publish(golden("golden-1"));
    stage.local.settle().await;
    assert!(stage.is_replicated(&source, 1).await);
    stage.local.bus().set_delivery(Delivering::Lost);
    let replica = stage.images(BUILDER, "eu-west-1").remove(0).id;
    let parameters = json!({ "ImageId": replica });
    let world = stage.world().clone();
    world
        .perform(BUILDER, "eu-west-1", "ec2", "DeregisterImage", parameters)
        .unwrap();
    // Nothing is invoked for a day; then a quarter of an hour is enough for a second look.
    world.advance(SignedDuration::from_hours(25));
    stage.local.pass(SignedDuration::from_mins(31)).await;
    let states = stage.states(&source).await;
    assert_eq!(states["111111111111/eu-west-1"], ReplicaState::Gone);
    let told = stage.inbox().pop().unwrap();
    assert_eq!(told.attributes["kind"], "lost");
}
