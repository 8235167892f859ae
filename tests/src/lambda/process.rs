//! Owns one process: starting it, ending it, and how it ended.

use super::log::Log;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard};

/// A process. Clones are the same process, so that whoever answers it can end it.
#[derive(Clone, Default)]
pub(super) struct Process(Arc<Mutex<Option<Child>>>);

impl Process {
    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        self.0.lock().expect("nobody panicked")
    }

    /// Starts it, with its log.
    pub fn start(&self, mut command: Command) -> Log {
        let started = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = started.expect("the binary starts");
        let log = Log::of(child.stderr.take().expect("it is piped"));
        *self.child() = Some(child);
        log
    }

    /// Kills it; one that has ended stays ended.
    pub fn kill(&self) {
        if let Some(child) = &mut *self.child() {
            let _ = child.kill();
        }
    }

    /// Sends it SIGTERM.
    pub fn terminate(&self) {
        let id = self.child().as_ref().expect("it was started").id();
        let told = Command::new("kill")
            .args(["-TERM", &id.to_string()])
            .status();
        assert!(told.expect("kill runs").success());
    }

    /// How it ended, which it must have, or be about to.
    pub fn ended(&self) -> ExitStatus {
        let mut child = self.child();
        child
            .as_mut()
            .expect("it was started")
            .wait()
            .expect("it ended")
    }
}
