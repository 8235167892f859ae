//! S3, as far as the bundles of instance-store images need it: buckets of one owner, and objects.

mod bucket;
pub(crate) mod bundle;
mod checksum;
mod condition;
mod list;
mod object;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::dispatch::Handler;
use crate::ids::hex;
use crate::request::Request;
use crate::state::State;
use crate::wire::base64;
use crate::wire::error::ApiError;

/// The buckets of all accounts; their names are one space.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct S3 {
    buckets: BTreeMap<String, Bucket>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Bucket {
    owner: String,
    region: String,
    created: Timestamp,
    objects: BTreeMap<String, Object>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Object {
    /// Its bytes, as Base64.
    body: String,
    size: usize,
    /// In quotes, as S3 writes it.
    etag: String,
    modified: Timestamp,
    /// `ContentType` and its like, by their members' names.
    headers: BTreeMap<String, String>,
    metadata: BTreeMap<String, String>,
    /// The name of a checksum's member, and its value.
    checksum: (String, String),
}

/// An operation, and the parameters of it that have an effect here. Any other is refused.
struct Operation {
    name: &'static str,
    handler: Handler,
    parameters: &'static [&'static str],
}

const fn op(
    name: &'static str,
    handler: Handler,
    parameters: &'static [&'static str],
) -> Operation {
    Operation {
        name,
        handler,
        parameters,
    }
}

const OPERATIONS: &[Operation] = &[
    op(
        "CreateBucket",
        bucket::create_bucket,
        &["CreateBucketConfiguration"],
    ),
    op("DeleteBucket", bucket::delete_bucket, &[]),
    op("DeleteObject", object::delete_object, &["Key", "IfMatch"]),
    op(
        "DeleteObjects",
        object::delete_objects,
        &["Delete", "ChecksumAlgorithm"],
    ),
    op("GetBucketLocation", bucket::get_bucket_location, &[]),
    op("GetObject", object::get_object, READING),
    op("HeadBucket", bucket::head_bucket, &[]),
    op("HeadObject", object::head_object, READING),
    op(
        "ListBuckets",
        bucket::list_buckets,
        &["BucketRegion", "ContinuationToken", "MaxBuckets", "Prefix"],
    ),
    op(
        "ListObjects",
        list::list_objects,
        &["Delimiter", "EncodingType", "Marker", "MaxKeys", "Prefix"],
    ),
    op(
        "ListObjectsV2",
        list::list_objects_v2,
        &[
            "ContinuationToken",
            "Delimiter",
            "EncodingType",
            "FetchOwner",
            "MaxKeys",
            "Prefix",
            "StartAfter",
        ],
    ),
    op(
        "PutObject",
        object::put_object,
        &[
            "Body",
            "CacheControl",
            "ChecksumAlgorithm",
            "ChecksumCRC32",
            "ChecksumCRC32C",
            "ChecksumCRC64NVME",
            "ChecksumMD5",
            "ChecksumSHA256",
            "ContentDisposition",
            "ContentEncoding",
            "ContentLanguage",
            "ContentLength",
            "ContentMD5",
            "ContentType",
            "IfMatch",
            "IfNoneMatch",
            "Key",
            "Metadata",
        ],
    ),
];

const READING: &[&str] = &[
    "ChecksumMode",
    "IfMatch",
    "IfModifiedSince",
    "IfNoneMatch",
    "IfUnmodifiedSince",
    "Key",
    "Range",
];

fn operation(name: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().find(|operation| operation.name == name)
}

/// The operation's handler.
pub(crate) fn handler(operation: &str) -> Option<Handler> {
    self::operation(operation).map(|_| run as Handler)
}

/// Does an operation, unless it asks for what isn't simulated.
fn run(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let Some(operation) = operation(&call.operation) else {
        return Err(ApiError::internal("the operation has no handler"));
    };
    let of_all = ["Bucket", "ExpectedBucketOwner"];
    let known = |name: &str| of_all.contains(&name) || operation.parameters.contains(&name);
    let given = call.parameters.as_object();
    let mut given = given.into_iter().flatten().map(|(name, _)| name);
    if let Some(name) = given.find(|name| !known(name)) {
        let message = format!("The parameter {name} is not simulated");
        return Err(ApiError::with_status(501, "NotImplemented", message));
    }
    (operation.handler)(state, call)
}

/// Whether an object at `bucket/key` is in a bucket of the account's.
pub(crate) fn holds(state: &State, account: &str, location: &str) -> bool {
    let (bucket, key) = location.split_once('/').unwrap_or_default();
    let bucket = state.s3.buckets.get(bucket);
    bucket.is_some_and(|bucket| bucket.owner == account && bucket.objects.contains_key(key))
}

/// The Region of a bucket of the account's.
pub(crate) fn region_of<'a>(state: &'a State, account: &str, bucket: &str) -> Option<&'a str> {
    let bucket = state.s3.buckets.get(bucket);
    let own = bucket.filter(|bucket| bucket.owner == account);
    own.map(|bucket| bucket.region.as_str())
}

/// The text that an object in a bucket of the account's holds.
pub(crate) fn text(state: &State, account: &str, bucket: &str, key: &str) -> Option<String> {
    let bucket = state.s3.buckets.get(bucket);
    let own = bucket.filter(|bucket| bucket.owner == account)?;
    let body = base64::decode(&own.objects.get(key)?.body)?;
    String::from_utf8(body).ok()
}

/// The bucket that a call names, where the caller owns it.
fn own_bucket<'a>(state: &'a mut State, call: &Request) -> Result<&'a mut Bucket, ApiError> {
    let params = call.params();
    let name = params.need("Bucket")?;
    let key = params.text("Key").map(|key| format!("/{key}"));
    state.touch(format!("arn:aws:s3:::{name}{}", key.unwrap_or_default()));
    let bucket = state.s3.buckets.get_mut(name);
    let bucket = bucket.ok_or_else(|| {
        let message = "The specified bucket does not exist";
        about(
            ApiError::with_status(404, "NoSuchBucket", message),
            "BucketName",
            name,
        )
    })?;
    let expected = params.text("ExpectedBucketOwner");
    if bucket.owner != call.account() || expected.is_some_and(|owner| owner != bucket.owner) {
        return Err(ApiError::with_status(403, "AccessDenied", "Access Denied"));
    }
    Ok(bucket)
}

/// An error that names what it is about.
fn about(mut error: ApiError, name: &str, value: &str) -> ApiError {
    error.details.insert(name.to_owned(), Value::from(value));
    error
}

fn invalid_argument(message: &str) -> ApiError {
    ApiError::new("InvalidArgument", message)
}

/// An account as S3 names it.
fn canonical(account: &str) -> String {
    hex(Sha256::digest(account.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::model;

    #[test]
    fn every_parameter_here_is_one_of_the_model() {
        let service = model::service("s3").expect("s3");
        for operation in OPERATIONS {
            let known = &service.operations[operation.name];
            let input = known.input.as_deref().and_then(|name| service.shape(name));
            let input = input.expect("an input");
            for name in operation.parameters {
                assert!(
                    input.members.contains_key(*name),
                    "{} {name}",
                    operation.name
                );
            }
        }
    }
}
