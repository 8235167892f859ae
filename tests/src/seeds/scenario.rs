//! Owns what a seed draws, as data: policy, images, what people do in between, and what goes wrong.
//! Each part can be left out again by its number, so that a failing seed can be made smaller.

use super::policy::{Policy, Spot};
use amiary_simulator::{FaultKind, PlannedFault};
use std::collections::BTreeSet;
use std::fmt;

/// Everything that a seed decides.
#[derive(Debug, Clone)]
pub(super) struct Scenario {
    pub policy: Policy,
    pub images: Vec<NewSource>,
    /// What people do, and when: in minutes from the beginning.
    pub meddlings: Vec<(i64, Meddling)>,
    pub faults: Vec<CallFault>,
    pub events: Option<Events>,
    /// How many seconds lists are stale.
    pub lag: Option<i64>,
    /// How many minutes the clocks of functions are off at most.
    pub clocks: Option<i64>,
    /// How often a call gives way to others at most.
    pub yields: Option<usize>,
    /// How many of a hundred schedules are missed.
    pub missed: Option<usize>,
    /// How many copies a Region takes at once.
    pub quota: Option<usize>,
    /// Whether no event arrives at the end either.
    pub is_deaf: bool,
    /// How long all of this lasts, in minutes.
    pub minutes: i64,
}

/// An image that a builder publishes.
#[derive(Debug, Clone)]
pub(super) struct NewSource {
    pub at: i64,
    pub spot: Spot,
    pub name: String,
    pub tags: Vec<(&'static str, &'static str)>,
    pub is_encrypted: bool,
    pub volumes: usize,
    pub shared_with: Vec<&'static str>,
    pub is_public: bool,
}

/// A fault of calls by chance.
#[derive(Debug, Clone)]
pub(super) struct CallFault {
    pub kind: FaultKind,
    pub service: Option<&'static str>,
    pub operation: Option<&'static str>,
    pub percent: u32,
    pub most: Option<u64>,
}

/// What becomes of events, in percent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Events {
    pub lost: u32,
    pub doubled: u32,
    pub delayed: u32,
    pub hours: i64,
    pub reordered: u32,
}

