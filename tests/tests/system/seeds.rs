use amiary_tests::seeds::{Story, replay, shrink, tell};
use std::collections::BTreeSet;
use std::env;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// How many seeds are tried, unless `AMIARY_SEEDS` says otherwise.
const SEEDS: u64 = 1_000;
/// How many failing seeds are enough.
const ENOUGH: usize = 5;
/// How often a failing seed is tried with parts left out.
const TRIES: usize = 40;

fn number(name: &str) -> Option<u64> {
    let text = env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is no number: {text}")),
    )
}

fn left_out() -> BTreeSet<usize> {
    let text = env::var("AMIARY_WITHOUT").unwrap_or_default();
    let numbers = text.split(',').filter(|number| !number.is_empty());
    numbers
        .map(|number| {
            number
                .trim()
                .parse()
                .expect("AMIARY_WITHOUT names parts by number")
        })
        .collect()
}

/// Lets something happen on a thread of its own runtime.
fn alone<T>(work: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.build().unwrap().block_on(work)
}

/// One seed with its whole story, or all of them, on every core.
#[test]
fn seeded_worlds_hold_whatever_goes_wrong() {
    if let Some(seed) = number("AMIARY_SEED") {
        let story = alone(tell(seed, &left_out()));
        println!("{}", story.text);
        assert!(story.broken.is_empty(), "{:#?}", story.broken);
        return;
    }
    let first = number("AMIARY_FIRST").unwrap_or_default();
    let seeds = first + number("AMIARY_SEEDS").unwrap_or(SEEDS);
    let next = AtomicU64::new(first);
    let failed: Mutex<Vec<Story>> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds || failed.lock().unwrap().len() >= ENOUGH {
                        return;
                    }
                    if seed > first && seed.is_multiple_of(SEEDS) {
                        eprintln!("seeds {first} to {seed} have begun");
                    }
                    let story = alone(tell(seed, &BTreeSet::new()));
                    if let Some(broken) = story.broken.first() {
                        eprintln!("seed {seed}: {}: {}", broken.invariant, broken.found);
                        failed.lock().unwrap().push(story);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    let reports: Vec<String> = failed.iter().map(report).collect();
    assert!(reports.is_empty(), "\n{}", reports.join("\n"));
}

/// What did not hold, and how to see the least of it again.
fn report(story: &Story) -> String {
    let without = alone(shrink(story, TRIES));
    let broken = &story.broken[0];
    format!(
        "seed {}: {}: {}\n  {}\n  {}",
        story.seed,
        broken.invariant,
        broken.found,
        replay(story.seed, &BTreeSet::new()),
        replay(story.seed, &without),
    )
}

#[test]
fn seeded_worlds_are_the_same_each_time() {
    for seed in 0..8 {
        let (one, other) = (
            alone(tell(seed, &BTreeSet::new())),
            alone(tell(seed, &BTreeSet::new())),
        );
        let lines = one.trace.lines().zip(other.trace.lines());
        for (number, (one, other)) in lines.enumerate() {
            assert_eq!(one, other, "call {number} of seed {seed}");
        }
        assert_eq!(one.text, other.text, "seed {seed}");
    }
}
