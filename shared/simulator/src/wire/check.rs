//! Checks single values against their shape: type, list of allowed values, length and range.

use serde_json::{Number, Value};

use super::model::{Kind, Shape};
use super::refusal::Refusal;

/// A text from a form as the value its shape asks for.
pub(crate) fn scalar(
    shape: &Shape,
    shape_name: &str,
    path: &str,
    text: &str,
) -> Result<Value, Refusal> {
    let value = match shape.kind {
        Kind::String | Kind::Blob => Value::from(text),
        Kind::Boolean => match text.to_ascii_lowercase().as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => return Err(wrong(path, text, "true or false")),
        },
        Kind::Integer => text
            .parse::<i32>()
            .map(Value::from)
            .map_err(|_| wrong(path, text, "a whole number of 32 bits"))?,
        Kind::Long => text
            .parse::<i64>()
            .map(Value::from)
            .map_err(|_| wrong(path, text, "a whole number of 64 bits"))?,
        Kind::Float => text
            .parse::<f64>()
            .ok()
            .and_then(Number::from_f64)
            .map(Value::Number)
            .ok_or_else(|| wrong(path, text, "a number"))?,
        Kind::Timestamp => text
            .parse::<jiff::Timestamp>()
            .map(|time| Value::from(time.to_string()))
            .map_err(|_| wrong(path, text, "an ISO 8601 time"))?,
        Kind::Structure | Kind::List | Kind::Map => {
            return Err(wrong(path, text, "a group of parameters"));
        }
    };
    limits(shape, shape_name, path, &value)?;
    Ok(value)
}

/// The shape's own limits: its allowed values, and its length or range.
pub(crate) fn limits(
    shape: &Shape,
    shape_name: &str,
    path: &str,
    value: &Value,
) -> Result<(), Refusal> {
    if let Some(text) = value.as_str()
        && !shape.allowed.is_empty()
        && !shape.allowed.iter().any(|allowed| allowed == text)
    {
        let expected = format!("one of [{}]", shape.allowed.join(", "));
        return Err(wrong(path, text, &expected));
    }
    let (size, what) = match value {
        Value::String(text) if shape.kind == Kind::String => (text.chars().count(), "length"),
        Value::Array(items) => (items.len(), "number of entries"),
        Value::Object(entries) if shape.kind == Kind::Map => (entries.len(), "number of entries"),
        Value::Number(number) => {
            return range(shape, shape_name, path, number.as_i64().unwrap_or_default());
        }
        _ => return Ok(()),
    };
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    check(shape, size).map_err(|limits| Refusal::Range {
        path: path.to_owned(),
        shape: shape_name.to_owned(),
        limits: format!("of a {what} {limits}"),
    })
}

fn range(shape: &Shape, shape_name: &str, path: &str, number: i64) -> Result<(), Refusal> {
    check(shape, number).map_err(|limits| Refusal::Range {
        path: path.to_owned(),
        shape: shape_name.to_owned(),
        limits,
    })
}

fn check(shape: &Shape, size: i64) -> Result<(), String> {
    match (shape.min, shape.max) {
        (Some(min), _) if size < min => Err(format!("greater than or equal to {min}")),
        (_, Some(max)) if size > max => Err(format!("less than or equal to {max}")),
        _ => Ok(()),
    }
}

fn wrong(path: &str, value: &str, expected: &str) -> Refusal {
    Refusal::Value {
        path: path.to_owned(),
        value: value.to_owned(),
        expected: expected.to_owned(),
    }
}
