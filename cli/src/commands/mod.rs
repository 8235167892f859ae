//! Owns the commands that work against an installation, and what they share: reaching it, and
//! finding the image that a person means.

pub(crate) mod explain;
pub(crate) mod lineage;
pub(crate) mod local;
pub(crate) mod plan;
pub(crate) mod policy;
pub(crate) mod replicate;

use crate::args::Common;
use crate::exit::Problem;
use amiary_domain::ids::{ImageId, ImageRef};
use amiary_engine::ports::ReadRecord;
use amiary_runtime::{Failure, Worker};

/// A worker for a person at a terminal.
async fn worker(common: &Common) -> Result<Worker, Problem> {
    match common.table.clone().filter(|name| !name.is_empty()) {
        Some(table) => Ok(Worker::over_network(table, "amiary").await),
        None => Err(Failure::Setting {
            name: "AMIARY_TABLE",
            problem: "is missing: it names the DynamoDB table".to_owned(),
        }
        .into()),
    }
}

/// The image a person means. A bare id is looked for on record at every place that the policy
/// names.
pub(crate) async fn resolve(worker: &Worker, text: &str) -> Result<ImageRef, Problem> {
    if text.contains('/') {
        return text
            .parse()
            .map_err(|error| Problem::Argument(format!("{error}")));
    }
    let id: ImageId = text
        .parse()
        .map_err(|error| Problem::Argument(format!("{error}")))?;
    let session = worker.session().await?;
    let policy = &session.active;
    let mut places = policy.policy.source_places();
    places.extend(policy.policy.destination_places());
    let candidates: Vec<ImageRef> = places
        .into_iter()
        .map(|place| ImageRef::new(place, id.clone()))
        .collect();
    let known = worker.aws().known(&candidates).await?;
    let mut known = known.into_iter();
    match (known.next(), known.next()) {
        (Some(image), None) => Ok(image),
        (None, _) => Err(Problem::NotFound(format!(
            "{id} is not on record at any place of revision {} of the policy; for an image that is not \
             recorded yet, say account/Region/{id}",
            policy.revision
        ))),
        (Some(one), Some(another)) => Err(Problem::Argument(format!(
            "{id} is on record more than once: say {one} or {another}"
        ))),
    }
}
