//! Requests of every kind, sent to worlds for some seconds: whatever comes in, a world neither
//! panics nor breaks, and answers in the form of the protocol.
//!
//! `AMIARY_FUZZ_SECONDS` says how long (5), `AMIARY_FUZZ_SEED` where it begins (1). A failure says
//! which seed repeats it: each world has a seed of its own, and the next world the next seed.

mod bend;
mod draw;
mod form;
mod session;
mod tour;

use std::collections::BTreeMap;
use std::env;
use std::time::{Duration, Instant};

use amiary_simulator::client;
use session::{Count, Session, Tally};

/// From as many seconds on, every operation has had its chance.
const LONG: u64 = 60;
/// Operations that chance doesn't get answered, and why.
const NEVER_ANSWERED: [(&str, &str); 0] = [];

fn setting(name: &str, otherwise: u64) -> u64 {
    let set = env::var(name).ok();
    set.map_or(otherwise, |text| text.parse().expect("a number"))
}

#[test]
fn whatever_is_asked_is_answered_in_form() {
    let seconds = setting("AMIARY_FUZZ_SECONDS", 5);
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut seed = setting("AMIARY_FUZZ_SEED", 1);
    let mut tally: Tally = BTreeMap::new();
    loop {
        Session::new(seed, &mut tally).run(until);
        form::check_memory(seed);
        if Instant::now() >= until {
            break;
        }
        seed += 1;
    }
    report(seed, &tally);
    check_answered(&tally, seconds >= LONG);
}

/// Fails where what is simulated was never answered: each service in a short run, in a long one
/// each operation.
fn check_answered(tally: &Tally, long: bool) {
    let none = Count::default();
    let silent = client::operations().filter(|(service, operation)| {
        let count = tally.get(&((*service).to_owned(), (*operation).to_owned()));
        let count = count.unwrap_or(&none);
        count.answered == 0 && !count.is_unsimulated()
    });
    let operations: Vec<String> = silent
        .map(|(service, operation)| format!("{service}:{operation}"))
        .filter(|name| NEVER_ANSWERED.iter().all(|(known, _)| known != name))
        .collect();
    assert!(
        !long || operations.is_empty(),
        "never answered: {operations:?}"
    );
    for (service, _) in client::operations() {
        let mut counts = tally.iter().filter(|((of, _), _)| of == service);
        let answered = counts.any(|(_, count)| count.answered > 0);
        assert!(answered, "nothing of {service} was ever answered");
    }
}

/// What came of it, for whoever looks on (`--nocapture`).
fn report(seed: u64, tally: &Tally) {
    let sent: u64 = tally.values().map(|count| count.sent).sum();
    println!("{sent} requests up to seed {seed}");
    for ((service, operation), count) in tally.iter().filter(|(_, count)| count.answered == 0) {
        let codes: Vec<&String> = count.codes.iter().collect();
        println!("never answered: {service}:{operation} {codes:?}");
    }
}
