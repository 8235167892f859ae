//! Owns the state of the model, and what one call of a run makes of it.

use crate::ec2::{Answer, Ec2, Phase};
use crate::plan::{failed_attempt, for_good, is_asked, known, plan, refused};
use crate::record::{ImageId, Notice, Record, Replica, Stage};
use crate::run::{At, Group, Image, Known, Mandate, Run, Seen, Step, Where};
use crate::setup::{Budget, Setup};

/// Everything there is at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Life {
    /// EC2.
    pub ec2: Ec2,
    /// The table.
    pub record: Record,
    /// Runs under way; the order of workers means nothing.
    pub workers: Vec<Option<Run>>,
    /// How much may still happen.
    pub left: Budget,
    /// What must never happen and did.
    pub broken: Broken,
}

/// What must never happen, and is seen only as it happens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Broken {
    /// A copy was made whose attempt had not been written down.
    pub unrecorded: bool,
    /// A loan was taken back while a copy needed it.
    pub robbed: bool,
}

/// How a call goes, where it may go in several ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Luck {
    /// As it mostly does.
    Usual,
    /// A fresh image is not found; a token has been forgotten.
    Other,
    /// The call is done, and its answer lost.
    Lost,
    /// EC2 refuses it, whatever the record says.
    Refused,
}

impl Life {
    /// Before anything happened.
    pub fn new(setup: &Setup) -> Self {
        Self {
            ec2: Ec2::new(setup),
            record: Record::new(setup),
            workers: vec![None; setup.workers],
            left: setup.budget,
            broken: Broken::default(),
        }
    }

    /// Whether no run is under way.
    pub fn is_idle(&self) -> bool {
        self.workers.iter().all(Option::is_none)
    }

    /// One call of a worker's run; none where luck has no say in it.
    pub fn go(&mut self, setup: &Setup, worker: usize, group: usize, luck: Luck) -> Option<()> {
        let mut run = self.workers[worker].take()?;
        let goes_on = match run.at {
            At::Apply => self.apply(setup, &mut run, group, luck)?,
            _ => self.read(setup, &mut run, luck)?,
        };
        if goes_on {
            self.workers[worker] = Some(run);
        }
        Some(())
    }

    /// A run begins: it reads the record.
    pub fn begin(&mut self, setup: &Setup, worker: usize, image: usize, mandate: Mandate) {
        let known = self.known(setup, image);
        self.workers[worker] = Some(Run::new(setup, image, mandate, known));
    }

    fn known(&self, setup: &Setup, image: usize) -> Known {
        let mut replicas = vec![Replica::WANTED; setup.wishes.len()];
        for slot in setup.slots(image) {
            replicas[slot] = self.record.replicas[slot];
        }
        let source = self.record.sources[image];
        Known { source, replicas }
    }

    fn image(&self, id: ImageId) -> Image {
        let copy = self.ec2.copy(id);
        Image {
            id,
            attempt: copy.attempt,
            phase: copy.phase,
            tagged: copy.tagged,
        }
    }

    /// Reads an image; a fresh one may not be found.
    fn look(&self, id: Option<ImageId>, luck: Luck) -> Option<Seen> {
        let fresh = id.is_some_and(|id| !self.ec2.copy(id).settled);
        match (id, luck) {
            (Some(id), Luck::Usual) => Some(Seen::Read(self.image(id))),
            (None, Luck::Usual) => Some(Seen::Absent),
            (Some(_), Luck::Other) if fresh => Some(Seen::Absent),
            _ => None,
        }
    }

    /// A reading; answers whether the run goes on.
    fn read(&mut self, setup: &Setup, run: &mut Run, luck: Luck) -> Option<bool> {
        if let At::Replica(slot) = run.at {
            return self.read_replica(setup, run, slot, luck);
        }
        if luck != Luck::Usual {
            return None;
        }
        match (run.at, run.mandate) {
            (At::Source, Mandate::Schedule | Mandate::Person) => {
                run.lent = Some(self.ec2.lent[run.image]);
                Some(Self::next_replica(setup, run, 0))
            }
            (At::Source | At::SourceAgain, _) => {
                run.lent = Some(self.ec2.lent[run.image]);
                Some(decided(setup, run))
            }
            (At::Waiting, Mandate::Image(id)) => {
                let known = self.known(setup, run.image);
                let waiting = known.replicas[id.slot];
                let waits = waiting.stage == Stage::Copying && waiting.image.is_none();
                run.known = known;
                Some(waits && decided(setup, run))
            }
            (At::Again, _) => Some(self.again(setup, run)),
            _ => None,
        }
    }

