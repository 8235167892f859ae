//! Owns what every function needs and no handler should see: settings from the environment, logs,
//! the clock, the active policy, errors in the form Lambda shows, and its life on Lambda.

mod failure;
mod log;
mod serve;
mod worker;

pub use failure::Failure;
pub use log::{Form, logging, start_logging};
pub use serve::serve;
pub use worker::{Session, SystemClock, Worker};
