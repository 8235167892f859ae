//! Putting, getting and deleting objects.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Object, about, checksum, condition, own_bucket};
use crate::clock::millis;
use crate::ids::hex;
use crate::md5;
use crate::request::{Params, Request};
use crate::state::State;
use crate::wire::base64;
use crate::wire::error::ApiError;

const LONGEST_KEY: usize = 1024;
const MOST_DELETED: usize = 1000;

/// The members that an object keeps as they were given.
const KEPT: [&str; 5] = [
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
];

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>.
pub(super) fn put_object(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let now = state.clock.now();
    let bucket = own_bucket(state, call)?;
    let key = params.need("Key")?;
    if key.len() > LONGEST_KEY {
        let error = ApiError::new("KeyTooLongError", "Your key is too long");
        return Err(about(error, "MaxSizeAllowed", &LONGEST_KEY.to_string()));
    }
    let body = params.text("Body").unwrap_or_default().to_owned();
    let bytes = base64::decode(&body).ok_or_else(|| ApiError::internal("the body is no bytes"))?;
    let checksum = checksum::checked(params, &bytes)?;
    condition::before_writing(params, bucket.objects.get(key))?;
    let object = Object {
        size: bytes.len(),
        etag: format!("\"{}\"", hex(md5::digest(&bytes))),
        body,
        modified: now,
        headers: texts(params, &KEPT),
        metadata: metadata(params),
        checksum: checksum.clone(),
    };
    let mut answer = json!({
        "ETag": object.etag,
        "ServerSideEncryption": "AES256",
        "ChecksumType": "FULL_OBJECT",
    });
    answer[checksum.0] = Value::from(checksum.1);
    bucket.objects.insert(key.to_owned(), object);
    Ok(answer)
}

fn texts(params: Params<'_>, names: &[&str]) -> BTreeMap<String, String> {
    let given = names
        .iter()
        .filter_map(|name| Some((*name, params.text(name)?)));
    given
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .collect()
}

fn metadata(params: Params<'_>) -> BTreeMap<String, String> {
    let Some(given) = params.child("Metadata") else {
        return BTreeMap::new();
    };
    let entries = params.entries("Metadata").into_iter();
    let texts = entries.filter_map(|(name, _)| Some((name, given.text(name)?)));
    texts
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .collect()
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>.
pub(super) fn get_object(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    read(state, call, true)
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>.
pub(super) fn head_object(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    read(state, call, false)
}

fn read(state: &mut State, call: &Request, with_body: bool) -> Result<Value, ApiError> {
    let params = call.params();
    let object = own_object(state, call)?;
    condition::before_reading(params, object)?;
    let part = range(params.text("Range"), object.size)?;
    let length = part.map_or(object.size, |(first, last)| last - first + 1);
    let mut answer = json!({
        "AcceptRanges": "bytes",
        "ContentLength": length,
        "ETag": object.etag,
        "LastModified": millis(object.modified),
        "ContentType": "binary/octet-stream",
        "Metadata": object.metadata,
        "ServerSideEncryption": "AES256",
    });
    for (name, text) in &object.headers {
        answer[name] = Value::from(text.clone());
    }
    if let Some((first, last)) = part {
        answer["ContentRange"] = Value::from(format!("bytes {first}-{last}/{}", object.size));
    } else if params.has("ChecksumMode") {
        answer[&object.checksum.0] = Value::from(object.checksum.1.clone());
        answer["ChecksumType"] = Value::from("FULL_OBJECT");
    }
    if with_body {
        answer["Body"] = Value::from(match part {
            None => object.body.clone(),
            Some((first, last)) => {
                let bytes = base64::decode(&object.body).unwrap_or_default();
                base64::encode(bytes.get(first..=last).unwrap_or_default())
            }
        });
    }
    Ok(answer)
}

fn own_object<'a>(state: &'a mut State, call: &Request) -> Result<&'a Object, ApiError> {
    let params = call.params();
    let objects = &own_bucket(state, call)?.objects;
    let object = objects.get(params.need("Key")?);
    object.ok_or_else(|| no_key(params))
}

pub(super) fn no_key(params: Params<'_>) -> ApiError {
    let error = ApiError::with_status(404, "NoSuchKey", "The specified key does not exist.");
    about(error, "Key", params.text("Key").unwrap_or_default())
}

/// The first and the last byte of a range (RFC 9110); what isn't one is overlooked.
fn range(text: Option<&str>, size: usize) -> Result<Option<(usize, usize)>, ApiError> {
    let text = text.and_then(|text| text.strip_prefix("bytes="));
    let Some((first, last)) = text.and_then(|text| text.split_once('-')) else {
        return Ok(None);
    };
    let end = size.saturating_sub(1);
    let (first, last) = match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), Ok(last)) if first <= last => (first, last.min(end)),
        (Ok(first), Err(_)) if last.is_empty() => (first, end),
        (Err(_), Ok(0)) if first.is_empty() => (size, end),
        (Err(_), Ok(count)) if first.is_empty() => (size.saturating_sub(count), end),
        _ => return Ok(None),
    };
    if first >= size {
        let message = "The requested range is not satisfiable";
        let error = ApiError::with_status(416, "InvalidRange", message);
        return Err(about(error, "ActualObjectSize", &size.to_string()));
    }
    Ok(Some((first, last)))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html>: whether it is there or
/// not.
pub(super) fn delete_object(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let objects = &mut own_bucket(state, call)?.objects;
    let key = params.need("Key")?;
    condition::before_writing(params, objects.get(key))?;
    objects.remove(key);
    Ok(json!({}))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>: up to 1,000; a quiet
/// call is answered with errors alone, and there are none here.
pub(super) fn delete_objects(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let objects = &mut own_bucket(state, call)?.objects;
    let delete = call.params().child("Delete");
    let named = delete
        .map(|delete| delete.list("Objects"))
        .unwrap_or_default();
    if named.is_empty() || named.len() > MOST_DELETED {
        let message = "The XML you provided was not well-formed or did not validate against our \
                       published schema";
        return Err(ApiError::new("MalformedXML", message));
    }
    let unsimulated = |object: &Params<'_>| {
        ["VersionId", "ETag", "LastModifiedTime", "Size"]
            .iter()
            .any(|name| object.has(name))
    };
    if named.iter().any(unsimulated) {
        let message = "Only keys are simulated in a list of objects";
        return Err(ApiError::with_status(501, "NotImplemented", message));
    }
    let mut deleted = Vec::new();
    for object in named {
        let key = object.need("Key")?;
        objects.remove(key);
        deleted.push(json!({ "Key": key }));
    }
    let quiet = delete.and_then(|delete| delete.flag("Quiet")) == Some(true);
    Ok(json!({ "Deleted": (!quiet).then_some(deleted) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_as_http_says() {
        for (text, expected) in [
            ("bytes=0-0", Some((0, 0))),
            ("bytes=2-", Some((2, 9))),
            ("bytes=-3", Some((7, 9))),
            ("bytes=-30", Some((0, 9))),
            ("bytes=5-99", Some((5, 9))),
            ("bytes=5-4", None),
            ("bytes=a-b", None),
            ("bytes=-", None),
            ("lines=1-2", None),
        ] {
            assert_eq!(range(Some(text), 10), Ok(expected), "{text}");
        }
        for text in ["bytes=10-", "bytes=10-20", "bytes=-0"] {
            assert!(range(Some(text), 10).is_err(), "{text}");
        }
        assert!(range(Some("bytes=0-"), 0).is_err());
    }
}
