//! Makes up calls: parameters of any operation by its shapes, which name what exists where they
//! can, so that they reach deep into a simulated world.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{known, unknown};
use crate::ids::Ids;
use crate::wire::error::ApiError;
use crate::wire::model::{Kind, Member, Protocol, Service, Shape};

/// Structures within structures beyond this have only their required members.
const DEEP: usize = 5;
/// Beyond this they have none.
const DEEPEST: usize = 12;
/// As many texts are kept under one name.
const MOST_KNOWN: usize = 64;
/// What is said where nothing is known.
const WORDS: [&str; 8] = [
    "golden-1",
    "a",
    "x/y.z_9",
    "self",
    "all",
    "alias/golden",
    "1",
    "$Latest",
];

/// A source of made-up parameters. One seed makes the same ones every time, as long as it learns
/// the same.
#[derive(Debug)]
pub struct Examples {
    draw: Ids,
    /// Texts seen in results, by the name they stood under.
    seen: BTreeMap<String, Vec<String>>,
    /// How many of eight optional members are there.
    density: u64,
}

impl Examples {
    /// A source that has seen nothing yet.
    pub fn new(seed: u64) -> Self {
        Self {
            draw: Ids::new(seed),
            seen: BTreeMap::new(),
            density: 0,
        }
    }

    /// Remembers the texts in a result under their names: parameters of such names may take them.
    pub fn learn(&mut self, result: &Value) {
        for (name, value) in result.as_object().into_iter().flatten() {
            self.learn_under(name, value);
        }
    }

    fn learn_under(&mut self, name: &str, value: &Value) {
        match value {
            Value::String(text) if !text.is_empty() && text.len() <= 4096 => {
                let place = self.below(MOST_KNOWN);
                let seen = self.seen.entry(singular(name).to_owned()).or_default();
                if seen.contains(text) {
                } else if seen.len() < MOST_KNOWN {
                    seen.push(text.clone());
                } else {
                    seen[place].clone_from(text);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.learn_under(name, item)),
            Value::Object(_) => self.learn(value),
            _ => {}
        }
    }

    /// Parameters of an operation, by its shapes and within their limits.
    ///
    /// # Errors
    /// Where the table has no such operation.
    pub fn parameters(&mut self, service: &str, operation: &str) -> Result<Value, ApiError> {
        let known = known(service)?;
        let shape = known.operations.get(operation);
        let shape = shape.ok_or_else(|| unknown(&format!("{service}:{operation}")))?;
        self.density = [0, 1, 1, 3, 8][self.below(5)];
        match shape.input.as_deref().and_then(|name| known.shape(name)) {
            Some(shape) => self.structure(known, shape, 0),
            None => Ok(Value::Object(Map::new())),
        }
    }

    /// A value of a member that must be there, with nothing in it that need not be.
    pub(super) fn needed(
        &mut self,
        service: &Service,
        member: &Member,
        name: &str,
    ) -> Result<Value, ApiError> {
        self.density = 0;
        self.value(service, member, name, 1)
    }

    /// A number below `end`, which is not 0.
    fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX);
        let drawn = self.draw.next().checked_rem(end).unwrap_or_default();
        usize::try_from(drawn).unwrap_or_default()
    }

    fn structure(
        &mut self,
        service: &Service,
        shape: &Shape,
        depth: usize,
    ) -> Result<Value, ApiError> {
        let mut made = Map::new();
        // A form can't say that a structure is there and empty.
        let least = Some(self.below(shape.members.len())).filter(|_| depth > 0);
        for (place, (name, member)) in shape.members.iter().enumerate() {
            let optional = depth < DEEP && self.draw.next() % 8 < self.density;
            let dry_run = name == "DryRun" && self.below(8) > 0;
            let required = shape.required.contains(name) || least == Some(place);
            if (required && depth < DEEPEST) || (optional && !dry_run) {
                made.insert(name.clone(), self.value(service, member, name, depth)?);
            }
        }
        Ok(Value::Object(made))
    }

    fn value(
        &mut self,
        service: &Service,
        member: &Member,
        name: &str,
        depth: usize,
    ) -> Result<Value, ApiError> {
        let shape = service.shape(&member.shape);
        let shape = shape.ok_or_else(|| unknown(&format!("the shape {}", member.shape)))?;
        match shape.kind {
            Kind::Structure => self.structure(service, shape, depth + 1),
            Kind::List => self.list(service, shape, name, depth),
            Kind::Map => self.map(service, shape, name, depth),
            Kind::String | Kind::Blob => Ok(Value::from(self.text(shape, name))),
            Kind::Boolean => Ok(Value::from(self.below(2) == 0)),
            Kind::Integer | Kind::Long => Ok(Value::from(self.number(shape))),
            Kind::Float => Ok(Value::from(0.5)),
            Kind::Timestamp => Ok(self.time(service.protocol)),
        }
    }

    fn list(
        &mut self,
        service: &Service,
        shape: &Shape,
        name: &str,
        depth: usize,
    ) -> Result<Value, ApiError> {
        let member = shape.member.as_ref();
        let member = member.ok_or_else(|| unknown("a list of nothing"))?;
        let length = [1, 1, 1, 2, 3][self.below(5)];
        let length = within(shape, length).min(16);
        let items = (0..length).map(|_| self.value(service, member, name, depth));
        items.collect::<Result<Vec<_>, _>>().map(Value::Array)
    }

    fn map(
        &mut self,
        service: &Service,
        shape: &Shape,
        name: &str,
        depth: usize,
    ) -> Result<Value, ApiError> {
        let (Some(key), Some(of)) = (&shape.key, &shape.value) else {
            return Err(unknown("a map of nothing"));
        };
        let mut made = Map::new();
        for _ in 0..=self.below(2) {
            let key = self.value(service, key, name, depth)?;
            let key = key.as_str().unwrap_or("a").to_owned();
            made.insert(key, self.value(service, of, name, depth)?);
        }
        Ok(Value::Object(made))
    }

    fn text(&mut self, shape: &Shape, name: &str) -> String {
        if !shape.allowed.is_empty() {
            return shape.allowed[self.below(shape.allowed.len())].clone();
        }
        if self.below(8) > 0
            && let Some(text) = self.known_text(name)
        {
            return text;
        }
        let word = WORDS[self.below(WORDS.len())];
        let length = i64::try_from(word.len()).unwrap_or(i64::MAX);
        let length = usize::try_from(within(shape, length)).unwrap_or_default();
        word.chars().cycle().take(length.min(4096)).collect()
    }

    /// A text seen under this name, or one that is part of it: `SourceImageId` takes an `ImageId`.
    fn known_text(&mut self, name: &str) -> Option<String> {
        let name = singular(name);
        let any = name.starts_with("Resource");
        let fits = |known: &str| {
            let reference = known.ends_with("Id") || known.ends_with("Arn");
            name.ends_with(known) || known.ends_with(name) || (any && reference)
        };
        let fitting = self.seen.iter().filter(|(known, _)| fits(known));
        let fitting: Vec<String> = fitting.map(|(known, _)| known.clone()).collect();
        if fitting.is_empty() {
            return None;
        }
        let exactly = fitting.iter().position(|known| known == name);
        let any = self.below(fitting.len());
        let chosen = exactly.filter(|_| self.below(4) > 0).unwrap_or(any);
        let chosen = &fitting[chosen];
        let count = self.seen.get(chosen).map_or(0, Vec::len);
        let place = self.below(count);
        self.seen.get(chosen)?.get(place).cloned()
    }

    fn number(&mut self, shape: &Shape) -> i64 {
        let number = [0, 1, 1, 1, 5, 8, 100, 1000][self.below(8)];
        within(shape, number)
    }

    /// A time in the years around a world's beginning, as the protocol's values have it.
    fn time(&mut self, protocol: Protocol) -> Value {
        let days = i64::try_from(self.below(1500)).unwrap_or_default();
        let seconds = 1_735_689_600 + days * 86_400;
        match protocol {
            Protocol::Json | Protocol::RestJson => Value::from(seconds),
            Protocol::Ec2 | Protocol::Query | Protocol::RestXml => {
                let time = jiff::Timestamp::from_second(seconds);
                Value::from(time.unwrap_or_default().to_string())
            }
        }
    }
}

