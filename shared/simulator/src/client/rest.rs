//! Writes calls of the REST protocols, and reads their answers.
//!
//! A body that is bytes is given and got as text, as it is.

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use serde_json::{Map, Value};

use super::{decode, unknown};
use crate::wire::error::ApiError;
use crate::wire::model::{Http, Kind, Location, Member, Operation, Protocol, Service, Shape};
use crate::wire::percent;
use crate::wire::xml;

/// A call taken apart by where its parameters go.
#[derive(Default)]
struct Parts {
    labels: Vec<(String, String)>,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    members: Map<String, Value>,
    body: Vec<u8>,
}

/// The request for an operation.
pub(super) fn request(
    service: &Service,
    operation: &Operation,
    parameters: &Value,
) -> Result<Request<Bytes>, ApiError> {
    let http = operation.http.as_ref();
    let http = http.ok_or_else(|| unknown("the operation's path"))?;
    let shape = operation.input.as_deref();
    let shape = shape.and_then(|name| service.shape(name));
    let mut parts = Parts::default();
    if let Some(shape) = shape {
        for (name, value) in parameters.as_object().into_iter().flatten() {
            let member = shape.members.get(name);
            let member = member.ok_or_else(|| unknown(&format!("the parameter {name}")))?;
            if !value.is_null() {
                place(service, shape, (name, member), value, &mut parts)?;
            }
        }
    }
    let bodied = http.method != "GET" && http.method != "HEAD" && http.method != "DELETE";
    let body = if service.protocol == Protocol::RestJson && bodied {
        Value::Object(parts.members.clone())
            .to_string()
            .into_bytes()
    } else {
        std::mem::take(&mut parts.body)
    };
    let mut request = Request::builder()
        .method(http.method.as_str())
        .uri(uri(http, &parts))
        .header("content-length", body.len());
    for (name, value) in &parts.headers {
        request = request.header(name, value);
    }
    let request = request.body(Bytes::from(body));
    request.map_err(|error| ApiError::internal(error.to_string()))
}

fn place(
    service: &Service,
    shape: &Shape,
    (name, member): (&String, &Member),
    value: &Value,
    parts: &mut Parts,
) -> Result<(), ApiError> {
    let wire = member.wire_name(name).to_owned();
    match member.location {
        Some(Location::Uri) => parts.labels.push((wire, text(value))),
        Some(Location::QueryString) => {
            let one = std::slice::from_ref(value);
            let values = value.as_array().map_or(one, Vec::as_slice);
            let pairs = values.iter().map(|value| (wire.clone(), text(value)));
            parts.query.extend(pairs);
        }
        Some(Location::Header) => parts.headers.push((wire, text(value))),
        Some(Location::Headers) => {
            for (rest, value) in value.as_object().into_iter().flatten() {
                parts.headers.push((format!("{wire}{rest}"), text(value)));
            }
        }
        Some(Location::StatusCode) => return Err(unknown(name)),
        None if shape.payload.as_ref() == Some(name) => {
            let of = service.shape(&member.shape);
            let of = of.ok_or_else(|| unknown(&format!("the shape {}", member.shape)))?;
            parts.body = payload(service, of, &wire, value)?;
        }
        None => {
            parts.members.insert(name.clone(), value.clone());
        }
    }
    Ok(())
}

fn payload(
    service: &Service,
    shape: &Shape,
    wire: &str,
    value: &Value,
) -> Result<Vec<u8>, ApiError> {
    if shape.kind == Kind::Blob {
        return Ok(text(value).into_bytes());
    }
    let mut document = String::new();
    xml::open(wire, &mut document);
    xml::structure(service, shape, value, &mut document)?;
    xml::close(wire, &mut document);
    Ok(document.into_bytes())
}

fn uri(http: &Http, parts: &Parts) -> String {
    let mut uri = http.request_uri.clone();
    for (label, value) in &parts.labels {
        uri = uri.replace(&format!("{{{label}}}"), &percent::encode(value, ""));
        uri = uri.replace(&format!("{{{label}+}}"), &percent::encode(value, "/"));
    }
    for (name, value) in &parts.query {
        let sign = if uri.contains('?') { '&' } else { '?' };
        let (name, value) = (percent::encode(name, ""), percent::encode(value, ""));
        uri = format!("{uri}{sign}{name}={value}");
    }
    uri
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The result in an answer.
pub(super) fn result(
    service: &Service,
    operation: &Operation,
    response: &Response<Bytes>,
) -> Result<Value, ApiError> {
    let shape = operation.output.as_deref();
    let Some(shape) = shape.and_then(|name| service.shape(name)) else {
        return Ok(Value::Object(Map::new()));
    };
    let body = response.body();
    let mut read = match (&shape.payload, service.protocol) {
        (Some(name), _) => {
            let text = String::from_utf8_lossy(body).into_owned();
            Map::from_iter([(name.clone(), Value::from(text))])
        }
        (None, _) if body.is_empty() => Map::new(),
        (None, Protocol::RestJson) => {
            serde_json::from_slice(body).map_err(|error| ApiError::internal(error.to_string()))?
        }
        (None, _) => decode::s3_members(service, shape, body)?,
    };
    for (name, member) in &shape.members {
        if let Some(value) = header(service, name, member, response.headers())? {
            read.insert(name.clone(), value);
        }
    }
    Ok(Value::Object(read))
}

fn header(
    service: &Service,
    name: &str,
    member: &Member,
    headers: &HeaderMap,
) -> Result<Option<Value>, ApiError> {
    let wire = member.wire_name(name).to_ascii_lowercase();
    let read = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    match member.location {
        Some(Location::Header) => match headers.get(&wire).map(read) {
            Some(text) => decode::scalar(service, member, &wire, &text).map(Some),
            None => Ok(None),
        },
        Some(Location::Headers) => {
            let found = headers.iter().filter_map(|(name, value)| {
                let rest = name.as_str().strip_prefix(wire.as_str())?;
                Some((rest.to_owned(), Value::from(read(value))))
            });
            Ok(Some(Value::Object(found.collect())))
        }
        _ => Ok(None),
    }
}
