//! Whole-system tests: the functions' handlers over the real SDK, on the simulated AWS, with events
//! routed by the deployment's own template.

#![expect(clippy::unwrap_used, reason = "what is missing in a test fails it")]

mod asked_again;
mod binaries;
mod boundaries;
mod boundaries_of_calls;
mod budget;
mod contract;
mod crash_matrix;
mod daily;
mod events;
mod failures;
mod fuzz;
mod hostile;
mod loans;
mod main_job;
mod notices;
mod oracle;
mod pages;
mod policy_changes;
mod refusals;
mod retention;
mod rights;
mod seeds;
mod sharing;
mod trace;
