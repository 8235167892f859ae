//! Launch parameters, and how some are laid over others.

use serde_json::{Map, Value, json};

/// `above` over `below`: a parameter above replaces the one below, but tags of the two are put
/// together, kind by kind.
pub(crate) fn overlaid(below: &Value, above: &Value) -> Value {
    let mut all = below.as_object().cloned().unwrap_or_default();
    for (name, value) in above.as_object().into_iter().flatten() {
        if value.is_null() {
            continue;
        }
        let value = match (name.as_str(), all.get(name)) {
            ("TagSpecifications", Some(below)) => tags(below, value),
            _ => value.clone(),
        };
        all.insert(name.clone(), value);
    }
    Value::Object(all)
}

/// The tags of two lists of specifications; those of the second win.
fn tags(below: &Value, above: &Value) -> Value {
    let mut kinds: Map<String, Value> = Map::new();
    let items = [below, above].into_iter().filter_map(Value::as_array);
    for specification in items.flatten() {
        let kind = specification["ResourceType"].as_str().unwrap_or_default();
        let entry = kinds.entry(kind).or_insert_with(|| json!({}));
        for tag in specification["Tags"].as_array().into_iter().flatten() {
            let key = tag["Key"].as_str().unwrap_or_default();
            entry[key] = tag["Value"].clone();
        }
    }
    let specifications = kinds.into_iter().map(|(kind, tags)| {
        let tags = tags.as_object().cloned().unwrap_or_default().into_iter();
        let tags = tags.map(|(key, value)| json!({ "Key": key, "Value": value }));
        json!({ "ResourceType": kind, "Tags": tags.collect::<Vec<_>>() })
    });
    Value::Array(specifications.collect())
}

/// What a new version inherits: everything but the snapshots of block devices.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplateVersion.html>.
pub(super) fn inherited(source: &Value) -> Value {
    let mut data = source.clone();
    let devices = data.get_mut("BlockDeviceMappings");
    for device in devices.and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(ebs) = device.get_mut("Ebs").and_then(Value::as_object_mut) {
            ebs.remove("SnapshotId");
        }
    }
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_above_replaces_and_tags_are_put_together() {
        let of = |key: &str, value: &str| {
            let tags = json!([{ "Key": key, "Value": value }, { "Key": "same", "Value": value }]);
            json!([{ "ResourceType": "instance", "Tags": tags }])
        };
        let below =
            json!({ "ImageId": "ami-1", "KeyName": "k", "TagSpecifications": of("a", "1") });
        let above = json!({ "ImageId": "ami-2", "TagSpecifications": of("b", "2") });
        let all = overlaid(&below, &above);
        assert_eq!(all["ImageId"], "ami-2");
        assert_eq!(all["KeyName"], "k");
        let tags = &all["TagSpecifications"][0]["Tags"];
        let expected = json!([
            { "Key": "a", "Value": "1" },
            { "Key": "b", "Value": "2" },
            { "Key": "same", "Value": "2" },
        ]);
        assert_eq!(*tags, expected);
    }
}
