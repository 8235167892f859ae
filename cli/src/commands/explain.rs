//! Owns `amiary explain`: whether one image may be retired, with every reason and all evidence.

use super::{resolve, worker};
use crate::args::Common;
use crate::exit::{Exit, Problem};
use crate::show::{Screen, verdicts};
use amiary_engine::ports::ReadRecord;
use amiary_engine::retention::{Scope, survey};

pub(crate) async fn run(screen: &Screen, image: &str, common: &Common) -> Result<Exit, Problem> {
    let worker = worker(common).await?;
    let image = resolve(&worker, image).await?;
    let found = worker.aws().find(&image).await?;
    let lineage = found.ok_or_else(|| Problem::NotFound(format!("{image} is not on record")))?;
    let session = worker.session().await?;
    let policy = &session.active.policy;
    let scope = Scope {
        family: Some(lineage.source.family.clone()),
        place: Some(image.place.clone()),
        ..Scope::default()
    };
    screen.progress(&format!("looking who uses images at {}", image.place));
    let before = worker.aws().tally().await?;
    let (reading, uses) = (session.reading(), session.aws());
    let survey = survey(reading, uses, policy, &scope, &before).await?;
    let now = worker.now();
    let judged = survey.judged(policy, now).into_iter();
    let mut both = survey.inventory.iter().zip(judged);
    let Some((subject, judged)) = both.find(|(subject, _)| subject.image.at == image) else {
        let why = verdicts::unseen(&image, &survey);
        return Err(Problem::NotFound(why));
    };
    if screen.json {
        screen.print(&format!(
            "{:#}",
            verdicts::json(subject, &judged, Some(&survey))
        ));
    } else {
        screen.print(&verdicts::explanation(subject, &judged, now));
        screen.print(&verdicts::evidence(subject, &survey, now));
    }
    Ok(Exit::Done)
}
