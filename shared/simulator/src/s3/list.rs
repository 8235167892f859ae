//! Listing a bucket's objects: by prefix, rolled up at a delimiter, page by page.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-prefixes.html>.

use std::collections::BTreeMap;
use std::ops::Bound;

use serde_json::{Value, json};

use super::bucket::after;
use super::{Object, canonical, invalid_argument, own_bucket};
use crate::clock::millis;
use crate::request::{Params, Request};
use crate::state::State;
use crate::wire::error::ApiError;
use crate::wire::{base64, percent};

const MOST: usize = 1000;

/// One page of a listing.
#[derive(Default)]
struct Page<'a> {
    objects: Vec<(&'a str, &'a Object)>,
    prefixes: Vec<&'a str>,
    /// The last of both.
    last: Option<&'a str>,
    more: bool,
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html>.
pub(super) fn list_objects(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let marker = params.text("Marker").unwrap_or_default();
    let objects = &own_bucket(state, call)?.objects;
    let most = most(params)?;
    let page = cut(objects, params, marker, most);
    let mut answer = answer(call, &page, most, true);
    let written = |text: &str| encoded(params, text);
    answer["Marker"] = Value::from(written(marker));
    // Without a delimiter the last key itself is the next marker.
    let rolled = !params.text("Delimiter").unwrap_or_default().is_empty();
    let next = page.last.filter(|_| page.more && rolled);
    answer["NextMarker"] = Value::from(next.map(written));
    Ok(answer)
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>.
pub(super) fn list_objects_v2(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let token = params.text("ContinuationToken");
    let start = params.text("StartAfter");
    let objects = &own_bucket(state, call)?.objects;
    let most = most(params)?;
    let from = after(token)?;
    let from = from.as_deref().or(start).unwrap_or_default();
    let page = cut(objects, params, from, most);
    let owned = params.flag("FetchOwner") == Some(true);
    let mut answer = answer(call, &page, most, owned);
    answer["KeyCount"] = Value::from(page.objects.len() + page.prefixes.len());
    answer["ContinuationToken"] = Value::from(token);
    answer["StartAfter"] = Value::from(start.map(|start| encoded(params, start)));
    let next = page.last.filter(|_| page.more);
    let next = next.map(|last| base64::encode(last.as_bytes()));
    answer["NextContinuationToken"] = Value::from(next);
    Ok(answer)
}

fn most(params: Params<'_>) -> Result<usize, ApiError> {
    match params.number("MaxKeys") {
        None => Ok(MOST),
        Some(number) => usize::try_from(number)
            .map(|number| number.min(MOST))
            .map_err(|_| {
                invalid_argument("Argument maxKeys must be an integer between 0 and 2147483647")
            }),
    }
}

/// What comes after a key or a common prefix.
fn cut<'a>(
    objects: &'a BTreeMap<String, Object>,
    params: Params<'_>,
    from: &str,
    most: usize,
) -> Page<'a> {
    let prefix = params.text("Prefix").unwrap_or_default();
    let delimiter = params.text("Delimiter").filter(|text| !text.is_empty());
    let start = if from < prefix {
        Bound::Included(prefix)
    } else {
        Bound::Excluded(from)
    };
    let mut page = Page::default();
    let rest = objects.range::<str, _>((start, Bound::Unbounded));
    for (key, object) in rest.take_while(|(key, _)| key.starts_with(prefix)) {
        let rolled = delimiter.and_then(|delimiter| {
            let at = key[prefix.len()..].find(delimiter)?;
            Some(&key[..prefix.len() + at + delimiter.len()])
        });
        if rolled.is_some_and(|rolled| rolled <= from || page.prefixes.last() == Some(&rolled)) {
            continue;
        }
        if page.objects.len() + page.prefixes.len() == most {
            page.more = most > 0;
            break;
        }
        match rolled {
            Some(rolled) => page.prefixes.push(rolled),
            None => page.objects.push((key, object)),
        }
        page.last = Some(rolled.unwrap_or(key));
    }
    page
}

/// What both versions answer.
fn answer(call: &Request, page: &Page<'_>, most: usize, owned: bool) -> Value {
    let params = call.params();
    let whose = owned.then(|| json!({ "ID": canonical(call.account()) }));
    let written = |text: &str| encoded(params, text);
    let objects = page.objects.iter().map(|(key, object)| {
        json!({
            "Key": written(key),
            "LastModified": millis(object.modified),
            "ETag": object.etag,
            "Size": object.size,
            "StorageClass": "STANDARD",
            "Owner": whose,
        })
    });
    let prefixes = page.prefixes.iter();
    let prefixes = prefixes.map(|prefix| json!({ "Prefix": written(prefix) }));
    json!({
        "Name": params.text("Bucket"),
        "Prefix": written(params.text("Prefix").unwrap_or_default()),
        "Delimiter": params.text("Delimiter").map(written),
        "EncodingType": params.text("EncodingType"),
        "MaxKeys": most,
        "IsTruncated": page.more,
        "Contents": objects.collect::<Vec<_>>(),
        "CommonPrefixes": prefixes.collect::<Vec<_>>(),
    })
}

/// A key as the caller wants it written.
fn encoded(params: Params<'_>, text: &str) -> String {
    match params.text("EncodingType") {
        Some(_) => percent::encode(text, "/"),
        None => text.to_owned(),
    }
}
