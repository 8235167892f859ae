//! Owns the function `reconcile`: on a schedule it heals what events missed and puts right what has
//! drifted, over everything.

use amiary_engine::chain::chain;
use amiary_engine::reconcile::{Summary, reconcile};
use amiary_runtime::{Failure, Worker};
use jiff::Timestamp;
use serde_json::{Value, json};
use tracing::{info, warn};

/// Handles a schedule's event; nothing of it is read.
///
/// # Errors
/// Where there is no policy, or the record can't be read.
pub async fn handle(
    worker: &Worker,
    _event: Value,
    deadline: Option<Timestamp>,
) -> Result<Value, Failure> {
    let session = worker.session().await?;
    let summary = reconcile(
        session.reading(),
        session.writing(),
        &session.active,
        deadline,
    )
    .await?;
    log(&summary);
    if summary.looked_at == 0 && !summary.unread.is_empty() {
        let errors = summary.unread.iter().map(|error| chain(error).join(": "));
        return Err(Failure::Unread(errors.collect::<Vec<_>>().join("; ")));
    }
    Ok(answer(&summary, session.active.revision))
}

fn log(summary: &Summary) {
    for report in &summary.reports {
        let image = report
            .image
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        for left in &report.left {
            info!(source.id = image, at = %left.place, reason = left.reason, "left alone");
        }
    }
    if summary.held.revocations > 0 {
        warn!(
            revocations = summary.held.revocations,
            "the run wants to take back more permissions than its cap allows: none was taken back"
        );
    }
}

fn answer(summary: &Summary, revision: u64) -> Value {
    let steps = |report: &amiary_engine::run::Report| report.applied.len();
    json!({
        "revision": revision,
        "looked_at": summary.looked_at,
        "late": summary.late,
        "discovered": summary.discovered,
        "steps": summary.reports.iter().map(steps).sum::<usize>(),
        "failures": summary.reports.iter().filter(|report| report.has_failures()).count(),
        "held": { "copies": summary.held.copies, "revocations": summary.held.revocations },
        "unread": summary.unread.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}
