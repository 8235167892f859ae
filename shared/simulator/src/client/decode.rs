//! Reads answers: XML documents by their output shape, and errors of every protocol.

use bytes::Bytes;
use http::Response;
use serde_json::{Map, Value};

use super::unknown;
use crate::wire::element::{self, Element};
use crate::wire::error::ApiError;
use crate::wire::model::{Kind, Member, Protocol, Service, Shape};

fn document(body: &[u8]) -> Result<Element, ApiError> {
    element::document(body)
        .map_err(|why| ApiError::internal(format!("the answer is not XML: {why}")))
}

/// The result of an operation of EC2 or the query protocol.
pub(super) fn xml_result(
    service: &Service,
    operation: &str,
    output: Option<&str>,
    body: &[u8],
) -> Result<Value, ApiError> {
    let Some(shape) = output.and_then(|name| service.shape(name)) else {
        return Ok(Value::Object(Map::new()));
    };
    let document = document(body)?;
    let root = if service.protocol == Protocol::Query {
        document
            .child(&format!("{operation}Result"))
            .unwrap_or(&document)
    } else {
        &document
    };
    structure(service, shape, root)
}

/// The members in a document of S3. A location's document is its one member itself.
pub(super) fn s3_members(
    service: &Service,
    shape: &Shape,
    body: &[u8],
) -> Result<Map<String, Value>, ApiError> {
    let root = document(body)?;
    if shape.members.contains_key(&root.name) {
        let value = Some(root.text).filter(|text| !text.is_empty());
        return Ok(Map::from_iter([(root.name, Value::from(value))]));
    }
    match structure(service, shape, &root)? {
        Value::Object(members) => Ok(members),
        _ => Ok(Map::new()),
    }
}

/// A text as the value its shape asks for.
pub(super) fn scalar(
    service: &Service,
    member: &Member,
    name: &str,
    text: &str,
) -> Result<Value, ApiError> {
    let element = Element {
        name: name.to_owned(),
        text: text.to_owned(),
        children: Vec::new(),
    };
    value(service, member, &element)
}

fn structure(service: &Service, shape: &Shape, element: &Element) -> Result<Value, ApiError> {
    let mut read = Map::new();
    for (name, member) in &shape.members {
        let wire = member.wire_name(name);
        let of = service.shape(&member.shape);
        let of = of.ok_or_else(|| unknown(&format!("the shape {}", member.shape)))?;
        if of.kind == Kind::List && of.flattened {
            let items = element.children.iter().filter(|child| child.name == wire);
            let items = list(service, of, items)?;
            if !items.is_empty() {
                read.insert(name.clone(), Value::Array(items));
            }
        } else if let Some(child) = element.child(wire) {
            read.insert(name.clone(), value(service, member, child)?);
        }
    }
    Ok(Value::Object(read))
}

fn list<'a>(
    service: &Service,
    shape: &Shape,
    items: impl Iterator<Item = &'a Element>,
) -> Result<Vec<Value>, ApiError> {
    let member = shape.member.as_ref();
    let member = member.ok_or_else(|| unknown("a list of nothing"))?;
    items.map(|item| value(service, member, item)).collect()
}

fn value(service: &Service, member: &Member, element: &Element) -> Result<Value, ApiError> {
    let shape = service.shape(&member.shape);
    let shape = shape.ok_or_else(|| unknown(&format!("the shape {}", member.shape)))?;
    let wrong = || ApiError::internal(format!("{}: {:?}", element.name, element.text));
    match shape.kind {
        Kind::Structure => structure(service, shape, element),
        Kind::List => Ok(Value::Array(list(service, shape, element.children.iter())?)),
        Kind::Map => map(service, shape, element),
        Kind::Boolean => element.text.parse().map(Value::Bool).map_err(|_| wrong()),
        Kind::Integer | Kind::Long => {
            let number = element.text.parse::<i64>();
            number.map(Value::from).map_err(|_| wrong())
        }
        Kind::Float => {
            let number = element.text.parse::<f64>();
            number.map(Value::from).map_err(|_| wrong())
        }
        Kind::String | Kind::Timestamp | Kind::Blob => Ok(Value::from(element.text.clone())),
    }
}

fn map(service: &Service, shape: &Shape, element: &Element) -> Result<Value, ApiError> {
    let (Some(key), Some(of)) = (&shape.key, &shape.value) else {
        return Err(unknown(&element.name));
    };
    let mut read = Map::new();
    for entry in &element.children {
        let name = entry.child(key.wire_name("key"));
        if let (Some(name), Some(held)) = (name, entry.child(of.wire_name("value"))) {
            read.insert(name.text.clone(), value(service, of, held)?);
        }
    }
    Ok(Value::Object(read))
}

/// The error in an answer.
pub(super) fn error(protocol: Protocol, response: &Response<Bytes>) -> ApiError {
    let status = response.status().as_u16();
    let (code, message) = match protocol {
        Protocol::Json | Protocol::RestJson => {
            let document: Value = serde_json::from_slice(response.body()).unwrap_or_default();
            let text = |name: &str| document[name].as_str().map(str::to_owned);
            let header = response.headers().get("x-amzn-errortype");
            let header = header.and_then(|value| value.to_str().ok());
            let code = header.map(str::to_owned).or(text("__type"));
            (code, text("message").or(text("Message")))
        }
        Protocol::Ec2 | Protocol::Query | Protocol::RestXml => {
            let document = document(response.body()).unwrap_or_default();
            let text = |name: &str| document.find(name).map(str::to_owned);
            (text("Code"), text("Message"))
        }
    };
    let code = code.unwrap_or_else(|| status.to_string());
    let (_, code) = code.rsplit_once('#').unwrap_or(("", &code));
    ApiError::with_status(status, code, message.unwrap_or_default())
}
