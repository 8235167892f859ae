//! Owns EC2 as far as copies go: who may read a source, what a copy becomes, unique names, tokens.

use crate::record::ImageId;
use crate::setup::Setup;

/// What a copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// It is under way.
    Pending,
    /// It is there.
    Available,
    /// It failed; its image keeps its name.
    Failed,
}

/// An image that came of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Copy {
    /// The attempt that its name and token name.
    pub attempt: u8,
    /// What it is.
    pub phase: Phase,
    /// Whether every reading finds it: until then it may be `NotFound`.
    pub settled: bool,
    /// Whether the permission to read its source was taken while it was under way.
    pub robbed: bool,
    /// Whether it carries its tags.
    pub tagged: bool,
}

/// EC2.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ec2 {
    /// The images that came of copies, by slot.
    pub copies: Vec<Vec<Copy>>,
    /// Whether the other account may read a source, by image.
    pub lent: Vec<bool>,
}

/// What EC2 answers to `CopyImage`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The copy is under way as this image.
    Started(ImageId),
    /// The name is taken by this image.
    NameTaken(ImageId),
    /// The account may not read the source.
    Refused,
}

impl Ec2 {
    /// EC2 without a copy.
    pub fn new(setup: &Setup) -> Self {
        Self {
            copies: vec![Vec::new(); setup.wishes.len()],
            lent: vec![false; setup.images()],
        }
    }

    /// A copy.
    pub fn copy(&self, id: ImageId) -> &Copy {
        &self.copies[id.slot][id.nth]
    }

    /// The copies of a slot that are there or under way.
    pub fn live(&self, slot: usize) -> usize {
        let copies = self.copies[slot].iter();
        copies.filter(|copy| copy.phase != Phase::Failed).count()
    }

    /// Who has the name of a slot's attempt at the slot's place.
    pub fn named(&self, setup: &Setup, slot: usize, attempt: u8) -> Option<ImageId> {
        let wish = setup.wishes[slot];
        let shares = |other: &usize| {
            let other = setup.wishes[*other];
            other.place == wish.place && (setup.one_name || other.image == wish.image)
        };
        (0..self.copies.len()).filter(shares).find_map(|slot| {
            let nth = self.copies[slot]
                .iter()
                .position(|c| c.attempt == attempt)?;
            Some(ImageId { slot, nth })
        })
    }

    /// `CopyImage`. A token that is remembered answers for the call that was made before; EC2 may
    /// have forgotten one whose copy is settled.
    pub fn call(&mut self, setup: &Setup, slot: usize, attempt: u8, forgotten: bool) -> Answer {
        let mut known = self.copies[slot].iter();
        let made = known.position(|copy| copy.attempt == attempt);
        if let Some(nth) = made.filter(|_| setup.guards.token && !forgotten) {
            return Answer::Started(ImageId { slot, nth });
        }
        let wish = setup.wishes[slot];
        if wish.foreign && !self.lent[wish.image] {
            return Answer::Refused;
        }
        match self.named(setup, slot, attempt) {
            Some(holder) if setup.guards.name => Answer::NameTaken(holder),
            _ => {
                self.copies[slot].push(Copy {
                    attempt,
                    phase: Phase::Pending,
                    settled: false,
                    robbed: false,
                    tagged: setup.guards.tags,
                });
                let nth = self.copies[slot].len() - 1;
                Answer::Started(ImageId { slot, nth })
            }
        }
    }

    /// Takes the permission to read a source back; answers whether a copy that needs it is under
    /// way.
    pub fn take_back(&mut self, setup: &Setup, image: usize) -> bool {
        self.lent[image] = false;
        let mut robbed = false;
        for slot in setup
            .slots(image)
            .filter(|slot| setup.wishes[*slot].foreign)
        {
            for copy in &mut self.copies[slot] {
                if copy.phase == Phase::Pending {
                    copy.robbed = true;
                    robbed = true;
                }
            }
        }
        robbed
    }
}
