//! Owns chance: numbers that follow from a seed alone.

use std::sync::atomic::{AtomicU64, Ordering};

/// A source of numbers, [SplitMix64](https://prng.di.unimi.it/splitmix64.c).
#[derive(Debug)]
pub(super) struct Dice(AtomicU64);

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Dice {
    /// The source of a seed for one purpose, so that what one purpose draws shifts nothing that
    /// another does.
    pub(super) fn new(seed: u64, purpose: u64) -> Self {
        let apart = Self(AtomicU64::new(
            seed ^ purpose.wrapping_mul(0xd6e8_feb8_6659_fd93),
        ));
        Self(AtomicU64::new(apart.next()))
    }

    fn next(&self) -> u64 {
        let mut z = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 up to and without `end`; 0 where that is 0.
    pub(super) fn below(&self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX);
        usize::try_from(self.next().checked_rem(end).unwrap_or_default()).unwrap_or_default()
    }

    /// A number of a range, both ends included.
    pub(super) fn between(&self, least: i64, most: i64) -> i64 {
        let span = usize::try_from(most - least + 1).unwrap_or_default();
        least + i64::try_from(self.below(span)).unwrap_or_default()
    }

    /// Whether something of so many in a hundred happens.
    pub(super) fn percent(&self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of several.
    pub(super) fn pick<T: Clone>(&self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_numbers_again_and_another_purpose_gives_others() {
        let drawn = |seed, purpose| {
            let dice = Dice::new(seed, purpose);
            [(); 8].map(|()| dice.next())
        };
        assert_eq!(drawn(1, 1), drawn(1, 1));
        assert_ne!(drawn(1, 1), drawn(1, 2));
        assert_ne!(drawn(1, 1), drawn(2, 1));
    }

    #[test]
    fn chance_keeps_to_its_bounds() {
        let dice = Dice::new(1, 1);
        assert!((0..1000).all(|_| (3..=5).contains(&dice.between(3, 5))));
        assert!((0..1000).all(|_| dice.percent(100) && !dice.percent(0)));
        assert_eq!(dice.below(0), 0);
    }
}