/// Something that a person does. Images are named by their number among the published ones,
/// replicas by their source and their place.
#[derive(Debug, Clone)]
pub(super) enum Meddling {
    TagSource(usize, &'static str, &'static str),
    UntagSource(usize, &'static str),
    ShareSource(usize, &'static str),
    UnshareSource(usize, &'static str),
    DisableSource(usize),
    EnableSource(usize),
    DeregisterSource(usize),
    TagReplica(usize, Spot, &'static str, &'static str),
    UntagReplica(usize, Spot, &'static str),
    UntagSnapshots(usize, Spot),
    ShareReplica(usize, Spot, &'static str),
    UnshareReplica(usize, Spot, &'static str),
    DisableReplica(usize, Spot),
    EnableReplica(usize, Spot),
    DeregisterReplica(usize, Spot),
    BuildFromSource(usize, &'static str),
    BuildFromReplica(usize, Spot, &'static str),
    CopyByHand(usize, Spot, &'static str),
    CopyReplicaWithTags(usize, Spot, &'static str),
    Stranger(String, Spot),
    DisableKey(Spot),
    EnableKey(Spot),
    RemoveKey(Spot),
    ChangePolicy(Box<Policy>),
    ReplicateByHand(usize),
    Overlap(usize, Option<usize>),
    Silence(i64),
}

impl Meddling {
    /// Whether Amiary may not hear of it before it looks by itself, even where every event is
    /// heard.
    pub(super) fn drifts(&self, every_event_is_heard: bool) -> bool {
        match self {
            // The event names snapshots, and no image.
            Self::UntagSnapshots(..) => true,
            Self::TagSource(..)
            | Self::UntagSource(..)
            | Self::ShareSource(..)
            | Self::UnshareSource(..)
            | Self::DisableSource(_)
            | Self::EnableSource(_)
            | Self::DeregisterSource(_)
            | Self::TagReplica(..)
            | Self::UntagReplica(..)
            | Self::ShareReplica(..)
            | Self::UnshareReplica(..)
            | Self::DisableReplica(..)
            | Self::EnableReplica(..)
            | Self::DeregisterReplica(..) => !every_event_is_heard,
            _ => false,
        }
    }
}

/// A part that can be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Meddling(usize),
    Fault(usize),
    Image(usize),
    Destination(usize, usize),
    Events,
    Lag,
    Clocks,
    Yields,
    Missed,
    Quota,
    Caps,
    Deaf,
}

impl CallFault {
    /// The fault as the simulator takes it: for the calls of Amiary's own, and not for those of
    /// whoever looks on.
    pub(super) fn planned(&self) -> impl Iterator<Item = PlannedFault> {
        ["re", "notify", "amiary", "engineer"]
            .map(|name| {
                let mut fault = PlannedFault::new(self.kind.clone())
                    .caller(&format!("assumed-role/{name}"))
                    .by_chance(f64::from(self.percent) / 100.0);
                if let Some(service) = self.service {
                    fault = fault.service(service);
                }
                if let Some(operation) = self.operation {
                    fault = fault.operation(operation);
                }
                match self.most {
                    Some(most) => fault.at_most(most),
                    None => fault,
                }
            })
            .into_iter()
    }
}

impl Scenario {
    fn parts(&self) -> Vec<Part> {
        let mut parts: Vec<Part> = (0..self.meddlings.len()).map(Part::Meddling).collect();
        parts.extend((0..self.faults.len()).map(Part::Fault));
        if self.images.len() > 1 {
            parts.extend((0..self.images.len()).map(Part::Image));
        }
        for (number, family) in self.policy.families.iter().enumerate() {
            if family.destinations.len() > 1 {
                let places = 0..family.destinations.len();
                parts.extend(places.map(|place| Part::Destination(number, place)));
            }
        }
        let single = [
            (self.events.is_some(), Part::Events),
            (self.lag.is_some(), Part::Lag),
            (self.clocks.is_some(), Part::Clocks),
            (self.yields.is_some(), Part::Yields),
            (self.missed.is_some(), Part::Missed),
            (self.quota.is_some(), Part::Quota),
            (self.policy.without_caps() != self.policy, Part::Caps),
            (self.is_deaf, Part::Deaf),
        ];
        parts.extend(
            single
                .into_iter()
                .filter(|(is, _)| *is)
                .map(|(_, part)| part),
        );
        parts
    }

    /// How many parts can be left out.
    pub(super) fn size(&self) -> usize {
        self.parts().len()
    }

    /// The scenario without the parts of these numbers.
    pub(super) fn without(&self, numbers: &BTreeSet<usize>) -> Self {
        let parts = self.parts();
        let left_out: Vec<Part> = numbers
            .iter()
            .filter_map(|number| parts.get(*number))
            .copied()
            .collect();
        let is_in = |part: Part| !left_out.contains(&part);
        let mut less = self.clone();
        keep(&mut less.meddlings, |number| is_in(Part::Meddling(number)));
        keep(&mut less.faults, |number| is_in(Part::Fault(number)));
        for (number, family) in less.policy.families.iter_mut().enumerate() {
            let mut place = 0;
            family.destinations.retain(|_, _| {
                place += 1;
                is_in(Part::Destination(number, place - 1))
            });
        }
        // Meddlings name images by their numbers, so that one left out is never published instead.
        for (number, image) in less.images.iter_mut().enumerate() {
            if !is_in(Part::Image(number)) {
                image.at = i64::MAX;
            }
        }
        less.events = less.events.filter(|_| is_in(Part::Events));
        less.lag = less.lag.filter(|_| is_in(Part::Lag));
        less.clocks = less.clocks.filter(|_| is_in(Part::Clocks));
        less.yields = less.yields.filter(|_| is_in(Part::Yields));
        less.missed = less.missed.filter(|_| is_in(Part::Missed));
        less.quota = less.quota.filter(|_| is_in(Part::Quota));
        less.is_deaf &= is_in(Part::Deaf);
        if !is_in(Part::Caps) {
            less.policy = less.policy.without_caps();
        }
        less
    }
}

fn keep<T>(of: &mut Vec<T>, is_kept: impl Fn(usize) -> bool) {
    let mut number = 0;
    of.retain(|_| {
        number += 1;
        is_kept(number - 1)
    });
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.policy.document())?;
        for (number, image) in self.images.iter().enumerate() {
            writeln!(f, "image {number}: {image:?}")?;
        }
        for (number, part) in self.parts().into_iter().enumerate() {
            write!(f, "part {number}: ")?;
            match part {
                Part::Meddling(at) => {
                    let (minute, meddling) = &self.meddlings[at];
                    match meddling {
                        Meddling::ChangePolicy(policy) => {
                            writeln!(f, "minute {minute}: the policy becomes")?;
                            writeln!(f, "{}", policy.document())?;
                        }
                        other => writeln!(f, "minute {minute}: {other:?}")?,
                    }
                }
                Part::Fault(at) => writeln!(f, "{:?}", self.faults[at])?,
                Part::Image(at) => writeln!(f, "image {at}")?,
                Part::Destination(family, at) => {
                    let family = &self.policy.families[family];
                    let spot = family.destinations.keys().nth(at);
                    let spot = spot.map(ToString::to_string).unwrap_or_default();
                    writeln!(f, "the destination {spot} of {}", family.name)?;
                }
                Part::Events => writeln!(f, "{:?}", self.events)?,
                Part::Lag => writeln!(f, "lists {:?} seconds stale", self.lag)?,
                Part::Clocks => writeln!(f, "clocks up to {:?} minutes off", self.clocks)?,
                Part::Yields => writeln!(f, "calls yield up to {:?} times", self.yields)?,
                Part::Missed => writeln!(f, "{:?} of 100 schedules missed", self.missed)?,
                Part::Quota => writeln!(f, "{:?} copies at once", self.quota)?,
                Part::Caps => writeln!(f, "the caps")?,
                Part::Deaf => writeln!(f, "no event arrives at the end either")?,
            }
        }
        writeln!(f, "it lasts {} minutes", self.minutes)
    }
}
