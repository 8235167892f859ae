//! Writes whole responses: results and errors in each protocol's form.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::{Map, Value};

use super::error::ApiError;
use super::json;
use super::model::{Operation, Protocol, Service};
use super::xml::{self, close, element, open};

const XML: &str = "text/xml;charset=UTF-8";
const JSON: &str = "application/x-amz-json-1.1";

/// The response to an operation that was done.
pub(crate) fn success(
    service: &Service,
    name: &str,
    operation: &Operation,
    result: &Value,
    request_id: &str,
) -> Result<Response<Bytes>, ApiError> {
    let output = operation.output.as_deref();
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
    let (kind, body) = match protocol {
        Protocol::Json | Protocol::RestJson => (JSON, json_error(error)),
        Protocol::Ec2 => (XML, ec2_error(error, request_id)),
        Protocol::Query | Protocol::RestXml => (XML, query_error(error, request_id)),
    };
    response(error.status, kind, request_id, body)
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

fn response(status: u16, kind: &'static str, request_id: &str, body: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(
        http::header::CONTENT_TYPE,
        http::HeaderValue::from_static(kind),
    );
    if let Ok(value) = http::HeaderValue::from_str(request_id) {
        headers.insert("x-amzn-requestid", value);
    }
    response
}
