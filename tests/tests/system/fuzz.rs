//! Fuzz targets: valid inputs, bent in every way for some seconds. What comes of each is typed,
//! whatever it is.
//!
//! `AMIARY_FUZZ_SECONDS` says how long each runs (3), `AMIARY_FUZZ_SEED` where it begins (1). A
//! failure says which seed repeats it: each execution has a seed of its own, and the next execution
//! the next seed.

mod bend;
mod event;
mod policy;
mod protocol;

use bend::Draw;
use std::any::Any;
use std::env;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

fn setting(name: &str, otherwise: u64) -> u64 {
    let set = env::var(name).ok();
    set.map_or(otherwise, |text| text.parse().expect("a number"))
}

/// Longer than any execution takes, on a machine that does other things, too.
const LONGEST: Duration = Duration::from_mins(2);

/// Executes a target with one seed after the other until the time is over. An execution answers
/// what came of it in a word, which is counted, or what is wrong.
fn fuzz(target: &str, mut once: impl FnMut(&mut Draw) -> Result<&'static str, String>) {
    let until = Instant::now() + Duration::from_secs(setting("AMIARY_FUZZ_SECONDS", 3));
    let first = setting("AMIARY_FUZZ_SEED", 1);
    let mut counts = std::collections::BTreeMap::<&str, u64>::new();
    let mut seed = first;
    loop {
        let began = Instant::now();
        let result = catch_unwind(AssertUnwindSafe(|| once(&mut Draw::new(seed))));
        let wrong = match result {
            Ok(Ok(word)) => {
                *counts.entry(word).or_default() += 1;
                (began.elapsed() > LONGEST).then(|| format!("it took {:?}", began.elapsed()))
            }
            Ok(Err(wrong)) => Some(wrong),
            Err(panic) => Some(format!("it panicked: {}", said(&*panic))),
        };
        if let Some(wrong) = wrong {
            panic!(
                "{target}, seed {seed}: {wrong}\nto repeat it: AMIARY_FUZZ_SECONDS=0 AMIARY_FUZZ_SEED={seed} \
                 cargo test --workspace --test system fuzz::{target}"
            );
        }
        if Instant::now() >= until {
            break;
        }
        seed += 1;
    }
    println!(
        "{target}: {} executions, seeds {first} to {seed}: {counts:?}",
        seed - first + 1
    );
}

fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    let owned = panic.downcast_ref::<String>().map(String::as_str);
    text.or(owned).unwrap_or("no message")
}

/// A runtime of this thread.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(future)
}
