//! Owns how a plan and what became of it are shown.

use super::{BAD, FAINT, GOOD, WAITING, painted};
use amiary_domain::lineage::{Lineage, ReplicaState};
use amiary_domain::notice::printable;
use amiary_domain::plan::{Left, Plan};
use amiary_engine::apply::{Applied, Outcome};
use amiary_engine::chain::chain;
use amiary_engine::run::Report;
use serde_json::{Value, json};

/// A plan: every step with its reason, and what is left alone with its reason.
pub(crate) fn plan(plan: &Plan) -> String {
    let mut lines: Vec<String> = plan
        .steps()
        .map(|(place, step)| {
            let place = place.map_or_else(|| "source".to_owned(), ToString::to_string);
            let step_text = printable(&step.action.to_string());
            format!(
                "would  {place}  {step_text}\n       {}",
                painted(FAINT, &printable(&step.reason))
            )
        })
        .collect();
    lines.extend(plan.left.iter().map(left));
    if lines.is_empty() {
        lines.push(painted(GOOD, "nothing to do"));
    }
    lines.join("\n")
}

/// A plan for scripts.
pub(crate) fn plan_json(plan: &Plan) -> Value {
    let steps = plan.steps().map(|(place, step)| {
        json!({"place": place, "step": step.action.to_string(), "reason": step.reason})
    });
    json!({
        "steps": steps.collect::<Vec<_>>(),
        "left": plan.left.iter().map(|left| json!({"place": left.place, "reason": left.reason})).collect::<Vec<_>>(),
    })
}

fn left(left: &Left) -> String {
    format!(
        "{}  {}  {}",
        painted(WAITING, "left "),
        left.place,
        printable(&left.reason)
    )
}

/// What a run did. Writes of the record are shown only where they failed.
pub(crate) fn report(report: &Report) -> String {
    let shown = report.applied.iter().filter(|step| {
        !step.step.starts_with("record: ") || !matches!(step.outcome, Outcome::Done)
    });
    let mut lines: Vec<String> = shown.map(applied).collect();
    lines.extend(report.left.iter().map(left));
    if lines.is_empty() {
        lines.push(painted(GOOD, "nothing to do"));
    }
    lines.join("\n")
}

fn applied(applied: &Applied) -> String {
    let (style, why) = match &applied.outcome {
        Outcome::Done | Outcome::AlreadySo => (GOOD, None),
        Outcome::NotReady(why) | Outcome::Yielded(why) => (WAITING, Some(why.clone())),
        Outcome::Refused(error) | Outcome::Failed(error) => (BAD, Some(chain(error).join(": "))),
    };
    let place = applied
        .place
        .as_ref()
        .map_or_else(|| "source".to_owned(), ToString::to_string);
    let mut line = format!(
        "{}  {place}  {}",
        painted(style, applied.outcome.word()),
        printable(&applied.step)
    );
    if let Some(why) = why {
        line.push_str("\n       ");
        line.push_str(&printable(&why));
    }
    line
}

/// How many destinations are how far, in one line with a bar.
pub(crate) fn progress(lineage: &Lineage) -> String {
    let states = [
        ReplicaState::Verified,
        ReplicaState::Completed,
        ReplicaState::Available,
        ReplicaState::Copying,
        ReplicaState::Wanted,
        ReplicaState::Failed,
        ReplicaState::Gone,
        ReplicaState::Withdrawn,
    ];
    let count = |state| {
        lineage
            .replicas
            .values()
            .filter(|replica| replica.state == state)
            .count()
    };
    let counts = states.into_iter().filter(|state| count(*state) > 0);
    let words: Vec<String> = counts
        .map(|state| format!("{} {state}", count(state)))
        .collect();
    let (verified, all) = (count(ReplicaState::Verified), lineage.replicas.len().max(1));
    let full = verified * BAR / all;
    let bar = format!("{}{}", "█".repeat(full), "░".repeat(BAR - full));
    format!("{} {}", painted(GOOD, &bar), words.join(" · "))
}

/// A progress bar's width in characters.
const BAR: usize = 24;
