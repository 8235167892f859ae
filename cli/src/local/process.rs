//! Owns a process that runs Amiary's code on a local stack: its clients, its clock, and its end
//! where a planned fault crashes it.

use super::{HOME_ACCOUNT, clients_of};
use amiary_engine::ports::Clock;
use amiary_runtime::Worker;
use amiary_simulator::World;
use jiff::{SignedDuration, Timestamp};
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

/// How it goes for a process.
#[derive(Clone)]
pub struct Circumstances {
    /// How often it gives way to others before a call of its is answered: what decides how the
    /// calls of several interleave.
    pub yields: Arc<dyn Fn() -> u32 + Send + Sync>,
    /// How much its clock is fast; less than nothing where it is slow.
    pub clock_error: SignedDuration,
}

impl Default for Circumstances {
    /// Nothing comes in between, and the clock is right.
    fn default() -> Self {
        Self {
            yields: Arc::new(|| 0),
            clock_error: SignedDuration::ZERO,
        }
    }
}

impl fmt::Debug for Circumstances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Circumstances")
            .field("clock_error", &self.clock_error)
            .finish_non_exhaustive()
    }
}

/// A clock that follows a world's, right or not.
pub(super) struct WorldClock {
    pub world: World,
    pub error: SignedDuration,
}

impl Clock for WorldClock {
    fn now(&self) -> Timestamp {
        self.world.now() + self.error
    }
}

/// A process that runs Amiary's code.
pub struct Process {
    worker: Worker,
    crashed: Arc<AtomicBool>,
}

impl Process {
    /// A process of the home account's with the rights of a principal there. `by` is the name its
    /// decisions carry in the history.
    pub async fn start(
        world: &World,
        principal: &str,
        by: &'static str,
        circumstances: &Circumstances,
    ) -> Self {
        let crashed = Arc::default();
        let aws = clients_of(world, HOME_ACCOUNT, principal, &crashed, circumstances).await;
        let clock = WorldClock {
            world: world.clone(),
            error: circumstances.clock_error,
        };
        Self {
            worker: Worker::new(aws, Arc::new(clock), by),
            crashed,
        }
    }

    /// What its code works with.
    pub fn worker(&self) -> &Worker {
        &self.worker
    }

    /// Runs something in it, to its end; none where a planned fault crashed it, and then it ended
    /// where it was, as a process does that is killed.
    pub async fn run<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        poll_fn(|context| {
            let polled = work.as_mut().poll(context);
            if self.has_crashed() {
                return Poll::Ready(None);
            }
            polled.map(Some)
        })
        .await
    }

    /// Whether it has crashed: nothing runs in it any more.
    pub fn has_crashed(&self) -> bool {
        self.crashed.load(Ordering::Relaxed)
    }
}
