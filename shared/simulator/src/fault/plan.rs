//! The faults that a world is to meet, and what became of each.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::chance::Chance;
use super::{FaultKind, PlannedFault, When};
use crate::request::Request;

/// What became of a planned fault.
#[derive(Debug, Clone, PartialEq)]
pub struct FaultReport {
    /// The fault.
    pub fault: PlannedFault,
    /// How many calls it could have met.
    pub matched: u64,
    /// How many calls it met.
    pub fired: u64,
    /// Which those were: their places in [`World::calls`](crate::World::calls), as far as they
    /// were recorded and not forgotten.
    pub calls: Vec<usize>,
}

/// The faults of a world. Those that are planned are not saved.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Faults {
    seed: u64,
    #[serde(skip)]
    planned: Vec<Planned>,
    /// Why copies will fail, by the id of what they make.
    failing: BTreeMap<String, String>,
}

#[derive(Debug)]
struct Planned {
    fault: PlannedFault,
    chance: Chance,
    matched: u64,
    fired: u64,
    calls: Vec<usize>,
}

/// A fault that meets a call: its place in the plan, and what it does.
#[derive(Debug)]
pub(crate) struct Met {
    place: usize,
    pub(crate) kind: FaultKind,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            ..Self::default()
        }
    }

    pub(crate) fn plan(&mut self, fault: PlannedFault) {
        let number = u64::try_from(self.planned.len()).unwrap_or_default();
        self.planned.push(Planned {
            fault,
            chance: Chance::new(self.seed, number),
            matched: 0,
            fired: 0,
            calls: Vec::new(),
        });
    }

    /// How many faults have met no call yet.
    pub(crate) fn pending(&self) -> usize {
        let waiting = self.planned.iter().filter(|planned| planned.fired == 0);
        waiting.count()
    }

    pub(crate) fn report(&self) -> Vec<FaultReport> {
        let planned = self.planned.iter();
        let report = planned.map(|planned| FaultReport {
            fault: planned.fault.clone(),
            matched: planned.matched,
            fired: planned.fired,
            calls: planned.calls.clone(),
        });
        report.collect()
    }

    pub(crate) fn forget(&mut self) {
        self.planned.clear();
    }

    /// The recorder was emptied: no place in it means anything any more.
    pub(crate) fn forget_calls(&mut self) {
        for planned in &mut self.planned {
            planned.calls.clear();
        }
    }

    /// The fault that meets this call. Every matching fault counts the call, the first one that
    /// is due is taken.
    pub(crate) fn meet(&mut self, call: &Request) -> Option<Met> {
        let mut met = None;
        for (place, planned) in self.planned.iter_mut().enumerate() {
            if !planned.fault.matches(call) {
                continue;
            }
            planned.matched += 1;
            if planned.is_due() && met.is_none() {
                let kind = planned.fault.kind.clone();
                met = Some(Met { place, kind });
            }
        }
        met
    }

    /// Notes that a fault did what it does, to the call at this place of the record.
    pub(crate) fn fired(&mut self, met: &Met, recorded_at: Option<usize>) {
        if let Some(planned) = self.planned.get_mut(met.place) {
            planned.fired += 1;
            planned.calls.extend(recorded_at);
        }
    }

    /// Has the copy that makes `id` fail when it ends.
    pub(crate) fn fail_copy(&mut self, id: &str, cause: &str) {
        self.failing.insert(id.to_owned(), cause.to_owned());
    }

    /// Why the copy that makes `id` fails, if a fault has it fail.
    pub(crate) fn copy_failure(&mut self, id: &str) -> Option<String> {
        self.failing.remove(id)
    }
}

impl Planned {
    fn is_due(&mut self) -> bool {
        let drawn = match self.fault.when {
            When::Nth(nth) => self.fired == 0 && self.matched >= u64::from(nth),
            When::Every => true,
            When::ByChance(probability) => self.chance.happens(probability),
        };
        drawn && self.fault.most.is_none_or(|most| self.fired < most)
    }
}

impl PlannedFault {
    fn matches(&self, call: &Request) -> bool {
        let is = |wanted: &Option<String>, is: &str| wanted.as_ref().is_none_or(|name| name == is);
        let any = !matches!(self.kind, FaultKind::CopyFails { .. });
        is(&self.service, &call.service)
            && is(&self.operation, &call.operation)
            && is(&self.region, &call.region)
            && (any || call.operation == "CopyImage")
            && self
                .caller
                .as_ref()
                .is_none_or(|part| call.caller.arn.contains(part))
    }
}
