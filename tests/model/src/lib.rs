//! Owns a model of a replica's life, small enough that every history of it can be tried: runs that
//! observe, plan and apply side by side, the record, EC2, and what goes wrong.
//!
//! `docs/proof/protocol.md` says what stands for what.

pub mod ec2;
pub mod guards;
pub mod heal;
pub mod life;
pub mod outbox;
pub mod plan;
pub mod protocol;
pub mod record;
pub mod run;
pub mod setup;
pub mod story;
