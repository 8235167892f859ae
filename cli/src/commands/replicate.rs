//! Owns `amiary replicate`: the same run that an event starts, asked for by a person.

use super::{resolve, worker};
use crate::args::Common;
use crate::exit::{Exit, Problem};
use crate::show::{Screen, lineage, report};
use amiary_domain::ids::ImageRef;
use amiary_domain::lineage::{Lineage, SourceStatus};
use amiary_domain::observation::Mandate;
use amiary_engine::ports::ReadRecord;
use amiary_engine::run::{look_at, preview};
use amiary_runtime::Worker;
use std::time::Duration;

pub(crate) async fn run(
    screen: &Screen,
    image: &str,
    dry_run: bool,
    wait: Option<u64>,
    common: &Common,
) -> Result<Exit, Problem> {
    let worker = worker(common).await?;
    let image = resolve(&worker, image).await?;
    if dry_run {
        let session = worker.session().await?;
        let (_, plan) =
            preview(session.reading(), &session.active, &image, Mandate::Person).await?;
        if screen.json {
            screen.print_json(&report::plan_json(&plan).to_string());
        } else {
            screen.print(&report::plan(&plan));
        }
        return Ok(Exit::Done);
    }
    let mut mandate = Mandate::Person;
    loop {
        let lineage = once(screen, &worker, &image, mandate).await?;
        let (Some(seconds), SourceStatus::Replicating) = (wait, lineage.source.status) else {
            return Ok(finish(screen, &lineage));
        };
        screen.progress(&report::progress(&lineage));
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        mandate = Mandate::Schedule;
    }
}

/// One run; what it did is shown as it ends. An image that is on record neither before nor after
/// it is a problem, with the reason it was left alone.
pub(crate) async fn once(
    screen: &Screen,
    worker: &Worker,
    image: &ImageRef,
    mandate: Mandate,
) -> Result<Lineage, Problem> {
    let session = worker.session().await?;
    let (reading, writing) = (session.reading(), session.writing());
    let done = look_at(reading, writing, &session.active, image, mandate, None).await?;
    let Some(lineage) = worker.aws().find(image).await? else {
        let reasons: Vec<&str> = done.left.iter().map(|left| left.reason.as_str()).collect();
        return Err(Problem::NotFound(format!(
            "{image}: {}",
            reasons.join("; ")
        )));
    };
    screen.say(&report::report(&done));
    Ok(lineage)
}

fn finish(screen: &Screen, lineage: &Lineage) -> Exit {
    if screen.json {
        screen.print_json(&format!("{:#}", lineage::json(lineage, &[])));
    } else {
        screen.print(&lineage::tree(lineage));
    }
    match lineage.source.status {
        SourceStatus::Replicated => Exit::Done,
        _ => Exit::Unfinished,
    }
}
