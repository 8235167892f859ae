//! The JSON protocols: checks a document against its input shape, and writes results by their
//! output shape (times as seconds since the epoch).

use serde_json::{Map, Number, Value};

use super::check;
use super::error::ApiError;
use super::model::{Kind, Member, Service, Shape};
use super::refusal::Refusal;

/// The parameters in a JSON body.
pub(crate) fn parameters(
    service: &Service,
    input: Option<&str>,
    body: &[u8],
) -> Result<Value, Refusal> {
    let document = object(body)?;
    if let Some(shape) = input.and_then(|name| service.shape(name)) {
        check(service, shape, &document)?;
    }
    Ok(document)
}

/// A body that is an object; nothing is an empty one.
pub(crate) fn object(body: &[u8]) -> Result<Value, Refusal> {
    let body: &[u8] = if body.is_empty() { b"{}" } else { body };
    let document: Value = serde_json::from_slice(body)
        .map_err(|error| Refusal::Malformed(format!("The body is not JSON: {error}")))?;
    if document.is_object() {
        Ok(document)
    } else {
        let message = "The body is not a JSON object";
        Err(Refusal::Malformed(message.to_owned()))
    }
}

/// Refuses what isn't of an input shape.
pub(crate) fn check(service: &Service, shape: &Shape, document: &Value) -> Result<(), Refusal> {
    structure(service, shape, "", document)
}

fn structure(service: &Service, shape: &Shape, path: &str, value: &Value) -> Result<(), Refusal> {
    let Some(entries) = value.as_object() else {
        return Err(mistyped(path, value, "a structure"));
    };
    for (name, value) in entries {
        let member = shape.members.get(name);
        let member = member.ok_or_else(|| Refusal::unknown(join(path, name)))?;
        check_value(service, member, &join(path, name), value)?;
    }
    let missing = |name: &&String| entries.get(*name).is_none_or(Value::is_null);
    match shape.required.iter().find(missing) {
        Some(name) => Err(Refusal::Missing {
            path: join(path, name),
        }),
        None => Ok(()),
    }
}

fn check_value(
    service: &Service,
    member: &Member,
    path: &str,
    value: &Value,
) -> Result<(), Refusal> {
    let Some(shape) = service.shape(&member.shape) else {
        return Err(Refusal::unknown(path));
    };
    let right = match (shape.kind, value) {
        (_, Value::Null) => return Ok(()),
        (Kind::Structure, _) => return structure(service, shape, path, value),
        (Kind::List, Value::Array(items)) => {
            for (place, item) in items.iter().enumerate() {
                if let Some(member) = &shape.member {
                    let path = format!("{path}.{}.member", place + 1);
                    check_value(service, member, &path, item)?;
                }
            }
            true
        }
        (Kind::Map, Value::Object(_))
        | (Kind::String | Kind::Blob, Value::String(_))
        | (Kind::Boolean, Value::Bool(_))
        | (Kind::Float | Kind::Timestamp, Value::Number(_)) => true,
        (Kind::Integer | Kind::Long, Value::Number(number)) => {
            refuse_unfit(shape.kind, number)?;
            true
        }
        _ => false,
    };
    if !right {
        return Err(mistyped(path, value, &format!("a {:?}", shape.kind)));
    }
    check::limits(shape, &member.shape, path, value)
}

/// Refuses a number that its member can't hold, which fails before any constraint is looked at.
fn refuse_unfit(kind: Kind, number: &Number) -> Result<(), Refusal> {
    let fits = match (kind, number.as_i64()) {
        (Kind::Integer, Some(number)) => i32::try_from(number).is_ok(),
        (_, number) => number.is_some(),
    };
    if fits {
        return Ok(());
    }
    let message = format!("NUMBER_VALUE can not be converted to {kind:?}");
    Err(Refusal::Malformed(message))
}

fn mistyped(path: &str, value: &Value, expected: &str) -> Refusal {
    Refusal::Value {
        path: path.to_owned(),
        value: value.to_string(),
        expected: expected.to_lowercase(),
    }
}

/// AWS words a path in lower camel case: `keyId`.
fn join(path: &str, name: &str) -> String {
    let mut letters = name.chars();
    let name = letters
        .next()
        .map(|first| first.to_ascii_lowercase().to_string() + letters.as_str())
        .unwrap_or_default();
    if path.is_empty() {
        name
    } else {
        format!("{path}.{name}")
    }
}

/// A result as its output shape writes it.
pub(crate) fn result(
    service: &Service,
    output: Option<&str>,
    result: &Value,
) -> Result<Value, ApiError> {
    match output.and_then(|name| service.shape(name)) {
        Some(shape) => written(service, shape, result),
        None => Ok(Value::Object(Map::new())),
    }
}

/// A value as its shape writes it.
pub(crate) fn written(service: &Service, shape: &Shape, value: &Value) -> Result<Value, ApiError> {
    let shape_of = |member: &Member| {
        service
            .shape(&member.shape)
            .ok_or_else(|| ApiError::internal(format!("no shape {}", member.shape)))
    };
    match (shape.kind, value) {
        (Kind::Structure, Value::Object(entries)) => {
            let mut object = Map::new();
            for (name, value) in entries.iter().filter(|(_, value)| !value.is_null()) {
                let member = shape.members.get(name);
                let member =
                    member.ok_or_else(|| ApiError::internal(format!("no member {name}")))?;
                object.insert(name.clone(), written(service, shape_of(member)?, value)?);
            }
            Ok(Value::Object(object))
        }
        (Kind::List, Value::Array(items)) => match &shape.member {
            Some(member) => {
                let shape = shape_of(member)?;
                let items = items.iter().map(|item| written(service, shape, item));
                items.collect::<Result<Vec<_>, _>>().map(Value::Array)
            }
            None => Ok(value.clone()),
        },
        (Kind::Timestamp, Value::String(text)) => text
            .parse::<jiff::Timestamp>()
            .map(|time| Value::from(time.as_second()))
            .map_err(|error| ApiError::internal(error.to_string())),
        _ => Ok(value.clone()),
    }
}
