//! Owns what the matrix has found, each by its name.

use amiary_simulator::{FaultKind, PlannedFault};
use amiary_tests::{BUILDER, Stage, Wants, golden};
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
