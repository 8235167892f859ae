//! Starts the function `reconcile` on AWS Lambda.

use amiary_runtime::{Worker, deadline, start_logging};
use lambda_runtime::{Diagnostic, Error, LambdaEvent, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    start_logging();
    let worker = Worker::from_environment("reconcile").await;
    let worker = &worker.map_err(|failure| failure.chain())?;
    lambda_runtime::run(service_fn(
        async move |event: LambdaEvent<serde_json::Value>| {
            let deadline = deadline(&event.context);
            amiary_reconcile::handle(worker, event.payload, deadline)
                .await
                .map_err(Diagnostic::from)
        },
    ))
    .await
}
