//! What follows from EC2's answer to a copy.

use super::toy::{Toy, family, place};
use super::{ELSEWHERE, IRELAND};
use crate::ids::ImageId;
use crate::image::{Image, ImageState};
use crate::lineage::{Change, Record, Replica, ReplicaState};
use crate::naming::OPERATION_TAG;
use crate::notice::NoticeKind;
use crate::observation::Mandate;
use crate::plan::{Action, CopyAnswer, MOST_ATTEMPTS, RETRY_AFTER, after_copy, started_after_all};
use jiff::SignedDuration;

/// A toy whose copy was asked for, the copy's record, and the image it made.
fn copying(at: &str) -> (Toy, Replica, Image) {
    let mut toy = Toy::new(family(&[at]));
    for _ in 0..2 {
        let plan = toy.plan(Mandate::Event);
        let copying = plan.steps().find_map(|(_, step)| match &step.action {
            Action::Copy(replica) => Some((**replica).clone()),
            _ => None,
        });
        toy.apply(&plan);
        if let Some(copying) = copying {
            let image = toy.images[&place(at)].image.clone();
            return (toy, copying, image);
        }
    }
    panic!("no copy to {at} was planned");
}

fn answered(toy: &Toy, copying: &Replica, answer: CopyAnswer) -> (Replica, Change) {
    let source = &toy.lineage.as_ref().unwrap().source;
    let change = after_copy(&toy.active.policy, source, copying, answer, toy.now);
    match &change.record {
        Record::Replica(replica) => ((**replica).clone(), change),
        Record::Source(_) => panic!("a copy's answer changes its replica"),
    }
}

fn taken(image: Image) -> CopyAnswer {
    CopyAnswer::NameTaken(Some(Box::new(image)))
}

#[test]
fn a_copy_that_started_is_known_by_its_image_and_nothing_else_changes() {
    let (toy, copying, image) = copying(IRELAND);
    let (started, change) = answered(&toy, &copying, CopyAnswer::Started(image.at.id.clone()));
    assert_eq!(started.image, Some(image.at.id));
    assert_eq!(
        Replica {
            image: None,
            ..started
        },
        copying
    );
    assert!(change.notices.is_empty());
    assert!(change.entry.ends_with("the copy is under way"));
}

#[test]
fn an_image_is_the_copy_only_if_everything_about_it_says_so() {
    type Bend = fn(&mut Image);
    let bends: [(&str, Bend); 8] = [
        ("no operation", |image| {
            drop(image.tags.remove(OPERATION_TAG));
        }),
        ("another operation", |image| {
            image.tags.insert(OPERATION_TAG.to_owned(), "x".to_owned());
        }),
        ("another name", |image| image.name.push('x')),
        ("an instance", |image| {
            image.source_instance = Some("i-1".to_owned());
        }),
        ("no source", |image| image.source = None),
        ("another Region's source", |image| {
            image.source.as_mut().unwrap().0 = "us-west-2".parse().unwrap();
        }),
        ("another source", |image| {
            image.source.as_mut().unwrap().1 = "ami-0badbad0".parse().unwrap();
        }),
        ("another place", |image| {
            image.at.place = place("222222222222/eu-west-1");
        }),
    ];
    let (toy, copying, image) = copying(IRELAND);
    let (known, _) = answered(&toy, &copying, taken(image.clone()));
    assert_eq!(known.image.as_ref(), Some(&image.at.id));
    for (what, bend) in bends {
        let mut bent = image.clone();
        bend(&mut bent);
        let (replica, change) = answered(&toy, &copying, taken(bent));
        assert_eq!(
            (replica.state, replica.image),
            (ReplicaState::Failed, None),
            "{what}"
        );
        let told: Vec<NoticeKind> = change.notices.iter().map(|n| n.kind).collect();
        assert_eq!(told, [NoticeKind::Failed], "{what}");
    }
}

#[test]
fn a_copy_that_had_failed_already_is_an_attempt_that_failed() {
    let (mut toy, copying, mut image) = copying(IRELAND);
    toy.now += SignedDuration::from_mins(3);
    image.state = ImageState::Failed;
    for (reason, expected) in [(Some("no key"), "no key"), (None, "the copy failed")] {
        image.state_reason = reason.map(str::to_owned);
        let (next, change) = answered(&toy, &copying, taken(image.clone()));
        assert_eq!((next.state, next.attempt), (ReplicaState::Wanted, 2));
        assert_eq!((next.tries, next.image, next.request), (2, None, None));
        assert_eq!(next.cause.as_deref(), Some(expected));
        assert_eq!(next.due, toy.now + RETRY_AFTER);
        assert_eq!(change.entry, format!("attempt 1 failed: {expected}"));
    }
}

#[test]
fn a_name_taken_by_what_can_not_be_seen_ends_it_only_on_a_second_look_after_a_while() {
    let (mut toy, copying, _) = copying(IRELAND);
    toy.now = copying.due + SignedDuration::from_hours(1);
    let (unseen, change) = answered(&toy, &copying, CopyAnswer::NameTaken(None));
    assert_eq!(
        (unseen.state, unseen.attempt),
        (ReplicaState::Copying, copying.attempt)
    );
    assert_eq!(
        unseen.cause.as_deref(),
        Some("the name is taken by an image that can't be seen yet")
    );
    assert!(
        change.notices.is_empty(),
        "one look proves nothing, however late"
    );
    toy.now = copying.due - SignedDuration::from_secs(1);
    let (early, _) = answered(&toy, &unseen, CopyAnswer::NameTaken(None));
    assert_eq!(early.state, ReplicaState::Copying);
    toy.now = copying.due;
    let (late, change) = answered(&toy, &unseen, CopyAnswer::NameTaken(None));
    assert_eq!(late.state, ReplicaState::Failed);
    assert_eq!(change.notices.len(), 1);
}

