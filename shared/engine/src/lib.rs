//! Owns the way every decision takes: observe → plan → check → apply → record. It speaks to the
//! world through the traits in [`ports`] and knows nothing of AWS's SDK.

pub mod apply;
pub mod chain;
pub mod observe;
pub mod pages;
pub mod ports;
pub mod reconcile;
pub mod retention;
pub mod run;

#[cfg(test)]
mod tests;
