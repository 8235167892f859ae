//! What AWS refuses and would refuse again: the destination says why, and its owner hears of it.

use super::world::HOME;
use super::{ELSEWHERE, IRELAND, SYDNEY, look, outcomes, policy, replicated, try_look, world};
use crate::ports::Class;
use amiary_domain::lineage::ReplicaState;
use amiary_domain::notice::NoticeKind;
use amiary_domain::observation::Mandate;

const SHARED: &str = "[families.web.sharing]\naccounts = [\"partner\"]";

#[test]
fn a_refused_step_is_the_destinations_cause_and_its_owner_hears_once() {
    let world = world();
    let source = replicated(&world, &policy(&[IRELAND, SYDNEY], ""), "golden-1");
    let active = policy(&[IRELAND, SYDNEY], SHARED);
    world.state().notices.clear();
    world.fail(
        "ModifyImageAttribute 111111111111/eu-west-1",
        Class::Permanent,
        3,
    );
    for _ in 0..3 {
        let report = look(&world, &active, &source, Mandate::Schedule);
        assert!(report.has_failures() && !report.is_worth_repeating());
        let refused = world.replica(&source, IRELAND);
        assert!(refused.cause.unwrap().contains("a fault of the test's"));
        assert_eq!(refused.state, ReplicaState::Available);
    }
    let told: Vec<NoticeKind> = world.state().notices.iter().map(|n| n.kind).collect();
    assert_eq!(told, [NoticeKind::Waiting], "once of each cause");
    assert_eq!(
        world.replica(&source, SYDNEY).cause,
        None,
        "the other's alone"
    );
    look(&world, &active, &source, Mandate::Schedule);
    let mended = world.replica(&source, IRELAND);
    assert_eq!((mended.state, mended.cause), (ReplicaState::Verified, None));
}

#[test]
fn what_fails_in_passing_is_nobodys_cause() {
    let world = world();
    let source = replicated(&world, &policy(&[IRELAND], ""), "golden-1");
    world.state().notices.clear();
    for class in [Class::Retry, Class::NotReady, Class::Gone, Class::Conflict] {
        world.fail("ModifyImageAttribute", class, 1);
        look(
            &world,
            &policy(&[IRELAND], SHARED),
            &source,
            Mandate::Schedule,
        );
        assert_eq!(world.replica(&source, IRELAND).cause, None, "{class:?}");
    }
    assert!(world.state().notices.is_empty());
}

#[test]
fn a_refused_loan_is_told_for_each_destination_that_waits_for_it() {
    let world = world();
    let active = policy(&[ELSEWHERE, IRELAND], "");
    let source = world.publish(HOME, "golden-1");
    world.fail("ModifyImageAttribute", Class::Permanent, 1);
    look(&world, &active, &source, Mandate::Event);
    let waiting = world.replica(&source, ELSEWHERE);
    assert_eq!(waiting.state, ReplicaState::Wanted);
    assert!(waiting.cause.unwrap().contains("a fault of the test's"));
    assert_eq!(world.state().notices.len(), 1);
    assert!(world.replica(&source, IRELAND).image.is_some());
}

#[test]
fn telling_a_refusal_yields_to_whoever_wrote_first_and_otherwise_must_work() {
    for (class, ends_well) in [
        (Class::Conflict, true),
        (Class::Retry, false),
        (Class::Permanent, false),
    ] {
        let world = world();
        let source = replicated(&world, &policy(&[IRELAND], ""), "golden-1");
        let active = policy(&[IRELAND], SHARED);
        world.fail("ModifyImageAttribute", Class::Permanent, 1);
        world.fail("commit refused", class, 1);
        let report = try_look(&world, &active, &source, Mandate::Schedule);
        assert_eq!(report.is_ok(), ends_well, "{class:?}");
    }
}

#[test]
fn a_refusal_to_record_a_source_is_no_destinations_cause() {
    let world = world();
    let active = policy(&[IRELAND], "");
    let source = world.publish(HOME, "golden-1");
    world.fail("commit recorded", Class::Permanent, 1);
    let report = look(&world, &active, &source, Mandate::Event);
    assert_eq!(outcomes(&report), ["refused"]);
    assert!(world.calls("commit refused").is_empty());
    assert!(world.state().notices.is_empty());
}

#[test]
fn a_refusal_is_told_even_where_the_source_was_recorded_in_the_same_run() {
    let world = world();
    let active = policy(&[IRELAND], "");
    let source = world.publish(HOME, "golden-1");
    world.fail("commit copy asked for", Class::Permanent, 1);
    let report = look(&world, &active, &source, Mandate::Event);
    assert_eq!(outcomes(&report), ["done", "refused"]);
    assert!(
        world.replica(&source, IRELAND).cause.is_some(),
        "recorded in this very run"
    );
    assert_eq!(world.state().notices.len(), 1);
}
