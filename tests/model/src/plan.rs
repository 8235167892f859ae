//! Owns the decisions of a run, as `amiary_domain::plan` takes them.

use crate::ec2::Phase;
use crate::record::{Cause, ImageId, Notice, Replica, Source, Stage, Status};
use crate::run::{Group, Image, Known, Mandate, Run, Seen, Step, Where};
use crate::setup::Setup;

/// What was decided about one destination.
#[derive(Default)]
struct Decided {
    steps: Vec<Step>,
    needs_loan: bool,
}

impl Decided {
    fn write(slot: usize, replica: Replica) -> Self {
        Self::steps(vec![Step::WriteReplica(slot, replica, None)])
    }

    fn steps(steps: Vec<Step>) -> Self {
        Self {
            steps,
            needs_loan: false,
        }
    }
}

/// What should be done about a lineage; the source's group comes first.
pub fn plan(setup: &Setup, run: &Run) -> Vec<Group> {
    let known = &run.known;
    if known.source.version == 0 && run.lent.is_none() {
        return Vec::new();
    }
    let mut groups = Vec::new();
    let mut needs_loan = false;
    for slot in setup.slots(run.image) {
        let decided = decide(setup, run, slot, known.replicas[slot]);
        needs_loan |= decided.needs_loan;
        if !decided.steps.is_empty() {
            groups.push(Group::new(Where::Slot(slot), decided.steps));
        }
    }
    let lends = needs_loan && run.lent == Some(false);
    let (source, notice) = source(setup, run, known, lends);
    let touched = lends && setup.guards.lending;
    let mut first = Vec::new();
    if source != known.source || touched || known.source.version == 0 {
        first.push(Step::WriteSource(source, notice));
    } else if !lends && may_give_back(setup, run, known, &groups, needs_loan) {
        let returned = Source {
            loan: false,
            ..known.source
        };
        let steps = vec![Step::GiveBack, Step::WriteSource(returned, None)];
        groups.push(Group::new(Where::Lending, steps));
    }
    if lends {
        groups.push(lending(setup, source, !first.is_empty()));
    }
    if !first.is_empty() {
        groups.insert(0, Group::new(Where::Source, first));
    }
    groups
}

/// The loan; without its guard it is written down only after it was made.
fn lending(setup: &Setup, source: Source, written: bool) -> Group {
    let mut steps = vec![Step::Lend];
    if !setup.guards.loan {
        let lent = Source {
            loan: true,
            version: source.version + u8::from(written),
            ..source
        };
        steps.push(Step::WriteSource(lent, None));
    }
    Group::new(Where::Lending, steps)
}

/// The source's record as the run makes it, and whom that tells.
fn source(setup: &Setup, run: &Run, known: &Known, lends: bool) -> (Source, Option<Notice>) {
    let replicas: Vec<&Replica> = setup.slots(run.image).map(|s| &known.replicas[s]).collect();
    let all = |stages: &[Stage]| replicas.iter().all(|r| stages.contains(&r.stage));
    let under_way = replicas.iter().any(|r| r.stage == Stage::Copying);
    let status = if under_way || known.source.loan {
        Status::Replicating
    } else if all(&[Stage::Verified]) {
        Status::Replicated
    } else if all(&[Stage::Verified, Stage::Failed]) {
        Status::Incomplete
    } else {
        Status::Replicating
    };
    let is_news = status == Status::Replicated && !known.source.told;
    let source = Source {
        status,
        told: known.source.told || is_news,
        loan: known.source.loan || lends && setup.guards.loan,
        ..known.source
    };
    (source, is_news.then_some(Notice::Replicated(run.image)))
}

fn may_give_back(
    setup: &Setup,
    run: &Run,
    known: &Known,
    groups: &[Group],
    needs_loan: bool,
) -> bool {
    let mut borrowers = setup.slots(run.image).filter(|s| setup.wishes[*s].foreign);
    let busy = borrowers.any(|slot| {
        let copying = known.replicas[slot].stage == Stage::Copying;
        let about_to = groups.iter().any(|group| group.place == Where::Slot(slot));
        let waits = known.source.version > 0
            && known.replicas[slot].stage == Stage::Wanted
            && (!known.replicas[slot].due || run.lent.is_none());
        copying && setup.guards.borrowing || waits && setup.guards.waiting || about_to
    });
    known.source.loan && !busy && !needs_loan
}

fn decide(setup: &Setup, run: &Run, slot: usize, replica: Replica) -> Decided {
    match (replica.stage, replica.image) {
        (Stage::Wanted, _) => {
            if replica.due || run.mandate == Mandate::Person {
                return start(setup, run, slot, replica);
            }
            Decided::default()
        }
        (Stage::Copying, None) => adopt_or_copy(setup, run, slot, replica),
        (Stage::Copying, Some(_)) => look(setup, run, slot, replica),
        (Stage::Failed, _) if run.mandate == Mandate::Person => {
            let again = Replica {
                attempt: replica.attempt + u8::from(replica.asked),
                version: replica.version,
                ..Replica::WANTED
            };
            start(setup, run, slot, again)
        }
        (Stage::Verified | Stage::Failed, _) => Decided::default(),
    }
}

