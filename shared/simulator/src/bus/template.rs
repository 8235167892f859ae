//! Owns reading a `CloudFormation` template: where a value stands, and what it is.
//!
//! Only the intrinsic forms that the bus's properties need are resolved (`Ref`, `Fn::GetAtt`,
//! `Fn::Sub`); every other one is refused where it stands. Parameters have their defaults, or what
//! the caller says.

use std::collections::BTreeMap;

use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};
use serde_json::{Map, Value};

/// Why a template could not be read, and where.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// It is not YAML.
    #[error("the template is not YAML")]
    Syntax(#[source] saphyr::ScanError),
    /// Something in it is not understood, or does not fit together.
    #[error("line {line}: {place}: {reason}")]
    Refused {
        /// The line it begins at.
        line: usize,
        /// The resource and property, such as `Resources.Rule.Properties.Targets[0].Arn`.
        place: String,
        /// What is wrong.
        reason: String,
    },
}

/// The account, Region and parameters that references are resolved with.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub account: &'a str,
    pub region: &'a str,
    pub parameters: &'a [(&'a str, &'a str)],
}

/// A parsed template.
pub(super) struct Template<'t> {
    root: MarkedYaml<'t>,
    pub context: Context<'t>,
}

/// A value in a template, and how it was reached.
#[derive(Clone)]
pub(super) struct Place<'a> {
    template: &'a Template<'a>,
    yaml: &'a MarkedYaml<'a>,
    path: String,
}

impl<'t> Template<'t> {
    pub fn parse(text: &'t str, context: Context<'t>) -> Result<Self, TemplateError> {
        let documents = MarkedYaml::load_from_str(text).map_err(TemplateError::Syntax)?;
        match documents.into_iter().next() {
            Some(root) if root.data.is_mapping() => Ok(Self { root, context }),
            _ => Err(TemplateError::Refused {
                line: 1,
                place: "the template".into(),
                reason: "is empty, or not a mapping".into(),
            }),
        }
    }

    /// The value at the top.
    pub fn root(&'t self) -> Place<'t> {
        Place {
            template: self,
            yaml: &self.root,
            path: String::new(),
        }
    }

    /// The resources of one type, in the order they are written.
    pub fn resources(&'t self, kind: &str) -> Result<Vec<(String, Place<'t>)>, TemplateError> {
        let Some(resources) = self.root().get("Resources") else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        for (name, resource) in resources.entries()? {
            if resource.require("Type")?.string()? == kind {
                found.push((name, resource));
            }
        }
        Ok(found)
    }
}

impl<'a> Place<'a> {
    /// An error at this place.
    pub fn refuse(&self, reason: impl Into<String>) -> TemplateError {
        TemplateError::Refused {
            line: self.yaml.span.start.line(),
            place: if self.path.is_empty() {
                "the template".into()
            } else {
                self.path.clone()
            },
            reason: reason.into(),
        }
    }

    fn child(&self, yaml: &'a MarkedYaml<'a>, step: &str) -> Self {
        let dot = if self.path.is_empty() || step.starts_with('[') {
            ""
        } else {
            "."
        };
        Self {
            template: self.template,
            yaml,
            path: format!("{}{dot}{step}", self.path),
        }
    }

    /// The value under a key, if there is one.
    pub fn get(&self, key: &str) -> Option<Self> {
        self.yaml
            .data
            .as_mapping_get(key)
            .map(|yaml| self.child(yaml, key))
    }

    /// The value under a key, which must be there.
    pub fn require(&self, key: &str) -> Result<Self, TemplateError> {
        self.get(key)
            .ok_or_else(|| self.refuse(format!("has no {key}")))
    }

    /// A mapping's entries, in the order they are written.
    pub fn entries(&self) -> Result<Vec<(String, Self)>, TemplateError> {
        let mapping = self
            .yaml
            .data
            .as_mapping()
            .ok_or_else(|| self.refuse("is not a mapping"))?;
        let mut entries = Vec::new();
        for (key, value) in mapping {
            let key = scalar(key).ok_or_else(|| self.refuse("has a key that is not a word"))?;
            entries.push((key.clone(), self.child(value, &key)));
        }
        Ok(entries)
    }

