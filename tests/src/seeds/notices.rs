//! Owns what must hold of notices: every failure is told to its owner, once.

use super::stage::Stage;
use crate::topic;
use amiary_domain::lineage::{ReplicaState, SourceStatus};
use amiary_engine::ports::ReadRecord;
use amiary_simulator::Call;
use serde_json::Value;
use std::collections::BTreeMap;

/// A message as machines read it.
struct Told {
    kind: String,
    id: String,
    source: String,
    outcomes: Vec<(String, String)>,
}

/// What a message says: of which source, of which kind, and of which destinations.
type What<'a> = (&'a str, &'a str, &'a [(String, String)]);

impl Stage {
    pub(super) async fn notices(&mut self) {
        let told: Vec<Told> = self
            .watch
            .calls
            .iter()
            .filter(|call| call.operation == "Publish" && call.error.is_none())
            .filter_map(told)
            .collect();
        let inbox = self.world.inbox(&topic()).len();
        self.watch
            .unless(inbox == told.len(), "each message is a notice", || {
                format!("{inbox} messages, {} notices", told.len())
            });
        self.once(&told);
        self.each_cause_once(&told);
        self.none_is_missing(&told).await;
    }

    /// A notice is published once; once more for each time that its publishing or its marking went
    /// wrong, and where two invocations had it at the same time.
    fn once(&mut self, told: &[Told]) {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for one in told {
            *counts.entry(&one.id).or_default() += 1;
        }
        let went_wrong = self
            .scenario
            .faults
            .iter()
            .any(|fault| matches!(fault.service, None | Some("sns" | "dynamodb")));
        let at_once = self.scenario.yields.is_some();
        for (id, count) in counts {
            let may_repeat = went_wrong || at_once;
            self.watch.unless(
                count == 1 || may_repeat,
                "a notice is published once",
                || format!("{id}: {count} times"),
            );
        }
    }

    /// Two notices never say the same of the same, unless something was done in between that may
    /// have mended the cause, or refusals came by chance.
    fn each_cause_once(&mut self, told: &[Told]) {
        let mut ids: BTreeMap<What, Vec<&str>> = BTreeMap::new();
        for one in told {
            let same = ids
                .entry((&one.source, &one.kind, &one.outcomes))
                .or_default();
            if !same.contains(&one.id.as_str()) {
                same.push(&one.id);
            }
        }
        let refusals = self
            .scenario
            .faults
            .iter()
            .filter(|fault| format!("{:?}", fault.kind).contains("UnauthorizedOperation"));
        let refusals: u64 = refusals.map(|fault| fault.most.unwrap_or(4)).sum();
        let allowed = 1 + self.people.mends + usize::try_from(refusals).unwrap_or_default();
        for ((source, kind, outcomes), ids) in ids {
            self.watch
                .unless(ids.len() <= allowed, "each cause is told once", || {
                    format!("{source}, {kind}, {outcomes:?}: {ids:?}")
                });
        }
    }

    /// Whoever has to know does.
    async fn none_is_missing(&mut self, told: &[Told]) {
        for made in self.people.made.clone().into_values() {
            let reference = made.reference();
            let lineage = self.admin.lineage(&reference).await.expect("readable");
            let Some(lineage) = lineage else { continue };
            if self
                .people
                .policy()
                .family(&lineage.source.family)
                .is_none()
            {
                continue;
            }
            let source = reference.to_string();
            let is_told = |kind: &str, place: Option<&str>| {
                told.iter().any(|one| {
                    one.kind == kind
                        && one.source == source
                        && place.is_none_or(|place| one.outcomes.iter().any(|(at, _)| at == place))
                })
            };
            let mut replicas = lineage.replicas.values();
            let replicated = lineage.source.status == SourceStatus::Replicated
                && replicas.any(|replica| replica.state == ReplicaState::Verified);
            let heard = !replicated || is_told("replicated", None);
            self.watch.unless(heard, "no notice is lost", || {
                format!("{source} is replicated")
            });
            for (place, replica) in &lineage.replicas {
                let place = place.to_string();
                let heard = match replica.state {
                    ReplicaState::Failed => is_told("failed", Some(&place)),
                    ReplicaState::Gone => is_told("lost", Some(&place)),
                    ReplicaState::Wanted if replica.cause.is_some() => {
                        is_told("waiting", Some(&place)) || made.was_away
                    }
                    _ => true,
                };
                self.watch.unless(heard, "no notice is lost", || {
                    format!("{source} at {place}: {}", replica.state)
                });
            }
        }
    }
}

/// What a message says to machines.
fn told(call: &Call) -> Option<Told> {
    let message = call.parameters["Message"].as_str()?;
    let start = message.find('{')?;
    let data: Value = serde_json::from_str(&message[start..]).ok()?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let outcomes = data["destinations"].as_array().into_iter().flatten();
    Some(Told {
        kind: text(&data["kind"]),
        id: text(&data["id"]),
        source: text(&data["source"]),
        outcomes: outcomes
            .map(|one| {
                let place = format!("{}/{}", text(&one["account"]), text(&one["region"]));
                (place, text(&one["outcome"]))
            })
            .collect(),
    })
}