#[test]
fn a_full_quota_leaves_a_place_in_the_queue_and_spends_no_attempt() {
    let (mut toy, copying, _) = copying(IRELAND);
    toy.now += SignedDuration::from_mins(3);
    let (queued, _) = answered(
        &toy,
        &copying,
        CopyAnswer::QuotaFull("300 copies".to_owned()),
    );
    assert_eq!(
        (queued.state, queued.tries),
        (ReplicaState::Wanted, copying.tries)
    );
    assert_eq!((queued.request, queued.due), (None, toy.now));
    assert!(
        queued
            .cause
            .unwrap()
            .ends_with("takes no more copies now: 300 copies")
    );
}

#[test]
fn a_refusal_within_half_an_hour_of_a_loan_may_be_delay_and_at_home_it_is_none() {
    let refused = || CopyAnswer::Refused("no permission".to_owned());
    let (mut toy, copying, _) = copying(ELSEWHERE);
    let last = copying.due + RETRY_AFTER * 2;
    toy.now = last - SignedDuration::from_secs(1);
    let (waits, _) = answered(&toy, &copying, refused());
    assert_eq!((waits.state, waits.attempt), (ReplicaState::Copying, 1));
    assert!(
        waits
            .cause
            .unwrap()
            .ends_with("not seen everywhere yet: no permission")
    );
    toy.now = last;
    let (failed, _) = answered(&toy, &copying, refused());
    assert_eq!((failed.state, failed.tries), (ReplicaState::Wanted, 2));

    let (toy, copying, _) = self::copying(IRELAND);
    let (failed, _) = answered(&toy, &copying, refused());
    assert_eq!((failed.state, failed.tries), (ReplicaState::Wanted, 2));
    let mismatch = CopyAnswer::TokenMismatch("used otherwise".to_owned());
    let (failed, _) = answered(&toy, &copying, mismatch);
    assert_eq!(failed.cause.as_deref(), Some("used otherwise"));
}

#[test]
fn after_a_refusal_the_same_token_and_name_are_asked_with_so_that_a_lost_copy_is_found() {
    let (mut toy, copying, _) = copying(IRELAND);
    let asked = copying.request.clone().unwrap();
    for tries in 1..=MOST_ATTEMPTS {
        let refused = Replica {
            tries,
            ..copying.clone()
        };
        let (ended, _) = answered(&toy, &refused, CopyAnswer::Refused("no".to_owned()));
        assert_eq!((ended.attempt, &ended.request), (copying.attempt, &None));
        let replicas = &mut toy.lineage.as_mut().unwrap().replicas;
        replicas.insert(place(IRELAND), ended);
        let plan = toy.plan(Mandate::Person);
        let again = plan.steps().find_map(|(_, step)| match &step.action {
            Action::Copy(replica) => replica.request.clone(),
            _ => None,
        });
        let again = again.expect("the copy is asked for again");
        assert_eq!((&again.token, &again.name), (&asked.token, &asked.name));
    }
    let mismatch = CopyAnswer::TokenMismatch("used otherwise".to_owned());
    let (other, _) = answered(&toy, &copying, mismatch);
    assert_eq!(other.attempt, 2, "this token leads to nothing any more");
}

#[test]
fn a_copy_that_started_while_its_attempt_was_ended_is_recorded_after_all() {
    let (toy, copying, _) = copying(IRELAND);
    let image: ImageId = "ami-0123456789abcdef0".parse().unwrap();
    for tries in [1, MOST_ATTEMPTS] {
        let refused = Replica {
            tries,
            ..copying.clone()
        };
        let (mut ended, _) = answered(&toy, &refused, CopyAnswer::Refused("no".to_owned()));
        ended.version = 7;
        let change = started_after_all(&ended, &copying, image.clone()).unwrap();
        let Record::Replica(known) = change.record else {
            panic!("it is a replica's")
        };
        assert_eq!(known.state, ReplicaState::Copying);
        assert_eq!((known.image.as_ref(), known.version), (Some(&image), 7));
        assert_eq!(
            (&known.request, known.tries),
            (&copying.request, ended.tries)
        );
    }
    let other_attempt = Replica {
        attempt: 2,
        ..copying.clone()
    };
    let known = Replica {
        image: Some(image.clone()),
        ..copying.clone()
    };
    let withdrawn = Replica {
        state: ReplicaState::Withdrawn,
        ..copying.clone()
    };
    for recorded in [other_attempt, known, withdrawn] {
        assert!(started_after_all(&recorded, &copying, image.clone()).is_none());
    }
}

#[test]
fn the_last_attempt_is_the_end_and_its_owner_hears_why() {
    let (toy, mut copying, _) = copying(IRELAND);
    for tries in 1..=MOST_ATTEMPTS {
        copying.tries = tries;
        let refused = CopyAnswer::Refused("no".to_owned());
        let (replica, change) = answered(&toy, &copying, refused);
        let ends = tries == MOST_ATTEMPTS;
        assert_eq!(replica.state == ReplicaState::Failed, ends, "{tries}");
        assert_eq!(replica.cause.as_deref(), Some("no"));
        assert_eq!(change.notices.len(), usize::from(ends));
    }
}
