//! Owns Amiary's decisions and the words they are made in: identifiers, facts read from AWS, the
//! policy, the lineage record, the plan and the notices.
//!
//! Everything here is pure. No function waits, reads a clock, draws a random number or calls AWS:
//! what the world looks like comes in as an [`observation::Observation`], the time as an argument.

pub mod ids;
pub mod image;
pub mod lineage;
pub mod naming;
pub mod notice;
pub mod observation;
pub mod plan;
pub mod policy;
pub mod retention;
