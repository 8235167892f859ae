//! Owns what one run knows and has still to do.

use crate::ec2::Phase;
use crate::record::{ImageId, Notice, Replica, Source};
use crate::setup::Setup;

/// Why a run was made, and so what it reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mandate {
    /// An event about the source.
    Source,
    /// An event about an image that came of a copy.
    Image(ImageId),
    /// The schedule: everything is read.
    Schedule,
    /// A person: as the schedule, and what failed is tried again.
    Person,
}

/// Where a run is; each step is one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum At {
    /// It reads who may read the source.
    Source,
    /// It reads the replica of this slot, or the image that the event named.
    Replica(usize),
    /// It reads the record of the lineage that an unknown image's tags name.
    Waiting,
    /// It applies its plan.
    Apply,
    /// It reads the record again.
    Again,
    /// It reads again who may read the source.
    SourceAgain,
}

/// What was seen at a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Seen {
    /// Nobody looked.
    NotRead,
    /// `NotFound`.
    Absent,
    /// An image.
    Read(Image),
}

/// An image as a reading shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Image {
    /// Which one.
    pub id: ImageId,
    /// The attempt that its name tells.
    pub attempt: u8,
    /// What it is.
    pub phase: Phase,
    /// Whether it carries the tags of its slot.
    pub tagged: bool,
}

/// One step of a plan, which is one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Write the source's record, with a notice.
    WriteSource(Source, Option<Notice>),
    /// Write a replica's record, with a notice.
    WriteReplica(usize, Replica, Option<Notice>),
    /// Store a notice by itself; only where that guard is out.
    Store(Notice),
    /// Call `CopyImage`.
    Copy(usize, Replica),
    /// Tag a copy by itself; only where that guard is out.
    Tag(ImageId),
    /// Look up who has the name that a copy asked for.
    LookUp(usize, Replica),
    /// Lend the source.
    Lend,
    /// Take the loan back.
    GiveBack,
}

/// Where a group of steps belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Where {
    /// The source's record, before everything else.
    Source,
    /// A destination.
    Slot(usize),
    /// The loan.
    Lending,
}

/// Steps that follow one another; one that does not succeed ends its group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Group {
    /// Where it belongs.
    pub place: Where,
    /// What is still to do.
    pub steps: Vec<Step>,
    /// Whether the run leaves the place alone afterwards: a copy was not started.
    pub ends: bool,
}

/// The record as a run read it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Known {
    /// The source.
    pub source: Source,
    /// The replicas by slot; those of other images are blank.
    pub replicas: Vec<Replica>,
}

/// A run under way: all of it is lost in a crash.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Run {
    /// The source it looks at.
    pub image: usize,
    /// Why it was made.
    pub mandate: Mandate,
    /// Where it is.
    pub at: At,
    /// How often it planned.
    pub rounds: u8,
    /// The record as it was read.
    pub known: Known,
    /// Whether the other account may read the source, if that was read.
    pub lent: Option<bool>,
    /// What was seen, by slot.
    pub seen: Vec<Seen>,
    /// What is still to do.
    pub groups: Vec<Group>,
    /// Whether the plan touches the loan, which is then read back.
    pub lending: bool,
    /// Places where a step did not succeed: they are left to the next run.
    pub stopped: Vec<Where>,
}

impl Group {
    /// Steps at a place.
    pub fn new(place: Where, steps: Vec<Step>) -> Self {
        let ends = false;
        Self { place, steps, ends }
    }
}

impl Run {
    /// A run that has read the record, as every run does first.
    pub fn new(setup: &Setup, image: usize, mandate: Mandate, known: Known) -> Self {
        let at = match mandate {
            Mandate::Image(id) => At::Replica(id.slot),
            _ => At::Source,
        };
        Self {
            image,
            mandate,
            at,
            rounds: 0,
            known,
            lent: None,
            seen: vec![Seen::NotRead; setup.wishes.len()],
            groups: Vec::new(),
            lending: false,
            stopped: Vec::new(),
        }
    }
}
