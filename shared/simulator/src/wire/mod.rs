//! The wire protocols: reads a request into parameters and writes a result or an error back, both
//! by the operation's shapes alone.
//!
//! The shapes are facts of AWS's published API model (`model/operations.json`, see NOTICE).
//! Nothing here knows what an operation does.

pub(crate) mod base64;
pub(crate) mod check;
pub(crate) mod element;
pub(crate) mod error;
pub(crate) mod form;
pub(crate) mod json;
pub(crate) mod model;
pub(crate) mod percent;
pub(crate) mod read;
pub(crate) mod refusal;
pub(crate) mod respond;
pub(crate) mod rest;
pub(crate) mod scope;
pub(crate) mod xml;
