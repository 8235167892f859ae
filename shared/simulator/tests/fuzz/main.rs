//! Requests of every kind, sent to worlds for some seconds: whatever comes in, a world neither
//! panics nor breaks, and answers in the form of the protocol.
//!
//! `AMIARY_FUZZ_SECONDS` says how long (5), `AMIARY_FUZZ_SEED` where it begins (1). A failure says
//! which seed repeats it: each world has a seed of its own, and the next world the next seed.

mod bend;
mod draw;
mod form;
mod session;

use std::collections::BTreeMap;
use std::env;
use std::time::{Duration, Instant};

use session::{Session, Tally};

fn setting(name: &str, otherwise: u64) -> u64 {
    let set = env::var(name).ok();
    set.map_or(otherwise, |text| text.parse().expect("a number"))
}

#[test]
fn whatever_is_asked_is_answered_in_form() {
    let until = Instant::now() + Duration::from_secs(setting("AMIARY_FUZZ_SECONDS", 5));
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
    let answered = tally.values().filter(|count| count.answered > 0).count();
    assert!(answered > 0, "nothing was ever answered");
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
