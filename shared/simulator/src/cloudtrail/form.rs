//! Parameters and results in CloudTrail's own form, as its published records have them: lower
//! camel case, and EC2's lists under `items` with names of their own. What isn't known to have a
//! name of its own keeps the API's.

use serde_json::{Map, Value, json};

use crate::request::Request;

/// Operations whose parameters stand, as the API names them, in one member.
const WRAPPED: [&str; 7] = [
    "CreateFleet",
    "CreateLaunchTemplate",
    "CreateLaunchTemplateVersion",
    "DeleteFleets",
    "DeleteLaunchTemplate",
    "DeleteLaunchTemplateVersions",
    "ModifyLaunchTemplate",
];

/// `requestParameters`.
pub(super) fn request(call: &Request) -> Value {
    if call.parameters.is_null() {
        return Value::Null;
    }
    if call.service != "ec2" {
        return plain(&hidden(call));
    }
    if WRAPPED.contains(&call.operation.as_str()) {
        return json!({ format!("{}Request", call.operation): without_secrets(&call.parameters) });
    }
    let mut written = Map::new();
    for (name, value) in call.parameters.as_object().into_iter().flatten() {
        let (name, value) = parameter(name, value);
        written.insert(name, value);
    }
    match call.operation.as_str() {
        "RunInstances" => launched(&mut written),
        "CreateVolume" => renamed(&mut written, "availabilityZone", "zone"),
        "ModifyImageAttribute" => {
            let kind = attribute(&call.parameters);
            written.insert("attributeType".to_owned(), Value::from(kind));
        }
        "ModifySnapshotAttribute" => {
            let kind = Value::from("CREATE_VOLUME_PERMISSION");
            written.insert("attributeType".to_owned(), kind);
        }
        _ => {}
    }
    Value::Object(written)
}

/// `responseElements`: none where there is nothing to tell.
pub(super) fn response(call: &Request, answer: &Value) -> Value {
    let empty = answer.as_object().is_none_or(Map::is_empty);
    if call.service != "ec2" {
        return if empty { Value::Null } else { plain(answer) };
    }
    let mut written = Map::new();
    written.insert("requestId".to_owned(), Value::from(call.id.clone()));
    for (name, value) in answer.as_object().into_iter().flatten() {
        let name = match name.as_str() {
            "Return" => "_return".to_owned(),
            "Instances" | "StartingInstances" | "StoppingInstances" | "TerminatingInstances" => {
                "instancesSet".to_owned()
            }
            name => lower_camel(name),
        };
        if !value.is_null() {
            written.insert(name, listed(value));
        }
    }
    if empty {
        written.insert("_return".to_owned(), Value::Bool(true));
    }
    Value::Object(written)
}

/// One of EC2's parameters.
fn parameter(name: &str, value: &Value) -> (String, Value) {
    let (name, value) = match name {
        "Resources" => ("resourcesSet", wrapped(value, "resourceId")),
        "InstanceIds" => ("instancesSet", wrapped(value, "instanceId")),
        "Tags" => ("tagSet", listed(value)),
        "BlockDeviceMappings" => ("blockDeviceMapping", listed(value)),
        "TagSpecifications" => {
            let items = value.as_array().into_iter().flatten().map(plain);
            let items: Vec<Value> = items.collect();
            ("tagSpecificationSet", json!({ "items": items }))
        }
        "UserData" => ("userData", Value::from("<sensitiveDataRemoved>")),
        name => return (lower_camel(name), listed(value)),
    };
    (name.to_owned(), value)
}

/// The image and the counts of a launch stand with its instances.
fn launched(written: &mut Map<String, Value>) {
    let mut item = Map::new();
    for name in ["imageId", "minCount", "maxCount"] {
        if let Some(value) = written.remove(name) {
            item.insert(name.to_owned(), value);
        }
    }
    written.insert("instancesSet".to_owned(), json!({ "items": [item] }));
}

fn renamed(written: &mut Map<String, Value>, from: &str, to: &str) {
    if let Some(value) = written.remove(from) {
        written.insert(to.to_owned(), value);
    }
}

/// Which attribute of an image a call changes.
fn attribute(parameters: &Value) -> String {
    let named = parameters["Attribute"].as_str();
    let given = ["LaunchPermission", "Description", "ImdsSupport"];
    let given = given.iter().find(|name| !parameters[**name].is_null());
    match (named, given) {
        (Some(named), _) => named.to_owned(),
        (None, Some(given)) => lower_camel(given),
        (None, None) => "launchPermission".to_owned(),
    }
}

/// Lower camel case, lists under `items`.
fn listed(value: &Value) -> Value {
    match value {
        Value::Object(entries) => object(entries, listed),
        Value::Array(items) => {
            json!({ "items": items.iter().map(listed).collect::<Vec<_>>() })
        }
        other => other.clone(),
    }
}

/// Lower camel case, lists as they are.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(entries) => object(entries, plain),
        Value::Array(items) => Value::Array(items.iter().map(plain).collect()),
        other => other.clone(),
    }
}

fn object(entries: &Map<String, Value>, write: fn(&Value) -> Value) -> Value {
    let entries = entries.iter().filter(|(_, value)| !value.is_null());
    Value::Object(
        entries
            .map(|(name, value)| (lower_camel(name), write(value)))
            .collect(),
    )
}

/// Another service's parameters; CloudTrail keeps no parameter's value.
fn hidden(call: &Request) -> Value {
    let mut parameters = call.parameters.clone();
    if call.operation == "PutParameter" {
        parameters["Value"] = Value::from("HIDDEN_DUE_TO_SECURITY_REASONS");
    }
    parameters
}

/// The same without user data.
fn without_secrets(value: &Value) -> Value {
    match value {
        Value::Object(entries) => {
            let entries = entries.iter().map(|(name, value)| match name.as_str() {
                "UserData" => (name.clone(), Value::from("<sensitiveDataRemoved>")),
                _ => (name.clone(), without_secrets(value)),
            });
            Value::Object(entries.collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(without_secrets).collect()),
        other => other.clone(),
    }
}

fn wrapped(value: &Value, name: &str) -> Value {
    let items = value.as_array().into_iter().flatten();
    json!({ "items": items.map(|item| json!({ name: item })).collect::<Vec<_>>() })
}

fn lower_camel(name: &str) -> String {
    let mut letters = name.chars();
    letters
        .next()
        .map(|first| first.to_ascii_lowercase().to_string() + letters.as_str())
        .unwrap_or_default()
}
