//! Owns the crash matrix: a replication is cut at every call its functions make, in every way a
//! call can be cut, and must end as if nothing had happened. The calls are those of a recorded run
//! without faults, so that a call that is added is cut as well. `docs/proof/crash-matrix.md` says
//! more.

mod fault;
mod found;
mod many;
mod scene;
mod whole;

use amiary_simulator::Call;
use amiary_tests::PARTNER;
use fault::{Boundary, Fault, KINDS, Kind};
use many::{Many, block_on, each};
use scene::{Played, Scene, idle_rounds};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

/// Every operation that a replication makes.
const OPERATIONS: [&str; 17] = [
    "AssumeRole",
    "BatchGetItem",
    "CopyImage",
    "CreateTags",
    "DeleteTags",
    "DescribeImageAttribute",
    "DescribeImages",
    "DescribeKey",
    "DescribeSnapshotAttribute",
    "DescribeSnapshots",
    "GetItem",
    "ModifyImageAttribute",
    "ModifySnapshotAttribute",
    "Publish",
    "Query",
    "TransactWriteItems",
    "UpdateItem",
];

/// How often each combination of kinds has to occur among the pairs.
const LEAST_OF_A_COMBINATION: usize = 5;

/// What every world ends with, by itself and not only by comparison.
const ENDS: [&str; 5] = [
    "loans: {}",
    "pending notices: 0",
    "ImageEventsDeadLetters: []",
    "ReconcileDeadLetters: []",
    "NoticesDeadLetters: []",
];

/// A world without faults: how it ends, and the calls in it. What is wrong there would be wrong in
/// all others alike, so that it is looked at by itself.
fn fault_free(test: &'static str, scene: Scene) -> (Many, Vec<Boundary>) {
    let played = block_on(scene.play(&[], None));
    let problems = played.problems(&[], &played.ending);
    assert!(problems.is_empty(), "{problems:#?}");
    let lines = &played.ending.lines;
    assert!(
        ENDS.iter().all(|end| lines.iter().any(|line| line == end)),
        "{lines:#?}"
    );
    let of = |start: &str| {
        lines
            .iter()
            .filter(move |line| line.starts_with(start))
            .count()
    };
    assert_eq!(of("replica "), scene.destinations(), "{lines:#?}");
    assert_eq!(of("image "), scene.destinations() + 1, "{lines:#?}");
    for line in lines.iter().filter(|line| line.starts_with("replica ")) {
        assert!(line.contains(": verified is Some"), "{line}");
    }
    let partner = format!("by {{Account(\"{PARTNER}\")}}");
    for line in lines
        .iter()
        .filter(|line| line.starts_with("image ") || line.starts_with("snapshot "))
    {
        assert!(line.ends_with(&partner), "{line}");
    }
    let boundaries = played
        .boundaries()
        .into_iter()
        .map(|(_, boundary)| boundary)
        .collect();
    (Many::new(test, scene, played.ending), boundaries)
}

/// The faults that a person wants to see again, of `AMIARY_FAULT`.
fn asked_for() -> Option<Vec<Fault>> {
    let text = std::env::var("AMIARY_FAULT").ok()?;
    let faults = text.split(", ").map(|fault| fault.parse().unwrap());
    Some(faults.collect())
}

/// Plays what a person wants to see again, and shows the calls; answers whether there was any.
fn played_again(many: &Many) -> bool {
    let Some(faults) = asked_for() else {
        return false;
    };
    let played = many.play(&faults);
    let struck: BTreeSet<usize> = played
        .struck
        .iter()
        .flatten()
        .flat_map(|report| report.calls.clone())
        .collect();
    for (place, boundary) in played.boundaries() {
        let call: &Call = &played.calls[place];
        let mark = if struck.contains(&place) {
            "  <- struck"
        } else {
            ""
        };
        let error = call.error.as_deref().unwrap_or_default();
        println!("{} {boundary} {error}{mark}", call.at);
    }
    many.check();
    true
}

/// Every kind at every boundary, one in each world.
fn singles(test: &'static str, scene: Scene) {
    let (many, boundaries) = fault_free(test, scene);
    if played_again(&many) {
        return;
    }
    let faults: Vec<Fault> = boundaries
        .iter()
        .flat_map(|at| {
            KINDS.map(|(kind, _)| Fault {
                at: at.clone(),
                kind,
            })
        })
        .collect();
    each(&faults, |_, fault| {
        many.play(std::slice::from_ref(fault));
    });
    println!("{test}: {} boundaries", boundaries.len());
    many.check();
}

