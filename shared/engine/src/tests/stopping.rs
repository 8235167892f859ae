//! Where a run stops, by a failure or by its deadline, and how the next one carries on.

use crate::apply::Outcome;
use crate::ports::Class;
use crate::run::look_at;
use crate::tests::world::{HOME, account};
use crate::tests::{ELSEWHERE, IRELAND, SYDNEY, look, now, outcomes, policy, try_look, world};
use amiary_domain::lineage::{ReplicaState, SourceStatus};
use amiary_domain::observation::Mandate;
use jiff::SignedDuration;

#[test]
fn what_another_run_wrote_first_is_left_to_it() {
    let world = world();
    let active = policy(&[IRELAND, SYDNEY], "");
    let source = world.publish(HOME, "golden-1");
    world.fail("commit copy asked for", Class::Conflict, 1);
    let report = look(&world, &active, &source, Mandate::Event);
    assert!(outcomes(&report).contains(&"yielded"));
    assert!(report.is_worth_repeating() && !report.has_failures());
    assert_eq!(
        world.calls("CopyImage").len(),
        1,
        "the other destination's alone"
    );
}

#[test]
fn a_copy_whose_answer_was_lost_is_not_made_twice() {
    let world = world();
    let active = policy(&[IRELAND], "");
    let source = world.publish(HOME, "golden-1");
    world.lose("CopyImage");
    look(&world, &active, &source, Mandate::Event);
    look(&world, &active, &source, Mandate::Event);
    assert_eq!(world.state().images.len(), 2, "the source and its one copy");
    assert!(world.replica(&source, IRELAND).image.is_some());
}

#[test]
fn every_call_of_the_way_may_fail_or_lose_its_answer_and_the_next_runs_end_the_same() {
    let active = policy(
        &[IRELAND, ELSEWHERE],
        "[families.web.sharing]\naccounts = [\"partner\"]\nsnapshots = [\"partner\"]",
    );
    let parts = [
        "record: find",
        "record: lineage",
        "commit",
        "CopyImage",
        "DescribeImages",
        "DescribeImageAttribute",
        "DescribeSnapshots",
        "DescribeSnapshotAttribute",
        "DescribeKey",
        "ModifyImageAttribute",
        "ModifySnapshotAttribute",
    ];
    for part in parts {
        for lost in [false, true] {
            let world = world();
            let source = world.publish(HOME, "golden-1");
            for _ in 0..4 {
                if lost {
                    world.lose(part);
                } else {
                    world.fail(part, Class::Retry, 1);
                }
                let _ = try_look(&world, &active, &source, Mandate::Schedule);
                world.arrive();
                world.wait(SignedDuration::from_mins(15));
            }
            for _ in 0..6 {
                look(&world, &active, &source, Mandate::Schedule);
                world.arrive();
                world.wait(SignedDuration::from_mins(15));
            }
            let lineage = world.lineage(&source);
            assert_eq!(
                lineage.source.status,
                SourceStatus::Replicated,
                "{part}, lost: {lost}"
            );
            assert_eq!(world.state().images.len(), 3, "{part}, lost: {lost}");
            assert_eq!(
                world.shared_with(&source),
                [].into(),
                "{part}, lost: {lost}"
            );
            for at in [IRELAND, ELSEWHERE] {
                let copy = world.copy_of(&source, at);
                assert_eq!(world.shared_with(&copy), [account("333333333333")].into());
            }
        }
    }
}

#[test]
fn a_run_ends_where_its_record_can_not_be_read_again() {
    let world = world();
    let active = policy(&[IRELAND], "");
    let source = world.publish(HOME, "golden-1");
    world.fail("record: lineage", Class::Retry, 1);
    let error = try_look(&world, &active, &source, Mandate::Event).unwrap_err();
    assert_eq!(error.class, Class::Retry);
    assert!(
        world.replica(&source, IRELAND).image.is_some(),
        "what was done stays done"
    );
}

