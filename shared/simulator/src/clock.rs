//! The world's virtual clock. `DynamoDB`'s databases read it too.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use dynoxide::storage_backend;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// 2026-01-01T00:00:00Z, when every world begins, in milliseconds.
const BEGINNING: i64 = 1_767_225_600_000;

/// The time in a world: milliseconds since the epoch, moved only by [`Clock::set`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "i64", into = "i64")]
pub(crate) struct Clock(Arc<AtomicI64>);

impl Clock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicI64::new(BEGINNING)))
    }

    /// A clock that begins at another time.
    pub(crate) fn at(time: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(time.as_millisecond())))
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::Relaxed)).unwrap_or_default()
    }

    /// Moves the clock forward; it never goes back.
    pub(crate) fn set(&self, time: Timestamp) {
        self.0.fetch_max(time.as_millisecond(), Ordering::Relaxed);
    }
}

impl From<i64> for Clock {
    fn from(milliseconds: i64) -> Self {
        Self(Arc::new(AtomicI64::new(milliseconds)))
    }
}

impl From<Clock> for i64 {
    fn from(clock: Clock) -> Self {
        clock.0.load(Ordering::Relaxed)
    }
}

impl storage_backend::Clock for Clock {
    fn now_unix_secs(&self) -> u64 {
        u64::try_from(self.now().as_second()).unwrap_or_default()
    }

    fn now_unix_secs_f64(&self) -> f64 {
        self.now().as_duration().as_secs_f64()
    }
}

/// A time as EC2 writes it: `2026-01-01T00:00:00.000Z`.
pub(crate) fn millis(time: Timestamp) -> String {
    format!("{time:.3}")
}
