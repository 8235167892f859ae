//! Reads a form into parameters by the operation's input shape, for EC2 and the query protocol.
//!
//! The rules: <https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html> and
//! <https://smithy.io/2.0/aws/protocols/aws-query-protocol.html>.

use serde_json::{Map, Value};

use super::check;
use super::form::Form;
use super::model::{Kind, Member, Protocol, Service, Shape};
use super::refusal::Refusal;

/// The parameters of `form`, keyed by the model's member names.
pub(crate) fn parameters(
    service: &Service,
    input: Option<&str>,
    form: &Form,
) -> Result<Value, Refusal> {
    match input.and_then(|name| service.shape(name)) {
        Some(shape) => structure(service, shape, "", form),
        None => match form.parts.keys().next() {
            Some(name) => Err(Refusal::unknown(name)),
            None => Ok(Value::Object(Map::new())),
        },
    }
}

fn value(service: &Service, member: &Member, path: &str, form: &Form) -> Result<Value, Refusal> {
    let shape = service
        .shape(&member.shape)
        .ok_or_else(|| Refusal::unknown(path))?;
    match shape.kind {
        Kind::Structure => structure(service, shape, path, form),
        Kind::List => list(service, shape, path, form),
        Kind::Map => map(service, shape, path, form),
        _ => {
            if let Some(part) = form.parts.keys().next() {
                return Err(Refusal::unknown(join(path, part)));
            }
            let text = form.value.as_deref().unwrap_or_default();
            check::scalar(shape, &member.shape, path, text)
        }
    }
}

fn structure(service: &Service, shape: &Shape, path: &str, form: &Form) -> Result<Value, Refusal> {
    refuse_value(path, form)?;
    let mut known = Map::new();
    let mut left: Vec<&String> = form.parts.keys().collect();
    for (name, member) in &shape.members {
        let wire = member.request_name(name, service.protocol);
        let place = join(path, &wire);
        match form.parts.get(&wire) {
            Some(part) => {
                left.retain(|other| **other != wire);
                known.insert(name.clone(), value(service, member, &place, part)?);
            }
            None if shape.required.contains(name) => return Err(Refusal::Missing { path: place }),
            None => {}
        }
    }
    match left.first() {
        Some(name) => Err(Refusal::unknown(join(path, name))),
        None => Ok(Value::Object(known)),
    }
}

fn list(service: &Service, shape: &Shape, path: &str, form: &Form) -> Result<Value, Refusal> {
    let Some(member) = &shape.member else {
        return Err(Refusal::unknown(path));
    };
    let mut items = Vec::new();
    if let Some((path, form)) = entries(service, shape, member.wire_name("member"), path, form)? {
        for (number, part) in numbered(&path, form)? {
            items.push(value(service, member, &format!("{path}.{number}"), part)?);
        }
    }
    let items = Value::Array(items);
    check::limits(shape, "", path, &items)?;
    Ok(items)
}

fn map(service: &Service, shape: &Shape, path: &str, form: &Form) -> Result<Value, Refusal> {
    let (Some(key), Some(member)) = (&shape.key, &shape.value) else {
        return Err(Refusal::unknown(path));
    };
    let mut entries_read = Map::new();
    if let Some((path, form)) = entries(service, shape, "entry", path, form)? {
        for (number, part) in numbered(&path, form)? {
            let place = format!("{path}.{number}");
            let (key_name, value_name) = (key.wire_name("key"), member.wire_name("value"));
            let key = needed(part, key_name, &place)?;
            let name = key.value.clone().unwrap_or_default();
            let part = needed(part, value_name, &place)?;
            let read = value(service, member, &join(&place, value_name), part)?;
            entries_read.insert(name, read);
        }
    }
    Ok(Value::Object(entries_read))
}

