//! KMS's pages: `Limit`, `Marker`, `NextMarker`, `Truncated`.
//! <https://docs.aws.amazon.com/kms/latest/APIReference/API_ListKeys.html>.

use serde_json::{Value, json};

use crate::ec2::page::{self, Cursor};
use crate::kms::invalid;
use crate::request::Request;
use crate::wire::error::ApiError;

/// How far a listing has come, and how much of it one page holds.
pub(super) struct Listing(Cursor);

/// One page.
pub(super) struct Page(page::Page);

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
        Ok(Self(Cursor::going_on(after, limit)))
    }

    /// The last thing that the page before held.
    pub(super) fn after(&self) -> Option<&str> {
        self.0.after()
    }

    /// Cuts the page out of what was found, in the order of its names.
    pub(super) fn cut<I: AsRef<str>, T>(
        &self,
        found: impl Iterator<Item = (I, T)>,
        write: impl Fn(T) -> Value,
    ) -> Page {
        Page(self.0.cut_with(found, write, page::hidden))
    }
}

impl Page {
    /// The page as an answer that lists under `name`.
    pub(super) fn written(self, name: &str) -> Value {
        let page::Page { items, next } = self.0;
        json!({ name: items, "Truncated": next.is_some(), "NextMarker": next })
    }
}

fn opened(marker: &str) -> Result<String, ApiError> {
    page::shown(marker)
        .ok_or_else(|| ApiError::new("InvalidMarkerException", "The marker is not valid"))
}
