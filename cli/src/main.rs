//! Starts the command `amiary`.

use amiary_cli::args::Args;
use clap::Parser;
use std::error::Error;
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
            anstream::eprintln!("{}", amiary_cli::exit::describe(&problem));
            let mut below = problem.source();
            while let Some(error) = below {
                anstream::eprintln!("  because: {error}");
                below = error.source();
            }
            if let Some(help) = problem.help() {
                anstream::eprintln!("  try: {help}");
            }
            ExitCode::from(problem.exit())
        }
    }
}
