//! Starts the function `reconcile` on AWS Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    amiary_runtime::serve("reconcile", amiary_reconcile::handle).await
}
