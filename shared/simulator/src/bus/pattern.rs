//! Owns event patterns: which event matches which pattern, as `EventBridge` and Lambda's event
//! source filters have it.
//!
//! Understood are exact values, nested fields, `$or`, and the matchers `prefix`, `suffix`,
//! `equals-ignore-case`, `anything-but` and `exists`. Any other matcher is refused when the pattern
//! is read, and never silently matches or fails to.
//!
//! Source: `EventBridge` User Guide, "Creating Amazon `EventBridge` event patterns".

use serde_json::Value;

/// A pattern that events are held against.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pattern {
    fields: Vec<(String, Test)>,
    either: Vec<Pattern>,
}

/// What a field must be.
#[derive(Debug, Clone, PartialEq)]
enum Test {
    Inside(Pattern),
    OneOf(Vec<Matcher>),
}

/// One way in which a value can match.
#[derive(Debug, Clone, PartialEq)]
enum Matcher {
    Exactly(Value),
    Prefix(String),
    Suffix(String),
    IgnoringCase(String),
    AnythingBut(Vec<Matcher>),
    Exists(bool),
}

impl Pattern {
    /// Reads a pattern; the error says which field is not understood, and why.
    pub fn parse(pattern: &Value) -> Result<Self, String> {
        let fields = pattern
            .as_object()
            .ok_or("a pattern is a mapping of fields")?;
        if fields.is_empty() {
            return Err("a pattern without fields would match everything".into());
        }
        let mut parsed = Self {
            fields: Vec::new(),
            either: Vec::new(),
        };
        for (name, test) in fields {
            if name == "$or" {
                parsed.either = alternatives(test)?;
            } else {
                let test = parse_test(test).map_err(|reason| join(name, &reason))?;
                parsed.fields.push((name.clone(), test));
            }
        }
        Ok(parsed)
    }

    /// Whether an event matches.
    pub fn matches(&self, event: &Value) -> bool {
        self.fields
            .iter()
            .all(|(name, test)| test.matches(event.get(name)))
            && (self.either.is_empty() || self.either.iter().any(|pattern| pattern.matches(event)))
    }
}

impl Test {
    fn matches(&self, value: Option<&Value>) -> bool {
        match (self, value) {
            // In a list of objects, all of the inner fields must match in the same one.
            (Self::Inside(pattern), Some(Value::Array(items))) if !items.is_empty() => {
                items.iter().any(|item| pattern.matches(item))
            }
            (Self::Inside(pattern), value) => pattern.matches(value.unwrap_or(&Value::Null)),
            (Self::OneOf(matchers), value) => matchers.iter().any(|matcher| matcher.accepts(value)),
        }
    }
}

impl Matcher {
    fn accepts(&self, value: Option<&Value>) -> bool {
        let leaves: Vec<&Value> = match value {
            None => Vec::new(),
            Some(Value::Array(items)) => items.iter().collect(),
            Some(value) => vec![value],
        };
        let leaves = leaves.into_iter().filter(|leaf| !leaf.is_object());
        match self {
            Self::Exists(wanted) => leaves.count() > 0 && *wanted || value.is_none() && !wanted,
            _ => leaves.into_iter().any(|leaf| self.accepts_leaf(leaf)),
        }
    }

    fn accepts_leaf(&self, leaf: &Value) -> bool {
        let text = leaf.as_str();
        match self {
            Self::Exactly(wanted) => same(wanted, leaf),
            Self::Prefix(prefix) => text.is_some_and(|text| text.starts_with(prefix)),
            Self::Suffix(suffix) => text.is_some_and(|text| text.ends_with(suffix)),
            Self::IgnoringCase(wanted) => {
                text.is_some_and(|text| text.eq_ignore_ascii_case(wanted))
            }
            Self::AnythingBut(unwanted) => !unwanted.iter().any(|one| one.accepts_leaf(leaf)),
            Self::Exists(wanted) => *wanted,
        }
    }
}

