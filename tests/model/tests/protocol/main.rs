//! The protocol of a replica's life, checked in every history that its budgets allow.

#![expect(clippy::unwrap_used, reason = "what is missing in a test fails it")]

mod exhausted;
mod guards;
mod outbox;
mod page;

use amiary_model::guards::Guards;
use amiary_model::protocol::Protocol;
use amiary_model::setup::{Budget, Setup, Wish};
use amiary_model::story;
use stateright::{Checker, HasDiscoveries, Model};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// In the builder's own account.
const OWN: Wish = Wish {
    image: 0,
    place: 0,
    foreign: false,
};
/// In another account, which borrows the source.
const LENT: Wish = Wish {
    image: 0,
    place: 1,
    foreign: true,
};

/// A small world: one image, two workers, a crash, a lost answer and a failed copy.
const SMALL: Setup = Setup {
    name: "one image in the own account",
    wishes: &[OWN],
    one_name: false,
    workers: 2,
    budget: Budget {
        runs: 2,
        persons: 0,
        crashes: 1,
        lost: 1,
        failures: 1,
        refusals: 0,
    },
    rounds: 3,
    attempts: 2,
    prompt: true,
    guards: Guards::ALL,
};

/// One check at a time, so that what is printed of its time is its own.
static ONE: Mutex<()> = Mutex::new(());

/// Tries every history; answers how many states there are, and a story for each property that
/// does not hold.
fn checked(setup: Setup) -> (usize, BTreeMap<&'static str, Vec<String>>) {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let began = Instant::now();
    let broken = setup.guards != Guards::ALL || !setup.prompt || setup.budget.refusals > 0;
    let checker = Protocol::new(setup, !broken).checker();
    let checker = if broken {
        // One worker of the checker finds the shortest story.
        checker.threads(1).finish_when(HasDiscoveries::Any)
    } else {
        checker.threads(2)
    };
    let checker = checker.spawn_bfs().join();
    let states = checker.unique_state_count();
    println!(
        "{}: {states} unique states, depth {}, {:.1} s",
        setup.name,
        checker.max_depth(),
        began.elapsed().as_secs_f32()
    );
    let told = |(name, path): (&'static str, stateright::Path<_, _>)| {
        let steps = path.into_vec().into_iter();
        let lines = steps.filter_map(|(life, action)| Some(story::line(&life, action?)));
        (name, lines.collect())
    };
    (
        states,
        checker.discoveries().into_iter().map(told).collect(),
    )
}
