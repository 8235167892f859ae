//! Owns the model as the checker sees it: what may happen next, and what must hold.

use crate::ec2::{Ec2, Phase};
use crate::heal;
use crate::life::{Life, Luck};
use crate::record::{ImageId, Record, Stage};
use crate::run::{At, Group, Mandate, Run, Step, Where};
use crate::setup::{Budget, Setup};
use stateright::{Model, Property};
use std::collections::HashSet;
use std::sync::Mutex;

/// No source has two live copies at one destination.
pub const ONE_COPY: &str = "one live copy of a source at a destination";
/// A copy's attempt is written down before the copy is made.
pub const INTENT: &str = "a copy is written down before it is made";
/// A record names no image but the one that its attempt asked for.
pub const ASKED: &str = "an image on record is the one that was asked for";
/// A permission that is lent stands in the source's record.
pub const LOAN: &str = "what is lent is on record";
/// A loan is not taken back while a copy needs it.
pub const NEEDED: &str = "a loan is kept while a copy needs it";
/// Once no run is under way, of each change that an owner has to hear of one notice is stored.
pub const TOLD: &str = "a notice is stored exactly once";
/// Once faults stop, scheduled runs bring everything to a good end.
pub const HEALED: &str = "the schedule brings a good end";

/// The protocol in one configuration.
#[derive(Debug)]
pub struct Protocol {
    /// The configuration.
    pub setup: Setup,
    /// Whether workers that differ in nothing but their numbers are the same.
    pub symmetric: bool,
    /// What is known to come to a good end already.
    pub healed: Mutex<HashSet<(Ec2, Record)>>,
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A run begins.
    Begin(usize, usize, Mandate),
    /// A worker makes its next call, of one of its groups.
    Go(usize, usize, Luck),
    /// A worker's run dies.
    Crash(usize),
    /// A copy is there.
    Arrive(ImageId),
    /// A copy fails.
    Fail(ImageId),
    /// Ten minutes pass since a replica's record was written.
    TenMinutes(usize),
}

impl Protocol {
    /// The protocol in a configuration.
    pub fn new(setup: Setup, symmetric: bool) -> Self {
        let healed = Mutex::default();
        Self {
            setup,
            symmetric,
            healed,
        }
    }

    /// Whether a moment at which no run is under way comes to a good end. It does whatever the
    /// budgets are, so that it is tried once for each world and record.
    fn ends_well(&self, life: &Life) -> bool {
        let at = (life.ec2.clone(), life.record.clone());
        if self.healed.lock().is_ok_and(|healed| healed.contains(&at)) {
            return true;
        }
        let well = heal::ends_well(&self.setup, life);
        if let (true, Ok(mut healed)) = (well, self.healed.lock()) {
            healed.insert(at);
        }
        well
    }

    fn begins(&self, life: &Life, actions: &mut Vec<Action>) {
        let Some(worker) = life.workers.iter().position(Option::is_none) else {
            return;
        };
        if life.left.runs == 0 {
            return;
        }
        for image in 0..self.setup.images() {
            actions.push(Action::Begin(worker, image, Mandate::Source));
            actions.push(Action::Begin(worker, image, Mandate::Schedule));
            if life.left.persons > 0 {
                actions.push(Action::Begin(worker, image, Mandate::Person));
            }
            for slot in self.setup.slots(image) {
                for nth in 0..life.ec2.copies[slot].len() {
                    let id = ImageId { slot, nth };
                    actions.push(Action::Begin(worker, image, Mandate::Image(id)));
                }
            }
        }
    }

    /// The calls that a run may make next. The source's steps come before all others.
    fn calls(&self, life: &Life, worker: usize, run: &Run, actions: &mut Vec<Action>) {
        let groups = match run.at {
            At::Apply if run.groups[0].place != Where::Source => run.groups.len(),
            _ => 1,
        };
        for group in 0..groups {
            let step = (run.at == At::Apply).then(|| run.groups[group].steps[0]);
            let waits = self.setup.prompt && Self::is_lending(life, run.image);
            if waits && step == Some(Step::GiveBack) {
                continue;
            }
            actions.push(Action::Go(worker, group, Luck::Usual));
            actions.push(Action::Go(worker, group, Luck::Other));
            if matches!(step, Some(Step::Copy(..))) {
                if life.left.lost > 0 {
                    actions.push(Action::Go(worker, group, Luck::Lost));
                }
                if life.left.refusals > 0 {
                    actions.push(Action::Go(worker, group, Luck::Refused));
                }
            }
        }
        // One that dies while it still reads for its first plan leaves nothing behind: that is a
        // history in which it did not begin.
        let has_begun = matches!(run.at, At::Apply | At::Again | At::SourceAgain);
        if has_begun && life.left.crashes > 0 {
            actions.push(Action::Crash(worker));
        }
    }

