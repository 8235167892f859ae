//! What becomes of each step, by what EC2 and the record answer.

use super::world::{HOME, World, account, place};
use super::{ELSEWHERE, IRELAND, SYDNEY, look, outcomes, policy, replicated, world};
use crate::ports::Class;
use crate::run::Report;
use amiary_domain::ids::ImageRef;
use amiary_domain::image::ImageState;
use amiary_domain::lineage::ReplicaState;
use amiary_domain::observation::Mandate;
use amiary_domain::plan::ActivePolicy;
use jiff::SignedDuration;

/// A first run whose copy is answered with this class.
fn answered(class: Class) -> (World, ActivePolicy, ImageRef, Report) {
    let world = world();
    let active = policy(&[IRELAND], "");
    let source = world.publish(HOME, "golden-1");
    world.fail("CopyImage", class, 1);
    let report = look(&world, &active, &source, Mandate::Event);
    (world, active, source, report)
}

fn last(report: &Report) -> (&'static str, String) {
    let step = report.applied.last().unwrap();
    (step.outcome.word(), format!("{:?}", step.outcome))
}

#[test]
fn what_is_about_to_be_done_is_recorded_before_the_call_and_what_came_of_it_after() {
    let world = world();
    let active = policy(
        &[IRELAND],
        "[families.web.sharing]\naccounts = [\"partner\"]",
    );
    let source = world.publish(HOME, "golden-1");
    look(&world, &active, &source, Mandate::Event);
    let in_order = |parts: &[&str]| {
        let calls = world.calls("");
        let mut rest = calls.iter();
        for part in parts {
            assert!(rest.any(|call| call.contains(part)), "{part}: {calls:#?}");
        }
    };
    in_order(&[
        "commit recorded",
        "commit copy asked for",
        "CopyImage",
        "commit ami-",
    ]);
    world.arrive();
    look(&world, &active, &source, Mandate::Schedule);
    in_order(&[
        "commit available",
        "ModifyImageAttribute",
        "commit applied",
        "commit verified",
    ]);
}

#[test]
fn every_step_is_reported_with_its_place_and_its_reason() {
    let world = world();
    let active = policy(&[IRELAND], "");
    let source = world.publish(HOME, "golden-1");
    let report = look(&world, &active, &source, Mandate::Event);
    assert_eq!(outcomes(&report), ["done", "done", "done"]);
    let places: Vec<_> = report
        .applied
        .iter()
        .map(|step| step.place.clone())
        .collect();
    assert_eq!(places, [None, Some(place(IRELAND)), Some(place(IRELAND))]);
    assert!(report.applied[0].step.starts_with("record: recorded"));
    assert!(report.applied[2].step.starts_with("copy "));
    assert!(report.applied.iter().all(|step| !step.reason.is_empty()));
}

#[test]
fn a_copy_that_failed_in_passing_is_asked_for_again_with_the_same_request() {
    for (class, word) in [
        (Class::Retry, "failed"),
        (Class::NotReady, "not ready"),
        (Class::Conflict, "yielded"),
    ] {
        let (world, active, source, report) = answered(class);
        assert_eq!(last(&report).0, word);
        let intent = world.replica(&source, IRELAND);
        assert_eq!((intent.state, intent.image), (ReplicaState::Copying, None));
        look(&world, &active, &source, Mandate::Event);
        let started = world.replica(&source, IRELAND);
        assert_eq!(started.request, intent.request, "{class:?}");
        assert!(started.image.is_some());
    }
}

#[test]
fn a_full_quota_is_a_queue_that_the_next_run_goes_on_with() {
    let (world, active, source, report) = answered(Class::Quota);
    assert_eq!(last(&report).0, "not ready");
    let queued = world.replica(&source, IRELAND);
    assert_eq!((queued.state, queued.attempt), (ReplicaState::Wanted, 1));
    assert!(queued.cause.unwrap().contains("takes no more copies now"));
    assert!(world.state().notices.is_empty());
    look(&world, &active, &source, Mandate::Schedule);
    assert!(world.replica(&source, IRELAND).image.is_some());
}

#[test]
fn a_refused_copy_is_an_attempt_that_failed_and_says_what_aws_said() {
    for class in [Class::Permanent, Class::Gone, Class::TokenMismatch] {
        let (world, active, source, report) = answered(class);
        let (outcome, said) = last(&report);
        assert_eq!(outcome, "not ready", "{class:?}");
        assert!(said.contains("a fault of the test's"), "{said}");
        let failed = world.replica(&source, IRELAND);
        assert_eq!((failed.state, failed.tries), (ReplicaState::Wanted, 2));
        assert!(failed.cause.unwrap().contains("a fault of the test's"));
        world.wait(SignedDuration::from_mins(10));
        look(&world, &active, &source, Mandate::Schedule);
        assert!(world.replica(&source, IRELAND).image.is_some(), "{class:?}");
    }
}

