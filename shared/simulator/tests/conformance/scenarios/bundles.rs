//! S3 and the bundles of instance-store images.

use serde_json::{Value, json};

use crate::aws::{Aws, OTHER, THERE, text};
use crate::scenario::{Scenario, Section, scenario};

pub const SECTION: Section = Section {
    name: "bundles",
    title: "S3 and the bundles of instance-store images",
    scenarios: SCENARIOS,
};

const SCENARIOS: &[Scenario] = &[
    scenario!(
        a_bucket_is_made_listed_and_deleted,
        Documented,
        "AmazonS3/latest/API/API_CreateBucket.html",
        "A bucket is made, found, listed and, once empty, deleted.",
    )
    .and_moto(),
    scenario!(
        a_bucket_is_where_it_was_made,
        Documented,
        "AmazonS3/latest/API/API_GetBucketLocation.html",
        "A bucket is in the Region of its location constraint; us-east-1 is written as none.",
    )
    .and_moto(),
    scenario!(
        a_location_that_is_not_the_endpoints_is_refused,
        Documented,
        "AmazonS3/latest/API/ErrorResponses.html",
        "A Region other than us-east-1 makes buckets of its own only, and only where it is named.",
    ),
    scenario!(
        bucket_names_follow_their_rules,
        Documented,
        "AmazonS3/latest/userguide/bucketnamingrules.html",
        "A name outside the naming rules is `InvalidBucketName`.",
    ),
    scenario!(
        a_name_that_is_taken_is_refused,
        Documented,
        "AmazonS3/latest/API/API_CreateBucket.html",
        "Another account's name is `BucketAlreadyExists`; an own one is `BucketAlreadyOwnedByYou`, except in us-east-1.",
    ),
    scenario!(
        an_object_is_put_got_and_deleted,
        Documented,
        "AmazonS3/latest/API/API_PutObject.html",
        "An object has the MD5 of its bytes as its ETag; deleting it twice is no error.",
    )
    .and_moto(),
    scenario!(
        an_objects_headers_and_metadata_come_back,
        Documented,
        "AmazonS3/latest/API/API_GetObject.html",
        "What an object was put with (content type, metadata) comes with it.",
    )
    .and_moto(),
    scenario!(
        a_range_of_an_object_is_got,
        Documented,
        "AmazonS3/latest/API/API_GetObject.html",
        "A range gives those bytes; one outside the object is `InvalidRange`.",
    )
    .and_moto(),
    scenario!(
        conditions_are_kept,
        Documented,
        "AmazonS3/latest/userguide/conditional-requests.html",
        "Reading or writing under a condition that doesn't hold is `PreconditionFailed`.",
    )
    .and_moto(),
    scenario!(
        what_is_not_there_is_not_found,
        Documented,
        "AmazonS3/latest/API/ErrorResponses.html",
        "A missing bucket is `NoSuchBucket`, a missing object `NoSuchKey`; asked by HEAD, 404 without a body.",
    )
    .and_moto(),
    scenario!(
        a_bucket_is_its_owners_alone,
        Documented,
        "AmazonS3/latest/userguide/access-policy-language-overview.html",
        "Only the owner may do anything with a bucket that grants nothing.",
    ),
    scenario!(
        keys_may_be_of_any_letters,
        Documented,
        "AmazonS3/latest/userguide/object-keys.html",
        "A key may have spaces, slashes, signs and letters of any script.",
    )
    .and_moto(),
    scenario!(
        objects_are_listed_by_prefix_delimiter_and_pages,
        Documented,
        "AmazonS3/latest/API/API_ListObjectsV2.html",
        "A listing is cut by prefix, rolled up at a delimiter, and continued by its token.",
    )
    .and_moto(),
    scenario!(
        the_older_listing_continues_after_a_marker,
        Documented,
        "AmazonS3/latest/API/API_ListObjects.html",
        "The older listing continues after a marker, and names the next one where it rolls up.",
    ),
    scenario!(
        many_objects_are_deleted_at_once,
        Documented,
        "AmazonS3/latest/API/API_DeleteObjects.html",
        "Several objects are deleted in one call; a quiet one tells of errors alone.",
    ),
    scenario!(
        what_is_not_simulated_is_refused,
        Chosen,
        "AmazonS3/latest/API/ErrorResponses.html",
        "A parameter of S3 whose effect is not simulated is `NotImplemented`, never ignored.",
    ),
];

fn s3(aws: &Aws<'_>, operation: &str, parameters: Value) -> Value {
    aws.call("s3", operation, parameters)
}

fn refused(aws: &Aws<'_>, operation: &str, parameters: Value) -> (String, u16) {
    let refused = aws.refused("s3", operation, parameters);
    (refused.code, refused.status)
}

