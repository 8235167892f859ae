//! Owns the record: its items with their versions, and writing one over the version that was read.

use crate::setup::Setup;

/// An image that came of a copy, by its slot and its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageId {
    /// The slot it was asked for.
    pub slot: usize,
    /// Its number among the copies of that slot.
    pub nth: usize,
}

/// How far a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Something is under way or lent.
    Replicating,
    /// Every destination is verified.
    Replicated,
    /// Nothing is under way, and a destination has failed.
    Incomplete,
}

/// A source's record. Version 0 is a record not yet written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// How often it was written.
    pub version: u8,
    /// Whether it is lent to the other account.
    pub loan: bool,
    /// How far it is.
    pub status: Status,
    /// Whether its owner was told of the replicas that are verified.
    pub told: bool,
}

/// How far a replica is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// No copy is under way.
    Wanted,
    /// A copy was asked for.
    Copying,
    /// It is there and was read.
    Verified,
    /// The last attempt failed.
    Failed,
}

/// Why a replica waits, as far as the protocol rests on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// Nothing is known.
    None,
    /// Its image was not found once.
    Missed,
}

/// A replica's record. Version 0 is a record not yet written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Replica {
    /// How often it was written.
    pub version: u8,
    /// How far it is.
    pub stage: Stage,
    /// Which attempt this is.
    pub attempt: u8,
    /// How many attempts there were since a person last asked.
    pub tries: u8,
    /// Whether the attempt's request is written down.
    pub asked: bool,
    /// The image, once it is known.
    pub image: Option<ImageId>,
    /// Why it waits.
    pub cause: Cause,
    /// Whether ten minutes went by since the record last said when to look again.
    pub due: bool,
}

/// What a change tells an owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Notice {
    /// Every destination of an image is verified.
    Replicated(usize),
    /// A slot's last attempt failed.
    Failed(usize),
}

/// The whole table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Record {
    /// Sources, by image.
    pub sources: Vec<Source>,
    /// Replicas, by slot.
    pub replicas: Vec<Replica>,
    /// Changes that an owner has to hear of, and how often a notice of each was stored: first by
    /// image, then by slot.
    pub notices: Vec<(u8, u8)>,
    /// Which attempts were ever written down before their call, a bit each, by slot.
    pub intents: Vec<u8>,
}

impl Replica {
    /// A replica of which nothing is recorded.
    pub const WANTED: Self = Self {
        version: 0,
        stage: Stage::Wanted,
        attempt: 1,
        tries: 1,
        asked: false,
        image: None,
        cause: Cause::None,
        due: true,
    };
}

impl Record {
    /// A source of which nothing is recorded.
    pub const UNKNOWN: Source = Source {
        version: 0,
        loan: false,
        status: Status::Replicating,
        told: false,
    };

    /// An empty table.
    pub fn new(setup: &Setup) -> Self {
        let slots = setup.wishes.len();
        Self {
            sources: vec![Self::UNKNOWN; setup.images()],
            replicas: vec![Replica::WANTED; slots],
            notices: vec![(0, 0); setup.images() + slots],
            intents: vec![0; slots],
        }
    }

    fn index(&self, notice: Notice) -> usize {
        match notice {
            Notice::Replicated(image) => image,
            Notice::Failed(slot) => self.sources.len() + slot,
        }
    }

    /// Counts a change that an owner has to hear of.
    pub fn happened(&mut self, notice: Notice) {
        let index = self.index(notice);
        self.notices[index].0 += 1;
    }

    /// Stores a notice.
    pub fn store(&mut self, notice: Notice) {
        let index = self.index(notice);
        self.notices[index].1 += 1;
    }

    /// Writes a source over the version that was read; answers whether it was still that.
    pub fn write_source(&mut self, image: usize, source: Source, conditional: bool) -> bool {
        let stored = &mut self.sources[image];
        if conditional && stored.version != source.version {
            return false;
        }
        *stored = Source {
            version: source.version + 1,
            ..source
        };
        true
    }

    /// Writes a replica over the version that was read; answers whether it was still that.
    pub fn write_replica(&mut self, slot: usize, replica: Replica, conditional: bool) -> bool {
        let stored = &mut self.replicas[slot];
        if conditional && stored.version != replica.version {
            return false;
        }
        *stored = Replica {
            version: replica.version + 1,
            ..replica
        };
        if replica.asked {
            self.intents[slot] |= 1 << replica.attempt;
        }
        true
    }
}
