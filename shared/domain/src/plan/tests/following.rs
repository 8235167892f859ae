//! Destinations that the policy names no more, and names again.

use super::toy::{Toy, family, place};
use super::{IRELAND, SYDNEY, copies, entries, notices, reasons, replicas, seeing};
use crate::image::ImageState;
use crate::lineage::{Replica, ReplicaState};
use crate::observation::{Mandate, Seen};
use crate::plan::Plan;
use jiff::SignedDuration;

/// A toy with a copy in Sydney that the policy names no more.
fn dropped() -> Toy {
    let mut toy = Toy::new(family(&[IRELAND, SYDNEY]));
    let plan = toy.plan(Mandate::Event);
    toy.apply(&plan);
    toy.family().destinations.remove(&place(SYDNEY));
    toy
}

fn sydney(toy: &mut Toy) -> &mut Replica {
    let lineage = toy.lineage.as_mut().unwrap();
    lineage.replicas.get_mut(&place(SYDNEY)).unwrap()
}

fn written(toy: &Toy, seen: &Seen<ImageState>) -> (Option<ReplicaState>, String) {
    let plan = seeing(toy, Mandate::Schedule, |observation| {
        let slot = observation.replicas.get_mut(&place(SYDNEY)).unwrap();
        match seen {
            Seen::Read(state) => {
                if let Seen::Read(facts) = slot {
                    facts.image.state = state.clone();
                }
            }
            Seen::Absent => *slot = Seen::Absent,
            Seen::Unknown(reason) => *slot = Seen::Unknown(reason.clone()),
            _ => *slot = Seen::NotRead,
        }
    });
    let replica = replicas(&plan)
        .into_iter()
        .find(|r| r.destination == place(SYDNEY));
    let said = entries(&plan).join("\n") + &reasons(&plan);
    (replica.map(|replica| replica.state), said)
}

#[test]
fn a_dropped_destinations_copy_is_watched_to_its_end() {
    let mut toy = dropped();
    toy.active.revision = 2;
    let pending = written(&toy, &Seen::Read(ImageState::Pending));
    assert_eq!(pending.0, None);
    assert!(pending.1.contains("its copy is under way"), "{}", pending.1);
    for end in [
        ImageState::Available,
        ImageState::Failed,
        ImageState::Deregistered,
    ] {
        let ended = written(&toy, &Seen::Read(end));
        assert_eq!(ended.0, Some(ReplicaState::Withdrawn));
        assert!(ended.1.contains("its copy ended, and stays unshared"));
    }
    for unknown in [
        Seen::NotRead,
        Seen::Unknown("throttled".to_owned()),
        Seen::Absent,
    ] {
        let (state, said) = written(&toy, &unknown);
        assert_eq!(state, None, "{unknown:?}");
        assert!(said.contains("how its copy is, is unknown"));
    }
    toy.now = sydney(&mut toy).due;
    let (state, said) = written(&toy, &Seen::Absent);
    assert_eq!(
        state,
        Some(ReplicaState::Withdrawn),
        "after a while an absence is believed"
    );
    assert!(said.contains("its image is not there any more"));
}

#[test]
fn a_dropped_destinations_lost_copy_is_taken_only_if_it_is_the_copy() {
    let mut toy = dropped();
    let image = sydney(&mut toy).image.take();
    let plan = toy.plan(Mandate::Schedule);
    let taken = replicas(&plan)
        .into_iter()
        .find(|r| r.destination == place(SYDNEY));
    assert_eq!(taken.unwrap().image, image);
    let strange = seeing(&toy, Mandate::Schedule, |seen| {
        if let Some(Seen::Read(facts)) = seen.replicas.get_mut(&place(SYDNEY)) {
            facts.image.tags.clear();
        }
    });
    assert!(
        replicas(&strange)
            .iter()
            .all(|r| r.destination != place(SYDNEY))
    );
    assert!(reasons(&strange).contains("is not the copy that was asked for"));
}

#[test]
fn what_a_dropped_destination_only_waited_for_is_withdrawn_once() {
    let mut toy = dropped();
    toy.active.revision = 2;
    sydney(&mut toy).state = ReplicaState::Wanted;
    let plan = toy.plan(Mandate::Schedule);
    let withdrawn = replicas(&plan)
        .into_iter()
        .find(|r| r.destination == place(SYDNEY));
    let withdrawn = withdrawn.unwrap();
    assert_eq!(
        (withdrawn.state, withdrawn.revision),
        (ReplicaState::Withdrawn, 2)
    );
    assert!(
        entries(&plan)
            .iter()
            .any(|entry| entry.ends_with("nothing was copied yet"))
    );
    toy.apply(&plan);
    toy.converge(Mandate::Schedule);
    let plan = toy.plan(Mandate::Schedule);
    assert!(plan.is_empty());
    assert_eq!(reasons(&plan), "", "nothing of it is left to be said");
}

#[test]
fn what_is_there_stays_whatever_became_of_it() {
    for state in [
        ReplicaState::Verified,
        ReplicaState::Failed,
        ReplicaState::Gone,
    ] {
        let mut toy = dropped();
        sydney(&mut toy).state = state;
        let (written, said) = written(&toy, &Seen::Read(ImageState::Available));
        assert_eq!(written, None, "{state}");
        assert!(said.contains("what is there stays as it is"), "{state}");
    }
}

