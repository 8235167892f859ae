//! Owns the command `amiary`: what a person types, what they see, and the local stack on which the
//! whole of Amiary runs without an account.

pub mod args;
pub mod exit;
pub mod local;

mod commands;
mod show;
mod story;

use args::{Args, Command};
use exit::{Exit, Problem};
use show::Screen;

/// Runs one command to its end.
///
/// # Errors
/// The problem that a person has to hear of; its [`Problem::exit`] is the process's exit code.
pub async fn run(args: Args) -> Result<Exit, Problem> {
    let screen = Screen::new(args.json, args.quiet);
    match args.command {
        Command::Demo { seed } => story::tell(&screen, seed).await,
        Command::Explain { image, common } => {
            commands::explain::run(&screen, &image, &common).await
        }
        Command::Plan(plan) => commands::plan::run(&screen, &plan).await,
        Command::Lineage { image, common } => {
            commands::lineage::run(&screen, &image, &common).await
        }
        Command::Replicate {
            image,
            dry_run,
            wait,
            common,
        } => commands::replicate::run(&screen, &image, dry_run, wait, &common).await,
        Command::Local(options) => commands::local::run(&screen, options).await,
        Command::Policy { command } => commands::policy::run(&screen, command).await,
        Command::Completions { shell } => {
            args::completions(shell);
            Ok(Exit::Done)
        }
    }
}
