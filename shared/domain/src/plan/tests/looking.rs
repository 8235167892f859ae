//! What follows from how a replica's image is now.

use super::toy::{Toy, account, family, place};
use super::{IRELAND, entries, notices, reasons, replicas, seeing, source};
use crate::image::{Image, ImageState};
use crate::lineage::{Replica, ReplicaState};
use crate::notice::NoticeKind;
use crate::observation::{ImageFacts, Mandate, Seen};
use crate::plan::{Plan, RETRY_AFTER};
use jiff::SignedDuration;

/// A toy whose copy was started.
fn started() -> Toy {
    let mut toy = Toy::new(family(&[IRELAND]));
    let plan = toy.plan(Mandate::Event);
    toy.apply(&plan);
    toy
}

fn seen(toy: &Toy, what: Seen<ImageFacts>) -> Plan {
    seeing(toy, Mandate::Schedule, |observation| {
        observation.replicas.insert(place(IRELAND), what);
    })
}

fn turned(toy: &Toy, change: impl FnOnce(&mut Image)) -> Plan {
    let mut facts = toy.images[&place(IRELAND)].clone();
    change(&mut facts.image);
    seen(toy, Seen::Read(facts))
}

fn ireland(toy: &mut Toy) -> &mut Replica {
    let lineage = toy.lineage.as_mut().unwrap();
    lineage.replicas.get_mut(&place(IRELAND)).unwrap()
}

#[test]
fn what_was_not_read_or_could_not_be_changes_nothing() {
    let mut toy = started();
    for state in [ReplicaState::Copying, ReplicaState::Verified] {
        ireland(&mut toy).state = state;
        let plan = seen(&toy, Seen::NotRead);
        assert!(
            plan.destinations.is_empty() && plan.left.is_empty(),
            "{plan:#?}"
        );
        let unread = [
            Seen::Unknown("throttled".to_owned()),
            Seen::Refused("denied".to_owned()),
        ];
        for (what, said) in unread.into_iter().zip(["throttled", "denied"]) {
            let plan = seen(&toy, what);
            assert!(plan.destinations.is_empty());
            assert_eq!(
                reasons(&plan),
                format!("its image could not be read: {said}")
            );
        }
    }
}

#[test]
fn an_image_of_another_account_is_never_taken_for_the_replica_and_told_once_if_it_stays_so() {
    let mut toy = started();
    let elsewhere = |image: &mut Image| image.at.place.account = account("666666666666");
    assert_eq!(replicas(&turned(&toy, elsewhere)), [], "it may pass");
    toy.now += SignedDuration::from_mins(11);
    let plan = turned(&toy, elsewhere);
    assert_eq!(replicas(&plan)[0].state, ReplicaState::Copying);
    assert_eq!(notices(&plan), [NoticeKind::Waiting]);
    let cause = replicas(&plan)[0].cause.clone().unwrap();
    assert!(
        cause.contains("belong to 666666666666/eu-west-1"),
        "{cause}"
    );
    toy.apply(&plan);
    assert_eq!(replicas(&turned(&toy, elsewhere)), [], "told once");
}

#[test]
fn a_copy_that_failed_says_which_image_and_why() {
    let toy = started();
    for (reason, expected) in [(Some("no key"), "no key"), (None, "the copy failed")] {
        let plan = turned(&toy, |image| {
            image.state = ImageState::Failed;
            image.state_reason = reason.map(str::to_owned);
        });
        let [next] = &replicas(&plan)[..] else {
            panic!("{plan:#?}");
        };
        assert_eq!(next.cause, Some(format!("ami-00000002: {expected}")));
        assert_eq!((next.state, next.attempt), (ReplicaState::Wanted, 2));
        assert_eq!(
            (&next.image, &next.request),
            (&None, &None),
            "the next is another copy"
        );
    }
}

#[test]
fn a_replica_that_someone_switched_off_is_gone_and_its_owner_hears() {
    let toy = started();
    for (state, expected) in [
        (ImageState::Disabled, "it was disabled"),
        (ImageState::Deregistered, "it was deregistered"),
    ] {
        let plan = turned(&toy, |image| image.state = state);
        assert_eq!(replicas(&plan)[0].state, ReplicaState::Gone);
        assert_eq!(replicas(&plan)[0].cause.as_deref(), Some(expected));
        assert_eq!(notices(&plan), [NoticeKind::Lost]);
        let said = format!("the replica ami-00000002 is gone: {expected}, and not by Amiary");
        assert!(entries(&plan).contains(&said));
    }
    let plan = turned(&toy, |image| {
        image.state = ImageState::Other("odd".to_owned());
    });
    assert!(replicas(&plan).is_empty());
    assert_eq!(
        reasons(&plan),
        "it is odd: nothing is known to do about that"
    );
}

#[test]
fn a_copy_is_told_of_exactly_when_a_day_has_passed_and_once() {
    let mut toy = started();
    let pending = |image: &mut Image| image.state = ImageState::Pending;
    let late = ireland(&mut toy).due + SignedDuration::from_hours(24);
    toy.now = late - SignedDuration::from_secs(1);
    let plan = turned(&toy, pending);
    assert!(plan.destinations.is_empty());
    assert_eq!(reasons(&plan), "ami-00000002 is still being copied");
    toy.now = late;
    let plan = turned(&toy, pending);
    assert_eq!(notices(&plan), [NoticeKind::Waiting]);
    let stuck = &replicas(&plan)[0];
    assert_eq!(stuck.state, ReplicaState::Copying);
    let cause = stuck.cause.clone().unwrap();
    assert!(
        cause.starts_with("ami-00000002 is still being copied after 24 hours"),
        "{cause}"
    );
    toy.apply(&plan);
    assert!(turned(&toy, pending).destinations.is_empty());
}

