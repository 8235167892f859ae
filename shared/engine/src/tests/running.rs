//! The rounds of a run.

use crate::apply::{Applied, Outcome};
use crate::ports::Class;
use crate::run::{Report, preview};
use crate::tests::world::{HOME, account};
use crate::tests::{ELSEWHERE, IRELAND, SYDNEY, look, now, policy, reasons, replicated, world};
use amiary_domain::image::ImageState;
use amiary_domain::lineage::{ReplicaState, SourceStatus};
use amiary_domain::notice::NoticeKind;
use amiary_domain::observation::Mandate;

#[test]
fn an_event_starts_every_copy_and_the_copys_arrival_ends_in_a_verified_replica() {
    let world = world();
    let active = policy(
        &[IRELAND, SYDNEY],
        "[families.web.sharing]\naccounts = [\"partner\"]",
    );
    let source = world.publish(HOME, "golden-1");
    let report = look(&world, &active, &source, Mandate::Event);
    assert_eq!(report.image.as_ref(), Some(&source));
    assert_eq!(world.calls("CopyImage").len(), 2);
    world.arrive();
    for at in [IRELAND, SYDNEY] {
        let copy = world.copy_of(&source, at);
        look(&world, &active, &copy, Mandate::Event);
        assert_eq!(world.replica(&source, at).state, ReplicaState::Verified);
        assert_eq!(world.shared_with(&copy), [account("333333333333")].into());
    }
    let lineage = world.lineage(&source);
    assert_eq!(lineage.source.status, SourceStatus::Replicated);
    let told: Vec<NoticeKind> = world.state().notices.iter().map(|n| n.kind).collect();
    assert_eq!(told, [NoticeKind::Replicated]);
    assert!(
        world
            .state()
            .history
            .iter()
            .all(|line| line.starts_with("test: "))
    );
}

#[test]
fn one_run_lends_copies_and_leaves_the_loan_until_the_copy_has_ended() {
    let world = world();
    let active = policy(&[ELSEWHERE], "");
    let source = world.publish(HOME, "golden-1");
    let lent = [account("222222222222")].into();
    look(&world, &active, &source, Mandate::Event);
    assert_eq!(world.calls("CopyImage").len(), 1);
    assert_eq!(world.shared_with(&source), lent);
    look(&world, &active, &source, Mandate::Schedule);
    assert_eq!(world.shared_with(&source), lent, "the copy is under way");
    world.arrive();
    look(&world, &active, &source, Mandate::Schedule);
    assert_eq!(world.shared_with(&source), [].into());
    assert!(
        world
            .state()
            .volumes
            .values()
            .all(std::collections::BTreeSet::is_empty)
    );
    let lineage = world.lineage(&source);
    assert_eq!(lineage.source.status, SourceStatus::Replicated);
    assert!(lineage.source.loans.is_empty());
}

#[test]
fn a_run_over_a_converged_lineage_changes_nothing() {
    let world = world();
    let active = policy(&[IRELAND, ELSEWHERE], "");
    let source = replicated(&world, &active, "golden-1");
    let before = world.lineage(&source);
    let report = look(&world, &active, &source, Mandate::Schedule);
    assert!(report.applied.is_empty());
    assert_eq!(before, world.lineage(&source));
    for changing in ["CopyImage", "Modify", "Tags", "commit"] {
        let calls = world.calls("");
        assert!(
            !calls.iter().any(|call| call.contains(changing)),
            "{calls:?}"
        );
    }
}

#[test]
fn a_preview_says_what_would_be_done_and_does_nothing() {
    let world = world();
    let active = policy(&[IRELAND], "[caps]\ncopies-per-run = 0");
    let source = world.publish(HOME, "golden-1");
    let (observation, plan) =
        now(preview(world.reading(), &active, &source, Mandate::Person)).unwrap();
    assert_eq!(observation.image, source);
    assert_eq!(plan.source.len(), 1);
    assert!(
        plan.destinations.is_empty(),
        "the caps hold for a preview, too"
    );
    assert!(plan.left[0].reason.contains("cap on copies"));
    assert!(world.state().lineages.is_empty());
}

#[test]
fn a_report_tells_what_is_left_at_the_end_and_not_what_was_done_since() {
    let world = world();
    let active = policy(&[ELSEWHERE], "");
    let source = world.publish(HOME, "golden-1");
    let report = look(&world, &active, &source, Mandate::Event);
    assert!(
        !reasons(&report).contains("waits until the source is lent"),
        "{}",
        reasons(&report)
    );
    world.fail("DescribeKey", Class::Retry, 9);
    let other = world.publish(HOME, "golden-2");
    let report = look(&world, &active, &other, Mandate::Event);
    assert!(
        reasons(&report).contains("could not be read"),
        "{}",
        reasons(&report)
    );
}

#[test]
fn the_caps_hold_over_all_rounds_of_a_run() {
    let world = world();
    let active = policy(&[IRELAND, ELSEWHERE], "[caps]\ncopies-per-run = 1");
    let source = world.publish(HOME, "golden-1");
    let report = look(&world, &active, &source, Mandate::Event);
    assert_eq!(
        world.calls("CopyImage").len(),
        1,
        "the second is planned a round later"
    );
    assert!(reasons(&report).contains("cap on copies"));
}

#[test]
fn a_source_that_went_away_is_recorded_as_unavailable() {
    let world = world();
    let active = policy(&[IRELAND], "");
    let source = replicated(&world, &active, "golden-1");
    world.turn(&source, ImageState::Disabled);
    look(&world, &active, &source, Mandate::Schedule);
    assert_eq!(
        world.lineage(&source).source.status,
        SourceStatus::Unavailable
    );
}

#[test]
fn only_what_passes_makes_a_run_worth_repeating_and_only_what_went_wrong_is_a_failure() {
    let error = || super::world::refusal(Class::Retry, "no answer");
    let cases = [
        (Outcome::Done, false, false),
        (Outcome::AlreadySo, false, false),
        (Outcome::NotReady("later".to_owned()), false, false),
        (Outcome::Yielded("late".to_owned()), true, false),
        (Outcome::Refused(error()), false, true),
        (Outcome::Failed(error()), true, true),
    ];
    assert!(!Report::default().is_worth_repeating() && !Report::default().has_failures());
    for (outcome, repeat, failed) in cases {
        let word = outcome.word();
        let applied = Applied {
            place: None,
            step: "a step".to_owned(),
            reason: "a reason".to_owned(),
            outcome,
        };
        let report = Report {
            applied: vec![applied],
            ..Report::default()
        };
        assert_eq!(
            (report.is_worth_repeating(), report.has_failures()),
            (repeat, failed),
            "{word}"
        );
    }
}
