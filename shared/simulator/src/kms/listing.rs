//! KMS's pages: `Limit`, `Marker`, `NextMarker`, `Truncated`.
//! <https://docs.aws.amazon.com/kms/latest/APIReference/API_ListKeys.html>.

use serde_json::{Value, json};

use crate::kms::invalid;
use crate::kms::key::hidden;
use crate::request::Request;
use crate::wire::error::ApiError;

/// How far a listing has come, and how much of it one page holds.
pub(super) struct Listing {
    after: Option<String>,
    most: usize,
}

/// One page.
pub(super) struct Page {
    items: Vec<Value>,
    next: Option<String>,
}

impl Listing {
    /// Reads a call's `Limit` and `Marker`.
    pub(super) fn open(call: &Request, usual: usize, most: usize) -> Result<Self, ApiError> {
        let params = call.params();
        let limit = params.number("Limit").map(usize::try_from);
        let limit = limit.transpose().unwrap_or(Some(0)).unwrap_or(usual);
        if limit < 1 || limit > most {
            return Err(invalid(format!(
                "1 validation error detected: Value '{limit}' at 'limit' failed to satisfy \
                 constraint: Member must have value less than or equal to {most}"
            )));
        }
        let after = params.text("Marker").map(opened).transpose()?;
        Ok(Self { after, most: limit })
    }

    /// The last thing that the page before held.
    pub(super) fn after(&self) -> Option<&String> {
        self.after.as_ref()
    }

    /// Cuts the page out of what was found, in the order of its names.
    pub(super) fn cut<I: AsRef<str>, T>(
        &self,
        found: impl Iterator<Item = (I, T)>,
        write: impl Fn(T) -> Value,
    ) -> Page {
        let after = self.after.as_deref();
        let mut left = found.filter(|(name, _)| after.is_none_or(|after| name.as_ref() > after));
        let mut items = Vec::new();
        let mut last = None;
        for (name, value) in left.by_ref().take(self.most) {
            items.push(write(value));
            last = Some(name);
        }
        let more = left.next().is_some();
        let next = last.filter(|_| more).map(|name| hidden(name.as_ref()));
        Page { items, next }
    }
}

impl Page {
    /// The page as an answer that lists under `name`.
    pub(super) fn written(self, name: &str) -> Value {
        json!({ name: self.items, "Truncated": self.next.is_some(), "NextMarker": self.next })
    }
}

fn opened(marker: &str) -> Result<String, ApiError> {
    let bytes = (0..marker.len()).step_by(2).map(|at| {
        let pair = marker.get(at..at + 2)?;
        u8::from_str_radix(pair, 16).ok().map(|byte| byte ^ 0x5a)
    });
    let bytes: Option<Vec<u8>> = bytes.collect();
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| ApiError::new("InvalidMarkerException", "The marker is not valid"))
}
