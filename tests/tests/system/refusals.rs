//! What follows where AWS refuses a call that was perhaps made before.

use amiary_simulator::{FaultKind, PlannedFault};
use amiary_tests::{BUILDER, Stage, Wants, golden};
use jiff::SignedDuration;

#[tokio::test]
async fn a_copy_whose_answer_was_lost_and_whose_repetition_is_refused_is_not_made_twice() {
    let mut stage = Stage::new(&Wants {
        own: vec!["eu-west-1"],
        ..Wants::default()
    })
    .await;
    // The event comes again before the copy's own, and before the schedule.
    stage
        .world()
        .set_copy_duration(SignedDuration::from_hours(1));
    let refused = FaultKind::refused("UnauthorizedOperation", 403, "as planned");
    for (nth, kind) in [(1, FaultKind::CrashAfter), (2, refused)] {
        let fault = PlannedFault::new(kind).operation("CopyImage").nth(nth);
        stage.world().plan_fault(fault);
    }
    stage.local.pass(SignedDuration::from_mins(1)).await;
    let source = stage.publish(golden("golden-1"));
    stage.local.pass(SignedDuration::from_hours(3)).await;
    assert_eq!(stage.world().faults_pending(), 0);
    let copies = stage.images(BUILDER, "eu-west-1");
    assert_eq!(copies.len(), 1, "{copies:#?}");
    assert!(stage.is_replicated(&source, 1).await);
}