#[test]
fn an_image_that_was_missed_and_is_there_again_was_never_gone() {
    let mut toy = started();
    toy.now += SignedDuration::from_mins(3);
    let plan = seen(&toy, Seen::Absent);
    let [missed] = &replicas(&plan)[..] else {
        panic!("{plan:#?}");
    };
    assert_eq!(missed.due, toy.now + RETRY_AFTER);
    assert_eq!(missed.cause.as_deref(), Some("its image was not found"));
    let source = super::source(&plan).unwrap();
    assert_eq!(source.due, missed.due, "a schedule looks again then");
    toy.apply(&plan);
    let found = turned(&toy, |image| image.state = ImageState::Pending);
    assert_eq!(replicas(&found)[0].cause, None);
    assert_eq!(replicas(&found)[0].state, ReplicaState::Copying);
    let arrived = turned(&toy, |_| ());
    assert_eq!(replicas(&arrived)[0].state, ReplicaState::Verified);
    assert_eq!(replicas(&arrived)[0].cause, None);
}

#[test]
fn a_pending_copy_with_another_cause_keeps_it() {
    let mut toy = started();
    ireland(&mut toy).cause = Some("something else".to_owned());
    let plan = turned(&toy, |image| image.state = ImageState::Pending);
    assert!(replicas(&plan).is_empty());
}

#[test]
fn a_second_look_that_finds_nothing_is_believed_only_after_ten_minutes() {
    for (state, expected) in [
        (ReplicaState::Copying, ReplicaState::Wanted),
        (ReplicaState::Verified, ReplicaState::Gone),
    ] {
        let mut toy = started();
        ireland(&mut toy).state = state;
        let plan = seen(&toy, Seen::Absent);
        toy.apply(&plan);
        let due = ireland(&mut toy).due;
        assert_eq!(ireland(&mut toy).state, state);
        toy.now = due - SignedDuration::from_secs(1);
        let plan = seen(&toy, Seen::Absent);
        assert!(plan.destinations.is_empty());
        assert!(reasons(&plan).contains("it is looked for again after"));
        toy.now = due;
        let plan = seen(&toy, Seen::Absent);
        assert_eq!(replicas(&plan)[0].state, expected);
    }
}

#[test]
fn the_sources_own_place_is_no_destination() {
    let mut toy = Toy::new(family(&["111111111111/us-east-1", IRELAND]));
    let plans = toy.converge(Mandate::Schedule);
    assert!(reasons(&plans[0]).contains("the source itself is here"));
    assert_eq!(toy.lineage.as_ref().unwrap().replicas.len(), 1);
    let status = toy.lineage.as_ref().unwrap().source.status;
    assert_eq!(status, crate::lineage::SourceStatus::Replicated);
}

#[test]
fn a_part_that_could_not_be_read_leaves_the_lineage_due_under_its_older_revision() {
    let mut toy = Toy::new(family(&[IRELAND]));
    toy.converge(Mandate::Schedule);
    toy.active.revision = 2;
    let unread = |change: fn(&mut ImageFacts)| {
        let plan = seeing(&toy, Mandate::Schedule, |seen| {
            if let Some(Seen::Read(facts)) = seen.replicas.get_mut(&place(IRELAND)) {
                change(facts);
            }
        });
        source(&plan).map(|source| source.revision)
    };
    assert_eq!(unread(|_| ()), Some(2), "all of it was looked at");
    let changes: [fn(&mut ImageFacts); 3] = [
        |facts| facts.snapshots = Seen::Unknown("throttled".to_owned()),
        |facts| facts.permissions = Seen::Unknown("throttled".to_owned()),
        |facts| {
            let snapshot = "snap-00000001".parse().unwrap();
            let unknown = Seen::Unknown("throttled".to_owned());
            facts.volume_permissions.insert(snapshot, unknown);
        },
    ];
    for change in changes {
        assert_ne!(unread(change), Some(2));
    }
}

#[test]
fn a_copy_that_never_was_ends_where_its_source_is_gone_though_a_stranger_has_its_name() {
    let mut toy = started();
    ireland(&mut toy).image = None;
    toy.now = ireland(&mut toy).due;
    let plan = seeing(&toy, Mandate::Schedule, |seen| {
        if let Seen::Read(facts) = &mut seen.source {
            facts.image.state = ImageState::Disabled;
        }
        if let Some(Seen::Read(facts)) = seen.replicas.get_mut(&place(IRELAND)) {
            facts.image.tags.clear();
        }
    });
    assert_eq!(replicas(&plan)[0].state, ReplicaState::Failed);
}

#[test]
fn a_part_that_was_refused_is_looked_at_again_soon_and_not_the_next_day() {
    let mut toy = Toy::new(family(&[IRELAND]));
    toy.converge(Mandate::Schedule);
    toy.active.revision = 2;
    let plan = seeing(&toy, Mandate::Schedule, |seen| {
        if let Some(Seen::Read(facts)) = seen.replicas.get_mut(&place(IRELAND)) {
            facts.permissions = Seen::Refused("not allowed".to_owned());
        }
    });
    let decided = source(&plan).unwrap();
    assert_eq!(decided.revision, 2, "it keeps no other lineage waiting");
    assert_eq!(decided.due, toy.now + RETRY_AFTER);
}
