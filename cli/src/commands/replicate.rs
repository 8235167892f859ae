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
use serde_json::json;
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
            screen.print(&report::plan_json(&plan).to_string());
        } else {
            screen.print(&report::plan(&plan));
        }
        return Ok(Exit::Done);
    }
    let mut mandate = Mandate::Person;
    loop {
        let lineage = once(screen, &worker, &image, mandate).await?;
        let status = lineage.as_ref().map(|lineage| lineage.source.status);
        let (Some(seconds), Some(SourceStatus::Replicating)) = (wait, status) else {
            return Ok(finish(screen, lineage.as_ref()));
        };
        if let Some(lineage) = &lineage {
            screen.progress(&report::progress(lineage));
        }
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        mandate = Mandate::Schedule;
    }
}

/// One run; what it did is shown as it ends.
pub(crate) async fn once(
    screen: &Screen,
    worker: &Worker,
    image: &ImageRef,
    mandate: Mandate,
) -> Result<Option<Lineage>, Problem> {
    let session = worker.session().await?;
    let done = look_at(
        session.reading(),
        session.writing(),
        &session.active,
        image,
        mandate,
        None,
    )
    .await?;
    if !screen.json {
        screen.print(&report::report(&done));
    }
    Ok(worker.aws().find(image).await?)
}

fn finish(screen: &Screen, lineage: Option<&Lineage>) -> Exit {
    let verified = lineage.is_some_and(|lineage| lineage.source.status == SourceStatus::Replicated);
    match lineage {
        Some(lineage) if screen.json => {
            screen.print(&format!("{:#}", lineage::json(lineage, &[])));
        }
        Some(lineage) => screen.print(&lineage::tree(lineage)),
        None if screen.json => screen.print(&json!(null).to_string()),
        None => {}
    }
    if verified {
        Exit::Done
    } else {
        Exit::Unfinished
    }
}