#[test]
fn a_fault_at_any_call_to_two_accounts_changes_nothing_of_the_end() {
    singles(
        "a_fault_at_any_call_to_two_accounts_changes_nothing_of_the_end",
        Scene::TwoDestinations,
    );
}

#[test]
fn a_fault_at_any_call_of_a_schedule_that_heals_lost_events_changes_nothing_of_the_end() {
    singles(
        "a_fault_at_any_call_of_a_schedule_that_heals_lost_events_changes_nothing_of_the_end",
        Scene::EventsLost,
    );
}

/// The boundaries after a fault: of the trace of a world that has met it.
fn after(played: &Played) -> Vec<Boundary> {
    let struck = played
        .struck
        .iter()
        .flatten()
        .flat_map(|report| report.calls.iter());
    let last = struck.max().copied().unwrap_or(usize::MAX);
    let boundaries = played.boundaries().into_iter();
    boundaries
        .filter(|(place, _)| *place > last)
        .map(|(_, boundary)| boundary)
        .collect()
}

/// Which second faults follow a first one: all, or a part such that over the kinds of the first
/// each boundary after it comes once, and the kinds of both rotate.
fn seconds(index: usize, kind: usize, played: &Played, all: bool) -> Vec<(usize, Fault)> {
    let mut seconds = Vec::new();
    for (place, at) in after(played).into_iter().enumerate() {
        let turn = (place + kind + index) % KINDS.len();
        for (second, (name, _)) in KINDS.into_iter().enumerate() {
            if all || turn == 0 && second == (place / KINDS.len() + index) % KINDS.len() {
                seconds.push((
                    second,
                    Fault {
                        at: at.clone(),
                        kind: name,
                    },
                ));
            }
        }
    }
    seconds
}

#[test]
fn two_faults_at_any_calls_of_a_replication_change_nothing_of_the_end() {
    let test = "two_faults_at_any_calls_of_a_replication_change_nothing_of_the_end";
    let (many, boundaries) = fault_free(test, Scene::OneDestination);
    if played_again(&many) {
        return;
    }
    let all = std::env::var("AMIARY_PAIRS").is_ok_and(|value| value == "all");
    let combinations = Mutex::new(BTreeMap::<(Kind, Kind), usize>::new());
    let firsts: Vec<(usize, usize)> = (0..boundaries.len())
        .flat_map(|index| (0..KINDS.len()).map(move |kind| (index, kind)))
        .collect();
    each(&firsts, |_, (index, kind)| {
        let first = Fault {
            at: boundaries[*index].clone(),
            kind: KINDS[*kind].0,
        };
        let played = many.play(std::slice::from_ref(&first));
        for (_, second) in seconds(*index, *kind, &played, all) {
            *combinations
                .lock()
                .unwrap()
                .entry((first.kind, second.kind))
                .or_default() += 1;
            many.play(&[first.clone(), second]);
        }
    });
    let combinations = combinations.into_inner().unwrap();
    let least = combinations.values().min().copied().unwrap_or_default();
    println!("{test}: {} boundaries, {combinations:?}", boundaries.len());
    many.check();
    assert_eq!(
        combinations.len(),
        KINDS.len() * KINDS.len(),
        "every combination of kinds"
    );
    assert!(
        least >= LEAST_OF_A_COMBINATION,
        "the rarest combination comes {least} times"
    );
}

#[test]
fn the_traces_have_every_operation_of_a_replication() {
    let scenes = [Scene::TwoDestinations, Scene::EventsLost].into_iter();
    let boundaries: Vec<Boundary> = scenes.flat_map(|scene| fault_free("", scene).1).collect();
    let operations: BTreeSet<&str> = boundaries.iter().map(|at| at.operation.as_str()).collect();
    assert_eq!(operations, OPERATIONS.into());
}

/// The matrix cuts the calls of one idle run of the schedules. The later ones are the same.
#[test]
fn every_idle_run_of_the_schedules_makes_the_same_calls() {
    let rounds = block_on(idle_rounds(8));
    let callers: BTreeSet<&str> = rounds[0].iter().map(|at| at.caller).collect();
    assert_eq!(callers, ["notify", "reconcile"].into());
    assert!(
        rounds.iter().all(|round| *round == rounds[0]),
        "{rounds:#?}"
    );
}

#[test]
fn a_fault_as_text_is_the_same_fault() {
    let (_, boundaries) = fault_free("", Scene::TwoDestinations);
    for at in boundaries {
        for (kind, _) in KINDS {
            let fault = Fault {
                at: at.clone(),
                kind,
            };
            assert_eq!(fault.to_string().parse(), Ok(fault));
        }
    }
    assert!(
        "replicate ec2:CopyImage eu-west-1 lost"
            .parse::<Fault>()
            .is_err()
    );
}
