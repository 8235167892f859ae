//! What is asked before a copy is started, and what the copy then asks for.

use super::toy::{Toy, family, place};
use super::{ELSEWHERE, IRELAND, SYDNEY, copies, entries, notices, reasons, replicas, seeing};
use crate::image::{ImageState, Tags};
use crate::lineage::{Replica, ReplicaState};
use crate::naming::MOST_TAGS;
use crate::notice::NoticeKind;
use crate::observation::{Mandate, Seen};
use crate::plan::{Action, Plan, RETRY_AFTER};
use jiff::SignedDuration;

fn asked(plan: &Plan) -> Replica {
    let asked = plan.steps().find_map(|(_, step)| match &step.action {
        Action::Copy(replica) => Some((**replica).clone()),
        _ => None,
    });
    asked.expect("a copy is asked for")
}

fn disable_key(toy: &mut Toy, at: &str) {
    let mut key = super::toy::key(&place(at));
    key.state = "Disabled".to_owned();
    toy.keys.insert(place(at), Seen::Read(key));
}

fn enable_key(toy: &mut Toy, at: &str) {
    let key = super::toy::key(&place(at));
    toy.keys.insert(place(at), Seen::Read(key));
}

#[test]
fn a_copys_intent_is_written_down_first_as_the_call_will_be_made() {
    let mut toy = Toy::new(family(&[IRELAND]));
    toy.active.revision = 7;
    toy.source
        .image
        .tags
        .insert("Team".to_owned(), "web".to_owned());
    let plan = toy.plan(Mandate::Event);
    let [intent] = &replicas(&plan)[..] else {
        panic!("{plan:#?}");
    };
    let copying = asked(&plan);
    assert_eq!(
        copying.version,
        intent.version + 1,
        "the intent as it will be stored"
    );
    assert_eq!(
        Replica {
            version: intent.version,
            ..copying
        },
        *intent
    );
    assert_eq!((intent.state, intent.revision), (ReplicaState::Copying, 7));
    assert_eq!(intent.due, toy.now + RETRY_AFTER);
    let request = intent.request.as_ref().unwrap();
    assert_eq!(request.name, "golden-1");
    assert_eq!(request.key, Some(super::toy::key(&place(IRELAND)).arn));
    assert_eq!(
        request.description,
        format!("Replica of {}", super::toy::source_ref())
    );
    assert_eq!(intent.tagged, request.tags.keys().cloned().collect());
    assert_eq!(request.tags["Team"], "web");
    assert!(reasons(&plan).is_empty(), "all tags found room");
    assert!(
        entries(&plan)
            .iter()
            .any(|e| e.starts_with("copy asked for, attempt 1: family web"))
    );
}

#[test]
fn tags_that_found_no_room_are_named() {
    let mut toy = Toy::new(family(&[IRELAND]));
    let tags: Tags = (0..50)
        .map(|n| (format!("k{n:02}"), String::new()))
        .collect();
    toy.source.image.tags = tags;
    let plan = toy.plan(Mandate::Event);
    assert_eq!(asked(&plan).request.unwrap().tags.len(), MOST_TAGS);
    assert_eq!(
        reasons(&plan),
        "an image holds 50 tags: left out k47, k48, k49"
    );
}

#[test]
fn what_a_destination_waited_for_is_forgotten_when_its_copy_starts() {
    let mut toy = Toy::new(family(&[IRELAND]));
    disable_key(&mut toy, IRELAND);
    let waits = toy.plan(Mandate::Event);
    toy.apply(&waits);
    assert_eq!(toy.replica(IRELAND).state, ReplicaState::Wanted);
    enable_key(&mut toy, IRELAND);
    toy.active.revision = 2;
    let plan = toy.plan(Mandate::Event);
    assert_eq!(
        (asked(&plan).cause, asked(&plan).attempt),
        (None, 1),
        "and it was no attempt"
    );
    assert_eq!(
        asked(&plan).revision,
        2,
        "decided under the policy as it is now"
    );
}

#[test]
fn each_cause_is_told_and_none_twice() {
    let mut toy = Toy::new(family(&[IRELAND]));
    let told = |toy: &mut Toy| {
        let plan = toy.plan(Mandate::Schedule);
        toy.apply(&plan);
        notices(&plan)
    };
    disable_key(&mut toy, IRELAND);
    assert_eq!(told(&mut toy), [NoticeKind::Waiting]);
    assert_eq!(told(&mut toy), []);
    toy.keys.insert(place(IRELAND), Seen::Absent);
    assert_eq!(told(&mut toy), [NoticeKind::Waiting], "another cause");
    let plan = toy.plan(Mandate::Schedule);
    assert!(reasons(&plan).contains("there is no key alias/golden in 111111111111/eu-west-1"));
    assert_eq!(told(&mut toy), []);
}

