//! Owns what a check is about: images, destinations, workers, and how much may go wrong.

use crate::guards::Guards;

/// A destination of an image: a slot of the model, and of the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// The source, by its number.
    pub image: usize,
    /// The account and Region, by a number.
    pub place: usize,
    /// Whether another account copies there, with a loan.
    pub foreign: bool,
}

/// One configuration of the model.
#[derive(Debug, Clone, Copy)]
pub struct Setup {
    /// What it is called in what is printed.
    pub name: &'static str,
    /// Every destination of every image.
    pub wishes: &'static [Wish],
    /// Whether all images have one name.
    pub one_name: bool,
    /// How many runs may be under way at once.
    pub workers: usize,
    /// How much may happen.
    pub budget: Budget,
    /// How often one run plans at most.
    pub rounds: u8,
    /// How often a copy is tried.
    pub attempts: u8,
    /// Whether a loan that is written down is made before another run takes it back.
    pub prompt: bool,
    /// Which guards are in.
    pub guards: Guards,
}

/// How much may happen in one history; it makes the model finite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Budget {
    /// Runs that events, doubled, late or forged, and schedules start.
    pub runs: u8,
    /// Runs that a person starts, of the above.
    pub persons: u8,
    /// Runs that die, at any point.
    pub crashes: u8,
    /// Calls of `CopyImage` that are done while their answers are lost.
    pub lost: u8,
    /// Copies that EC2 accepts and that fail.
    pub failures: u8,
    /// Calls of `CopyImage` that EC2 refuses for good.
    pub refusals: u8,
}

impl Setup {
    /// How many images there are.
    pub fn images(&self) -> usize {
        self.wishes.iter().map(|w| w.image + 1).max().unwrap_or(0)
    }

    /// The slots of an image.
    pub fn slots(&self, image: usize) -> impl Iterator<Item = usize> + '_ {
        (0..self.wishes.len()).filter(move |slot| self.wishes[*slot].image == image)
    }
}
