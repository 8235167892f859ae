//! The scheduled run over everything.

use super::world::{HOME, World, account};
use super::{IRELAND, SYDNEY, look, now, policy, replicated, world};
use crate::ports::{Answer, Class};
use crate::reconcile::{Summary, reconcile};
use amiary_domain::ids::ImageRef;
use amiary_domain::image::ImageState;
use amiary_domain::lineage::ReplicaState;
use amiary_domain::observation::Mandate;
use amiary_domain::plan::{ActivePolicy, RECHECK_AFTER};
use jiff::{SignedDuration, Timestamp};

fn try_reconcile(
    world: &World,
    active: &ActivePolicy,
    deadline: Option<Timestamp>,
) -> Answer<Summary> {
    world.calls("");
    now(reconcile(
        world.reading(),
        world.writing(),
        active,
        deadline,
    ))
}

fn reconciled(world: &World, active: &ActivePolicy) -> Summary {
    try_reconcile(world, active, None).unwrap()
}

fn publish(world: &World, count: usize) -> Vec<ImageRef> {
    let name = |n| format!("golden-{n}");
    (0..count).map(|n| world.publish(HOME, &name(n))).collect()
}

#[test]
fn a_schedule_finds_every_source_that_no_event_reported_on_every_page() {
    let world = world();
    let active = policy(&[IRELAND], "");
    let sources = publish(&world, 5);
    world.publish(HOME, "other");
    world.publish(IRELAND, "golden-at-a-destination");
    let summary = reconciled(&world, &active);
    assert_eq!((summary.discovered, summary.looked_at), (5, 5));
    assert_eq!((summary.late, summary.unread.len()), (0, 0));
    let pages = world.calls("DescribeImages 111111111111/us-east-1 page");
    assert_eq!(pages.len(), 3);
    for source in &sources {
        assert!(world.replica(source, IRELAND).image.is_some());
    }
    assert_eq!(summary.reports.len(), 5);
    world.arrive();
    let summary = reconciled(&world, &active);
    assert_eq!(
        (summary.discovered, summary.looked_at),
        (0, 5),
        "known, and unfinished"
    );
    for source in &sources {
        assert_eq!(world.replica(source, IRELAND).state, ReplicaState::Verified);
    }
    let summary = reconciled(&world, &active);
    assert_eq!(summary.looked_at, 0, "nothing is due");
}

#[test]
fn a_lineage_is_looked_at_once_however_often_it_is_named() {
    let world = world();
    let active = policy(&[IRELAND], "");
    let source = replicated(&world, &active, "golden-1");
    let mut newer = active.clone();
    newer.revision = 2;
    newer.since = world.state().now;
    world.state().lineages.get_mut(&source).unwrap().source.due = newer.since;
    let summary = reconciled(&world, &newer);
    assert_eq!(summary.looked_at, 1);
    assert_eq!(world.calls("record: find").len(), 1);
}

#[test]
fn what_is_due_is_looked_at_and_what_is_not_is_left() {
    let world = world();
    let active = policy(&[IRELAND], "");
    replicated(&world, &active, "golden-1");
    world.wait(SignedDuration::from_hours(23));
    assert_eq!(reconciled(&world, &active).looked_at, 0);
    world.wait(SignedDuration::from_hours(1));
    assert_eq!(reconciled(&world, &active).looked_at, 1);
    assert_eq!(
        reconciled(&world, &active).looked_at,
        0,
        "not again before the next day"
    );
}

#[test]
fn a_new_revision_is_followed_for_two_days() {
    for (age, expected) in [
        (SignedDuration::ZERO, 1),
        (RECHECK_AFTER, 1),
        (RECHECK_AFTER * 2 - SignedDuration::from_secs(1), 1),
        (RECHECK_AFTER * 2, 0),
        (RECHECK_AFTER * 3, 0),
    ] {
        let world = world();
        let active = policy(&[IRELAND], "");
        replicated(&world, &active, "golden-1");
        let mut newer = active.clone();
        newer.revision = 2;
        newer.since = world.state().now - age;
        let summary = reconciled(&world, &newer);
        assert_eq!(summary.looked_at, expected, "{age:?}");
    }
}

#[test]
fn a_place_that_could_not_be_listed_is_left_to_the_next_run_and_the_rest_is_done() {
    let world = world();
    let active = policy(&[IRELAND], "");
    let unfinished = world.publish(HOME, "golden-1");
    look(&world, &active, &unfinished, Mandate::Event);
    world.publish(HOME, "golden-2");
    world.arrive();
    world.fail("us-east-1 page", Class::Retry, 1);
    let summary = reconciled(&world, &active);
    assert_eq!(
        (summary.unread.len(), summary.discovered, summary.looked_at),
        (1, 0, 1)
    );
    assert_eq!(
        world.replica(&unfinished, IRELAND).state,
        ReplicaState::Verified
    );
    assert_eq!(reconciled(&world, &active).discovered, 1);
}

