//! Owns the function `replicate`: an event about an image, through SQS, brings that image's lineage
//! to what its policy wants.

mod event;

use amiary_domain::ids::ImageRef;
use amiary_domain::notice::printable;
use amiary_domain::observation::Mandate;
use amiary_engine::run::look_at;
use amiary_runtime::{Failure, Session, Worker};
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
pub use event::{Scope, scope};
use jiff::{SignedDuration, Timestamp};
use tracing::{error, info};

/// No image is begun within this time of the deadline.
const TIME_FOR_AN_IMAGE: SignedDuration = SignedDuration::from_secs(50);

/// Handles a batch. A message whose image could not be dealt with for a passing reason, that there
/// was no time for, or that can't be understood at all, is reported as failed, so that it comes
/// again and in the end lies in the dead-letter queue; the others are not touched by that.
///
/// # Errors
/// Where nothing can be done about any message: there is no policy, or it can't be read.
pub async fn handle(
    worker: &Worker,
    batch: SqsEvent,
    deadline: Option<Timestamp>,
) -> Result<SqsBatchResponse, Failure> {
    let session = worker.session().await?;
    let mut answer = SqsBatchResponse::default();
    for message in batch.records {
        if let Err(failure) = one(&session, &message, deadline).await {
            error!(
                message.id = message.message_id.as_deref().unwrap_or_default(),
                error = printable(&failure.chain()),
                "the message is left in its queue"
            );
            let mut failed = BatchItemFailure::default();
            failed.item_identifier = message.message_id.unwrap_or_default();
            answer.batch_item_failures.push(failed);
        }
    }
    Ok(answer)
}

/// Deals with every image of a message; one's failure does not keep the others from it.
async fn one(
    session: &Session,
    message: &SqsMessage,
    deadline: Option<Timestamp>,
) -> Result<(), Failure> {
    let images = match scope(message.body.as_deref().unwrap_or_default())? {
        Scope::Images(images) => images,
        Scope::Nothing(reason) => {
            info!(reason, "the event is left alone");
            return Ok(());
        }
    };
    let mut result = Ok(());
    for image in images {
        let now = session.reading().clock.now();
        let is_late = deadline.is_some_and(|deadline| now + TIME_FOR_AN_IMAGE > deadline);
        let done = if is_late {
            let steps = "the deadline is near".to_owned();
            Err(Failure::Steps {
                image: image.to_string(),
                steps,
            })
        } else {
            bring(session, &image, deadline).await
        };
        result = result.and(done);
    }
    result
}

async fn bring(
    session: &Session,
    image: &ImageRef,
    deadline: Option<Timestamp>,
) -> Result<(), Failure> {
    let (reading, writing) = (session.reading(), session.writing());
    let report = look_at(
        reading,
        writing,
        &session.active,
        image,
        Mandate::Event,
        deadline,
    )
    .await?;
    for left in &report.left {
        info!(image.id = %image.id, image.region = %image.place.region,
              image.account = %image.place.account, at = %left.place,
              reason = printable(&left.reason), "left alone");
    }
    if report.is_worth_repeating() {
        let steps = report
            .applied
            .iter()
            .map(|step| format!("{}: {}", step.step, step.outcome.word()));
        let steps = steps.collect::<Vec<_>>().join("; ");
        return Err(Failure::Steps {
            image: image.to_string(),
            steps,
        });
    }
    Ok(())
}