#[test]
fn a_source_that_could_not_be_recorded_ends_the_run_before_any_copy() {
    for class in [Class::Retry, Class::Conflict, Class::Permanent] {
        let world = world();
        let active = policy(&[IRELAND], "");
        let source = world.publish(HOME, "golden-1");
        world.fail("commit recorded", class, 1);
        let report = look(&world, &active, &source, Mandate::Event);
        assert_eq!(report.applied.len(), 1);
        assert_eq!(report.is_worth_repeating(), class != Class::Permanent);
        let calls = world.calls("");
        assert!(calls.iter().all(|call| !call.contains("CopyImage")));
        assert_eq!(
            calls.iter().filter(|call| call.contains("commit")).count(),
            1
        );
        look(&world, &active, &source, Mandate::Event);
        assert_eq!(world.calls("CopyImage").len(), 1, "the next run does it");
    }
}

#[test]
fn a_destination_that_failed_is_left_to_the_next_run_and_the_others_go_on() {
    let world = world();
    let active = policy(&[IRELAND, SYDNEY], "");
    let source = world.publish(HOME, "golden-1");
    world.fail("CopyImage 111111111111/ap-southeast-2", Class::Retry, 1);
    let report = look(&world, &active, &source, Mandate::Event);
    assert!(report.is_worth_repeating() && report.has_failures());
    assert_eq!(
        world.calls("CopyImage").len(),
        2,
        "not tried twice in one run"
    );
    assert_eq!(world.replica(&source, SYDNEY).image, None);
    assert!(world.replica(&source, IRELAND).image.is_some());
    let asked = world.replica(&source, SYDNEY).request;
    let report = look(&world, &active, &source, Mandate::Event);
    assert!(!report.is_worth_repeating() && !report.has_failures());
    assert_eq!(world.calls("CopyImage").len(), 1);
    assert_eq!(world.replica(&source, SYDNEY).request, asked);
    assert!(world.replica(&source, SYDNEY).image.is_some());
}

#[test]
fn nothing_is_started_near_the_deadline_and_the_run_is_worth_repeating() {
    let world = world();
    let active = policy(&[IRELAND], "");
    let source = world.publish(HOME, "golden-1");
    let deadline = |seconds| Some(world.state().now + SignedDuration::from_secs(seconds));
    let run = |deadline| {
        let (reading, writing) = (world.reading(), world.writing());
        let report = look_at(reading, writing, &active, &source, Mandate::Event, deadline);
        now(report).unwrap()
    };
    let late = run(deadline(34));
    assert_eq!(outcomes(&late), ["yielded"]);
    assert!(late.is_worth_repeating());
    assert!(world.state().lineages.is_empty());
    let in_time = run(deadline(35));
    assert!(
        in_time
            .applied
            .iter()
            .all(|step| matches!(step.outcome, Outcome::Done))
    );
    assert_eq!(world.calls("CopyImage").len(), 1);
}

#[test]
fn a_run_that_becomes_late_stops_between_two_steps() {
    let world = world();
    let active = policy(&[IRELAND], "");
    let source = world.publish(HOME, "golden-1");
    world.state().took = SignedDuration::from_secs(10);
    let (reading, writing) = (world.reading(), world.writing());
    let deadline = Some(world.state().now + SignedDuration::from_secs(84));
    let report = now(look_at(
        reading,
        writing,
        &active,
        &source,
        Mandate::Event,
        deadline,
    ));
    assert_eq!(outcomes(&report.unwrap()), ["done", "done", "yielded"]);
    assert_eq!(world.replica(&source, IRELAND).state, ReplicaState::Copying);
    assert!(world.calls("CopyImage").is_empty());
    world.state().took = SignedDuration::ZERO;
    look(&world, &active, &source, Mandate::Event);
    assert_eq!(world.calls("CopyImage").len(), 1);
}