#[test]
fn a_copy_refused_only_when_its_call_was_repeated_is_no_attempt_that_failed() {
    for class in [Class::Permanent, Class::Quota, Class::TokenMismatch] {
        let world = world();
        let active = policy(&[IRELAND], "");
        let source = world.publish(HOME, "golden-1");
        world.lose_and_refuse("CopyImage", class);
        world.fail(" name golden-1", Class::Permanent, 1);
        look(&world, &active, &source, Mandate::Event);
        let asked = world.replica(&source, IRELAND);
        assert_eq!((asked.state, asked.attempt), (ReplicaState::Copying, 1));
        look(&world, &active, &source, Mandate::Schedule);
        assert!(world.replica(&source, IRELAND).image.is_some(), "{class:?}");
        let copies = world
            .state()
            .images
            .keys()
            .filter(|at| **at != source)
            .count();
        assert_eq!(copies, 1, "{class:?}");
    }
}

#[test]
fn a_name_that_is_taken_leads_to_the_copy_or_names_the_stranger() {
    let (world, active, source, report) = answered(Class::NameTaken);
    let (outcome, said) = last(&report);
    assert_eq!(outcome, "not ready");
    assert!(said.contains("golden-1"), "{said}");
    let unseen = world.replica(&source, IRELAND);
    assert_eq!((unseen.state, unseen.image), (ReplicaState::Copying, None));
    let stranger = world.publish(IRELAND, "golden-1");
    look(&world, &active, &source, Mandate::Event);
    let failed = world.replica(&source, IRELAND);
    assert_eq!(failed.state, ReplicaState::Failed);
    assert!(failed.cause.unwrap().contains(stranger.id.as_str()));
    assert_eq!(world.state().notices.len(), 1);
}

/// EC2 forgets a token after a while; the name is then what the copy is known by.
#[test]
fn a_copy_whose_token_was_forgotten_is_found_by_its_name() {
    let world = world();
    let active = policy(&[IRELAND], "");
    let source = world.publish(HOME, "golden-1");
    world.lose("CopyImage");
    look(&world, &active, &source, Mandate::Event);
    world.forget_tokens();
    look(&world, &active, &source, Mandate::Event);
    assert_eq!(world.state().images.len(), 2, "the source and one copy");
    assert!(world.replica(&source, IRELAND).image.is_some());
}

#[test]
fn who_has_a_name_is_asked_again_by_the_next_run_where_that_failed() {
    let world = world();
    let active = policy(&[IRELAND], "");
    let source = world.publish(HOME, "golden-1");
    world.publish(IRELAND, "golden-1");
    world.fail(
        "DescribeImages 111111111111/eu-west-1 name",
        Class::Retry,
        1,
    );
    let report = look(&world, &active, &source, Mandate::Event);
    assert_eq!(last(&report).0, "failed");
    assert_eq!(world.replica(&source, IRELAND).state, ReplicaState::Copying);
    look(&world, &active, &source, Mandate::Event);
    assert_eq!(world.replica(&source, IRELAND).state, ReplicaState::Failed);
}

#[test]
fn a_copy_that_could_not_be_recorded_is_asked_for_again_and_is_the_same_copy() {
    for (class, times, word) in [(Class::Retry, 1, "failed"), (Class::Conflict, 2, "yielded")] {
        let world = world();
        let active = policy(&[IRELAND], "");
        let source = world.publish(HOME, "golden-1");
        world.fail("commit ami-", class, times);
        let report = look(&world, &active, &source, Mandate::Event);
        assert_eq!(last(&report).0, word);
        look(&world, &active, &source, Mandate::Event);
        assert_eq!(world.state().images.len(), 2, "the source and its one copy");
        assert!(world.replica(&source, IRELAND).image.is_some());
    }
}

#[test]
fn a_copy_that_started_is_recorded_even_where_another_run_wrote_the_record_meanwhile() {
    let world = world();
    let active = policy(&[IRELAND], "");
    let source = world.publish(HOME, "golden-1");
    world.fail("commit ami-", Class::Conflict, 1);
    let report = look(&world, &active, &source, Mandate::Event);
    assert_eq!(last(&report).0, "done");
    assert!(world.replica(&source, IRELAND).image.is_some());
}

#[test]
fn a_step_that_did_not_succeed_ends_its_destinations_steps_and_no_others() {
    let shared = "[families.web.sharing]\naccounts = [\"partner\"]\nsnapshots = [\"partner\"]";
    let active = policy(&[IRELAND, SYDNEY], shared);
    for (class, word) in [
        (Class::Retry, "failed"),
        (Class::Permanent, "refused"),
        (Class::NotReady, "not ready"),
        (Class::Gone, "not ready"),
        (Class::Quota, "not ready"),
        (Class::NameTaken, "refused"),
        (Class::TokenMismatch, "refused"),
        (Class::Conflict, "yielded"),
    ] {
        let world = world();
        let source = world.publish(HOME, "golden-1");
        look(&world, &active, &source, Mandate::Event);
        world.arrive();
        let copy = world.copy_of(&source, IRELAND);
        world.fail("ModifySnapshotAttribute 111111111111/eu-west-1", class, 1);
        let report = look(&world, &active, &source, Mandate::Schedule);
        assert!(
            outcomes(&report).contains(&word),
            "{class:?}: {:?}",
            outcomes(&report)
        );
        assert_eq!(
            world.shared_with(&copy),
            [].into(),
            "the next step was not made"
        );
        assert_eq!(world.replica(&source, SYDNEY).state, ReplicaState::Verified);
        look(&world, &active, &source, Mandate::Schedule);
        assert_eq!(
            world.replica(&source, IRELAND).state,
            ReplicaState::Verified
        );
    }
}

