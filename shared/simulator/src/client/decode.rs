//! Reads answers: XML documents by their output shape, and errors of every protocol.

use bytes::Bytes;
use http::Response;
use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::Event;
use serde_json::{Map, Value};

use super::unknown;
use crate::wire::error::ApiError;
use crate::wire::model::{Kind, Member, Protocol, Service, Shape};

/// One element of a document.
#[derive(Debug, Default)]
struct Element {
    name: String,
    text: String,
    children: Vec<Element>,
}

impl Element {
    fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first element of that name, at whatever depth.
    fn find(&self, name: &str) -> Option<&str> {
        if self.name == name {
            return Some(&self.text);
        }
        self.children.iter().find_map(|child| child.find(name))
    }
}

fn document(body: &[u8]) -> Result<Element, ApiError> {
    let wrong = |what: String| ApiError::internal(format!("the answer is not XML: {what}"));
    let text = std::str::from_utf8(body).map_err(|error| wrong(error.to_string()))?;
    let mut reader = Reader::from_str(text);
    let mut open = vec![Element::default()];
    loop {
        match reader
            .read_event()
            .map_err(|error| wrong(error.to_string()))?
        {
            Event::Start(tag) => open.push(Element {
                name: tag.name().as_ref().to_owned(),
                ..Element::default()
            }),
            Event::Empty(tag) => {
                let name = tag.name().as_ref().to_owned();
                if let Some(parent) = open.last_mut() {
                    parent.children.push(Element {
                        name,
                        ..Element::default()
                    });
                }
            }
            Event::End(_) => {
                let done = open.pop().unwrap_or_default();
                let parent = open.last_mut();
                parent
                    .ok_or_else(|| wrong("it ends too often".to_owned()))?
                    .children
                    .push(done);
            }
            Event::Text(text) => append(&mut open, &text)?,
            Event::GeneralRef(name) => {
                append(&mut open, &format!("&{};", &*name))?;
            }
            Event::Eof => break,
            _ => {}
        }
    }
    let root = open.pop().unwrap_or_default();
    root.children
        .into_iter()
        .next()
        .ok_or_else(|| wrong("it is empty".to_owned()))
}

fn append(open: &mut [Element], text: &str) -> Result<(), ApiError> {
    let text = unescape(text).map_err(|error| ApiError::internal(error.to_string()))?;
    if let Some(element) = open.last_mut() {
        element.text.push_str(&text);
    }
    Ok(())
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
        Kind::Integer => {
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
            (text("__type"), text("message").or(text("Message")))
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
