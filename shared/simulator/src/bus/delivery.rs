//! Owns the words that the bus and its callers share: a delivery, where it comes from, and how
//! faithfully things are delivered.

use jiff::Timestamp;
use serde_json::Value;

use crate::EventFaults;

/// A call of a function that is due.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// What [`Bus::done`](super::Bus::done) names it by.
    pub id: u64,
    /// The function's logical id.
    pub function: String,
    /// What the function is called with.
    pub payload: Value,
    /// Where it comes from.
    pub kind: Kind,
    /// When Lambda would end the call: an answer that is not before this moment is a failure.
    pub deadline: Timestamp,
}

/// Where a delivery comes from, by logical id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Messages of this queue.
    Queue(String),
    /// This schedule (the function's id and the event's).
    Schedule(String),
    /// Records of this stream mapping (the function's id and the event's).
    Stream(String),
}

/// How events and stream records are delivered: as one hopes, or as they may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Delivering {
    /// Each once, in order.
    #[default]
    Faithful,
    /// No event arrives. Streams lose nothing, in AWS as here.
    Lost,
    /// Each event arrives twice, and each handled batch of stream records comes again.
    Doubled,
    /// The last event that waits in a queue comes first. Streams keep their order, in AWS as here.
    Reversed,
}

impl Delivering {
    /// What befalls each event.
    pub(super) fn of_events(self) -> EventFaults {
        let surely = |is: bool| if is { 1.0 } else { 0.0 };
        EventFaults {
            lost: surely(self == Self::Lost),
            doubled: surely(self == Self::Doubled),
            ..EventFaults::default()
        }
    }
}