#[test]
fn a_cause_that_a_failed_copy_had_is_told_again_where_a_person_tries_in_vain() {
    let mut toy = Toy::new(family(&[IRELAND]));
    disable_key(&mut toy, IRELAND);
    let waits = toy.plan(Mandate::Event);
    toy.apply(&waits);
    let lineage = toy.lineage.as_mut().unwrap();
    let replica = lineage.replicas.get_mut(&place(IRELAND)).unwrap();
    replica.state = ReplicaState::Failed;
    let plan = toy.plan(Mandate::Person);
    assert_eq!(notices(&plan), [NoticeKind::Waiting]);
    assert_eq!(replicas(&plan)[0].state, ReplicaState::Wanted);
}

#[test]
fn nothing_is_copied_of_a_source_that_is_not_there_whoever_asks() {
    let mut toy = Toy::new(family(&[IRELAND, SYDNEY]));
    disable_key(&mut toy, IRELAND);
    let plan = toy.plan(Mandate::Event);
    toy.apply(&plan);
    enable_key(&mut toy, IRELAND);
    for state in [
        ImageState::Disabled,
        ImageState::Deregistered,
        ImageState::Pending,
    ] {
        toy.source.image.state = state.clone();
        let plan = toy.plan(Mandate::Person);
        assert!(copies(&plan).is_empty(), "{state:?}");
        assert!(reasons(&plan).contains("the source was not seen available in this run"));
    }
    let unread = seeing(&toy, Mandate::Person, |seen| seen.source = Seen::NotRead);
    assert!(copies(&unread).is_empty());
}

#[test]
fn an_attempt_that_failed_is_tried_again_exactly_when_it_is_due() {
    let mut toy = Toy::new(family(&[IRELAND]));
    let plan = toy.plan(Mandate::Event);
    toy.apply(&plan);
    toy.images.get_mut(&place(IRELAND)).unwrap().image.state = ImageState::Failed;
    let plan = toy.plan(Mandate::Event);
    toy.apply(&plan);
    let due = toy.replica(IRELAND).due;
    assert_eq!(due, toy.now + RETRY_AFTER);
    toy.now = due - SignedDuration::from_secs(1);
    let early = toy.plan(Mandate::Schedule);
    assert!(copies(&early).is_empty());
    assert!(
        reasons(&early).contains(": the copy failed"),
        "{}",
        reasons(&early)
    );
    toy.now = due;
    assert_eq!(copies(&toy.plan(Mandate::Schedule)), [IRELAND]);
    toy.lineage
        .as_mut()
        .unwrap()
        .replicas
        .get_mut(&place(IRELAND))
        .unwrap()
        .cause = None;
    toy.now = due - SignedDuration::from_secs(1);
    assert!(reasons(&toy.plan(Mandate::Schedule)).contains("the attempt before failed"));
}

#[test]
fn a_destination_that_ended_is_started_again_over_its_own_record() {
    for state in [ReplicaState::Failed, ReplicaState::Gone] {
        let mut toy = Toy::new(family(&[IRELAND]));
        toy.converge(Mandate::Event);
        let before = toy.replica(IRELAND).clone();
        toy.images.clear();
        let lineage = toy.lineage.as_mut().unwrap();
        lineage.replicas.get_mut(&place(IRELAND)).unwrap().state = state;
        let plan = toy.plan(Mandate::Person);
        let started = asked(&plan);
        assert_eq!((started.attempt, started.tries), (before.attempt + 1, 1));
        assert_ne!(
            started.request.unwrap().token,
            before.request.unwrap().token
        );
        assert!(started.image.is_none() && started.granted.is_empty());
        toy.apply(&plan);
        toy.converge(Mandate::Event);
        assert_eq!(toy.replica(IRELAND).state, ReplicaState::Verified);
    }
}

#[test]
fn a_destination_that_was_never_asked_for_starts_with_its_first_attempt() {
    let mut toy = Toy::new(family(&[IRELAND]));
    disable_key(&mut toy, IRELAND);
    let plan = toy.plan(Mandate::Event);
    toy.apply(&plan);
    let lineage = toy.lineage.as_mut().unwrap();
    let replica = lineage.replicas.get_mut(&place(IRELAND)).unwrap();
    replica.state = ReplicaState::Withdrawn;
    enable_key(&mut toy, IRELAND);
    assert_eq!(asked(&toy.plan(Mandate::Schedule)).attempt, 1);
}

#[test]
fn a_copy_asked_for_again_waits_for_its_loan_too() {
    let mut toy = Toy::new(family(&[ELSEWHERE]));
    let lending = toy.plan(Mandate::Event);
    toy.apply(&lending);
    let plan = toy.plan(Mandate::Event);
    toy.apply(&plan);
    toy.images.clear();
    let lineage = toy.lineage.as_mut().unwrap();
    lineage.replicas.get_mut(&place(ELSEWHERE)).unwrap().image = None;
    assert_eq!(copies(&toy.plan(Mandate::Event)), [ELSEWHERE]);
    toy.source.permissions = Seen::Read([].into());
    let plan = toy.plan(Mandate::Event);
    assert!(copies(&plan).is_empty());
    assert!(reasons(&plan).contains("waits until the source is lent to account 222222222222"));
}