    /// Whether a run has written a loan of an image down and not yet made it. A copy takes longer
    /// than that: none ends meanwhile, and no ten minutes pass.
    fn is_lending(life: &Life, image: usize) -> bool {
        let mut runs = life.workers.iter().flatten();
        runs.any(|run| {
            let lends = |group: &Group| group.steps.first() == Some(&Step::Lend);
            run.image == image
                && run.groups.iter().any(lends)
                && run.groups[0].place != Where::Source
        })
    }

    fn world(&self, life: &Life, actions: &mut Vec<Action>) {
        for (slot, copies) in life.ec2.copies.iter().enumerate() {
            if Self::is_lending(life, self.setup.wishes[slot].image) {
                continue;
            }
            for (nth, copy) in copies.iter().enumerate() {
                if copy.phase != Phase::Pending {
                    continue;
                }
                let id = ImageId { slot, nth };
                if !copy.robbed {
                    actions.push(Action::Arrive(id));
                }
                if copy.robbed || life.left.failures > 0 {
                    actions.push(Action::Fail(id));
                }
            }
            let replica = life.record.replicas[slot];
            let waits = matches!(replica.stage, Stage::Copying | Stage::Wanted);
            if waits && !replica.due {
                actions.push(Action::TenMinutes(slot));
            }
        }
    }
}

impl Model for Protocol {
    type State = Life;
    type Action = Action;

    fn init_states(&self) -> Vec<Life> {
        vec![Life::new(&self.setup)]
    }

    fn actions(&self, life: &Life, actions: &mut Vec<Action>) {
        self.begins(life, actions);
        for (worker, run) in life.workers.iter().enumerate() {
            if let Some(run) = run {
                self.calls(life, worker, run, actions);
            }
        }
        self.world(life, actions);
    }

    fn next_state(&self, life: &Life, action: Action) -> Option<Life> {
        let mut next = life.clone();
        match action {
            Action::Begin(worker, image, mandate) => {
                let Budget { runs, persons, .. } = next.left;
                next.left.runs = runs - 1;
                next.left.persons = persons - u8::from(mandate == Mandate::Person);
                next.begin(&self.setup, worker, image, mandate);
            }
            Action::Go(worker, group, luck) => next.go(&self.setup, worker, group, luck)?,
            Action::Crash(worker) => {
                next.left.crashes -= 1;
                next.workers[worker] = None;
            }
            Action::Arrive(id) => end(&mut next, id, Phase::Available),
            Action::Fail(id) => {
                let robbed = next.ec2.copy(id).robbed;
                next.left.failures -= u8::from(!robbed);
                end(&mut next, id, Phase::Failed);
            }
            Action::TenMinutes(slot) => heal::ten_minutes(&mut next, slot),
        }
        if self.symmetric {
            next.workers.sort_unstable();
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(ONE_COPY, |model: &Self, life: &Life| {
                (0..model.setup.wishes.len()).all(|slot| life.ec2.live(slot) <= 1)
            }),
            Property::always(INTENT, |_, life: &Life| !life.broken.unrecorded),
            Property::always(ASKED, |_, life: &Life| {
                let mut replicas = life.record.replicas.iter().enumerate();
                replicas.all(|(slot, replica)| {
                    replica.image.is_none_or(|id| {
                        id.slot == slot && life.ec2.copy(id).attempt == replica.attempt
                    })
                })
            }),
            Property::always(LOAN, |_, life: &Life| {
                let mut pairs = life.ec2.lent.iter().zip(&life.record.sources);
                pairs.all(|(lent, source)| source.loan || !lent)
            }),
            Property::always(NEEDED, |model: &Self, life: &Life| {
                model.setup.workers > 1 || !life.broken.robbed
            }),
            Property::always(TOLD, |_, life: &Life| {
                let once = |(happened, stored): &(u8, u8)| happened == stored && *stored <= 1;
                !life.is_idle() || life.record.notices.iter().all(once)
            }),
            Property::always(HEALED, |model: &Self, life: &Life| {
                !life.is_idle() || model.ends_well(life)
            }),
        ]
    }
}

fn end(life: &mut Life, id: ImageId, phase: Phase) {
    let copy = &mut life.ec2.copies[id.slot][id.nth];
    copy.phase = phase;
    copy.settled = true;
    copy.robbed = false;
}
