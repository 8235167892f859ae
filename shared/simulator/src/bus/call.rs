//! Owns asynchronous calls: when one that failed is tried again, and when it is given up.
//!
//! Source: Lambda Developer Guide, "How Lambda handles errors and retries with asynchronous
//! invocation": a minute before the second attempt, two before the third.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Kind;
use super::queue::later;
use super::wiring::Function;

/// An asynchronous call of a function.
#[derive(Debug)]
pub(super) struct Call {
    pub kind: Kind,
    pub function: usize,
    pub payload: Value,
    pub request: String,
    pub failures: u32,
    /// When it was first asked for.
    pub first: Timestamp,
    pub due: Timestamp,
}

impl Call {
    /// The call as it is tried again, or else what the failure destination is told.
    pub fn failed(
        mut self,
        now: Timestamp,
        error: &str,
        function: &Function,
    ) -> Result<Self, Value> {
        self.failures += 1;
        if self.failures > function.asynchronous.retries {
            return Err(self.given_up(now, "RetriesExhausted", error, &function.arn));
        }
        let pause = SignedDuration::from_mins(i64::from(self.failures.min(2)));
        self.due = later(now, pause);
        if self.due > later(self.first, function.asynchronous.age) {
            return Err(self.given_up(now, "EventAgeExceeded", error, &function.arn));
        }
        Ok(self)
    }

    fn given_up(&self, now: Timestamp, condition: &str, error: &str, function: &str) -> Value {
        json!({
            "version": "1.0",
            "timestamp": now.to_string(),
            "requestContext": {
                "requestId": self.request,
                "functionArn": format!("{function}:$LATEST"),
                "condition": condition,
                "approximateInvokeCount": self.failures,
            },
            "requestPayload": self.payload,
            "responseContext": {
                "statusCode": 200,
                "executedVersion": "$LATEST",
                "functionError": "Unhandled",
            },
            "responsePayload": { "errorMessage": error },
        })
    }
}
