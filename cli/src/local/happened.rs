//! Owns what a local stack tells of itself.

use jiff::Timestamp;
use serde_json::Value;

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Happened {
    /// Nothing was due, and the virtual clock moved on.
    TimePassed {
        /// What time it is now.
        until: Timestamp,
    },
    /// A function was invoked.
    Invoked {
        /// Its logical name in the template.
        function: String,
        /// What it was given.
        payload: Value,
        /// Its answer, or its failure.
        result: Result<Value, String>,
    },
}
