//! Owns `amiary plan`: what would be done about all images.

use super::worker;
use crate::args::Plan;
use crate::exit::{Exit, Problem};
use crate::show::{Screen, run, verdicts};
use amiary_domain::retention::{Begun, Judged, Reason, admit};
use amiary_engine::ports::{AskUses, Class, ReadRecord, WriteRecord};
use amiary_engine::retention::{Scope, Survey, survey};
use amiary_runtime::Session;
use serde_json::Value;

pub(crate) async fn run(screen: &Screen, plan: &Plan) -> Result<Exit, Problem> {
    let worker = worker(&plan.common).await?;
    let session = worker.session().await?;
    let policy = &session.active.policy;
    if let Some(name) = plan
        .family
        .as_ref()
        .filter(|name| !policy.families.contains_key(*name))
    {
        let known: Vec<&str> = policy.families.keys().map(String::as_str).collect();
        return Err(Problem::Argument(format!(
            "revision {} of the policy has no family {name:?}, but {}",
            session.active.revision,
            known.join(", ")
        )));
    }
    let scope = Scope {
        family: plan.family.clone(),
        ..Scope::default()
    };
    screen.progress("looking at every image, and at who uses them");
    let before = worker.aws().tally().await?;
    let survey = survey(session.reading(), session.aws(), policy, &scope, &before).await?;
    let now = worker.now();
    let judged = survey.judged(policy, now);
    // The caps hold for a run over everything.
    let whole = plan.family.is_none();
    let taken = whole.then(|| admit(policy, &survey.inventory, &judged, Begun::none(now), now));
    if screen.json {
        let mut value = verdicts::plan_json(policy, &survey, &judged, plan.going);
        value["run"] = taken.as_ref().map_or(Value::Null, run::json);
        screen.print(&value.to_string());
    } else {
        let (family, going) = (plan.family.as_deref(), plan.going);
        let shown = verdicts::Shown { family, going };
        screen.print(&verdicts::plan(policy, &survey, &judged, shown, now));
        if let Some(taken) = &taken {
            screen.print(&run::text(taken));
        }
    }
    for error in &survey.unread {
        screen.warn(&format!("{error}: what it concerns stays"));
    }
    // The next look is held against what this one found.
    if let Err(error) = worker.aws().keep_tally(&survey.tally).await {
        screen.warn(&format!("what was found is not remembered: {error}"));
    }
    if plan.ask_reports {
        ask(screen, &session, &judged).await?;
    }
    Ok(exit(&survey))
}

fn exit(survey: &Survey) -> Exit {
    if survey.unread.is_empty() {
        Exit::Done
    } else {
        Exit::Unfinished
    }
}

/// Asks for the usage reports that are all that images wait for.
async fn ask(screen: &Screen, session: &Session, judged: &[Judged]) -> Result<(), Problem> {
    let (mut asked, mut pending) = (0, 0);
    let waits = |one: &&Judged| {
        let reasons = one.verdict.reasons();
        let unseen = |reason: &Reason| matches!(reason, Reason::SharedUnseen { .. });
        !reasons.is_empty() && reasons.iter().all(unseen)
    };
    for one in judged.iter().filter(waits) {
        match session.aws().ask_usage_report(&one.image).await {
            Ok(()) => asked += 1,
            Err(error) if error.class == Class::Quota => pending += 1,
            Err(error) => return Err(error.into()),
        }
    }
    screen.say(&format!(
        "{asked} usage reports were asked for, {pending} are pending or have to wait: plan again in a day"
    ));
    Ok(())
}
