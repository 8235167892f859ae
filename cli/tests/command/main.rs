//! The real `amiary`, as a process in the standard AWS environment, against a simulated AWS that is
//! served over HTTP.

mod environment;
mod foreign;
mod local;
mod output;
mod policy;
mod process;
mod replicate;
mod retention;
mod served;
