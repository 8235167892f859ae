//! Owns what every function's `main` needs and no handler should see: settings from the
//! environment, logs, the clock, the active policy, and errors in the form Lambda shows.

mod failure;
mod log;
mod worker;

pub use failure::Failure;
pub use log::{Form, logging, start_logging};
pub use worker::{Session, SystemClock, Worker, deadline};
