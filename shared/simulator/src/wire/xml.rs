//! Writes results as XML by their output shape, for EC2, the query protocol and S3.

use std::borrow::Cow;

use quick_xml::escape::escape;
use serde_json::{Map, Value};

use super::error::ApiError;
use super::model::{Kind, Member, Service, Shape};

/// The members of a result, without the element around them.
pub(crate) fn members(
    service: &Service,
    output: Option<&str>,
    result: &Value,
) -> Result<String, ApiError> {
    let mut xml = String::new();
    if let Some(shape) = output.and_then(|name| service.shape(name)) {
        structure(service, shape, result, &mut xml)?;
    }
    Ok(xml)
}

/// Whether XML 1.0 has a character at all: <https://www.w3.org/TR/xml/#charsets>.
pub(crate) fn carries(character: char) -> bool {
    !matches!(character, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// An element with a text in it. What XML can't carry becomes a replacement character: it comes
/// from protocols that can.
pub(crate) fn element(name: &str, text: &str, xml: &mut String) {
    let text: Cow<'_, str> = if text.chars().all(carries) {
        Cow::Borrowed(text)
    } else {
        let carried = |character| {
            if carries(character) {
                character
            } else {
                '\u{fffd}'
            }
        };
        Cow::Owned(text.chars().map(carried).collect())
    };
    let text = escape(text);
    open(name, xml);
    xml.push_str(&text);
    close(name, xml);
}

/// A structure's members, without the element around them.
pub(crate) fn structure(
    service: &Service,
    shape: &Shape,
    value: &Value,
    xml: &mut String,
) -> Result<(), ApiError> {
    let Some(entries) = value.as_object() else {
        return Err(ApiError::internal(format!("{value} is not a structure")));
    };
    for (name, value) in entries.iter().filter(|(_, value)| !value.is_null()) {
        let member = shape.members.get(name);
        let member = member.ok_or_else(|| ApiError::internal(format!("no member {name}")))?;
        write(service, member, member.wire_name(name), value, xml)?;
    }
    Ok(())
}

fn write(
    service: &Service,
    member: &Member,
    name: &str,
    value: &Value,
    xml: &mut String,
) -> Result<(), ApiError> {
    let shape = service
        .shape(&member.shape)
        .ok_or_else(|| ApiError::internal(format!("no shape {}", member.shape)))?;
    match (shape.kind, value) {
        (Kind::List, Value::Array(items)) => list(service, shape, name, items, xml),
        (Kind::Structure, Value::Object(_)) => {
            open(name, xml);
            structure(service, shape, value, xml)?;
            close(name, xml);
            Ok(())
        }
        (Kind::Map, Value::Object(entries)) => map(service, shape, name, entries, xml),
        (Kind::List | Kind::Structure | Kind::Map, _) => {
            Err(ApiError::internal(format!("{name} can't hold {value}")))
        }
        (_, Value::String(text)) => {
            element(name, text, xml);
            Ok(())
        }
        (_, other) => {
            element(name, &other.to_string(), xml);
            Ok(())
        }
    }
}

/// A map of the query protocol: an `entry` for each key and its value.
fn map(
    service: &Service,
    shape: &Shape,
    name: &str,
    entries: &Map<String, Value>,
    xml: &mut String,
) -> Result<(), ApiError> {
    let (Some(key), Some(member)) = (&shape.key, &shape.value) else {
        return Err(ApiError::internal(format!("{name} is a map of nothing")));
    };
    open(name, xml);
    for (entry, value) in entries {
        open("entry", xml);
        element(key.wire_name("key"), entry, xml);
        write(service, member, member.wire_name("value"), value, xml)?;
        close("entry", xml);
    }
    close(name, xml);
    Ok(())
}

fn list(
    service: &Service,
    shape: &Shape,
    name: &str,
    items: &[Value],
    xml: &mut String,
) -> Result<(), ApiError> {
    let Some(member) = &shape.member else {
        return Err(ApiError::internal(format!("{name} is a list of nothing")));
    };
    if shape.flattened {
        return items
            .iter()
            .try_for_each(|item| write(service, member, name, item, xml));
    }
    open(name, xml);
    for item in items {
        write(service, member, member.wire_name("member"), item, xml)?;
    }
    close(name, xml);
    Ok(())
}

/// The beginning of an element.
pub(crate) fn open(name: &str, xml: &mut String) {
    xml.push('<');
    xml.push_str(name);
    xml.push('>');
}

/// The end of an element.
pub(crate) fn close(name: &str, xml: &mut String) {
    xml.push_str("</");
    xml.push_str(name);
    xml.push('>');
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::wire::model;

    #[test]
    fn names_lists_and_escapes_follow_the_shape() {
        let service = model::service("ec2").expect("ec2");
        let result = json!({"Tags": [{"Key": "a<b", "Value": "x\r&"}]});
        let xml = members(service, Some("DescribeTagsResult"), &result).expect("xml");
        let expected = "<tagSet><item><key>a&lt;b</key><value>x&#13;&amp;</value></item></tagSet>";
        assert_eq!(xml, expected);
    }

    #[test]
    fn a_member_the_shape_lacks_is_a_fault_not_silence() {
        let service = model::service("ec2").expect("ec2");
        assert!(members(service, Some("DescribeTagsResult"), &json!({"Tagz": []})).is_err());
    }
}