#[test]
fn a_destination_named_again_is_verified_by_the_copy_that_is_there() {
    let mut toy = dropped();
    let wanted = family(&[IRELAND, SYDNEY]).destinations;
    toy.converge(Mandate::Schedule);
    assert_eq!(toy.replica(SYDNEY).state, ReplicaState::Withdrawn);
    toy.family().destinations = wanted;
    let plans = toy.converge(Mandate::Schedule);
    assert!(
        plans.iter().all(|plan| copies(plan).is_empty()),
        "no second copy"
    );
    assert_eq!(toy.replica(SYDNEY).state, ReplicaState::Verified);
}

#[test]
fn a_replica_that_is_gone_stays_so_until_it_is_back_or_a_person_asks() {
    let mut toy = Toy::new(family(&[IRELAND]));
    toy.converge(Mandate::Event);
    let turn = |toy: &mut Toy, state| {
        toy.images.get_mut(&place(IRELAND)).unwrap().image.state = state;
    };
    turn(&mut toy, ImageState::Disabled);
    toy.converge(Mandate::Schedule);
    assert_eq!(
        toy.replica(IRELAND).cause.as_deref(),
        Some("it was disabled")
    );
    for mandate in [Mandate::Event, Mandate::Schedule] {
        let plan = toy.plan(mandate);
        assert!(plan.is_empty());
        let said = format!(
            "gone: it was disabled; to try again: amiary replicate {}",
            super::toy::source_ref()
        );
        assert_eq!(reasons(&plan), said);
    }
    assert_eq!(copies(&toy.plan(Mandate::Person)), [IRELAND]);
    turn(&mut toy, ImageState::Available);
    assert!(
        copies(&toy.plan(Mandate::Person)).is_empty(),
        "it is back: no second copy"
    );
    toy.converge(Mandate::Schedule);
    assert_eq!(toy.replica(IRELAND).state, ReplicaState::Verified);
    assert_eq!(toy.replica(IRELAND).cause, None);
}

#[test]
fn a_lost_copy_that_was_seen_is_taken_and_a_stranger_in_its_place_is_not() {
    let mut toy = Toy::new(family(&[SYDNEY]));
    let plan = toy.plan(Mandate::Event);
    toy.apply(&plan);
    let image = sydney(&mut toy).image.take();
    let plan = toy.plan(Mandate::Schedule);
    assert_eq!(replicas(&plan)[0].image, image);
    assert!(
        copies(&plan).is_empty(),
        "it is there: nothing is asked for again"
    );
    let strange = seeing(&toy, Mandate::Schedule, |seen| {
        if let Some(Seen::Read(facts)) = seen.replicas.get_mut(&place(SYDNEY)) {
            facts.image.tags.clear();
        }
    });
    assert_eq!(copies(&strange), [SYDNEY], "EC2 is asked what that is");
}

#[test]
fn a_lost_copy_of_a_source_that_is_gone_ends_once_its_absence_is_sure() {
    let mut toy = Toy::new(family(&[SYDNEY]));
    let plan = toy.plan(Mandate::Event);
    toy.apply(&plan);
    sydney(&mut toy).image = None;
    let absent = |toy: &Toy, state: ImageState| {
        seeing(toy, Mandate::Schedule, |seen| {
            seen.replicas.insert(place(SYDNEY), Seen::Absent);
            if let Seen::Read(facts) = &mut seen.source {
                facts.image.state = state;
            }
        })
    };
    assert!(
        replicas(&absent(&toy, ImageState::Deregistered)).is_empty(),
        "too early"
    );
    toy.now = sydney(&mut toy).due - SignedDuration::from_secs(1);
    assert!(replicas(&absent(&toy, ImageState::Deregistered)).is_empty());
    toy.now = sydney(&mut toy).due;
    let plan = absent(&toy, ImageState::Deregistered);
    assert_eq!(replicas(&plan)[0].state, ReplicaState::Failed);
    assert_eq!(notices(&plan).len(), 1);
    assert_eq!(
        copies(&absent(&toy, ImageState::Available)),
        [SYDNEY],
        "the same call again"
    );
}

#[test]
fn a_dropped_destinations_copy_that_never_was_is_withdrawn_though_a_stranger_has_its_name() {
    let mut toy = dropped();
    sydney(&mut toy).image = None;
    let strange = |toy: &Toy| {
        seeing(toy, Mandate::Schedule, |seen| {
            if let Some(Seen::Read(facts)) = seen.replicas.get_mut(&place(SYDNEY)) {
                facts.image.tags.clear();
            }
        })
    };
    let written = |plan: &Plan| {
        let mut replicas = replicas(plan).into_iter();
        let of_sydney = replicas.find(|replica| replica.destination == place(SYDNEY));
        of_sydney.map(|replica| replica.state)
    };
    assert_eq!(written(&strange(&toy)), None, "it may still show");
    toy.now = sydney(&mut toy).due;
    let ended = written(&strange(&toy));
    assert_eq!(ended, Some(ReplicaState::Withdrawn));
    let other_name = seeing(&toy, Mandate::Schedule, |seen| {
        if let Some(Seen::Read(facts)) = seen.replicas.get_mut(&place(SYDNEY)) {
            facts.image.name = "something-else".to_owned();
        }
    });
    assert_eq!(written(&other_name), None, "that tells nothing of it");
}
