//! One call on its way to its operation, and access to its parameters.

use serde_json::Value;

use crate::identity::Caller;
use crate::wire::error::ApiError;

/// A call whose parameters have been read.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) caller: Caller,
    pub(crate) region: String,
    pub(crate) service: String,
    pub(crate) operation: String,
    pub(crate) id: String,
    /// What the client says it is.
    pub(crate) user_agent: String,
    pub(crate) parameters: Value,
}

impl Request {
    /// The call's parameters.
    pub(crate) fn params(&self) -> Params<'_> {
        Params(&self.parameters)
    }

    /// A call of nobody in particular, for its parameters alone.
    #[cfg(test)]
    pub(crate) fn of_parameters(parameters: Value) -> Self {
        Self {
            caller: Caller::root("111111111111"),
            region: String::new(),
            service: String::new(),
            operation: String::new(),
            id: String::new(),
            user_agent: String::new(),
            parameters,
        }
    }

    /// The caller's account.
    pub(crate) fn account(&self) -> &str {
        &self.caller.account
    }
}

/// Parameters, or one structure within them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Params<'a>(&'a Value);

impl<'a> Params<'a> {
    /// Parameters that were kept from an earlier call.
    pub(crate) fn of(kept: &'a Value) -> Self {
        Self(kept)
    }

    /// The value of a parameter, whatever it is.
    pub(crate) fn value(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(crate) fn text(self, name: &str) -> Option<&'a str> {
        self.0.get(name)?.as_str()
    }

    /// A text the protocol layer has seen to be there.
    pub(crate) fn need(self, name: &str) -> Result<&'a str, ApiError> {
        self.text(name).ok_or_else(|| {
            let message = format!("The request must contain the parameter {name}");
            ApiError::new("MissingParameter", message)
        })
    }

    pub(crate) fn flag(self, name: &str) -> Option<bool> {
        self.0.get(name)?.as_bool()
    }

    pub(crate) fn number(self, name: &str) -> Option<i64> {
        self.0.get(name)?.as_i64()
    }

    pub(crate) fn has(self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !value.is_null())
    }

    pub(crate) fn child(self, name: &str) -> Option<Self> {
        self.0.get(name).filter(|value| value.is_object()).map(Self)
    }

    /// The structures of a list.
    pub(crate) fn list(self, name: &str) -> Vec<Self> {
        let items = self.0.get(name).and_then(Value::as_array);
        items.into_iter().flatten().map(Self).collect()
    }

    /// The texts of a list.
    pub(crate) fn texts(self, name: &str) -> Vec<&'a str> {
        let items = self.0.get(name).and_then(Value::as_array);
        items
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect()
    }

    /// The structures of a map, by name.
    pub(crate) fn entries(self, name: &str) -> Vec<(&'a str, Self)> {
        let entries = self.0.get(name).and_then(Value::as_object);
        entries
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.as_str(), Self(value)))
            .collect()
    }
}
