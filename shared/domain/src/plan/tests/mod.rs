//! What plans must hold, over a world small enough to be seen through.

mod answers;
mod caps;
mod converging;
mod copying;
mod following;
mod keys;
mod lending;
mod looking;
mod properties;
mod recording;
mod refusing;
mod sharing;
mod sources;
mod starting;
mod status;
mod taking_back;
mod toy;
mod words;

use super::{Action, Plan};
use crate::lineage::{Record, Replica, Source};
use crate::notice::NoticeKind;
use crate::observation::{Mandate, Observation};
use toy::Toy;

const IRELAND: &str = "111111111111/eu-west-1";
const SYDNEY: &str = "111111111111/ap-southeast-2";
const ELSEWHERE: &str = "222222222222/eu-west-1";

fn reasons(plan: &Plan) -> String {
    plan.left
        .iter()
        .map(|left| left.reason.clone())
        .collect::<Vec<_>>()
        .join("\n")
}

fn notices(plan: &Plan) -> Vec<NoticeKind> {
    plan.steps()
        .filter_map(|(_, step)| match &step.action {
            Action::Write(change) => Some(change.notices.clone()),
            _ => None,
        })
        .flatten()
        .map(|notice| notice.kind)
        .collect()
}

fn copies(plan: &Plan) -> Vec<String> {
    plan.steps()
        .filter_map(|(_, step)| match &step.action {
            Action::Copy(replica) => Some(replica.destination.to_string()),
            _ => None,
        })
        .collect()
}

fn takes_back(plan: &Plan) -> bool {
    plan.steps().any(|(_, step)| {
        matches!(
            step.action,
            Action::Unshare { .. } | Action::UnshareSnapshot { .. }
        )
    })
}

/// A plan over what a toy shows, after a change to what is seen of it.
fn seeing(toy: &Toy, mandate: Mandate, change: impl FnOnce(&mut Observation)) -> Plan {
    let mut observation = toy.observe(mandate);
    change(&mut observation);
    super::plan(&toy.active, &observation, toy.now)
}

/// The replicas that a plan writes, in its order.
fn replicas(plan: &Plan) -> Vec<Replica> {
    plan.steps()
        .filter_map(|(_, step)| match &step.action {
            Action::Write(change) => match &change.record {
                Record::Replica(replica) => Some((**replica).clone()),
                Record::Source(_) => None,
            },
            _ => None,
        })
        .collect()
}

/// The source as a plan's first steps write it.
fn source(plan: &Plan) -> Option<Source> {
    plan.source.iter().find_map(|step| match &step.action {
        Action::Write(change) => match &change.record {
            Record::Source(source) => Some((**source).clone()),
            Record::Replica(_) => None,
        },
        _ => None,
    })
}

/// What a plan writes into the history, in its order.
fn entries(plan: &Plan) -> Vec<String> {
    plan.steps()
        .filter_map(|(_, step)| match &step.action {
            Action::Write(change) => Some(change.entry.clone()),
            _ => None,
        })
        .collect()
}

fn recorded(toy: &mut Toy) -> &mut Source {
    &mut toy.lineage.as_mut().unwrap().source
}
