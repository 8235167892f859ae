//! A client that speaks to any simulated service by the table of shapes: calls by value go out as
//! a real client would write them, and answers come back as values.
//!
//! It serves tests and seeding. It shares the table with the server, not the code: the server
//! reads requests and writes answers, this writes requests and reads answers.

mod decode;
mod encode;
mod example;
mod exchange;
mod numbers;
mod rest;

pub use example::Examples;
pub use exchange::{Connection, exchange};
pub use numbers::numbers;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;

use crate::wire::error::ApiError;
use crate::wire::model::{self, Protocol, Service};

/// Who calls, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The access key id: an account's own number, or one that was given out.
    pub access_key_id: String,
    /// The Region that is called.
    pub region: String,
}

/// The request for an operation. Parameters are keyed by the API model's member names.
///
/// # Errors
/// Where the table has no such operation, or a parameter is none of its.
pub fn request(
    caller: &Caller,
    (service, operation): (&str, &str),
    parameters: &Value,
) -> Result<Request<Bytes>, ApiError> {
    let known = known(service)?;
    let shape = known.operations.get(operation);
    let shape = shape.ok_or_else(|| unknown(&format!("{service}:{operation}")))?;
    let input = shape.input.as_deref();
    let internal = |error: http::Error| ApiError::internal(error.to_string());
    let mut request = match known.protocol {
        Protocol::Ec2 | Protocol::Query => {
            let body = encode::form(known, operation, input, parameters)?;
            Request::post("/")
                .header("content-type", "application/x-www-form-urlencoded")
                .body(Bytes::from(body))
                .map_err(internal)?
        }
        Protocol::Json => Request::post("/")
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", format!("{}.{operation}", known.target))
            .body(Bytes::from(parameters.to_string()))
            .map_err(internal)?,
        Protocol::RestJson | Protocol::RestXml => rest::request(known, shape, parameters)?,
    };
    let credential = format!(
        "AWS4-HMAC-SHA256 Credential={}/20260101/{}/{service}/aws4_request, SignedHeaders=host, \
         Signature=0",
        caller.access_key_id, caller.region
    );
    if let Ok(value) = credential.parse() {
        request.headers_mut().insert("authorization", value);
    }
    Ok(request)
}

/// The result in an answer, keyed by the API model's member names.
///
/// # Errors
/// The error that the service answered with, or that the answer is not of its operation's form.
pub fn result(
    (service, operation): (&str, &str),
    response: &Response<Bytes>,
) -> Result<Value, ApiError> {
    let known = known(service)?;
    let shape = known.operations.get(operation);
    let shape = shape.ok_or_else(|| unknown(&format!("{service}:{operation}")))?;
    if !response.status().is_success() {
        return Err(decode::error(known.protocol, response));
    }
    match known.protocol {
        Protocol::Ec2 | Protocol::Query => {
            decode::xml_result(known, operation, shape.output.as_deref(), response.body())
        }
        Protocol::Json => serde_json::from_slice(response.body())
            .map_err(|error| ApiError::internal(error.to_string())),
        Protocol::RestJson | Protocol::RestXml => rest::result(known, shape, response),
    }
}

/// Every operation in the table, with its service, in order. Not all of them are simulated.
pub fn operations() -> impl Iterator<Item = (&'static str, &'static str)> {
    let services = model::services().iter();
    services.flat_map(|(service, known)| {
        let operations = known.operations.keys();
        operations.map(move |operation| (service.as_str(), operation.as_str()))
    })
}

fn known(service: &str) -> Result<&'static Service, ApiError> {
    model::service(service).ok_or_else(|| unknown(service))
}

fn unknown(what: &str) -> ApiError {
    ApiError::new("UnknownOperation", format!("{what} is not in the table"))
}
