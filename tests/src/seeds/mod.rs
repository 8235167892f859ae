//! Owns seeded worlds: from one seed follow a policy, images, what people do in between and what
//! goes wrong; in the end, and all along, the same things must hold in every one of them.
//!
//! What must hold is said here a second time, apart from the code that decides: by the world itself,
//! the calls that were made, the messages that arrived, and the policy as it was drawn.
//! docs/proof/seeded-worlds.md says all of it in words.

mod dice;
mod draw;
mod meddle;
mod notices;
mod people;
mod policy;
mod scenario;
mod stage;
mod story;
#[cfg(test)]
mod tests;
mod verdict;
mod watch;

pub use watch::Broken;

use stage::Stage;
use std::collections::BTreeSet;

/// What became of a seed.
pub struct Story {
    /// The seed.
    pub seed: u64,
    /// What did not hold; nothing where all did.
    pub broken: Vec<Broken>,
    /// How many parts it has that can be left out.
    pub parts: usize,
    /// Policy, parts and what happened, as text.
    pub text: String,
    /// Every call that Amiary made, a line each.
    pub trace: String,
}

/// Lets the world of a seed happen, without some of its parts.
pub async fn tell(seed: u64, without: &BTreeSet<usize>) -> Story {
    let whole = draw::draw(seed);
    let parts = whole.size();
    let scenario = whole.without(without);
    let mut stage = Stage::new(seed, scenario).await;
    play(&mut stage).await;
    let text = story::whole(&whole, &stage).await;
    Story {
        seed,
        parts,
        text,
        trace: story::trace(&stage),
        broken: stage.watch.broken,
    }
}

/// The time in which things go wrong, and then the end.
async fn play(stage: &mut Stage) {
    let minute = |minutes: i64| jiff::SignedDuration::from_mins(minutes);
    let mut moments: Vec<i64> = (0..stage.images.len())
        .map(|number| stage.scenario.images[number].at)
        .chain(stage.scenario.meddlings.iter().map(|(at, _)| *at))
        .filter(|at| *at < i64::MAX)
        .collect();
    moments.sort_unstable();
    moments.dedup();
    for at in moments {
        if !stage.watch.broken.is_empty() {
            return;
        }
        stage.pass(stage.begin + minute(at)).await;
        for number in 0..stage.images.len() {
            if stage.scenario.images[number].at == at {
                stage.publish(number);
            }
        }
        for (when, meddling) in stage.scenario.meddlings.clone() {
            if when == at && stage.watch.broken.is_empty() {
                stage.meddle(meddling).await;
            }
        }
    }
    stage
        .pass(stage.begin + minute(stage.scenario.minutes))
        .await;
    stage.end().await;
}

/// The command that shows a seed again.
pub fn replay(seed: u64, without: &BTreeSet<usize>) -> String {
    let less = if without.is_empty() {
        String::new()
    } else {
        let numbers: Vec<String> = without.iter().map(ToString::to_string).collect();
        format!("AMIARY_WITHOUT={} ", numbers.join(","))
    };
    format!("{less}AMIARY_SEED={seed} cargo test --workspace --test system seeded -- --nocapture")
}

/// The most parts of a failing seed that can be left out with the same thing still not holding, as
/// far as so many tries tell.
pub async fn shrink(story: &Story, mut tries: usize) -> BTreeSet<usize> {
    let Some(broken) = story.broken.first().map(|broken| broken.invariant) else {
        return BTreeSet::new();
    };
    let mut without = BTreeSet::new();
    for part in 0..story.parts {
        if tries == 0 {
            break;
        }
        tries -= 1;
        let mut less = without.clone();
        less.insert(part);
        let again = tell(story.seed, &less).await;
        if again.broken.iter().any(|one| one.invariant == broken) {
            without = less;
        }
    }
    without
}
