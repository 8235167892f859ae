use super::{ends_well, everywhere, first_failure};
use amiary_simulator::{FaultKind, PlannedFault};
use amiary_tests::golden;
use amiary_tests::lambda::{AtCrash, Deployment, Limits};
use std::time::Duration;

/// The functions, and what befalls the first copy that is asked for.
async fn with_a_crash(kind: FaultKind, at_crash: AtCrash) -> Deployment {
    let mut aws = Deployment::new(&everywhere()).await;
    aws.at_crash = at_crash;
    let fault = PlannedFault::new(kind).operation("CopyImage");
    aws.stage.world().plan_fault(fault);
    aws
}

#[tokio::test]
async fn a_process_that_is_killed_at_a_copy_is_started_anew_and_leaves_one_copy() {
    for kind in [FaultKind::CrashBefore, FaultKind::CrashAfter] {
        let mut aws = with_a_crash(kind, AtCrash::IsKilled).await;
        let source = aws.stage.publish(golden("golden-1"));
        let (kind, message) = first_failure(&mut aws).await;
        assert_eq!(kind, "Runtime.ExitError");
        assert!(message.contains("signal: 9"), "{message}");
        ends_well(&mut aws, &source).await;
        let failed = aws.invoked.iter().filter(|one| one.answer.is_err());
        assert_eq!(failed.count(), 1, "the fault happened once");
        assert!(aws.started("replicate") > 1);
        aws.end().await;
    }
}

/// An SDK call ends by itself within half a minute, so this is what a function's own limits did not
/// keep from happening: Lambda's limit does.
#[tokio::test]
async fn an_invocation_that_outlives_its_deadline_is_killed_and_its_message_comes_again() {
    let mut aws = with_a_crash(FaultKind::CrashAfter, AtCrash::Hangs).await;
    // What it is told is longer, or it would begin nothing.
    aws.limits = Some(Limits {
        told: Duration::from_mins(2),
        kept: Duration::from_secs(3),
    });
    let source = aws.stage.publish(golden("golden-1"));
    let (kind, message) = first_failure(&mut aws).await;
    assert_eq!(kind, "Sandbox.Timedout");
    assert!(
        message.ends_with("Task timed out after 3.00 seconds"),
        "{message}"
    );
    aws.limits = None;
    // On a slow machine the deadline may have come before the call.
    if aws.stage.world().faults_pending() > 0 {
        aws.at_crash = AtCrash::IsKilled;
    }
    ends_well(&mut aws, &source).await;
    assert!(
        aws.started("replicate") > 1,
        "a killed process is not used again"
    );
    aws.end().await;
}

#[tokio::test]
async fn a_function_that_is_told_to_end_at_a_copy_ends_and_its_message_comes_again() {
    let mut aws = with_a_crash(FaultKind::CrashAfter, AtCrash::Hangs).await;
    let source = aws.stage.publish(golden("golden-1"));
    aws.until("the copy is asked for", async |aws| {
        aws.stage.world().faults_pending() == 0
    })
    .await;
    aws.terminate("replicate");
    let (kind, message) = first_failure(&mut aws).await;
    assert_eq!(kind, "Runtime.ExitError");
    assert!(
        message.ends_with("without providing a reason"),
        "it exits with 0: {message}"
    );
    ends_well(&mut aws, &source).await;
    aws.end().await;
}
