//! Owns `amiary lineage`.

use super::{resolve, worker};
use crate::args::Common;
use crate::exit::{Exit, Problem};
use crate::show::{Screen, lineage};
use amiary_engine::ports::ReadRecord;

pub(crate) async fn run(screen: &Screen, image: &str, common: &Common) -> Result<Exit, Problem> {
    let worker = worker(common).await?;
    let image = resolve(&worker, image).await?;
    let found = worker.aws().find(&image).await?;
    let lineage = found.ok_or_else(|| Problem::NotFound(format!("{image} is not on record")))?;
    let history = worker.aws().history(&lineage.source.image).await?;
    if screen.json {
        screen.print_json(&format!("{:#}", lineage::json(&lineage, &history)));
    } else {
        screen.print(&lineage::tree(&lineage));
        screen.print(&lineage::history(&history));
    }
    Ok(Exit::Done)
}
