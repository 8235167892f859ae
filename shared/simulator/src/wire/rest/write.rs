//! Writes the results of REST operations: headers, the status, and a body.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use jiff::fmt::rfc2822::DateTimePrinter;
use serde_json::{Map, Value};

use crate::wire::error::ApiError;
use crate::wire::model::{Kind, Location, Member, Operation, Protocol, Service, Shape};
use crate::wire::{base64, json, respond, xml};

const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// A result taken apart by where its members stand.
struct Parts<'a> {
    status: u16,
    headers: HeaderMap,
    payload: Option<&'a Value>,
    body: Map<String, Value>,
}

/// The response to an operation that was done.
pub(crate) fn success(
    service: &Service,
    name: &str,
    operation: &Operation,
    result: &Value,
    request_id: &str,
) -> Result<Response<Bytes>, ApiError> {
    let code = operation.http.as_ref().and_then(|http| http.response_code);
    let shape = operation.output.as_deref();
    let shape = shape.and_then(|name| service.shape(name));
    let mut parts = Parts {
        status: code.unwrap_or(200),
        headers: HeaderMap::new(),
        payload: None,
        body: Map::new(),
    };
    if let Some(shape) = shape {
        take_apart(service, shape, result, &mut parts)?;
    }
    // HTTP's own rule: an answer with a range is a part.
    if parts.headers.contains_key(http::header::CONTENT_RANGE) {
        parts.status = 206;
    }
    let (kind, body) = match shape {
        Some(shape) if parts.status != 204 => body(service, name, shape, &parts)?,
        _ => (respond::kind(service.protocol), Bytes::new()),
    };
    let mut response = respond::response(parts.status, kind, request_id, body);
    if service.protocol == Protocol::RestXml {
        respond::name_as_s3(response.headers_mut(), request_id);
    }
    response.headers_mut().extend(parts.headers);
    Ok(response)
}

fn take_apart<'a>(
    service: &Service,
    shape: &Shape,
    result: &'a Value,
    parts: &mut Parts<'a>,
) -> Result<(), ApiError> {
    let entries = result.as_object();
    let entries = entries.ok_or_else(|| ApiError::internal("the result is not a structure"))?;
    for (name, value) in entries.iter().filter(|(_, value)| !value.is_null()) {
        let member = shape.members.get(name);
        let member = member.ok_or_else(|| ApiError::internal(format!("no member {name}")))?;
        let wire = member.wire_name(name);
        match member.location {
            Some(Location::Header) => {
                add(&mut parts.headers, wire, &header(service, member, value)?)?;
            }
            Some(Location::Headers) => {
                for (rest, value) in value.as_object().into_iter().flatten() {
                    let text = value.as_str().unwrap_or_default();
                    add(&mut parts.headers, &format!("{wire}{rest}"), text)?;
                }
            }
            Some(Location::StatusCode) => {
                let status = value.as_u64().and_then(|code| u16::try_from(code).ok());
                parts.status = status.unwrap_or(parts.status);
            }
            Some(Location::Uri | Location::QueryString) => {
                return Err(ApiError::internal(format!("{name} is none of a result")));
            }
            None if shape.payload.as_ref() == Some(name) => parts.payload = Some(value),
            None => {
                parts.body.insert(name.clone(), value.clone());
            }
        }
    }
    Ok(())
}

fn add(headers: &mut HeaderMap, name: &str, text: &str) -> Result<(), ApiError> {
    let wrong = || ApiError::internal(format!("{name}: {text:?} is no header"));
    let key: HeaderName = name.parse().map_err(|_| wrong())?;
    let value = HeaderValue::from_str(text).map_err(|_| wrong())?;
    headers.insert(key, value);
    Ok(())
}

/// A value as a header's text; times are written as HTTP writes them.
fn header(service: &Service, member: &Member, value: &Value) -> Result<String, ApiError> {
    let kind = service.shape(&member.shape).map(|shape| shape.kind);
    match (kind, value) {
        (Some(Kind::Timestamp), Value::String(text)) => {
            let time = text.parse::<jiff::Timestamp>();
            let time = time.map_err(|error| ApiError::internal(error.to_string()))?;
            DateTimePrinter::new()
                .timestamp_to_rfc9110_string(&time)
                .map_err(|error| ApiError::internal(error.to_string()))
        }
        (_, Value::String(text)) => Ok(text.clone()),
        (_, other) => Ok(other.to_string()),
    }
}

fn body(
    service: &Service,
    name: &str,
    shape: &Shape,
    parts: &Parts<'_>,
) -> Result<(&'static str, Bytes), ApiError> {
    let kind = respond::kind(service.protocol);
    if shape.payload.is_some() {
        let text = parts.payload.and_then(Value::as_str).unwrap_or_default();
        let bytes = base64::decode(text);
        let bytes = bytes.ok_or_else(|| ApiError::internal("the body is not Base64"))?;
        return Ok(("binary/octet-stream", Bytes::from(bytes)));
    }
    let members = Value::Object(parts.body.clone());
    if service.protocol == Protocol::RestJson {
        let document = json::written(service, shape, &members)?;
        return Ok((kind, Bytes::from(document.to_string())));
    }
    if shape
        .members
        .values()
        .all(|member| member.location.is_some())
    {
        return Ok((kind, Bytes::new()));
    }
    let mut document = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let root = root(name);
    document.push('<');
    document.push_str(root);
    document.push_str(" xmlns=\"");
    document.push_str(NAMESPACE);
    document.push_str("\">");
    if name == "GetBucketLocation" {
        let region = members["LocationConstraint"].as_str().unwrap_or_default();
        document.push_str(region);
    } else {
        xml::structure(service, shape, &members, &mut document)?;
    }
    xml::close(root, &mut document);
    Ok((kind, Bytes::from(document)))
}

/// The name of S3's document, which the table doesn't have.
fn root(operation: &str) -> &str {
    match operation {
        "DeleteObjects" => "DeleteResult",
        // Its one member is the document itself.
        "GetBucketLocation" => "LocationConstraint",
        "ListBuckets" => "ListAllMyBucketsResult",
        "ListObjects" | "ListObjectsV2" => "ListBucketResult",
        other => other,
    }
}
