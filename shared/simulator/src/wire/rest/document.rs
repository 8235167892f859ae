//! Reads an XML body into values by its shape.

use serde_json::{Map, Value};

use crate::wire::check;
use crate::wire::element::{self, Element};
use crate::wire::model::{Kind, Member, Service, Shape};
use crate::wire::refusal::Refusal;

/// The structure that a body is; its root has the name of the member it is for.
pub(crate) fn read(
    service: &Service,
    name: &str,
    member: &Member,
    body: &[u8],
) -> Result<Value, Refusal> {
    let root = element::document(body).map_err(Refusal::Malformed)?;
    if root.name != member.wire_name(name) {
        return Err(out_of_place(&root));
    }
    value(service, name, member, &root)
}

fn value(
    service: &Service,
    name: &str,
    member: &Member,
    element: &Element,
) -> Result<Value, Refusal> {
    let shape = service.shape(&member.shape);
    let shape = shape.ok_or_else(|| out_of_place(element))?;
    match shape.kind {
        Kind::Structure => structure(service, shape, element),
        Kind::List => list(service, name, shape, element.children.iter()),
        _ if element.children.is_empty() => {
            check::scalar(shape, &member.shape, name, &element.text)
        }
        _ => Err(out_of_place(element)),
    }
}

fn structure(service: &Service, shape: &Shape, element: &Element) -> Result<Value, Refusal> {
    let mut read = Map::new();
    let mut left: Vec<&Element> = element.children.iter().collect();
    for (name, member) in &shape.members {
        let wire = member.wire_name(name);
        let (named, others) = left.into_iter().partition(|child| child.name == wire);
        left = others;
        let named: Vec<&Element> = named;
        let flat = service.shape(&member.shape);
        let flat = flat.filter(|shape| shape.kind == Kind::List && shape.flattened);
        let value = match (flat, named.as_slice()) {
            (_, []) if shape.required.contains(name) => {
                return Err(Refusal::Malformed(format!("{wire} is missing")));
            }
            (_, []) => continue,
            (Some(flat), items) => list(service, name, flat, items.iter().copied())?,
            (None, [one]) => value(service, name, member, one)?,
            (None, [_, second, ..]) => return Err(out_of_place(second)),
        };
        read.insert(name.clone(), value);
    }
    match left.first() {
        Some(unknown) => Err(out_of_place(unknown)),
        None => Ok(Value::Object(read)),
    }
}

fn list<'a>(
    service: &Service,
    name: &str,
    shape: &Shape,
    items: impl Iterator<Item = &'a Element>,
) -> Result<Value, Refusal> {
    let mut read = Vec::new();
    for item in items {
        let member = shape.member.as_ref();
        let fits = |member: &&Member| shape.flattened || member.wire_name("member") == item.name;
        let member = member.filter(fits).ok_or_else(|| out_of_place(item))?;
        read.push(value(service, name, member, item)?);
    }
    let read = Value::Array(read);
    check::limits(shape, "", name, &read)?;
    Ok(read)
}

fn out_of_place(element: &Element) -> Refusal {
    Refusal::Malformed(format!("{} is out of place", element.name))
}