fn bucket(aws: &Aws<'_>) -> &'static str {
    s3(aws, "CreateBucket", json!({ "Bucket": "golden-images" }));
    "golden-images"
}

fn put(aws: &Aws<'_>, bucket: &str, key: &str) -> Value {
    s3(
        aws,
        "PutObject",
        json!({ "Bucket": bucket, "Key": key, "Body": key }),
    )
}

/// The texts under a name in the structures of a list.
fn each(list: &Value, name: &str) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items.map(|item| text(&item[name])).collect()
}

fn a_bucket_is_made_listed_and_deleted(aws: &Aws<'_>) {
    let bucket = bucket(aws);
    let one = json!({ "Bucket": bucket });
    s3(aws, "HeadBucket", one.clone());
    let listed = s3(aws, "ListBuckets", json!({}));
    assert_eq!(each(&listed["Buckets"], "Name"), [bucket]);
    put(aws, bucket, "a");
    let full = ("BucketNotEmpty".to_owned(), 409);
    assert_eq!(refused(aws, "DeleteBucket", one.clone()), full);
    s3(aws, "DeleteObject", json!({ "Bucket": bucket, "Key": "a" }));
    s3(aws, "DeleteBucket", one.clone());
    assert_eq!(refused(aws, "HeadBucket", one), ("404".to_owned(), 404));
}

fn a_bucket_is_where_it_was_made(aws: &Aws<'_>) {
    s3(aws, "CreateBucket", json!({ "Bucket": "here-images" }));
    let there = json!({ "LocationConstraint": THERE });
    let there = json!({ "Bucket": "there-images", "CreateBucketConfiguration": there });
    s3(&aws.at(THERE), "CreateBucket", there);
    let location = |bucket: &str| {
        let answer = s3(aws, "GetBucketLocation", json!({ "Bucket": bucket }));
        answer["LocationConstraint"].clone()
    };
    assert_eq!(location("here-images"), Value::Null);
    assert_eq!(location("there-images"), THERE);
}

fn a_location_that_is_not_the_endpoints_is_refused(aws: &Aws<'_>) {
    let there = aws.at(THERE);
    let illegal = ("IllegalLocationConstraintException".to_owned(), 400);
    let nowhere = json!({ "Bucket": "golden-images" });
    assert_eq!(refused(&there, "CreateBucket", nowhere), illegal);
    let elsewhere = json!({ "LocationConstraint": "us-west-2" });
    let elsewhere = json!({ "Bucket": "golden-images", "CreateBucketConfiguration": elsewhere });
    assert_eq!(refused(&there, "CreateBucket", elsewhere), illegal);
    let invented = json!({ "LocationConstraint": "moon-1" });
    let invented = json!({ "Bucket": "golden-images", "CreateBucketConfiguration": invented });
    let invalid = ("InvalidLocationConstraint".to_owned(), 400);
    assert_eq!(refused(aws, "CreateBucket", invented), invalid);
}

fn bucket_names_follow_their_rules(aws: &Aws<'_>) {
    for name in ["Golden", "go", "golden_images", "-golden", "10.0.0.1"] {
        let refused = refused(aws, "CreateBucket", json!({ "Bucket": name }));
        assert_eq!(refused, ("InvalidBucketName".to_owned(), 400), "{name}");
    }
}

fn a_name_that_is_taken_is_refused(aws: &Aws<'_>) {
    let bucket = bucket(aws);
    let taken = refused(&aws.by(OTHER), "CreateBucket", json!({ "Bucket": bucket }));
    assert_eq!(taken, ("BucketAlreadyExists".to_owned(), 409));
    s3(aws, "CreateBucket", json!({ "Bucket": bucket }));
    let there = json!({ "LocationConstraint": THERE });
    let there = json!({ "Bucket": bucket, "CreateBucketConfiguration": there });
    let own = refused(&aws.at(THERE), "CreateBucket", there);
    assert_eq!(own, ("BucketAlreadyOwnedByYou".to_owned(), 409));
}

fn an_object_is_put_got_and_deleted(aws: &Aws<'_>) {
    let bucket = bucket(aws);
    let one = json!({ "Bucket": bucket, "Key": "a/hello.txt" });
    let mut given = one.clone();
    given["Body"] = json!("hello");
    let md5 = "\"5d41402abc4b2a76b9719d911017c592\"";
    assert_eq!(s3(aws, "PutObject", given)["ETag"], md5);
    let got = s3(aws, "GetObject", one.clone());
    assert_eq!(got["Body"], "hello");
    assert_eq!(got["ETag"], md5);
    assert_eq!(got["ContentLength"], 5);
    let head = s3(aws, "HeadObject", one.clone());
    assert_eq!(head["ContentLength"], 5);
    assert!(head["Body"].is_null());
    s3(aws, "DeleteObject", one.clone());
    s3(aws, "DeleteObject", one.clone());
    assert_eq!(
        refused(aws, "GetObject", one),
        ("NoSuchKey".to_owned(), 404)
    );
}

