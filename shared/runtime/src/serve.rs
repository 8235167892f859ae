//! Owns a function's life on AWS Lambda: its start, its invocations and its end.

use crate::{Failure, Worker, start_logging};
use jiff::Timestamp;
use lambda_runtime::{Context, Diagnostic, Error, LambdaEvent, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use signal_hook::consts::SIGTERM;
use signal_hook::flag::register_conditional_shutdown;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Runs a function: asks Lambda for invocations, and has each handled until the process is ended.
///
/// A function that can't start answers every invocation with the reason, so that Lambda shows that
/// instead of a process that exited.
///
/// # Errors
/// Where Lambda's Runtime API can't be reached.
pub async fn serve<E, R>(
    by: &'static str,
    handle: impl AsyncFn(&Worker, E, Option<Timestamp>) -> Result<R, Failure>,
) -> Result<(), Error>
where
    E: DeserializeOwned,
    R: Serialize,
{
    start_logging();
    end_when_told()?;
    let worker = &Worker::from_environment(by).await;
    let handle = &handle;
    lambda_runtime::run(service_fn(async move |event: LambdaEvent<E>| {
        let worker = worker.as_ref().map_err(Diagnostic::from)?;
        let deadline = deadline(&event.context);
        let answer = handle(worker, event.payload, deadline).await;
        answer.map_err(|failure| Diagnostic::from(&failure))
    }))
    .await
}

/// Ends the process at once when it gets SIGTERM, which Lambda sends where an extension is beside
/// the function, and kills it some hundred milliseconds later, see
/// [the shutdown phase](https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html).
///
/// There is nothing to flush or to finish: a log line is written as it is logged, and what a step
/// will do is recorded before it. Without a handler, the first process of a container would not be
/// ended by the signal at all.
fn end_when_told() -> Result<(), Error> {
    register_conditional_shutdown(SIGTERM, 0, Arc::new(AtomicBool::new(true)))?;
    Ok(())
}

/// An invocation's deadline, which Lambda gives in milliseconds since 1970.
fn deadline(context: &Context) -> Option<Timestamp> {
    let milliseconds = i64::try_from(context.deadline)
        .ok()
        .filter(|milliseconds| *milliseconds > 0)?;
    Timestamp::from_millisecond(milliseconds).ok()
}