fn alternatives(patterns: &Value) -> Result<Vec<Pattern>, String> {
    let patterns = patterns
        .as_array()
        .ok_or("$or: is not a list of patterns")?;
    if patterns.len() < 2 {
        return Err("$or: has fewer than two patterns".into());
    }
    let parse = |(i, pattern)| Pattern::parse(pattern).map_err(|r| join(&format!("$or[{i}]"), &r));
    patterns.iter().enumerate().map(parse).collect()
}

fn parse_test(test: &Value) -> Result<Test, String> {
    match test {
        Value::Object(_) => Ok(Test::Inside(Pattern::parse(test)?)),
        Value::Array(matchers) if matchers.is_empty() => Err(": matches nothing".into()),
        Value::Array(matchers) => Ok(Test::OneOf(
            matchers
                .iter()
                .map(parse_matcher)
                .collect::<Result<_, _>>()?,
        )),
        _ => Err(": is neither a list of values nor a mapping of fields".into()),
    }
}

fn parse_matcher(matcher: &Value) -> Result<Matcher, String> {
    let fields = match matcher {
        Value::Object(fields) => fields,
        Value::Array(_) => return Err(": a list in a list matches nothing".into()),
        value => return Ok(Matcher::Exactly(value.clone())),
    };
    let mut fields = fields.iter();
    let (Some((name, argument)), None) = (fields.next(), fields.next()) else {
        return Err(": a matcher has exactly one key".into());
    };
    match (name.as_str(), argument) {
        ("prefix", Value::String(text)) => Ok(Matcher::Prefix(text.clone())),
        ("suffix", Value::String(text)) => Ok(Matcher::Suffix(text.clone())),
        ("equals-ignore-case", Value::String(text)) => Ok(Matcher::IgnoringCase(text.clone())),
        ("exists", Value::Bool(wanted)) => Ok(Matcher::Exists(*wanted)),
        ("anything-but", argument) => anything_but(argument),
        _ => Err(format!(": the matcher {matcher} is not understood")),
    }
}

fn anything_but(argument: &Value) -> Result<Matcher, String> {
    let unwanted = match argument {
        Value::Array(values) if values.iter().any(|v| v.is_array() || v.is_object()) => {
            return Err(format!(": anything-but {argument} is not understood"));
        }
        Value::Array(values) => values.iter().cloned().map(Matcher::Exactly).collect(),
        Value::Object(_) => match parse_matcher(argument)? {
            matcher @ (Matcher::Prefix(_) | Matcher::Suffix(_)) => vec![matcher],
            _ => return Err(format!(": anything-but {argument} is not understood")),
        },
        value => vec![Matcher::Exactly(value.clone())],
    };
    Ok(Matcher::AnythingBut(unwanted))
}

/// Numbers are equal by value, as 300 and 3.0e2 are.
fn same(wanted: &Value, value: &Value) -> bool {
    match (wanted, value) {
        (Value::Number(wanted), Value::Number(value)) => wanted.as_f64() == value.as_f64(),
        _ => wanted == value,
    }
}

