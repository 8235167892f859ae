//! Whole-system tests: the functions' handlers over the real SDK, on the simulated AWS, with events
//! routed by the deployment's own template.

mod boundaries;
mod budget;
mod events;
mod failures;
mod hostile;
mod main_job;
mod notices;
mod sharing;
