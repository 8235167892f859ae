//! Conditions on what is there:
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html>.

use jiff::Timestamp;

use super::Object;
use crate::request::Params;
use crate::wire::error::ApiError;

/// Refuses to write over what the caller doesn't expect to be there.
pub(super) fn before_writing(params: Params<'_>, there: Option<&Object>) -> Result<(), ApiError> {
    match (params.text("IfNoneMatch"), there) {
        (Some("*"), Some(_)) => return Err(failed("If-None-Match")),
        (Some(other), _) if other != "*" => {
            let message = "If-None-Match can be * only";
            return Err(ApiError::with_status(501, "NotImplemented", message));
        }
        _ => {}
    }
    match (params.text("IfMatch"), there) {
        (Some(_), None) => Err(super::object::no_key(params)),
        (Some(tag), Some(object)) if !same(tag, object) => Err(failed("If-Match")),
        _ => Ok(()),
    }
}

/// Refuses to read what isn't as the caller expects, or hasn't changed. A tag counts more than a
/// time.
pub(super) fn before_reading(params: Params<'_>, object: &Object) -> Result<(), ApiError> {
    let time = |name: &str| params.text(name)?.parse::<Timestamp>().ok();
    // Times in headers are of whole seconds.
    let modified = object.modified.as_second();
    let unmodified = time("IfUnmodifiedSince").is_none_or(|time| modified <= time.as_second());
    match params.text("IfMatch") {
        Some(tag) if !same(tag, object) => return Err(failed("If-Match")),
        None if !unmodified => return Err(failed("If-Unmodified-Since")),
        _ => {}
    }
    let fresh = time("IfModifiedSince").is_none_or(|time| modified > time.as_second());
    match params.text("IfNoneMatch") {
        Some(tag) if same(tag, object) => Err(not_modified()),
        None if !fresh => Err(not_modified()),
        _ => Ok(()),
    }
}

fn same(tag: &str, object: &Object) -> bool {
    tag == "*" || tag.trim_matches('"') == object.etag.trim_matches('"')
}

fn failed(condition: &str) -> ApiError {
    let message = "At least one of the pre-conditions you specified did not hold";
    let error = ApiError::with_status(412, "PreconditionFailed", message);
    super::about(error, "Condition", condition)
}

fn not_modified() -> ApiError {
    ApiError::with_status(304, "NotModified", "Not Modified")
}
