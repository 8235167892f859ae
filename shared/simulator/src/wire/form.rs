//! A form body as a tree: `Filter.1.Name=state` becomes `Filter` → `1` → `Name`.

use std::collections::BTreeMap;

use super::refusal::Refusal;
use super::xml;

/// Deeper than any shape's parameters nest.
const DEEPEST: usize = 24;

/// One place in the tree: a value, or named parts, or both where a request is confused.
#[derive(Debug, Default)]
pub(crate) struct Form {
    pub(crate) value: Option<String>,
    pub(crate) parts: BTreeMap<String, Form>,
}

impl Form {
    /// Reads a form body and a query string, which say the same thing in two places.
    pub(crate) fn parse(body: &[u8], query: &str) -> Result<Self, Refusal> {
        let mut form = Self::default();
        let pairs = form_urlencoded::parse(body).chain(form_urlencoded::parse(query.as_bytes()));
        for (name, value) in pairs {
            refuse_what_no_answer_carries(&name, &value)?;
            form.insert(&name, value.into_owned())?;
        }
        Ok(form)
    }

    /// Takes a parameter of the protocol itself (`Action`, `Version`) out of the form.
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        self.parts.remove(name).and_then(|part| part.value)
    }

    /// The parts whose names are numbers, by number; `Err` has the first name that is not one.
    pub(crate) fn numbered(&self) -> Result<Vec<(u32, &Self)>, &str> {
        let mut numbered = Vec::new();
        for (name, part) in &self.parts {
            match name.parse::<u32>() {
                Ok(number) if number > 0 => numbered.push((number, part)),
                _ => return Err(name),
            }
        }
        numbered.sort_by_key(|(number, _)| *number);
        Ok(numbered)
    }

    fn insert(&mut self, name: &str, value: String) -> Result<(), Refusal> {
        if name.split('.').count() > DEEPEST {
            return Err(Refusal::unknown(name));
        }
        let mut place = self;
        for part in name.split('.') {
            place = place.parts.entry(part.to_owned()).or_default();
        }
        if place.value.replace(value).is_some() {
            return Err(Refusal::Malformed(format!(
                "The parameter {name} was given more than once"
            )));
        }
        Ok(())
    }
}

/// Refuses characters that the answers of these protocols, XML documents, can't carry back.
fn refuse_what_no_answer_carries(name: &str, value: &str) -> Result<(), Refusal> {
    if !name.chars().all(xml::carries) {
        return Err(Refusal::unknown(name.escape_debug().to_string()));
    }
    if !value.chars().all(xml::carries) {
        return Err(Refusal::Value {
            path: name.to_owned(),
            value: value.escape_debug().to_string(),
            expected: "characters that XML 1.0 can carry".to_owned(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_xml_cannot_carry_are_refused_and_escaped_in_the_refusal() {
        for body in ["A=%00", "A=a%08", "A=%EF%BF%BF", "A%1F=1"] {
            let refusal = Form::parse(body.as_bytes(), "").expect_err("a refusal");
            assert!(refusal.to_string().chars().all(xml::carries), "{refusal}");
        }
        assert!(Form::parse(b"A=%09%0A%0D%7F%C2%80", "").is_ok());
    }

    #[test]
    fn numbers_order_lists_not_letters() {
        let form = Form::parse(b"A.10=b&A.2=a", "").expect("a form");
        let numbered = form.parts["A"].numbered().expect("numbers");
        let values: Vec<_> = numbered
            .iter()
            .map(|(_, part)| part.value.clone())
            .collect();
        assert_eq!(values, [Some("a".to_owned()), Some("b".to_owned())]);
    }

    #[test]
    fn endless_nesting_is_refused() {
        let name = "A.".repeat(100_000);
        assert!(Form::parse(name.as_bytes(), "").is_err());
    }

    #[test]
    fn a_parameter_given_twice_is_refused() {
        assert!(Form::parse(b"A=1&A=2", "").is_err());
    }
}