    /// Reads the record again, and forgets what was seen of images that it does not name.
    fn again(&self, setup: &Setup, run: &mut Run) -> bool {
        let now = self.known(setup, run.image);
        let before = std::mem::replace(&mut run.known, now.clone());
        if setup.guards.forget {
            for slot in setup.slots(run.image) {
                let same = before.replicas[slot].version == now.replicas[slot].version;
                let named = now.replicas[slot].image;
                let tells = same || matches!(run.seen[slot], Seen::Read(i) if Some(i.id) == named);
                if !tells {
                    run.seen[slot] = Seen::NotRead;
                }
            }
        }
        if run.lending {
            run.at = At::SourceAgain;
            return true;
        }
        decided(setup, run)
    }

    /// The next replica that is looked at, from a slot on; without one, the plan.
    fn next_replica(setup: &Setup, run: &mut Run, from: usize) -> bool {
        let replicas = &run.known.replicas;
        let next = setup.slots(run.image).find(|slot| {
            let replica = replicas[*slot];
            let asked = replica.stage == Stage::Copying && replica.asked;
            // A verified replica is read as well; nothing in the model changes one.
            *slot >= from && (asked || replica.stage == Stage::Failed && replica.image.is_some())
        });
        match next {
            Some(slot) => {
                run.at = At::Replica(slot);
                true
            }
            None => decided(setup, run),
        }
    }

    fn read_replica(&self, setup: &Setup, run: &mut Run, slot: usize, luck: Luck) -> Option<bool> {
        let replica = run.known.replicas[slot];
        if let Mandate::Image(id) = run.mandate {
            let seen = self.look(Some(id), luck)?;
            run.seen[slot] = seen;
            if replica.image == Some(id) {
                return Some(decided(setup, run));
            }
            // Its own tags lead to the record that may wait for it.
            run.at = At::Waiting;
            return Some(matches!(seen, Seen::Read(image) if image.tagged));
        }
        let id = replica
            .image
            .or_else(|| self.ec2.named(setup, slot, replica.attempt));
        run.seen[slot] = self.look(id, luck)?;
        Some(Self::next_replica(setup, run, slot + 1))
    }

    /// The next step of a group; answers whether the run goes on.
    fn apply(&mut self, setup: &Setup, run: &mut Run, group: usize, luck: Luck) -> Option<bool> {
        let step = run.groups[group].steps.remove(0);
        let done = self.step(setup, &mut run.groups[group], run.image, step, luck)?;
        let ended = run.groups[group].ends && run.groups[group].steps.is_empty();
        if !done || ended {
            run.groups[group].steps.clear();
            let place = run.groups[group].place;
            if place == Where::Source {
                return Some(false);
            }
            run.stopped.push(place);
            run.stopped.sort_unstable();
        }
        run.groups.retain(|group| !group.steps.is_empty());
        if run.groups.is_empty() {
            run.at = At::Again;
        }
        Some(true)
    }

    /// One step; answers whether the next one may be made.
    fn step(
        &mut self,
        setup: &Setup,
        group: &mut Group,
        image: usize,
        step: Step,
        luck: Luck,
    ) -> Option<bool> {
        if luck != Luck::Usual && !matches!(step, Step::Copy(..) | Step::LookUp(..)) {
            return None;
        }
        let conditional = setup.guards.version;
        let done = match step {
            Step::WriteSource(source, notice) => {
                let done = self.record.write_source(image, source, conditional);
                self.tell(setup, group, notice.filter(|_| done));
                done
            }
            Step::WriteReplica(slot, replica, notice) => {
                let done = self.record.write_replica(slot, replica, conditional);
                self.tell(setup, group, notice.filter(|_| done));
                done
            }
            Step::Store(notice) => {
                self.record.store(notice);
                true
            }
            Step::Copy(slot, copying) => return self.call(setup, group, slot, copying, luck),
            Step::Tag(id) => {
                self.ec2.copies[id.slot][id.nth].tagged = true;
                true
            }
            Step::LookUp(slot, copying) => {
                let holder = self.ec2.named(setup, slot, copying.attempt);
                let seen = self.look(holder, luck)?;
                let Some(next) = looked_up(setup, slot, copying, seen) else {
                    return Some(false);
                };
                (group.steps, group.ends) = (vec![next], true);
                true
            }
            Step::Lend => {
                self.ec2.lent[image] = true;
                true
            }
            Step::GiveBack => {
                self.broken.robbed |= self.ec2.take_back(setup, image);
                true
            }
        };
        Some(done)
    }

