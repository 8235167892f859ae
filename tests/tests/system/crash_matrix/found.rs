//! Owns what the matrix has found, each by its name.

use amiary_simulator::bus::Delivering;
use amiary_simulator::{FaultKind, PlannedFault};
use amiary_tests::{BUILDER, SOURCE_REGION, Stage, Wants, golden};
use jiff::SignedDuration;

#[tokio::test]
async fn a_tag_taken_away_just_before_a_crash_is_left_to_whoever_sets_it_later() {
    let wants = Wants {
        own: vec!["eu-west-1"],
        ..Wants::default()
    };
    let place = format!("{BUILDER}/eu-west-1");
    let mut stage = Stage::new(&wants).await;
    let source = stage.publish(golden("golden-1"));
    stage.local.settle().await;
    let crash = PlannedFault::new(FaultKind::CrashAfter).operation("DeleteTags");
    stage.world().plan_fault(crash);
    stage.untag(&source, "Team");
    stage.local.pass(SignedDuration::from_hours(1)).await;
    assert_eq!(stage.world().faults_pending(), 0);
    let replica = stage.replica(&source, &place).await;
    assert!(!replica.tags.contains_key("Team"));

    let at = format!("{place}/{}", replica.id).parse().unwrap();
    stage.tag(&at, "Team", "theirs");
    stage.local.pass(SignedDuration::from_hours(1)).await;
    let replica = stage.replica(&source, &place).await;
    assert_eq!(replica.tags.get("Team").map(String::as_str), Some("theirs"));
}

#[tokio::test]
async fn a_source_that_a_schedule_could_not_read_is_looked_at_by_the_next_one() {
    let wants = Wants {
        own: vec!["eu-west-1"],
        ..Wants::default()
    };
    let mut stage = Stage::new(&wants).await;
    stage.local.bus().set_delivery(Delivering::Lost);
    let source = stage.publish(golden("golden-1"));
    stage.local.pass(SignedDuration::from_mins(20)).await;
    stage.tag(&source, "Released", "yes");
    // The next run lists the images first. Then it reads the source, at most three times.
    for attempt in 2..=4 {
        let lost = PlannedFault::new(FaultKind::ConnectionLost)
            .operation("DescribeImages")
            .region(SOURCE_REGION);
        stage.world().plan_fault(lost.nth(attempt));
    }
    stage.local.pass(SignedDuration::from_mins(15)).await;
    assert_eq!(stage.world().faults_pending(), 0);
    assert!(stage.is_replicated(&source, 1).await);
    stage.local.pass(SignedDuration::from_hours(1)).await;
    let place = format!("{BUILDER}/eu-west-1");
    let replica = stage.replica(&source, &place).await;
    assert!(replica.tags.contains_key("Released"), "{:?}", replica.tags);
}
