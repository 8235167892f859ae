//! The error an AWS API answers with.

use serde_json::{Map, Value};

/// An error as an AWS API reports it: a code programs match on, and a message people read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ApiError {
    /// The code, like `InvalidAMIID.NotFound`.
    pub code: String,
    /// The message.
    pub message: String,
    /// The HTTP status.
    pub status: u16,
    /// Further members of the error's document (`DynamoDB`'s cancellation reasons).
    pub(crate) details: Map<String, Value>,
}

impl ApiError {
    /// An error of the caller's making (HTTP 400).
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::with_status(400, code, message)
    }

    /// An error with a status of its own.
    pub fn with_status(status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            status,
            details: Map::new(),
        }
    }

    /// A fault of the simulator itself.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::with_status(500, "InternalError", message)
    }

    /// EC2's refusal of a value.
    pub(crate) fn invalid_value(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterValue", message)
    }
}
