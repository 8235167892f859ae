//! What follows where AWS refuses a call that was perhaps made before.

use amiary_domain::observation::Mandate;
use amiary_engine::run::look_at;
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

/// The copy is there, and the listing that would show it is a minute old.
#[tokio::test]
async fn a_copy_that_no_listing_shows_yet_is_not_made_twice_where_its_repetition_is_refused() {
    let mut stage = Stage::new(&Wants {
        own: vec!["eu-west-1"],
        ..Wants::default()
    })
    .await;
    stage
        .world()
        .set_copy_duration(SignedDuration::from_hours(1));
    let lost = PlannedFault::new(FaultKind::CrashAfter).operation("CopyImage");
    stage.world().plan_fault(lost);
    let source = stage.publish(golden("golden-1"));
    stage.world().set_list_lag(SignedDuration::from_mins(1));
    while stage.world().faults_pending() > 0 {
        stage.local.step().await.expect("the copy is asked for");
    }
    let refused = FaultKind::refused("UnauthorizedOperation", 403, "as planned");
    let refused = PlannedFault::new(refused).operation("CopyImage");
    stage.world().plan_fault(refused);
    let session = stage.person.session().await.unwrap();
    let (reading, writing) = (session.reading(), session.writing());
    look_at(
        reading,
        writing,
        &session.active,
        &source,
        Mandate::Event,
        None,
    )
    .await
    .unwrap();
    assert_eq!(stage.world().faults_pending(), 0, "it was refused");
    stage.local.pass(SignedDuration::from_hours(3)).await;
    let copies = stage.images(BUILDER, "eu-west-1");
    assert_eq!(copies.len(), 1, "{copies:#?}");
    assert!(stage.is_replicated(&source, 1).await);
}

/// The SDK repeats the call by itself, and the listing that would show the copy is a minute old.
#[tokio::test]
async fn a_copy_whose_call_is_repeated_at_once_and_then_refused_is_not_made_twice() {
    let mut stage = Stage::new(&Wants {
        own: vec!["eu-west-1"],
        ..Wants::default()
    })
    .await;
    stage
        .world()
        .set_copy_duration(SignedDuration::from_hours(1));
    let refused = FaultKind::refused("UnauthorizedOperation", 403, "as planned");
    for (nth, kind) in [(1, FaultKind::ReplyLost), (2, refused)] {
        let fault = PlannedFault::new(kind).operation("CopyImage").nth(nth);
        stage.world().plan_fault(fault);
    }
    let source = stage.publish(golden("golden-1"));
    stage.world().set_list_lag(SignedDuration::from_mins(1));
    stage.local.pass(SignedDuration::from_hours(3)).await;
    assert_eq!(stage.world().faults_pending(), 0, "it was refused");
    let copies = stage.images(BUILDER, "eu-west-1");
    assert_eq!(copies.len(), 1, "{copies:#?}");
    assert!(stage.is_replicated(&source, 1).await);
}
