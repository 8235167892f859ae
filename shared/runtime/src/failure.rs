//! Owns the failure of an invocation: what Lambda and its logs show of it.

use amiary_engine::chain::chain;
use amiary_engine::ports::PortError;
use lambda_runtime::Diagnostic;

/// Why an invocation failed. Every variant keeps its source.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A setting is missing or wrong.
    #[error("the setting {name} {problem}")]
    Setting {
        /// The environment variable.
        name: &'static str,
        /// What is wrong with it, and the mend.
        problem: String,
    },
    /// A call failed.
    #[error("a call failed")]
    Call(#[from] PortError),
    /// No policy was applied yet.
    #[error("no policy is active: amiary policy apply FILE")]
    NoPolicy,
    /// The active policy can't be read by this version.
    #[error("revision {revision} of the policy is not one this version takes: {problems}")]
    Policy {
        /// The revision.
        revision: u64,
        /// Every problem with its place.
        problems: String,
    },
    /// Steps about an image failed in passing, or were left to another run.
    #[error("steps about {image} are worth repeating: {steps}")]
    Steps {
        /// The image.
        image: String,
        /// Each step with what became of it.
        steps: String,
    },
    /// Nothing of what there is to do could be read.
    #[error("nothing could be read: {0}")]
    Unread(String),
    /// The event is not one that this function takes.
    #[error("the event is not one this function takes: {0}")]
    Event(String),
}

impl Failure {
    /// The error and everything below it, in one line.
    pub fn chain(&self) -> String {
        chain(self).join(": ")
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Setting { .. } => "Setting",
            Self::Call(_) => "Call",
            Self::NoPolicy => "NoPolicy",
            Self::Policy { .. } => "Policy",
            Self::Steps { .. } => "Steps",
            Self::Unread(_) => "Unread",
            Self::Event(_) => "Event",
        }
    }
}

impl From<&Failure> for Diagnostic {
    fn from(failure: &Failure) -> Self {
        Self {
            error_type: failure.kind().to_owned(),
            error_message: failure.chain(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use amiary_engine::ports::Class;

    #[test]
    fn lambda_sees_the_whole_chain() {
        let failure = Failure::from(PortError {
            class: Class::Retry,
            operation: "DescribeImages",
            place: "111111111111/eu-west-1".to_owned(),
            code: "no answer".to_owned(),
            message: "the connection broke".to_owned(),
            request: None,
            repeated: false,
            source: Some("reset by peer".into()),
        });
        assert_eq!(
            Diagnostic::from(&failure).error_message,
            "a call failed: DescribeImages in 111111111111/eu-west-1: no answer: the connection broke: \
             reset by peer"
        );
    }
}