/// What a copy waits for, if its account can't read the source.
fn missing(setup: &Setup, run: &Run, slot: usize) -> bool {
    setup.wishes[slot].foreign && run.lent == Some(false)
}

fn needs_loan() -> Decided {
    Decided {
        needs_loan: true,
        ..Decided::default()
    }
}

fn start(setup: &Setup, run: &Run, slot: usize, replica: Replica) -> Decided {
    if run.lent.is_none() {
        return Decided::default();
    }
    if missing(setup, run, slot) {
        return needs_loan();
    }
    let intent = Replica {
        stage: Stage::Copying,
        asked: true,
        image: None,
        cause: Cause::None,
        due: false,
        ..replica
    };
    if !setup.guards.intent {
        return Decided::steps(vec![Step::Copy(slot, intent)]);
    }
    Decided::steps(vec![
        Step::WriteReplica(slot, intent, None),
        Step::Copy(slot, written(intent)),
    ])
}

/// A record as it is once it was written.
fn written(replica: Replica) -> Replica {
    Replica {
        version: replica.version + 1,
        ..replica
    }
}

fn adopt_or_copy(setup: &Setup, run: &Run, slot: usize, replica: Replica) -> Decided {
    match run.seen[slot] {
        Seen::Read(image) if is_asked(setup, slot, replica, image) => {
            Decided::write(slot, known(replica, image.id))
        }
        _ if run.lent.is_none() => Decided::default(),
        _ if missing(setup, run, slot) => needs_loan(),
        _ => Decided::steps(vec![Step::Copy(slot, replica)]),
    }
}

/// Whether an image is the copy that a record asks for: by its operation tag and its source, and by
/// its name.
pub fn is_asked(setup: &Setup, slot: usize, replica: Replica, image: Image) -> bool {
    let operation = image.tagged && image.id.slot == slot;
    (operation || !setup.guards.operation)
        && (image.attempt == replica.attempt || !setup.guards.asked_name)
}

/// The record once the image is known.
pub fn known(replica: Replica, image: ImageId) -> Replica {
    Replica {
        image: Some(image),
        cause: Cause::None,
        ..replica
    }
}

/// The record after an attempt that failed: another attempt, or the end.
pub fn failed_attempt(setup: &Setup, slot: usize, replica: Replica) -> Step {
    if replica.tries >= setup.attempts {
        return for_good(slot, replica);
    }
    let next = Replica {
        stage: Stage::Wanted,
        attempt: replica.attempt + 1,
        tries: replica.tries + 1,
        asked: false,
        image: None,
        cause: Cause::None,
        due: false,
        ..replica
    };
    Step::WriteReplica(slot, next, None)
}

/// The record of a destination that is not tried again until a person asks.
pub fn for_good(slot: usize, replica: Replica) -> Step {
    let failed = Replica {
        stage: Stage::Failed,
        cause: Cause::None,
        ..replica
    };
    Step::WriteReplica(slot, failed, Some(Notice::Failed(slot)))
}

/// The record after a refusal of the call.
pub fn refused(setup: &Setup, slot: usize, copying: Replica) -> Step {
    if setup.wishes[slot].foreign && !copying.due {
        // The loan may not be seen everywhere yet.
        return Step::WriteReplica(slot, copying, None);
    }
    match failed_attempt(setup, slot, copying) {
        Step::WriteReplica(slot, next, notice) if setup.guards.same => {
            let same = Replica {
                attempt: copying.attempt,
                asked: false,
                ..next
            };
            Step::WriteReplica(slot, same, notice)
        }
        other => other,
    }
}

fn look(setup: &Setup, run: &Run, slot: usize, replica: Replica) -> Decided {
    let missed = replica.cause == Cause::Missed;
    match run.seen[slot] {
        Seen::Absent if !missed && setup.guards.second_look => {
            let missing = Replica {
                cause: Cause::Missed,
                due: false,
                ..replica
            };
            Decided::write(slot, missing)
        }
        Seen::Absent if replica.due || !setup.guards.second_look => {
            Decided::steps(vec![failed_attempt(setup, slot, replica)])
        }
        Seen::Absent | Seen::NotRead => Decided::default(),
        Seen::Read(image) => by_phase(setup, slot, replica, image),
    }
}

fn by_phase(setup: &Setup, slot: usize, replica: Replica, image: Image) -> Decided {
    let stage = match image.phase {
        Phase::Failed => return Decided::steps(vec![failed_attempt(setup, slot, replica)]),
        Phase::Pending if replica.cause == Cause::Missed => replica.stage,
        Phase::Pending => return Decided::default(),
        Phase::Available => Stage::Verified,
    };
    let read = Replica {
        stage,
        cause: Cause::None,
        ..replica
    };
    Decided::write(slot, read)
}
