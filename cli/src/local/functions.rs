//! Owns the functions' handlers in this process, each with the role that the template gives it, in
//! as many processes as run at once.

use super::process::{Circumstances, Process};
use amiary_runtime::{Failure, Worker};
use amiary_simulator::World;
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};

/// A function's logical name in the template, and its role's name.
const FUNCTIONS: [(&str, &str); 3] = [
    ("ReplicateFunction", "replicate"),
    ("ReconcileFunction", "reconcile"),
    ("NotifyFunction", "notify"),
];

/// What tells how it goes for a process that starts.
pub type Drawing = Arc<dyn Fn() -> Circumstances + Send + Sync>;

pub(super) struct Functions {
    world: World,
    /// Processes that wait for an invocation, with the roles of their functions.
    idle: Mutex<Vec<(&'static str, Process)>>,
    drawing: Drawing,
}

impl Functions {
    pub(super) async fn new(world: &World) -> Self {
        let functions = Self {
            world: world.clone(),
            idle: Mutex::default(),
            drawing: Arc::new(Circumstances::default),
        };
        for (_, role) in FUNCTIONS {
            let process = functions.start(role).await;
            functions.processes().push((role, process));
        }
        functions
    }

    /// Has every process start anew, in circumstances drawn for each.
    pub(super) fn set_circumstances(&mut self, drawing: Drawing) {
        self.drawing = drawing;
        self.processes().clear();
    }

    /// Invokes a function by its logical name in the template. Where a planned fault crashes it,
    /// it ends where it is, and its process is not used again.
    pub(super) async fn invoke(&self, function: &str, payload: Value) -> Result<Value, String> {
        let known = FUNCTIONS.iter().find(|(name, _)| *name == function);
        let Some((_, role)) = known else {
            return Err(format!(
                "the template names a function that is not here: {function}"
            ));
        };
        let waiting = self.waiting(role);
        let process = match waiting {
            Some(process) => process,
            None => self.start(role).await,
        };
        let answer = process.run(handle(process.worker(), role, payload)).await;
        match answer {
            Some(answer) => {
                self.processes().push((role, process));
                answer.map_err(|failure| failure.chain())
            }
            None => Err("Runtime exited: the invocation crashed".to_owned()),
        }
    }

    async fn start(&self, role: &'static str) -> Process {
        Process::start(&self.world, role, role, &(self.drawing)()).await
    }

    fn waiting(&self, role: &str) -> Option<Process> {
        let mut idle = self.processes();
        let place = idle.iter().position(|(of, _)| *of == role)?;
        Some(idle.remove(place).1)
    }

    fn processes(&self) -> std::sync::MutexGuard<'_, Vec<(&'static str, Process)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn handle(worker: &Worker, role: &str, payload: Value) -> Result<Value, Failure> {
    match role {
        "replicate" => replicate(worker, payload).await,
        "reconcile" => amiary_reconcile::handle(worker, payload, None).await,
        _ => amiary_notify::handle(worker, payload, None).await,
    }
}

async fn replicate(worker: &Worker, payload: Value) -> Result<Value, Failure> {
    let wrong = |error: serde_json::Error| Failure::Event(error.to_string());
    let batch = serde_json::from_value(payload).map_err(wrong)?;
    let answer = amiary_replicate::handle(worker, batch, None).await?;
    serde_json::to_value(answer).map_err(wrong)
}
