//! Starts the function `replicate` on AWS Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    amiary_runtime::serve("replicate", amiary_replicate::handle).await
}
