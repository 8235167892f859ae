//! Owns the function `replicate`: an event about an image, through SQS, brings that image's lineage
//! to what its policy wants.

mod event;

use amiary_domain::observation::Mandate;
use amiary_engine::run::look_at;
use amiary_runtime::{Failure, Worker};
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use event::Scope;
use jiff::Timestamp;
use tracing::{error, info};

/// Handles a batch. A message whose image could not be dealt with for a passing reason, or that
/// can't be understood at all, is reported as failed, so that it comes again and in the end lies
/// in the dead-letter queue; the others are not touched by that.
///
/// # Errors
/// Where nothing could be done about any message: no policy, or the record can't be read.
pub async fn handle(
    worker: &Worker,
    batch: SqsEvent,
    deadline: Option<Timestamp>,
) -> Result<SqsBatchResponse, Failure> {
    let mut answer = SqsBatchResponse::default();
    for message in batch.records {
        if let Err(failure) = one(worker, &message, deadline).await {
            error!(
                message.id = message.message_id.as_deref().unwrap_or_default(),
                error = failure.chain(),
                "the message is left in its queue"
            );
            let mut failed = BatchItemFailure::default();
            failed.item_identifier = message.message_id.unwrap_or_default();
            answer.batch_item_failures.push(failed);
        }
    }
    Ok(answer)
}

async fn one(
    worker: &Worker,
    message: &SqsMessage,
    deadline: Option<Timestamp>,
) -> Result<(), Failure> {
    let images = match event::scope(message.body.as_deref().unwrap_or_default())? {
        Scope::Images(images) => images,
        Scope::Nothing(reason) => {
            info!(reason, "the event is left alone");
            return Ok(());
        }
    };
    let session = worker.session().await?;
    for image in images {
        let report = look_at(
            session.reading(),
            session.writing(),
            &session.active,
            &image,
            Mandate::Event,
            deadline,
        )
        .await?;
        for left in &report.left {
            info!(image.id = %image.id, image.region = %image.place.region, image.account = %image.place.account,
                  at = %left.place, reason = left.reason, "left alone");
        }
        if report.is_worth_repeating() {
            return Err(Failure::Event(format!(
                "a step about {image} failed in passing"
            )));
        }
    }
    Ok(())
}