    fn tell(&mut self, setup: &Setup, group: &mut Group, notice: Option<Notice>) {
        let Some(notice) = notice else { return };
        self.record.happened(notice);
        if setup.guards.notice {
            self.record.store(notice);
        } else {
            group.steps.insert(0, Step::Store(notice));
        }
    }

    /// `CopyImage`, and what follows from its answer.
    fn call(
        &mut self,
        setup: &Setup,
        group: &mut Group,
        slot: usize,
        copying: Replica,
        luck: Luck,
    ) -> Option<bool> {
        if luck == Luck::Refused {
            self.left.refusals = self.left.refusals.checked_sub(1)?;
            (group.steps, group.ends) = (vec![refused(setup, slot, copying)], true);
            return Some(true);
        }
        let remembered = self.ec2.copies[slot]
            .iter()
            .any(|copy| copy.attempt == copying.attempt && copy.settled);
        if luck == Luck::Other && !(remembered && setup.guards.token) {
            return None;
        }
        let before = self.ec2.copies[slot].len();
        let answer = self
            .ec2
            .call(setup, slot, copying.attempt, luck == Luck::Other);
        if self.ec2.copies[slot].len() > before {
            let written = self.record.intents[slot] & (1 << copying.attempt) != 0;
            self.broken.unrecorded |= !written;
        }
        if luck == Luck::Lost {
            self.left.lost = self.left.lost.checked_sub(1)?;
            return Some(false);
        }
        group.steps = match answer {
            Answer::Started(id) => started(setup, slot, copying, id),
            Answer::NameTaken(_) => vec![Step::LookUp(slot, copying)],
            Answer::Refused => vec![refused(setup, slot, copying)],
        };
        group.ends = !matches!(answer, Answer::Started(_));
        Some(true)
    }
}

fn started(setup: &Setup, slot: usize, copying: Replica, id: ImageId) -> Vec<Step> {
    let write = Step::WriteReplica(slot, known(copying, id), None);
    if setup.guards.tags {
        return vec![write];
    }
    vec![Step::Tag(id), write]
}

/// What follows once it is known who has the name; nothing as long as that can't be seen.
fn looked_up(setup: &Setup, slot: usize, copying: Replica, seen: Seen) -> Option<Step> {
    let Seen::Read(image) = seen else { return None };
    if !is_asked(setup, slot, copying, image) {
        return Some(for_good(slot, copying));
    }
    if image.phase == Phase::Failed {
        return Some(failed_attempt(setup, slot, copying));
    }
    let taken = known(copying, image.id);
    Some(Step::WriteReplica(slot, taken, None))
}

/// Plans, if it is not the last round; answers whether there is anything to do.
fn decided(setup: &Setup, run: &mut Run) -> bool {
    if run.rounds == setup.rounds {
        return false;
    }
    run.rounds += 1;
    run.groups = plan(setup, run);
    run.groups
        .retain(|group| !run.stopped.contains(&group.place));
    run.lending = run.groups.iter().any(|group| group.place == Where::Lending);
    run.at = At::Apply;
    forget_what_is_decided(setup, run);
    !run.groups.is_empty()
}

/// Leaves of what a run knows only what its next round rests on, so that runs which will do the
/// same are the same.
fn forget_what_is_decided(setup: &Setup, run: &mut Run) {
    if run.mandate != Mandate::Person {
        run.mandate = Mandate::Schedule;
    }
    run.known.source = Record::UNKNOWN;
    for replica in &mut run.known.replicas {
        let version = replica.version;
        *replica = Replica {
            version,
            ..Replica::WANTED
        };
    }
    if run.rounds == setup.rounds {
        run.known.replicas.fill(Replica::WANTED);
        run.seen.fill(Seen::NotRead);
        run.lent = None;
        run.lending = false;
        run.stopped.clear();
    }
}
