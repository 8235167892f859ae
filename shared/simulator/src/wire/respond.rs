//! Writes whole responses: results and errors in each protocol's form.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use serde_json::{Map, Value};

use super::error::ApiError;
use super::model::{Operation, Protocol, Service};
use super::xml::{self, close, element, open};
use super::{json, rest};

const XML: &str = "text/xml;charset=UTF-8";
const JSON: &str = "application/x-amz-json-1.1";

/// The content type that a protocol's documents have.
pub(crate) fn kind(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Json => JSON,
        Protocol::RestJson => "application/json",
        Protocol::RestXml => "application/xml",
        Protocol::Ec2 | Protocol::Query => XML,
    }
}

/// The response to an operation that was done.
pub(crate) fn success(
    service: &Service,
    name: &str,
    operation: &Operation,
    result: &Value,
    request_id: &str,
) -> Result<Response<Bytes>, ApiError> {
    let output = operation.output.as_deref();
    if matches!(service.protocol, Protocol::RestJson | Protocol::RestXml) {
        return rest::write::success(service, name, operation, result, request_id);
    }
    if service.protocol == Protocol::Json {
        let document = json::result(service, output, result)?;
        return Ok(response(200, JSON, request_id, document.to_string()));
    }
    let members = xml::members(service, output, result)?;
    let mut body = format!("<{name}Response xmlns=\"{}\">", service.namespace);
    if service.protocol == Protocol::Ec2 {
        element("requestId", request_id, &mut body);
        body.push_str(&members);
        if operation.output.is_none() {
            element("return", "true", &mut body);
        }
    } else {
        let wrapper = format!("{name}Result");
        open(&wrapper, &mut body);
        body.push_str(&members);
        close(&wrapper, &mut body);
        open("ResponseMetadata", &mut body);
        element("RequestId", request_id, &mut body);
        close("ResponseMetadata", &mut body);
    }
    close(&format!("{name}Response"), &mut body);
    Ok(response(200, XML, request_id, body))
}

/// The response to an operation that was refused.
pub(crate) fn failure(protocol: Protocol, error: &ApiError, request_id: &str) -> Response<Bytes> {
    let body = match protocol {
        Protocol::Json => json_error(error),
        Protocol::RestJson => rest_json_error(error),
        Protocol::Ec2 => ec2_error(error, request_id),
        Protocol::Query => query_error(error, request_id),
        Protocol::RestXml => s3_error(error, request_id),
    };
    let mut response = response(error.status, kind(protocol), request_id, body);
    match protocol {
        Protocol::RestJson => add(response.headers_mut(), "x-amzn-errortype", &error.code),
        Protocol::RestXml => name_as_s3(response.headers_mut(), request_id),
        Protocol::Ec2 | Protocol::Query | Protocol::Json => {}
    }
    response
}

/// A JSON document as a response of a JSON service.
pub(crate) fn document(document: &Value, request_id: &str) -> Response<Bytes> {
    response(
        200,
        "application/x-amz-json-1.0",
        request_id,
        document.to_string(),
    )
}

fn json_error(error: &ApiError) -> String {
    let mut document: Map<String, Value> = error.details.clone();
    document.insert("__type".to_owned(), Value::from(error.code.clone()));
    document.insert("message".to_owned(), Value::from(error.message.clone()));
    Value::Object(document).to_string()
}

/// The code is in a header.
fn rest_json_error(error: &ApiError) -> String {
    let mut document: Map<String, Value> = error.details.clone();
    let message = Value::from(error.message.clone());
    document.entry("message".to_owned()).or_insert(message);
    Value::Object(document).to_string()
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#RESTErrorResponses>.
fn s3_error(error: &ApiError, request_id: &str) -> String {
    let mut body = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>");
    element("Code", &error.code, &mut body);
    element("Message", &error.message, &mut body);
    for (name, value) in &error.details {
        element(name, value.as_str().unwrap_or_default(), &mut body);
    }
    element("RequestId", request_id, &mut body);
    element("HostId", request_id, &mut body);
    body.push_str("</Error>");
    body
}

fn ec2_error(error: &ApiError, request_id: &str) -> String {
    let mut body = String::from("<Response><Errors><Error>");
    element("Code", &error.code, &mut body);
    element("Message", &error.message, &mut body);
    body.push_str("</Error></Errors>");
    element("RequestID", request_id, &mut body);
    body.push_str("</Response>");
    body
}

fn query_error(error: &ApiError, request_id: &str) -> String {
    let side = if error.status < 500 {
        "Sender"
    } else {
        "Receiver"
    };
    let mut body = String::from("<ErrorResponse><Error>");
    element("Type", side, &mut body);
    element("Code", &error.code, &mut body);
    element("Message", &error.message, &mut body);
    body.push_str("</Error>");
    element("RequestId", request_id, &mut body);
    body.push_str("</ErrorResponse>");
    body
}

/// A response with a body of a kind.
pub(crate) fn response(
    status: u16,
    kind: &'static str,
    request_id: &str,
    body: impl Into<Bytes>,
) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static(kind));
    add(headers, "x-amzn-requestid", request_id);
    response
}

/// The headers in which S3 names a request.
pub(crate) fn name_as_s3(headers: &mut HeaderMap, request_id: &str) {
    headers.remove("x-amzn-requestid");
    add(headers, "x-amz-request-id", request_id);
    add(headers, "x-amz-id-2", request_id);
}

fn add(headers: &mut HeaderMap, name: &'static str, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(HeaderName::from_static(name), value);
    }
}
