//! Events on their way out of a world: lost, doubled, late, overtaken.
//!
//! AWS delivers the events of images with best effort, so each of these can happen:
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-delivery-level.html>.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::chance::Chance;
use crate::ec2::change::Change;
use crate::event::Event;
use crate::state::{State, later};

/// The latest that a delayed event may be.
const LONGEST_DELAY: SignedDuration = SignedDuration::from_hours(24);
/// How long an overtaken event waits at most for the one that overtakes it.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(1);

/// What may become of events, each with a probability between 0 and 1; nothing at first.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct EventFaults {
    /// The event never arrives.
    pub lost: f64,
    /// The event arrives twice. One that is delayed as well arrives at once, and again late.
    pub doubled: f64,
    /// The event arrives late.
    pub delayed: f64,
    /// How late at most. A day is the longest.
    pub longest_delay: SignedDuration,
    /// The event arrives after the next one, or a minute late where there is none by then.
    pub reordered: f64,
}

/// What became of an event that didn't just arrive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventReport {
    /// The event.
    pub event: Event,
    /// What became of it.
    pub fate: EventFate,
}

/// What can become of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EventFate {
    /// It never arrived.
    Lost,
    /// It arrived twice.
    Doubled,
    /// It arrived, or will, at this time.
    Delayed(Timestamp),
    /// It was kept back until the next had arrived.
    Reordered,
}

/// Carries events.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Courier {
    faults: EventFaults,
    chance: Chance,
    held: Vec<Event>,
    report: Vec<EventReport>,
}

/// What is drawn for one event.
#[derive(Debug, Clone, Copy)]
struct Drawn {
    lost: bool,
    doubled: bool,
    delay: Option<SignedDuration>,
    reordered: bool,
}

impl Courier {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            chance: Chance::new(seed, u64::MAX),
            ..Self::default()
        }
    }

    pub(crate) fn set(&mut self, faults: EventFaults) {
        self.faults = faults;
    }

    pub(crate) fn report(&self) -> Vec<EventReport> {
        self.report.clone()
    }

    /// How many copies of an event arrive that is neither late nor overtaken: none, one or two.
    pub(crate) fn copies(&mut self, event: &Event) -> usize {
        let drawn = self.draw();
        if drawn.lost {
            self.note(event, EventFate::Lost);
            return 0;
        }
        if drawn.doubled {
            self.note(event, EventFate::Doubled);
        }
        1 + usize::from(drawn.doubled)
    }

    /// Always as many draws, so that one probability doesn't shift what another decides.
    fn draw(&mut self) -> Drawn {
        let lost = self.chance.happens(self.faults.lost);
        let doubled = self.chance.happens(self.faults.doubled);
        let delayed = self.chance.happens(self.faults.delayed);
        let longest = self.faults.longest_delay.min(LONGEST_DELAY).as_millis();
        let by = 1 + self
            .chance
            .below(u64::try_from(longest).unwrap_or_default());
        let by = SignedDuration::from_millis(i64::try_from(by).unwrap_or_default());
        Drawn {
            lost,
            doubled,
            delay: delayed.then_some(by),
            reordered: self.chance.happens(self.faults.reordered),
        }
    }

    fn note(&mut self, event: &Event, fate: EventFate) {
        let event = event.clone();
        self.report.push(EventReport { event, fate });
    }
}

/// Sends an event out.
pub(crate) fn send(state: &mut State, event: Event) {
    let now = state.clock.now();
    let drawn = state.courier.draw();
    if drawn.lost {
        state.courier.note(&event, EventFate::Lost);
        return;
    }
    if drawn.doubled {
        state.courier.note(&event, EventFate::Doubled);
        arrive(state, event.clone());
    }
    if let Some(by) = drawn.delay {
        let at = later(now, by);
        state.courier.note(&event, EventFate::Delayed(at));
        state.schedule_at(at, Change::EventArrives(event));
    } else if drawn.reordered {
        state.courier.note(&event, EventFate::Reordered);
        state.courier.held.push(event);
        state.schedule_at(later(now, LONGEST_WAIT), Change::HeldEventsArrive);
    } else {
        arrive(state, event);
    }
}

/// Lets an event arrive, and those that it overtook.
pub(crate) fn arrive(state: &mut State, event: Event) {
    state.events.push(event);
    release(state);
}

/// Lets the events arrive that were kept back.
pub(crate) fn release(state: &mut State) {
    state.events.append(&mut state.courier.held);
}
