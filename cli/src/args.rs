//! Owns the command line: its words, their help and their completions.

use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use std::path::PathBuf;

/// Keeps machine images: replicates them, restores what copies drop, remembers where they came from.
#[derive(Debug, Parser)]
#[command(name = "amiary", version, propagate_version = true, after_help = EXIT_CODES)]
pub struct Args {
    /// Print JSON for scripts instead of tables and colour.
    #[arg(long, global = true)]
    pub json: bool,
    /// Print no progress.
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  it worked, and something is not as it should be: a destination waits or failed, a policy has mistakes,
     a plan could not read everything
  2  a wrong argument, or a file that can't be read
  3  no such image on record
  4  AWS or the table could not be reached, or refused

AWS is reached as with any AWS tool: AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL and the rest of the
standard environment.";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Tell the whole story on a simulated AWS, with no account and no network.
    Demo {
        /// The seed of the simulated world: the same seed, the same story.
        #[arg(long, default_value_t = 7)]
        seed: u64,
    },
    /// Show where an image came from, where its replicas are, and what happened.
    Lineage {
        /// An image: its id, or account/Region/id.
        image: String,
        /// Where the record is.
        #[command(flatten)]
        common: Common,
    },
    /// Serve a simulated AWS to any AWS client, with Amiary's functions behind it.
    Local(Local),
    /// Bring an image's replicas to what the policy wants, now; what failed for good is tried again.
    Replicate {
        /// The source or one of its replicas: its id, or account/Region/id.
        image: String,
        /// Only show what would be done.
        #[arg(long)]
        dry_run: bool,
        /// Look again every so many seconds until every destination is verified or failed.
        #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "15")]
        wait: Option<u64>,
        /// Where the record is.
        #[command(flatten)]
        common: Common,
    },
    /// Say whether an image may be retired, and every reason.
    Explain {
        /// An image: its id, or account/Region/id.
        image: String,
        /// Where the record is.
        #[command(flatten)]
        common: Common,
    },
    /// Show what would be done about all images, and do nothing.
    Plan(Plan),
    /// Check, store and show policies.
    Policy {
        /// What to do with a policy.
        #[command(subcommand)]
        command: PolicyCommand,
    },
    /// Print completions for a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
}

/// What is served, and how.
#[derive(Debug, clap::Args)]
pub struct Local {
    /// The port on the loopback address; 0 takes any that is free.
    #[arg(long, default_value_t = 4566)]
    pub port: u16,
    /// The policy that the functions follow; without one it is the demo's. The keys, topics and
    /// roles that it names are made where they are missing.
    #[arg(long, value_name = "FILE", conflicts_with = "no_functions")]
    pub policy: Option<PathBuf>,
    /// A folder in which the world is kept over restarts.
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// The seed of a new world's ids and timings.
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// How long an image copy takes, in seconds of the world's time, give or take a tenth.
    #[arg(long, value_name = "SECONDS", default_value_t = 15)]
    pub copy_seconds: u32,
    /// How much faster than the machine's the world's clock runs.
    #[arg(long, value_name = "TIMES", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub speed: u32,
    /// Throttle EC2's calls as AWS publishes it.
    #[arg(long)]
    pub throttle: bool,
    /// Serve the bare simulator, without Amiary's table, policy and functions.
    #[arg(long)]
    pub no_functions: bool,
}

/// What is planned.
#[derive(Debug, clap::Args)]
pub struct Plan {
    /// Which images may be retired, and why the others stay.
    #[arg(long, required = true)]
    pub retention: bool,
    /// One family only.
    #[arg(long, value_name = "NAME")]
    pub family: Option<String>,
    /// Only the images that may go.
    #[arg(long)]
    pub going: bool,
    /// Ask EC2 for a usage report on each shared image that needs one; a later plan reads it.
    #[arg(long)]
    pub ask_reports: bool,
    /// Where the record is.
    #[command(flatten)]
    pub common: Common,
}

/// Where the record is.
#[derive(Debug, clap::Args)]
pub struct Common {
    /// The `DynamoDB` table of the installation.
    #[arg(long, env = "AMIARY_TABLE")]
    pub table: Option<String>,
}

/// What to do with a policy.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Check a file; every mistake is shown at once, with its place.
    Check {
        /// The file.
        file: PathBuf,
    },
    /// Check a file and store it as the new active revision.
    Apply {
        /// The file.
        file: PathBuf,
        /// Where the record is.
        #[command(flatten)]
        common: Common,
    },
    /// Print the active revision.
    Show {
        /// Where the record is.
        #[command(flatten)]
        common: Common,
    },
}

/// Prints a shell's completions.
pub fn completions(shell: Shell) {
    clap_complete::generate(
        shell,
        &mut Args::command(),
        "amiary",
        &mut std::io::stdout(),
    );
}
