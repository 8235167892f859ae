//! Making, listing and deleting buckets.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::{Bucket, canonical, invalid_argument, own_bucket};
use crate::clock::millis;
use crate::request::Request;
use crate::state::State;
use crate::wire::base64;
use crate::wire::error::ApiError;

/// Where a bucket is that names no location.
const HOME: &str = "us-east-1";
const MOST_LISTED: i64 = 10_000;

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html>.
pub(super) fn create_bucket(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let name = params.need("Bucket")?;
    state.touch(format!("arn:aws:s3:::{name}"));
    check_name(name)?;
    let region = location(call)?;
    match state.s3.buckets.get(name) {
        None => {}
        // An own bucket may be made again in us-east-1 only.
        Some(bucket) if bucket.owner == call.account() && call.region == HOME && region == HOME => {
            return Ok(json!({ "Location": format!("/{name}") }));
        }
        Some(bucket) if bucket.owner == call.account() => {
            return Err(ApiError::with_status(
                409,
                "BucketAlreadyOwnedByYou",
                "Your previous request to create the named bucket succeeded and you already own it.",
            ));
        }
        Some(_) => {
            return Err(ApiError::with_status(
                409,
                "BucketAlreadyExists",
                "The requested bucket name is not available. The bucket namespace is shared by all \
                 users of the system. Please select a different name and try again.",
            ));
        }
    }
    let bucket = Bucket {
        owner: call.account().to_owned(),
        region,
        created: state.clock.now(),
        objects: BTreeMap::new(),
    };
    state.s3.buckets.insert(name.to_owned(), bucket);
    Ok(json!({ "Location": format!("/{name}") }))
}

/// Where the bucket is to be: us-east-1 makes buckets anywhere, any other Region its own only, and
/// only where it is named.
fn location(call: &Request) -> Result<String, ApiError> {
    let configuration = call.params().child("CreateBucketConfiguration");
    let mut unsimulated = ["Location", "Bucket", "Tags"].into_iter();
    if let Some(configuration) = configuration
        && let Some(name) = unsimulated.find(|name| configuration.has(name))
    {
        let message = format!("The parameter {name} is not simulated");
        return Err(ApiError::with_status(501, "NotImplemented", message));
    }
    let asked = configuration.and_then(|configuration| configuration.text("LocationConstraint"));
    let asked = asked.map(|region| if region == "EU" { "eu-west-1" } else { region });
    match asked {
        _ if call.region == HOME => Ok(asked.unwrap_or(HOME).to_owned()),
        Some(region) if region == call.region => Ok(region.to_owned()),
        _ => Err(ApiError::new(
            "IllegalLocationConstraintException",
            format!(
                "The {} location constraint is incompatible for the region specific endpoint this \
                 request was sent to.",
                asked.unwrap_or("unspecified")
            ),
        )),
    }
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>.
fn check_name(name: &str) -> Result<(), ApiError> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    let starts = ["xn--", "sthree-", "amzn-s3-demo-"];
    let ends = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];
    let edge = |c: Option<char>| c.is_some_and(|c| c != '-' && c != '.');
    let right = (3..=63).contains(&name.len())
        && name.chars().all(allowed)
        && edge(name.chars().next())
        && edge(name.chars().next_back())
        && !name.contains("..")
        && name.parse::<Ipv4Addr>().is_err()
        && !starts.iter().any(|start| name.starts_with(start))
        && !ends.iter().any(|end| name.ends_with(end));
    if right {
        Ok(())
    } else {
        Err(ApiError::new(
            "InvalidBucketName",
            "The specified bucket is not valid.",
        ))
    }
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html>: the caller's own, in all
/// Regions.
pub(super) fn list_buckets(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let most = params.number("MaxBuckets").unwrap_or(MOST_LISTED);
    if !(1..=MOST_LISTED).contains(&most) {
        return Err(invalid_argument(
            "Argument max-buckets must be between 1 and 10000",
        ));
    }
    let after = after(params.text("ContinuationToken"))?;
    let prefix = params.text("Prefix").unwrap_or_default();
    let region = params.text("BucketRegion");
    let mut wanted = state.s3.buckets.iter().filter(|(name, bucket)| {
        bucket.owner == call.account()
            && name.starts_with(prefix)
            && after.as_ref().is_none_or(|after| *name > after)
            && region.is_none_or(|region| bucket.region == region)
    });
    let mut last = None;
    let page = wanted
        .by_ref()
        .take(usize::try_from(most).unwrap_or(usize::MAX));
    let page: Vec<Value> = page
        .map(|(name, bucket)| {
            last = Some(name);
            json!({
                "Name": name,
                "CreationDate": millis(bucket.created),
                "BucketRegion": bucket.region,
            })
        })
        .collect();
    let next = last.filter(|_| wanted.next().is_some());
    Ok(json!({
        "Buckets": page,
        "Owner": { "ID": canonical(call.account()) },
        "ContinuationToken": next.map(|name| base64::encode(name.as_bytes())),
        "Prefix": params.text("Prefix"),
    }))
}

/// What a continuation token stands for: the last name of the page before.
pub(super) fn after(token: Option<&str>) -> Result<Option<String>, ApiError> {
    let Some(token) = token else {
        return Ok(None);
    };
    let name = base64::decode(token).and_then(|bytes| String::from_utf8(bytes).ok());
    let wrong = || invalid_argument("The continuation token provided is incorrect");
    name.ok_or_else(wrong).map(Some)
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html>.
pub(super) fn head_bucket(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    Ok(json!({ "BucketRegion": own_bucket(state, call)?.region }))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html>: none for us-east-1.
pub(super) fn get_bucket_location(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let region = &own_bucket(state, call)?.region;
    Ok(json!({ "LocationConstraint": Some(region).filter(|region| *region != HOME) }))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html>: only an empty one.
pub(super) fn delete_bucket(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    if !own_bucket(state, call)?.objects.is_empty() {
        let message = "The bucket you tried to delete is not empty";
        return Err(ApiError::with_status(409, "BucketNotEmpty", message));
    }
    state.s3.buckets.remove(call.params().need("Bucket")?);
    Ok(json!({}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_their_rules() {
        for name in [
            "abc",
            "my.images-1",
            "amis-for-111111111111-in-us-east-1-abc",
        ] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        let long = "a".repeat(64);
        let wrong = [
            "ab",
            "Abc",
            "a_b",
            "-abc",
            "abc.",
            "a..b",
            "192.168.1.1",
            "xn--a",
            &long,
        ];
        for name in wrong {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
