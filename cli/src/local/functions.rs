//! Owns the functions' handlers in this process, each with the role that the template gives it.

use super::{HOME_ACCOUNT, WorldClock, clients};
use amiary_runtime::{Failure, Worker};
use amiary_simulator::World;
use serde_json::Value;
use std::sync::Arc;

pub(super) struct Functions {
    replicate: Worker,
    reconcile: Worker,
    notify: Worker,
}

async fn worker(world: &World, by: &'static str) -> Worker {
    let aws = clients(world, HOME_ACCOUNT, by).await;
    Worker::new(aws, Arc::new(WorldClock(world.clone())), by)
}

impl Functions {
    pub(super) async fn new(world: &World) -> Self {
        Self {
            replicate: worker(world, "replicate").await,
            reconcile: worker(world, "reconcile").await,
            notify: worker(world, "notify").await,
        }
    }

    /// Invokes a function by its logical name in the template.
    pub(super) async fn invoke(&self, function: &str, payload: Value) -> Result<Value, String> {
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
