//! Writes parameters as a form: `Filter.1.Name=state`.

use serde_json::Value;

use super::unknown;
use crate::wire::error::ApiError;
use crate::wire::model::{Kind, Member, Protocol, Service, Shape};

type Pairs = Vec<(String, String)>;

/// The form body of a call.
pub(super) fn form(
    service: &Service,
    operation: &str,
    input: Option<&str>,
    parameters: &Value,
) -> Result<String, ApiError> {
    let mut pairs = vec![
        ("Action".to_owned(), operation.to_owned()),
        ("Version".to_owned(), service.version.clone()),
    ];
    if let Some(shape) = input.and_then(|name| service.shape(name)) {
        structure(service, shape, "", parameters, &mut pairs)?;
    }
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(pairs);
    Ok(form.finish())
}

fn structure(
    service: &Service,
    shape: &Shape,
    path: &str,
    value: &Value,
    pairs: &mut Pairs,
) -> Result<(), ApiError> {
    for (name, value) in value.as_object().into_iter().flatten() {
        let member = shape.members.get(name);
        let member = member.ok_or_else(|| unknown(&format!("the parameter {path}{name}")))?;
        let place = format!("{path}{}", member.request_name(name, service.protocol));
        write(service, member, &place, value, pairs)?;
    }
    Ok(())
}

fn write(
    service: &Service,
    member: &Member,
    place: &str,
    value: &Value,
    pairs: &mut Pairs,
) -> Result<(), ApiError> {
    let shape = service.shape(&member.shape);
    let shape = shape.ok_or_else(|| unknown(&format!("the shape {}", member.shape)))?;
    match (shape.kind, value) {
        (_, Value::Null) => Ok(()),
        (Kind::Structure, value) => structure(service, shape, &format!("{place}."), value, pairs),
        (Kind::List, Value::Array(items)) => {
            let Some(member) = &shape.member else {
                return Err(unknown(place));
            };
            let wrapped = service.protocol != Protocol::Ec2 && !shape.flattened;
            let step = if wrapped {
                format!(".{}", member.wire_name("member"))
            } else {
                String::new()
            };
            for (number, item) in items.iter().enumerate() {
                let place = format!("{place}{step}.{}", number + 1);
                write(service, member, &place, item, pairs)?;
            }
            Ok(())
        }
        (Kind::Map, Value::Object(entries)) => {
            let (Some(key), Some(of)) = (&shape.key, &shape.value) else {
                return Err(unknown(place));
            };
            let step = if shape.flattened { "" } else { ".entry" };
            for (number, (name, value)) in entries.iter().enumerate() {
                let place = format!("{place}{step}.{}", number + 1);
                let key_place = format!("{place}.{}", key.wire_name("key"));
                pairs.push((key_place, name.clone()));
                let place = format!("{place}.{}", of.wire_name("value"));
                write(service, of, &place, value, pairs)?;
            }
            Ok(())
        }
        (_, Value::String(text)) => {
            pairs.push((place.to_owned(), text.clone()));
            Ok(())
        }
        (_, other) => {
            pairs.push((place.to_owned(), other.to_string()));
            Ok(())
        }
    }
}