fn an_objects_headers_and_metadata_come_back(aws: &Aws<'_>) {
    let bucket = bucket(aws);
    let put = json!({
        "Bucket": bucket,
        "Key": "image.manifest.xml",
        "Body": "<manifest/>",
        "ContentType": "text/xml",
        "Metadata": { "team": "images" },
    });
    s3(aws, "PutObject", put);
    let one = json!({ "Bucket": bucket, "Key": "image.manifest.xml" });
    for operation in ["GetObject", "HeadObject"] {
        let answer = s3(aws, operation, one.clone());
        assert_eq!(answer["ContentType"], "text/xml", "{operation}");
        assert_eq!(
            answer["Metadata"],
            json!({ "team": "images" }),
            "{operation}"
        );
        assert!(!answer["LastModified"].is_null(), "{operation}");
    }
}

fn a_range_of_an_object_is_got(aws: &Aws<'_>) {
    let bucket = bucket(aws);
    put(aws, bucket, "0123456789");
    let range = |range: &str| json!({ "Bucket": bucket, "Key": "0123456789", "Range": range });
    let part = s3(aws, "GetObject", range("bytes=2-4"));
    assert_eq!(part["Body"], "234");
    assert_eq!(part["ContentRange"], "bytes 2-4/10");
    assert_eq!(s3(aws, "GetObject", range("bytes=-2"))["Body"], "89");
    let outside = refused(aws, "GetObject", range("bytes=10-"));
    assert_eq!(outside, ("InvalidRange".to_owned(), 416));
}

fn conditions_are_kept(aws: &Aws<'_>) {
    let bucket = bucket(aws);
    let made = put(aws, bucket, "a");
    let failed = ("PreconditionFailed".to_owned(), 412);
    let new = json!({ "Bucket": bucket, "Key": "a", "IfNoneMatch": "*" });
    assert_eq!(refused(aws, "PutObject", new), failed);
    let other = json!({ "Bucket": bucket, "Key": "a", "IfMatch": "\"other\"" });
    assert_eq!(refused(aws, "GetObject", other.clone()), failed);
    assert_eq!(refused(aws, "PutObject", other), failed);
    let same = json!({ "Bucket": bucket, "Key": "a", "IfMatch": made["ETag"] });
    assert_eq!(s3(aws, "GetObject", same)["Body"], "a");
    let known = json!({ "Bucket": bucket, "Key": "a", "IfNoneMatch": made["ETag"] });
    assert_eq!(refused(aws, "GetObject", known).1, 304);
}

fn what_is_not_there_is_not_found(aws: &Aws<'_>) {
    let no_bucket = ("NoSuchBucket".to_owned(), 404);
    let nowhere = json!({ "Bucket": "not-there", "Key": "a" });
    assert_eq!(refused(aws, "GetObject", nowhere.clone()), no_bucket);
    assert_eq!(refused(aws, "PutObject", nowhere), no_bucket);
    let nowhere = json!({ "Bucket": "not-there" });
    assert_eq!(refused(aws, "ListObjectsV2", nowhere.clone()), no_bucket);
    assert_eq!(refused(aws, "DeleteBucket", nowhere), no_bucket);
    let nothing = json!({ "Bucket": bucket(aws), "Key": "a" });
    assert_eq!(
        refused(aws, "GetObject", nothing.clone()),
        ("NoSuchKey".to_owned(), 404)
    );
    assert_eq!(refused(aws, "HeadObject", nothing), ("404".to_owned(), 404));
}

fn a_bucket_is_its_owners_alone(aws: &Aws<'_>) {
    let bucket = bucket(aws);
    put(aws, bucket, "a");
    let other = aws.by(OTHER);
    let denied = ("AccessDenied".to_owned(), 403);
    let one = json!({ "Bucket": bucket, "Key": "a" });
    for operation in ["GetObject", "PutObject", "DeleteObject"] {
        assert_eq!(
            refused(&other, operation, one.clone()),
            denied,
            "{operation}"
        );
    }
    for operation in [
        "ListObjects",
        "ListObjectsV2",
        "GetBucketLocation",
        "DeleteBucket",
    ] {
        let whole = json!({ "Bucket": bucket });
        assert_eq!(refused(&other, operation, whole), denied, "{operation}");
    }
    assert_eq!(
        refused(&other, "HeadObject", one.clone()),
        ("403".to_owned(), 403)
    );
    assert_eq!(s3(&other, "ListBuckets", json!({}))["Buckets"], json!([]));
    let mut expected = one;
    expected["ExpectedBucketOwner"] = json!(OTHER);
    assert_eq!(refused(aws, "GetObject", expected), denied);
}

