//! Starts the function `notify` on AWS Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    amiary_runtime::serve("notify", amiary_notify::handle).await
}
