//! Owns the function `notify`: what the outbox's stream brings is published to owners' topics; on a
//! schedule, what is still pending is published again.

mod event;

use amiary_domain::notice::{Notice, printable};
use amiary_engine::chain::chain;
use amiary_engine::ports::{Class, Outbox, PortError, Publish};
use amiary_runtime::{Failure, Worker};
pub use event::{Record, Source, source};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tracing::{error, info};

/// A notice younger than this is still the stream's.
const PENDING_FOR: SignedDuration = SignedDuration::from_mins(5);
/// The most pending notices that one schedule looks at.
const MOST: usize = 2_000;

/// Nothing more is published within this time of the deadline.
const TIME_TO_PUBLISH: SignedDuration = SignedDuration::from_secs(15);

/// Handles the stream's batch, or the schedule.
///
/// A record that can't be published ends the batch there: Lambda brings it again from that record
/// on. One that can't be read is reported as well, and ends in the dead-letter queue.
///
/// # Errors
/// Where the pending notices can't be read.
pub async fn handle(
    worker: &Worker,
    event: Value,
    deadline: Option<Timestamp>,
) -> Result<Value, Failure> {
    match source(&event) {
        Source::Stream(records) => Ok(stream(worker, records).await),
        Source::Schedule => schedule(worker, deadline).await,
    }
}

async fn stream(worker: &Worker, records: Vec<Record>) -> Value {
    for record in records {
        let result = match record.notice {
            Ok(notice) => publish(worker, &notice).await.map_err(Failure::from),
            Err(problem) => Err(Failure::Event(problem)),
        };
        if let Err(failure) = result {
            error!(
                sequence = record.sequence,
                error = printable(&failure.chain()),
                "the notice was not published"
            );
            return json!({ "batchItemFailures": [{ "itemIdentifier": record.sequence }] });
        }
    }
    json!({ "batchItemFailures": [] })
}

/// Publishes what is pending. A topic that fails once is left to the next schedule, so that it does
/// not hold up the others.
async fn schedule(worker: &Worker, deadline: Option<Timestamp>) -> Result<Value, Failure> {
    let pending = worker
        .aws()
        .pending(worker.now() - PENDING_FOR, MOST)
        .await?;
    let mut published = 0;
    let mut failed: BTreeSet<String> = BTreeSet::new();
    for notice in pending {
        if failed.contains(&notice.topic) || is_late(worker, deadline) {
            continue;
        }
        match publish(worker, &notice).await {
            Ok(()) => published += 1,
            Err(failure) => {
                error!(
                    notice.id = notice.id,
                    error = printable(&chain(&failure).join(": ")),
                    "the notice was not published"
                );
                failed.insert(notice.topic);
            }
        }
    }
    Ok(json!({ "published": published, "failed_topics": failed }))
}

fn is_late(worker: &Worker, deadline: Option<Timestamp>) -> bool {
    deadline.is_some_and(|deadline| worker.now() + TIME_TO_PUBLISH > deadline)
}

/// Publishes a notice that is still pending, as it is stored, and marks it. A crash between the two
/// publishes it twice rather than never.
async fn publish(worker: &Worker, hint: &Notice) -> Result<(), PortError> {
    let Some(notice) = worker.aws().still_pending(&hint.id).await? else {
        info!(notice.id = hint.id, "already published");
        return Ok(());
    };
    let message = worker.aws().publish(&notice).await?;
    info!(
        notice.id = notice.id,
        message.id = message,
        family = notice.family,
        "published"
    );
    match worker.aws().published(&notice.id, worker.now()).await {
        Err(error) if error.class == Class::Conflict => Ok(()),
        other => other,
    }
}
