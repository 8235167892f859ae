//! Owns the exit codes, and the problems that end a command.

use amiary_domain::notice::printable;
use amiary_engine::chain::chain;
use amiary_engine::ports::PortError;
use amiary_runtime::Failure;

/// How a command ended that could do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything asked for is done.
    Done = 0,
    /// It worked, and something is not as it should be: a destination waits or failed, a policy has
    /// mistakes.
    Unfinished = 1,
}

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// An argument is wrong.
    #[error("{0}")]
    Argument(String),
    /// A file can't be read.
    #[error("{path} can't be read")]
    File {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// There is no such image on record, and none becomes a source.
    #[error("{0}")]
    NotFound(String),
    /// Somebody else was faster.
    #[error("{0}")]
    Conflict(String),
    /// AWS or the record could not be reached, or refused.
    #[error("a call failed")]
    Call(#[from] PortError),
    /// The worker could not be set up.
    #[error(transparent)]
    Worker(#[from] Failure),
    /// The local stack did not come up.
    #[error("the local stack did not come up: {0}")]
    Local(String),
    /// A saved world can't be read or written.
    #[error("the world can't be kept")]
    State(#[from] amiary_simulator::SaveError),
    /// The output can't be written.
    #[error("the output can't be written")]
    Output(#[from] std::io::Error),
}

impl Problem {
    /// The process's exit code: 2 for a wrong argument or file, 3 for what is not on record, 4 for
    /// everything else.
    pub fn exit(&self) -> u8 {
        match self {
            Self::Argument(_) | Self::File { .. } | Self::State(_) => 2,
            Self::NotFound(_) => 3,
            Self::Conflict(_)
            | Self::Call(_)
            | Self::Worker(_)
            | Self::Local(_)
            | Self::Output(_) => 4,
        }
    }

    /// What the person can do about it, where that is known.
    fn help(&self) -> Option<&'static str> {
        match self {
            Self::Worker(Failure::Setting { .. }) => {
                Some("give --table NAME, or set AMIARY_TABLE to the deployed table's name")
            }
            Self::Call(error) if error.operation == "GetItem" || error.operation == "Query" => {
                Some(
                    "check the table's name, the Region (AWS_REGION) and the credentials (AWS_PROFILE)",
                )
            }
            _ => None,
        }
    }
}

/// Tells a problem with everything below it, and what the person can do.
pub fn tell(problem: &Problem) {
    let red = anstyle::AnsiColor::Red.on_default().bold();
    let mut sentences = chain(problem)
        .into_iter()
        .map(|sentence| printable(&sentence));
    let first = sentences.next().unwrap_or_default();
    anstream::eprintln!("{red}error{red:#}: {first}");
    for below in sentences {
        anstream::eprintln!("  because: {below}");
    }
    if let Some(help) = problem.help() {
        anstream::eprintln!("  try: {help}");
    }
}