#[test]
fn a_record_that_could_not_be_read_ends_the_run() {
    let mut active = policy(&[IRELAND], "");
    active.since = "2026-01-01T00:00:00Z".parse().unwrap();
    for part in [
        "record: unfinished",
        "record: decided before",
        "record: due",
    ] {
        let world = world();
        publish(&world, 1);
        world.fail(part, Class::Retry, 1);
        assert!(try_reconcile(&world, &active, None).is_err(), "{part}");
        assert!(world.state().lineages.is_empty());
    }
}

#[test]
fn a_lineage_that_could_not_be_read_is_left_to_the_next_run_and_the_others_are_done() {
    for part in ["record: find", "record: lineage"] {
        let world = world();
        let active = policy(&[IRELAND], "");
        publish(&world, 3);
        world.fail(part, Class::Retry, 1);
        let summary = reconciled(&world, &active);
        assert_eq!(
            (summary.unread.len(), summary.reports.len()),
            (1, 2),
            "{part}"
        );
        assert!(world.calls("CopyImage").len() >= 2);
        reconciled(&world, &active);
        assert_eq!(
            world.state().images.len(),
            6,
            "three sources and their copies"
        );
    }
}

#[test]
fn copies_over_the_cap_wait_for_the_next_run() {
    let world = world();
    let active = policy(&[IRELAND, SYDNEY], "[caps]\ncopies-per-run = 3");
    publish(&world, 2);
    let summary = reconciled(&world, &active);
    assert_eq!(summary.held.copies, 1);
    assert_eq!(world.calls("CopyImage").len(), 3);
    assert_eq!(reconciled(&world, &active).held.copies, 0);
    assert_eq!(world.calls("CopyImage").len(), 1);
}

#[test]
fn a_run_that_wants_to_take_back_more_than_its_cap_takes_nothing_back_at_all() {
    let shared = "[families.web.sharing]\naccounts = [\"partner\"]";
    for (cap, expected) in [(1, 1), (2, 0)] {
        let world = world();
        let before = policy(&[IRELAND], shared);
        let sources: Vec<ImageRef> = ["golden-1", "golden-2"]
            .map(|name| replicated(&world, &before, name))
            .into();
        let mut after = policy(&[IRELAND], &format!("[caps]\nrevocations-per-run = {cap}"));
        after.revision = 2;
        after.since = world.state().now;
        let summary = reconciled(&world, &after);
        assert_eq!(summary.held.revocations, expected * 2);
        for source in &sources {
            let copy = world.copy_of(source, IRELAND);
            let present = world.shared_with(&copy);
            assert_eq!(
                present.contains(&account("333333333333")),
                expected == 1,
                "{cap}"
            );
        }
    }
}

#[test]
fn nothing_more_is_looked_at_within_five_minutes_of_the_deadline() {
    for (left, looked_at) in [(299, 0), (300, 2), (301, 2)] {
        let world = world();
        let active = policy(&[IRELAND], "");
        publish(&world, 2);
        let deadline = world.state().now + SignedDuration::from_secs(left);
        let summary = try_reconcile(&world, &active, Some(deadline)).unwrap();
        assert_eq!(summary.looked_at, looked_at, "{left}");
        assert_eq!(summary.late, 2 - looked_at, "{left}");
        assert_eq!(summary.discovered, 2);
        assert_eq!(world.calls("CopyImage").len(), looked_at);
    }
}

#[test]
fn what_was_planned_before_it_got_late_is_applied() {
    let world = world();
    let active = policy(&[IRELAND], "");
    publish(&world, 3);
    world.state().took = SignedDuration::from_secs(20);
    let deadline = world.state().now + SignedDuration::from_secs(300 + 180);
    let summary = try_reconcile(&world, &active, Some(deadline)).unwrap();
    assert!(summary.late > 0 && summary.looked_at > 0, "{summary:?}");
    assert_eq!(summary.late + summary.looked_at, 3);
    assert!(!world.calls("CopyImage").is_empty());
}

#[test]
fn a_source_that_vanished_is_looked_at_like_any_other_due() {
    let world = world();
    let active = policy(&[IRELAND], "");
    let source = replicated(&world, &active, "golden-1");
    world.turn(&source, ImageState::Deregistered);
    world.wait(RECHECK_AFTER);
    let summary = reconciled(&world, &active);
    assert_eq!((summary.looked_at, summary.discovered), (1, 0));
    assert_eq!(
        world.replica(&source, IRELAND).state,
        ReplicaState::Verified
    );
}
