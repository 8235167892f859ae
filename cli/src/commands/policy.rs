//! Owns `amiary policy`.

use super::worker;
use crate::args::PolicyCommand;
use crate::exit::{Exit, Problem};
use crate::show::Screen;
use amiary_domain::policy::{Checked, Rejected, parse, render};
use amiary_engine::ports::{Class, ReadRecord, StorePolicy};
use amiary_runtime::Failure;
use serde_json::{Value, json};
use std::path::Path;

pub(crate) async fn run(screen: &Screen, command: PolicyCommand) -> Result<Exit, Problem> {
    match command {
        PolicyCommand::Check { file } => {
            let (text, checked) = read(&file)?;
            Ok(report(screen, &file, &text, &checked))
        }
        PolicyCommand::Apply { file, common } => {
            let (text, checked) = read(&file)?;
            // For scripts, what was stored is part of the one document.
            if (checked.is_err() || !screen.json)
                && report(screen, &file, &text, &checked) == Exit::Unfinished
            {
                return Ok(Exit::Unfinished);
            }
            let worker = worker(&common).await?;
            let before = worker
                .aws()
                .active_policy()
                .await?
                .map_or(0, |revision| revision.number);
            let by = std::env::var("USER").unwrap_or_else(|_| "amiary".to_owned());
            let stored = worker
                .aws()
                .apply_policy(&text, before, worker.now(), &by)
                .await;
            let number = stored.map_err(|error| {
                match error.class {
                Class::Conflict => Problem::Conflict(
                    "someone else applied a policy just now: look at it (amiary policy show), then \
                     apply yours again"
                        .to_owned(),
                ),
                _ => Problem::Call(error),
            }
            })?;
            if screen.json {
                let mut said = verdict(&checked);
                said["revision"] = number.into();
                said["after"] = before.into();
                screen.print_json(&said.to_string());
            } else {
                screen.say(&format!("revision {number} is active, after {before}"));
            }
            Ok(Exit::Done)
        }
        PolicyCommand::Show { common } => {
            let worker = worker(&common).await?;
            let active = worker.aws().active_policy().await?;
            let active = active.ok_or(Failure::NoPolicy)?;
            if screen.json {
                let at = active.at.to_string();
                screen.print_json(&json!({"revision": active.number, "at": at, "by": active.by, "text": active.text}).to_string());
            } else {
                screen.print(&format!(
                    "# revision {}, by {} at {}",
                    active.number, active.by, active.at
                ));
                screen.print(active.text.trim_end());
            }
            Ok(Exit::Done)
        }
    }
}

type Outcome = Result<Checked, Rejected>;

fn read(file: &Path) -> Result<(String, Outcome), Problem> {
    let path = file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|source| Problem::File {
        path: path.clone(),
        source,
    })?;
    let outcome = parse(&path, &text);
    Ok((text, outcome))
}

/// What was found about a file, for scripts.
fn verdict(outcome: &Outcome) -> Value {
    let diagnostics = match outcome {
        Ok(checked) => json!(checked.warnings),
        Err(rejected) => json!(rejected.diagnostics),
    };
    json!({"valid": outcome.is_ok(), "diagnostics": diagnostics})
}

fn report(screen: &Screen, file: &Path, text: &str, outcome: &Outcome) -> Exit {
    let exit = if outcome.is_ok() {
        Exit::Done
    } else {
        Exit::Unfinished
    };
    if screen.json {
        screen.print_json(&verdict(outcome).to_string());
        return exit;
    }
    match outcome {
        Ok(checked) => {
            if !checked.warnings.is_empty() {
                let path = file.display().to_string();
                screen.print(render(&path, text, &checked.warnings, true).trim_end());
            }
            let families = checked.policy.families.len();
            let places = checked.policy.destination_places().len();
            screen.good(&format!(
                "{} is valid: {families} {}, {places} {}",
                file.display(),
                if families == 1 { "family" } else { "families" },
                if places == 1 {
                    "destination"
                } else {
                    "destinations"
                },
            ));
        }
        Err(rejected) => {
            screen.print(rejected.render(true).trim_end());
            let count = rejected.diagnostics.len();
            screen.bad(&format!(
                "{} is refused: {count} {}",
                file.display(),
                if count == 1 { "mistake" } else { "mistakes" }
            ));
        }
    }
    exit
}
