//! Draws for faults, from generators of their own, so that faults shift none of a world's ids.

use serde::{Deserialize, Serialize};

use crate::ids::Ids;

/// What sets these generators apart from the one of a world's ids.
const APART: u64 = 0xFA17_5EED_0000_0000;

/// A source of chance.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Chance(Ids);

impl Chance {
    /// The source of that number in a world of that seed.
    pub(crate) fn new(seed: u64, number: u64) -> Self {
        let mut first = Ids::new(seed ^ APART);
        Self(Ids::new(first.next().wrapping_add(number)))
    }

    /// Whether something of this probability happens: never at 0, always at 1.
    pub(crate) fn happens(&mut self, probability: f64) -> bool {
        let drawn = u32::try_from(self.0.next() >> 32).unwrap_or_default();
        f64::from(drawn) / (f64::from(u32::MAX) + 1.0) < probability
    }

    /// A number from 0 up to and without `end`; 0 where that is 0.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0.next().checked_rem(end).unwrap_or_default()
    }
}

impl Default for Chance {
    fn default() -> Self {
        Self::new(0, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_keeps_to_its_probability() {
        let mut chance = Chance::new(1, 0);
        assert!((0..1000).all(|_| chance.happens(1.0)));
        assert!(!(0..1000).any(|_| chance.happens(0.0)));
        let happened = (0..1000).filter(|_| chance.happens(0.2)).count();
        assert!((150..250).contains(&happened), "{happened}");
        assert_eq!(chance.below(0), 0);
    }
}