    /// A list's items.
    pub fn items(&self) -> Result<Vec<Self>, TemplateError> {
        let list = self
            .yaml
            .data
            .as_sequence()
            .ok_or_else(|| self.refuse("is not a list"))?;
        Ok(list
            .iter()
            .enumerate()
            .map(|(i, item)| self.child(item, &format!("[{i}]")))
            .collect())
    }

    /// Refuses a mapping that has another key than these.
    pub fn only(&self, known: &[&str]) -> Result<(), TemplateError> {
        match self
            .entries()?
            .into_iter()
            .find(|(key, _)| !known.contains(&key.as_str()))
        {
            Some((_, stranger)) => Err(stranger.refuse("is not understood here")),
            None => Ok(()),
        }
    }

    /// The value, its references resolved.
    pub fn value(&self) -> Result<Value, TemplateError> {
        match &self.yaml.data {
            YamlData::Tagged(tag, inner) => {
                let argument = self.child(inner, "").value()?;
                self.template
                    .intrinsic(&tag.suffix, &argument)
                    .map(Value::String)
                    .map_err(|reason| self.refuse(reason))
            }
            YamlData::Sequence(_) => self.items()?.iter().map(Self::value).collect(),
            YamlData::Mapping(_) => self.mapping(),
            _ => scalar_value(self.yaml).ok_or_else(|| self.refuse("is not a value")),
        }
    }

    fn mapping(&self) -> Result<Value, TemplateError> {
        let entries = self.entries()?;
        if let [(key, argument)] = entries.as_slice() {
            let function = if key == "Ref" {
                Some("Ref")
            } else {
                key.strip_prefix("Fn::")
            };
            if let Some(function) = function {
                return self
                    .template
                    .intrinsic(function, &argument.value()?)
                    .map(Value::String)
                    .map_err(|reason| self.refuse(reason));
            }
        }
        let mut map = Map::new();
        for (key, value) in entries {
            map.insert(key, value.value()?);
        }
        Ok(Value::Object(map))
    }

    /// The value, which must be a word.
    pub fn string(&self) -> Result<String, TemplateError> {
        match self.value()? {
            Value::String(text) => Ok(text),
            Value::Number(number) => Ok(number.to_string()),
            Value::Bool(truth) => Ok(truth.to_string()),
            _ => Err(self.refuse("is not a word")),
        }
    }

    /// The value, which must be a whole number and not negative.
    pub fn count(&self) -> Result<u32, TemplateError> {
        self.value()?
            .as_u64()
            .and_then(|number| u32::try_from(number).ok())
            .ok_or_else(|| self.refuse("is not a whole number"))
    }

    /// The value, which must be `true` or `false`.
    pub fn truth(&self) -> Result<bool, TemplateError> {
        self.value()?
            .as_bool()
            .ok_or_else(|| self.refuse("is neither true nor false"))
    }

    /// The word as it is written, if it is one.
    pub fn plain(&self) -> Option<String> {
        scalar(self.yaml)
    }
}

/// Reads the optional value under a key.
pub(super) fn optional<'a, T>(
    place: &Place<'a>,
    key: &str,
    read: impl FnOnce(&Place<'a>) -> Result<T, TemplateError>,
) -> Result<Option<T>, TemplateError> {
    place.get(key).map(|value| read(&value)).transpose()
}

/// What resources say of themselves by name: each logical id with its ARN.
pub(super) fn arns(
    template: &Template<'_>,
    resources: &[(String, Place<'_>)],
) -> Result<BTreeMap<String, String>, TemplateError> {
    let mut arns = BTreeMap::new();
    for (name, place) in resources {
        let arn = template
            .attribute(name, "Arn")
            .map_err(|reason| place.refuse(reason))?;
        arns.insert(name.clone(), arn);
    }
    Ok(arns)
}

fn scalar(yaml: &MarkedYaml<'_>) -> Option<String> {
    match scalar_value(yaml)? {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

fn scalar_value(yaml: &MarkedYaml<'_>) -> Option<Value> {
    match &yaml.data {
        YamlData::Value(Scalar::Null) => Some(Value::Null),
        YamlData::Value(Scalar::Boolean(truth)) => Some(Value::Bool(*truth)),
        YamlData::Value(Scalar::Integer(number)) => Some(Value::from(*number)),
        YamlData::Value(Scalar::FloatingPoint(number)) => Some(Value::from(number.into_inner())),
        YamlData::Value(Scalar::String(text)) => Some(Value::String(text.to_string())),
        _ => None,
    }
}
