//! Where operations take numbers, and calls that have a number in such a place.

use serde_json::{Map, Value};

use super::{Examples, known, unknown};
use crate::wire::error::ApiError;
use crate::wire::model::{Kind, Member, Service, Shape};

/// Numbers deeper within parameters are not looked for.
const DEEPEST: usize = 10;
/// The part of a place that is an item of a list.
const ITEM: &str = "[]";

/// Every place in an operation's parameters where a number stands, as the names on the way to it.
///
/// # Errors
/// Where the table has no such operation.
pub fn numbers((service, operation): (&str, &str)) -> Result<Vec<Vec<&'static str>>, ApiError> {
    let known = known(service)?;
    let mut found = Vec::new();
    if let Some(shape) = input(known, operation)? {
        look(known, shape, &mut Vec::new(), &mut found);
    }
    Ok(found)
}

fn input(known: &'static Service, operation: &str) -> Result<Option<&'static Shape>, ApiError> {
    let shape = known.operations.get(operation);
    let shape = shape.ok_or_else(|| unknown(operation))?;
    Ok(shape.input.as_deref().and_then(|name| known.shape(name)))
}

fn look(
    known: &'static Service,
    shape: &'static Shape,
    way: &mut Vec<&'static str>,
    found: &mut Vec<Vec<&'static str>>,
) {
    if matches!(shape.kind, Kind::Integer | Kind::Long | Kind::Float) {
        found.push(way.clone());
    }
    if way.len() == DEEPEST {
        return;
    }
    let members = shape.members.iter();
    let members = members.map(|(name, member)| (name.as_str(), member));
    let item = shape.member.iter().map(|member| (ITEM, member));
    for (name, member) in members.chain(item) {
        if let Some(shape) = known.shape(&member.shape) {
            way.push(name);
            look(known, shape, way, found);
            way.pop();
        }
    }
}

impl Examples {
    /// Parameters of an operation with a value in one of its places: what must be there besides is
    /// made up.
    ///
    /// # Errors
    /// Where the table has no such operation, or the operation no such place.
    pub fn with(
        &mut self,
        (service, operation): (&str, &str),
        place: &[&str],
        value: Value,
    ) -> Result<Value, ApiError> {
        let known = known(service)?;
        let shape = input(known, operation)?.ok_or_else(|| unknown(operation))?;
        let mut made = self.required(known, shape)?;
        self.put(known, shape, &mut made, (place, value))?;
        Ok(made)
    }

    fn put(
        &mut self,
        known: &Service,
        shape: &Shape,
        made: &mut Value,
        (place, value): (&[&str], Value),
    ) -> Result<(), ApiError> {
        let Some((name, rest)) = place.split_first() else {
            *made = value;
            return Ok(());
        };
        let member = shape.members.get(*name).or(shape.member.as_ref());
        let shape = member.and_then(|member: &Member| known.shape(&member.shape));
        let shape = shape.ok_or_else(|| unknown(name))?;
        let inner = if *name == ITEM {
            if made.get(0).is_none() {
                *made = Value::Array(vec![Value::Null]);
            }
            &mut made[0]
        } else {
            &mut made[*name]
        };
        if inner.is_null() && shape.kind == Kind::Structure {
            *inner = self.required(known, shape)?;
        }
        self.put(known, shape, inner, (rest, value))
    }

    fn required(&mut self, known: &Service, shape: &Shape) -> Result<Value, ApiError> {
        let mut made = Map::new();
        for name in &shape.required {
            if let Some(member) = shape.members.get(name) {
                let least = match known.shape(&member.shape) {
                    Some(shape) if shape.kind == Kind::Structure && !shape.required.is_empty() => {
                        self.required(known, shape)?
                    }
                    _ => self.needed(known, member, name)?,
                };
                made.insert(name.clone(), least);
            }
        }
        Ok(Value::Object(made))
    }
}
