//! Pages: `MaxResults`, and tokens that mean something to nobody else.
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html#api-pagination>.

use std::collections::BTreeMap;
use std::ops::Bound;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::ids::hex;
use crate::request::Request;
use crate::wire::error::ApiError;

/// One page, and the token of the next.
pub(crate) struct Page {
    pub(crate) items: Vec<Value>,
    pub(crate) next: Option<String>,
}

impl Page {
    /// The page as a result, its items under a name. They are moved: a page can hold a thousand.
    pub(crate) fn named(self, items: &str) -> Value {
        let mut result = Map::new();
        result.insert(items.to_owned(), Value::Array(self.items));
        if let Some(next) = self.next {
            result.insert("NextToken".to_owned(), Value::String(next));
        }
        Value::Object(result)
    }
}

/// How far a listing has come, and how much of it one page holds.
pub(crate) struct Cursor {
    after: Option<String>,
    most: usize,
}

/// Reads a call's `MaxResults` and `NextToken`. A token is bound to the call's other parameters
/// and to the last id it gave, so that what was deleted meanwhile shifts nothing.
pub(crate) fn open(call: &Request, least: i64) -> Result<Cursor, ApiError> {
    let params = call.params();
    let size = params.number("MaxResults");
    if size.is_some_and(|size| !(least..=1000).contains(&size)) {
        let message = format!(
            "Value for parameter maxResults is invalid. Expecting a value between {least} and 1000."
        );
        return Err(ApiError::invalid_value(message));
    }
    of_size(call, size.unwrap_or(i64::from(u32::MAX)))
}

/// Reads a call's `NextToken`, for pages whose size is known.
pub(crate) fn of_size(call: &Request, size: i64) -> Result<Cursor, ApiError> {
    let after = match call.params().text("NextToken") {
        Some(token) => Some(opened(call, token)?),
        None => None,
    };
    let most = usize::try_from(size).unwrap_or(usize::MAX);
    Ok(Cursor { after, most })
}

impl Cursor {
    /// A listing that goes on after an id.
    pub(crate) fn going_on(after: Option<String>, most: usize) -> Self {
        Self { after, most }
    }

    /// The same with at most so many things on a page.
    pub(crate) fn at_most(self, most: usize) -> Self {
        let most = self.most.min(most);
        Self { most, ..self }
    }

    /// The last id that the page before held.
    pub(crate) fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    /// What of a collection earlier pages have not held.
    pub(crate) fn rest<'a, T>(
        &self,
        all: &'a BTreeMap<String, T>,
    ) -> impl Iterator<Item = (&'a str, &'a T)> + use<'a, T> {
        let from = match &self.after {
            Some(id) => Bound::Excluded(id.clone()),
            None => Bound::Unbounded,
        };
        let rest = all.range((from, Bound::Unbounded));
        rest.map(|(id, value)| (id.as_str(), value))
    }

    /// Cuts the page out of what was found, in the order of its ids; only what is on the page is
    /// written.
    pub(crate) fn cut<I: AsRef<str>, T>(
        &self,
        call: &Request,
        found: impl Iterator<Item = (I, T)>,
        write: impl Fn(T) -> Value,
    ) -> Page {
        self.cut_with(found, write, |last| sealed(call, last))
    }

    /// The same with a token that is made otherwise, of the last id on the page.
    pub(crate) fn cut_with<I: AsRef<str>, T>(
        &self,
        found: impl Iterator<Item = (I, T)>,
        write: impl Fn(T) -> Value,
        token: impl Fn(&str) -> String,
    ) -> Page {
        let after = self.after.as_deref();
        let mut left = found.filter(|(id, _)| after.is_none_or(|after| id.as_ref() > after));
        let mut items = Vec::new();
        let mut last = None;
        for (id, value) in left.by_ref().take(self.most) {
            items.push(write(value));
            last = Some(id);
        }
        let more = left.next().is_some();
        let next = last.filter(|_| more).map(|id| token(id.as_ref()));
        Page { items, next }
    }
}

/// A token or a marker that means something to nobody else.
pub(crate) fn hidden(text: &str) -> String {
    hex(text.bytes().map(|byte| byte ^ 0x5a))
}

/// What a token or a marker hides.
pub(crate) fn shown(hidden: &str) -> Option<String> {
    let bytes = (0..hidden.len()).step_by(2).map(|at| {
        let pair = hidden.get(at..at + 2)?;
        u8::from_str_radix(pair, 16).ok().map(|byte| byte ^ 0x5a)
    });
    let bytes: Option<Vec<u8>> = bytes.collect();
    String::from_utf8(bytes?).ok()
}

fn sealed(call: &Request, id: &str) -> String {
    format!("{}{}", seal(call, id), hidden(id))
}

fn opened(call: &Request, token: &str) -> Result<String, ApiError> {
    let refused = || ApiError::new("InvalidNextToken", "The specified NextToken is not valid.");
    let (seal_given, hidden) = token.split_at_checked(16).ok_or_else(refused)?;
    let id = shown(hidden).ok_or_else(refused)?;
    if seal(call, &id) == seal_given {
        Ok(id)
    } else {
        Err(refused())
    }
}

fn seal(call: &Request, id: &str) -> String {
    let mut parameters = call.parameters.clone();
    if let Some(parameters) = parameters.as_object_mut() {
        parameters.remove("NextToken");
        parameters.remove("MaxResults");
        parameters.remove("MaxRecords");
    }
    let text = format!(
        "{} {} {} {parameters} {id}",
        call.account(),
        call.region,
        call.operation
    );
    let digest = Sha256::digest(text.as_bytes());
    hex(digest.into_iter().take(8))
}