/// The path to a field, then what is wrong there.
fn join(field: &str, rest: &str) -> String {
    if rest.starts_with(':') {
        format!("{field}{rest}")
    } else {
        format!("{field}.{rest}")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Pattern;

    fn matches(pattern: &Value, event: &Value) -> bool {
        Pattern::parse(pattern)
            .expect("the pattern is understood")
            .matches(event)
    }

    #[test]
    fn every_named_field_must_match_and_others_do_not_matter() {
        let pattern = json!({"source": ["aws.ec2"], "detail": {"State": ["available", "failed"]}});
        assert!(matches(
            &pattern,
            &json!({"source": "aws.ec2", "x": 1, "detail": {"State": "failed"}})
        ));
        assert!(!matches(
            &pattern,
            &json!({"source": "aws.ec2", "detail": {"State": "pending"}})
        ));
        assert!(!matches(
            &pattern,
            &json!({"source": "aws.s3", "detail": {"State": "failed"}})
        ));
        assert!(!matches(&pattern, &json!({"source": "aws.ec2"})));
    }

    #[test]
    fn a_list_matches_when_any_of_its_values_does() {
        let pattern = json!({"resources": [{"prefix": "arn:aws:ec2:"}]});
        assert!(matches(
            &pattern,
            &json!({"resources": ["arn:aws:s3:::b", "arn:aws:ec2:r::image/i"]})
        ));
        assert!(!matches(
            &pattern,
            &json!({"resources": ["arn:aws:s3:::b"]})
        ));
        assert!(!matches(&pattern, &json!({"resources": []})));
    }

    #[test]
    fn fields_inside_a_list_of_objects_match_in_the_same_object() {
        let pattern = json!({"items": {"a": ["1"], "b": ["2"]}});
        assert!(matches(
            &pattern,
            &json!({"items": [{"a": "x"}, {"a": "1", "b": "2"}]})
        ));
        assert!(!matches(
            &pattern,
            &json!({"items": [{"a": "1"}, {"b": "2"}]})
        ));
    }

    #[test]
    fn absence_is_matched_only_by_exists_false() {
        let absent = json!({"detail": {"errorCode": [{"exists": false}]}});
        assert!(matches(
            &absent,
            &json!({"detail": {"eventName": "CreateTags"}})
        ));
        assert!(
            matches(&absent, &json!({})),
            "nor does its parent need to be there"
        );
        assert!(!matches(
            &absent,
            &json!({"detail": {"errorCode": "Denied"}})
        ));
        assert!(
            !matches(&absent, &json!({"detail": {"errorCode": null}})),
            "null is a value"
        );
        assert!(!matches(&json!({"a": [{"anything-but": "x"}]}), &json!({})));
        assert!(matches(&json!({"a": [{"exists": true}]}), &json!({"a": 1})));
        assert!(
            !matches(&json!({"a": [{"exists": true}]}), &json!({"a": {"b": 1}})),
            "only leaves exist"
        );
    }

    #[test]
    fn anything_but_refuses_what_it_names() {
        let pattern = json!({"a": [{"anything-but": ["x", "y"]}]});
        assert!(matches(&pattern, &json!({"a": "z"})));
        assert!(!matches(&pattern, &json!({"a": "y"})));
        let pattern = json!({"a": [{"anything-but": {"prefix": "ami-"}}]});
        assert!(matches(&pattern, &json!({"a": "snap-1"})));
        assert!(!matches(&pattern, &json!({"a": "ami-1"})));
    }

    #[test]
    fn one_of_the_alternatives_and_everything_beside_them_must_match() {
        let pattern = json!({"s": ["e"], "$or": [{"a": [1]}, {"b": [{"suffix": "z"}]}]});
        assert!(matches(&pattern, &json!({"s": "e", "a": 1.0})));
        assert!(matches(&pattern, &json!({"s": "e", "b": "xyz"})));
        assert!(!matches(&pattern, &json!({"s": "e"})));
        assert!(!matches(&pattern, &json!({"a": 1})));
    }

    #[test]
    fn a_matcher_that_is_not_understood_is_refused_with_its_field() {
        let refused = |pattern| Pattern::parse(&pattern).expect_err("it is not understood");
        let reason = refused(json!({"detail": {"size": [{"numeric": [">", 1]}]}}));
        assert_eq!(
            reason,
            r#"detail.size: the matcher {"numeric":[">",1]} is not understood"#
        );
        let reason = refused(json!({"$or": [{"a": ["1"]}, {"b": "bare"}]}));
        assert_eq!(
            reason,
            "$or[1].b: is neither a list of values nor a mapping of fields"
        );
        assert!(refused(json!({})).contains("match everything"));
        assert!(refused(json!({"a": []})).contains("matches nothing"));
        assert!(
            refused(json!({"a": [{"anything-but": {"exists": true}}]})).contains("anything-but")
        );
    }
}