/// Where a list's or map's entries are: EC2 and flattened ones have them right under the name,
/// the query protocol under `member` or `entry`. An empty value is an empty list.
fn entries<'a>(
    service: &Service,
    shape: &Shape,
    wrapper: &str,
    path: &str,
    form: &'a Form,
) -> Result<Option<(String, &'a Form)>, Refusal> {
    if form.value.as_deref() == Some("") && form.parts.is_empty() {
        return Ok(None);
    }
    refuse_value(path, form)?;
    if service.protocol == Protocol::Ec2 || shape.flattened {
        return Ok(Some((path.to_owned(), form)));
    }
    match form.parts.keys().find(|part| *part != wrapper) {
        Some(part) => Err(Refusal::unknown(join(path, part))),
        None => Ok(form
            .parts
            .get(wrapper)
            .map(|part| (join(path, wrapper), part))),
    }
}

fn numbered<'a>(path: &str, form: &'a Form) -> Result<Vec<(u32, &'a Form)>, Refusal> {
    form.numbered()
        .map_err(|name| Refusal::unknown(join(path, name)))
}

fn needed<'a>(form: &'a Form, name: &str, path: &str) -> Result<&'a Form, Refusal> {
    form.parts.get(name).ok_or_else(|| Refusal::Missing {
        path: join(path, name),
    })
}

fn refuse_value(path: &str, form: &Form) -> Result<(), Refusal> {
    match &form.value {
        Some(value) => Err(Refusal::Value {
            path: path.to_owned(),
            value: value.clone(),
            expected: "a group of parameters".to_owned(),
        }),
        None => Ok(()),
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::wire::model;

    fn read(service: &str, operation: &str, body: &str) -> Result<Value, Refusal> {
        let service = model::service(service).expect("a service");
        let input = service.operations[operation].input.as_deref();
        parameters(service, input, &Form::parse(body.as_bytes(), "")?)
    }

    #[test]
    fn ec2_lists_are_flat_and_nested_names_capitalized() {
        let body = "ImageId=ami-1&LaunchPermission.Add.1.UserId=222222222222\
                    &LaunchPermission.Add.2.Group=all";
        let expected = json!({"ImageId": "ami-1", "LaunchPermission":
            {"Add": [{"UserId": "222222222222"}, {"Group": "all"}]}});
        assert_eq!(read("ec2", "ModifyImageAttribute", body), Ok(expected));
    }

    #[test]
    fn query_maps_and_lists_have_their_wrappers() {
        let body = "Message=m&MessageAttributes.entry.1.Name=kind\
                    &MessageAttributes.entry.1.Value.DataType=String";
        let expected =
            json!({"Message": "m", "MessageAttributes": {"kind": {"DataType": "String"}}});
        assert_eq!(read("sns", "Publish", body), Ok(expected));
    }

    #[test]
    fn unknown_parameters_are_refused_at_any_depth() {
        let refused = read("ec2", "DescribeImages", "Filter.1.Named=x");
        assert_eq!(refused, Err(Refusal::unknown("Filter.1.Named")));
        let refused = read("ec2", "DescribeRegions", "Colour=blue");
        assert_eq!(refused, Err(Refusal::unknown("Colour")));
    }

    #[test]
    fn missing_and_mistyped_parameters_are_refused() {
        let missing = read("ec2", "DeregisterImage", "");
        assert_eq!(
            missing,
            Err(Refusal::Missing {
                path: "ImageId".to_owned()
            })
        );
        let mistyped = read("ec2", "DeregisterImage", "ImageId=ami-1&DryRun=perhaps");
        assert!(matches!(mistyped, Err(Refusal::Value { .. })));
        let unlisted = read(
            "ec2",
            "ResetImageAttribute",
            "ImageId=ami-1&Attribute=colour",
        );
        assert!(matches!(unlisted, Err(Refusal::Value { .. })));
    }

    #[test]
    fn a_description_that_is_too_long_is_refused() {
        let body = format!(
            "Name=abc&SourceImageId=ami-1&SourceRegion=r&Description={}",
            "d".repeat(256)
        );
        assert!(matches!(
            read("ec2", "CopyImage", &body),
            Err(Refusal::Range { .. })
        ));
    }
}