#[test]
fn tags_are_set_on_and_taken_from_an_image_and_its_snapshots_together() {
    let world = world();
    let before = policy(
        &[IRELAND],
        "[families.web.tags]\nadd = { Kept = \"1\", Dropped = \"1\" }",
    );
    let after = policy(&[IRELAND], "[families.web.tags]\nadd = { Kept = \"2\" }");
    let source = replicated(&world, &before, "golden-1");
    look(&world, &after, &source, Mandate::Schedule);
    let copy = world.copy_of(&source, IRELAND);
    let state = world.state();
    let image = &state.images[&copy];
    let snapshots = image.snapshots.iter().map(|id| &state.snapshots[id].tags);
    for tags in snapshots.chain([&image.tags]) {
        assert_eq!(tags["Kept"], "2");
        assert!(!tags.contains_key("Dropped"));
    }
}

/// A source whose copy to another account has arrived, so that its loan is given back next.
fn lent() -> (World, ActivePolicy, ImageRef) {
    let world = world();
    let active = policy(&[ELSEWHERE], "");
    let source = world.publish(HOME, "golden-1");
    look(&world, &active, &source, Mandate::Event);
    world.arrive();
    world.calls("");
    (world, active, source)
}

#[test]
fn a_loan_on_what_is_gone_needs_no_giving_back() {
    for call in [
        "ModifyImageAttribute 111111111111",
        "ModifySnapshotAttribute 111111111111",
    ] {
        let (world, active, source) = lent();
        world.fail(call, Class::Gone, 1);
        let report = look(&world, &active, &source, Mandate::Schedule);
        assert!(outcomes(&report).contains(&"already so"), "{call}");
        assert!(world.lineage(&source).source.loans.is_empty(), "{call}");
    }
}

#[test]
fn a_loan_that_could_not_be_given_back_stays_recorded_until_it_is() {
    for call in [
        "ModifyImageAttribute 111111111111",
        "ModifySnapshotAttribute 111111111111",
    ] {
        for (class, word) in [(Class::Retry, "failed"), (Class::Permanent, "refused")] {
            let (world, active, source) = lent();
            world.fail(call, class, 1);
            let report = look(&world, &active, &source, Mandate::Schedule);
            assert!(outcomes(&report).contains(&word), "{call} {class:?}");
            assert_eq!(world.lineage(&source).source.loans.len(), 1);
            look(&world, &active, &source, Mandate::Schedule);
            assert!(world.lineage(&source).source.loans.is_empty());
            assert_eq!(world.shared_with(&source), [].into());
        }
    }
}

#[test]
fn what_was_shared_is_not_taken_as_taken_back_because_its_image_was_not_found() {
    let world = world();
    let shared = "[families.web.sharing]\naccounts = [\"partner\"]\nsnapshots = [\"partner\"]";
    let before = policy(&[IRELAND], shared);
    let after = policy(&[IRELAND], "");
    for call in ["ModifyImageAttribute", "ModifySnapshotAttribute"] {
        let source = replicated(&world, &before, &format!("golden-{call}"));
        world.fail(call, Class::Gone, 1);
        let report = look(&world, &after, &source, Mandate::Schedule);
        assert!(outcomes(&report).contains(&"not ready"), "{call}");
        let granted = world.replica(&source, IRELAND).granted;
        assert_eq!(
            granted,
            [account("333333333333")].into(),
            "still known as Amiary's"
        );
        look(&world, &after, &source, Mandate::Schedule);
        let copy = world.copy_of(&source, IRELAND);
        assert_eq!(world.shared_with(&copy), [].into());
    }
}

#[test]
fn a_failed_copy_is_tried_again_under_a_name_of_its_own() {
    let world = world();
    let active = policy(&[IRELAND], "");
    let source = world.publish(HOME, "golden-1");
    look(&world, &active, &source, Mandate::Event);
    world.turn(&world.copy_of(&source, IRELAND), ImageState::Failed);
    look(&world, &active, &source, Mandate::Schedule);
    world.wait(SignedDuration::from_mins(10));
    look(&world, &active, &source, Mandate::Schedule);
    let second = world.copy_of(&source, IRELAND);
    assert_eq!(world.state().images[&second].name, "golden-1-attempt-2");
}
