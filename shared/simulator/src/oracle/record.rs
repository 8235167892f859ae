//! What the record's table holds, read from the database itself.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::state::State;

use super::text::{image_ids, names};

/// An item of a table.
#[derive(Debug, Clone)]
pub(super) struct Item {
    place: Place,
    key: Value,
}

/// An account and a Region.
type Place = (String, String);

impl Item {
    /// Whether the item is still there, and still names an image.
    pub(super) fn names(&self, state: &State, table: &str, image: &str) -> bool {
        let get = json!({ "TableName": table, "Key": self.key, "ConsistentRead": true });
        let answer = state.databases.ask(&self.place, "GetItem", &get);
        answer.is_some_and(|answer| names(&answer["Item"].to_string(), image))
    }
}

/// An item for each image that any item of the table names, in whichever account and Region the
/// table is.
pub(super) fn items(state: &State, table: &str) -> BTreeMap<String, Item> {
    let mut found = BTreeMap::new();
    for place in state.databases.places() {
        let keys = keys(state, place, table);
        let mut scan = json!({ "TableName": table, "ConsistentRead": true });
        while let Some(page) = state.databases.ask(place, "Scan", &scan) {
            for item in page["Items"].as_array().into_iter().flatten() {
                for image in image_ids(&item.to_string()) {
                    let item = Item {
                        place: place.clone(),
                        key: key(&keys, item),
                    };
                    found.insert(image.to_owned(), item);
                }
            }
            match page.get("LastEvaluatedKey") {
                Some(last) if !last.is_null() => scan["ExclusiveStartKey"] = last.clone(),
                _ => break,
            }
        }
    }
    found
}

/// The names of a table's key attributes.
fn keys(state: &State, place: &Place, table: &str) -> Vec<String> {
    let described = json!({ "TableName": table });
    let described = state.databases.ask(place, "DescribeTable", &described);
    let schema = described.as_ref().map(|found| &found["Table"]["KeySchema"]);
    let schema = schema.and_then(Value::as_array).into_iter().flatten();
    let names = schema.filter_map(|key| key["AttributeName"].as_str());
    names.map(str::to_owned).collect()
}

fn key(names: &[String], item: &Value) -> Value {
    let members = names.iter().map(|name| (name.clone(), item[name].clone()));
    Value::Object(members.collect::<Map<_, _>>())
}