/// The nearest number that a shape allows.
fn within(shape: &Shape, number: i64) -> i64 {
    let number = shape.min.map_or(number, |min| number.max(min));
    shape.max.map_or(number, |max| number.min(max))
}

fn singular(name: &str) -> &str {
    name.strip_suffix('s').unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::client;

    #[test]
    fn examples_are_within_the_limits_of_their_shapes() {
        let caller = client::Caller {
            access_key_id: "111111111111".to_owned(),
            region: "us-east-1".to_owned(),
        };
        let world = crate::World::new(1);
        let mut examples = Examples::new(1);
        for (service, operation) in client::operations().filter(|(name, _)| *name == "ec2") {
            let parameters = examples.parameters(service, operation).expect("parameters");
            let request = client::request(&caller, (service, operation), &parameters);
            let response = world.call(request.expect("a request"));
            if let Err(error) = client::result((service, operation), &response) {
                // What an operation wants beyond its shape is its own matter.
                let code = error.code.as_str();
                assert_ne!(code, "UnknownParameter", "{operation} {parameters}");
            }
        }
    }

    #[test]
    fn what_was_learned_is_used() {
        let mut examples = Examples::new(1);
        examples.learn(&json!({ "Images": [{ "ImageId": "ami-0123456789abcdef0" }] }));
        let named = (0..50).filter(|_| {
            let made = examples.parameters("ec2", "DeregisterImage");
            made.expect("parameters")["ImageId"] == "ami-0123456789abcdef0"
        });
        assert!(named.count() > 25);
    }
}
