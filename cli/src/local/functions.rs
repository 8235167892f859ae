//! Owns the functions' handlers in this process, each with the role that the template gives it.

use super::{HOME_ACCOUNT, WorldClock, clients_that_crash};
use amiary_runtime::{Failure, Worker};
use amiary_simulator::World;
use serde_json::Value;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

pub(super) struct Functions {
    replicate: Worker,
    reconcile: Worker,
    notify: Worker,
    /// Whether the invocation under way has crashed.
    crashed: Arc<AtomicBool>,
}

async fn worker(world: &World, by: &'static str, crashed: &Arc<AtomicBool>) -> Worker {
    let aws = clients_that_crash(world, HOME_ACCOUNT, by, crashed.clone()).await;
    Worker::new(aws, Arc::new(WorldClock(world.clone())), by)
}

impl Functions {
    pub(super) async fn new(world: &World) -> Self {
        let crashed = Arc::default();
        Self {
            replicate: worker(world, "replicate", &crashed).await,
            reconcile: worker(world, "reconcile", &crashed).await,
            notify: worker(world, "notify", &crashed).await,
            crashed,
        }
    }

    /// Invokes a function by its logical name in the template. Where a planned fault crashes it,
    /// it ends where it is, as a process does that is killed.
    pub(super) async fn invoke(&self, function: &str, payload: Value) -> Result<Value, String> {
        let mut handled = pin!(self.handle(function, payload));
        poll_fn(|context| {
            let polled = handled.as_mut().poll(context);
            if self.crashed.swap(false, Ordering::Relaxed) {
                return Poll::Ready(Err("Runtime exited: the invocation crashed".to_owned()));
            }
            polled
        })
        .await
    }

    async fn handle(&self, function: &str, payload: Value) -> Result<Value, String> {
        let answer = match function {
            "ReplicateFunction" => self.replicate(payload).await,
            "ReconcileFunction" => amiary_reconcile::handle(&self.reconcile, payload, None).await,
            "NotifyFunction" => amiary_notify::handle(&self.notify, payload, None).await,
            other => {
                return Err(format!(
                    "the template names a function that is not here: {other}"
                ));
            }
        };
        answer.map_err(|failure| failure.chain())
    }

    async fn replicate(&self, payload: Value) -> Result<Value, Failure> {
        let wrong = |error: serde_json::Error| Failure::Event(error.to_string());
        let batch = serde_json::from_value(payload).map_err(wrong)?;
        let answer = amiary_replicate::handle(&self.replicate, batch, None).await?;
        serde_json::to_value(answer).map_err(wrong)
    }
}