fn keys_may_be_of_any_letters(aws: &Aws<'_>) {
    let bucket = bucket(aws);
    for key in ["a b+c", "ü/漢字", "a//b", "100%", "q?x=1&y#z", "'(!)*~"] {
        put(aws, bucket, key);
        let got = s3(aws, "GetObject", json!({ "Bucket": bucket, "Key": key }));
        assert_eq!(got["Body"], key);
        let listed = s3(
            aws,
            "ListObjectsV2",
            json!({ "Bucket": bucket, "Prefix": key }),
        );
        assert_eq!(each(&listed["Contents"], "Key"), [key]);
    }
}

fn objects_are_listed_by_prefix_delimiter_and_pages(aws: &Aws<'_>) {
    let bucket = bucket(aws);
    for key in ["a/1", "a/2", "b", "c/d/1", "e"] {
        put(aws, bucket, key);
    }
    let list = |more: Value| {
        let mut parameters = more;
        parameters["Bucket"] = json!(bucket);
        s3(aws, "ListObjectsV2", parameters)
    };
    let under = list(json!({ "Prefix": "a/" }));
    assert_eq!(each(&under["Contents"], "Key"), ["a/1", "a/2"]);
    assert_eq!(under["KeyCount"], 2);
    let rolled = list(json!({ "Delimiter": "/" }));
    assert_eq!(each(&rolled["Contents"], "Key"), ["b", "e"]);
    assert_eq!(each(&rolled["CommonPrefixes"], "Prefix"), ["a/", "c/"]);
    let deeper = list(json!({ "Delimiter": "/", "Prefix": "c/" }));
    assert_eq!(each(&deeper["CommonPrefixes"], "Prefix"), ["c/d/"]);
    let first = list(json!({ "MaxKeys": 3 }));
    assert_eq!(first["IsTruncated"], true);
    let rest = list(json!({ "ContinuationToken": first["NextContinuationToken"] }));
    assert_eq!(each(&rest["Contents"], "Key"), ["c/d/1", "e"]);
    assert_eq!(rest["IsTruncated"], false);
    let after = list(json!({ "StartAfter": "b" }));
    assert_eq!(each(&after["Contents"], "Key"), ["c/d/1", "e"]);
}

fn the_older_listing_continues_after_a_marker(aws: &Aws<'_>) {
    let bucket = bucket(aws);
    for key in ["a/1", "a/2", "b", "c"] {
        put(aws, bucket, key);
    }
    let rolled = json!({ "Bucket": bucket, "Delimiter": "/", "MaxKeys": 1 });
    let first = s3(aws, "ListObjects", rolled.clone());
    assert_eq!(each(&first["CommonPrefixes"], "Prefix"), ["a/"]);
    assert_eq!(first["NextMarker"], "a/");
    let mut rest = rolled;
    rest["Marker"] = first["NextMarker"].clone();
    let second = s3(aws, "ListObjects", rest);
    assert_eq!(each(&second["Contents"], "Key"), ["b"]);
    let plain = s3(
        aws,
        "ListObjects",
        json!({ "Bucket": bucket, "MaxKeys": 2 }),
    );
    assert_eq!(plain["IsTruncated"], true);
    assert!(plain["NextMarker"].is_null());
}

fn many_objects_are_deleted_at_once(aws: &Aws<'_>) {
    let bucket = bucket(aws);
    for key in ["a", "b", "c"] {
        put(aws, bucket, key);
    }
    let two = json!({ "Objects": [{ "Key": "a" }, { "Key": "not-there" }] });
    let told = s3(
        aws,
        "DeleteObjects",
        json!({ "Bucket": bucket, "Delete": two }),
    );
    let mut deleted = each(&told["Deleted"], "Key");
    deleted.sort();
    assert_eq!(deleted, ["a", "not-there"]);
    let quiet = json!({ "Objects": [{ "Key": "b" }], "Quiet": true });
    let told = s3(
        aws,
        "DeleteObjects",
        json!({ "Bucket": bucket, "Delete": quiet }),
    );
    assert!(told["Deleted"].is_null());
    let left = s3(aws, "ListObjectsV2", json!({ "Bucket": bucket }));
    assert_eq!(each(&left["Contents"], "Key"), ["c"]);
}

fn what_is_not_simulated_is_refused(aws: &Aws<'_>) {
    let bucket = bucket(aws);
    let public = json!({ "Bucket": bucket, "Key": "a", "ACL": "public-read" });
    let unknown = ("NotImplemented".to_owned(), 501);
    assert_eq!(refused(aws, "PutObject", public), unknown);
    let version = json!({ "Bucket": bucket, "Key": "a", "VersionId": "1" });
    assert_eq!(refused(aws, "GetObject", version), unknown);
}
