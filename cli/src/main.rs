//! Starts the command `amiary`.

use amiary_cli::args::Args;
use clap::Parser;
use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let args = Args::parse();
    if std::env::var_os("AMIARY_LOG").is_some() {
        amiary_runtime::start_logging();
    }
    match amiary_cli::run(args).await {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(problem) => {
            amiary_cli::exit::tell(&problem);
            ExitCode::from(problem.exit())
        }
    }
}
