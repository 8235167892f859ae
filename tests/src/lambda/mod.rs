//! Owns running the functions' real binaries as AWS Lambda runs them: processes that ask the
//! [Lambda Runtime API](https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html) for
//! invocations, and find AWS by the standard environment.
//!
//! - [`Environment`]: one process of one function, with its Runtime API and its way to a world.
//! - [`Deployment`]: the three functions behind the template's queues, stream and schedules.
//! - [`Log`]: what a process wrote, and what must hold for every line of it.
//! - [`built`]: where the binaries are.

mod binaries;
mod deployment;
mod environment;
mod log;
mod process;
mod runtime_api;

pub use binaries::built;
pub use deployment::{Deployment, Invoked};
pub use environment::{Answered, AtCrash, Environment, Limits, Settings};
pub use log::Log;
