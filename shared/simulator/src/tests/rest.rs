//! The REST protocols on the wire, as real clients speak them.

use http::Method;
use http::request::Builder;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::*;

fn authorization(account: &str, service: &str) -> String {
    let scope = format!("{account}/20260101/{HERE}/{service}/aws4_request");
    format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0")
}

/// A signed request of S3 to this machine.
fn s3(method: Method, path: &str) -> Builder {
    signed_for("s3", method, path)
}

fn signed_for(service: &str, method: Method, path: &str) -> Builder {
    Request::builder()
        .method(method)
        .uri(path)
        .header("host", "127.0.0.1:4566")
        .header("authorization", authorization(OWNER, service))
}

fn call(world: &World, request: Builder, body: &str) -> Response<Bytes> {
    let body = Bytes::from(body.to_owned());
    world.call(request.body(body).expect("a request"))
}

fn world_with_bucket() -> World {
    let world = World::new(1);
    let made = call(&world, s3(Method::PUT, "/golden-images"), "");
    assert_eq!(made.status(), 200);
    assert_eq!(made.headers()["location"], "/golden-images");
    world
}

#[test]
fn an_upload_in_chunks_is_stored_as_it_was_meant_and_checked() {
    let world = world_with_bucket();
    let upload = |checksum: &str| {
        let request = s3(Method::PUT, "/golden-images/a%20b")
            .header("content-encoding", "aws-chunked")
            .header("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
            .header("x-amz-decoded-content-length", "9")
            .header("x-amz-sdk-checksum-algorithm", "CRC32")
            .header("x-amz-trailer", "x-amz-checksum-crc32");
        let body =
            format!("5\r\n12345\r\n4\r\n6789\r\n0\r\nx-amz-checksum-crc32:{checksum}\r\n\r\n");
        call(&world, request, &body)
    };
    let wrong = answer(upload("AAAAAA=="));
    assert_eq!((wrong.status, wrong.code().as_str()), (400, "BadDigest"));
    let put = upload("y/Q5Jg==");
    assert_eq!(put.status(), 200);
    assert_eq!(
        put.headers()["etag"],
        "\"25f9e794323b453885f5181f1b624d0b\""
    );
    assert_eq!(put.headers()["x-amz-checksum-crc32"], "y/Q5Jg==");
    let get = s3(Method::GET, "/golden-images/a%20b").header("x-amz-checksum-mode", "ENABLED");
    let got = call(&world, get, "");
    assert_eq!(got.body(), "123456789");
    assert_eq!(got.headers()["x-amz-checksum-crc32"], "y/Q5Jg==");
    assert!(!got.headers().contains_key("content-encoding"));
}

#[test]
fn bytes_that_are_no_text_come_back_as_they_were() {
    let world = world_with_bucket();
    let bytes: Vec<u8> = (0..=255).collect();
    let put = s3(Method::PUT, "/golden-images/part");
    let put = put.body(Bytes::from(bytes.clone())).expect("a request");
    assert_eq!(world.call(put).status(), 200);
    let got = call(&world, s3(Method::GET, "/golden-images/part"), "");
    assert_eq!(got.body(), &bytes);
    let part = s3(Method::GET, "/golden-images/part").header("range", "bytes=254-");
    let part = call(&world, part, "");
    assert_eq!(part.status(), 206);
    assert_eq!(part.body(), &bytes[254..]);
}

#[test]
fn the_host_may_name_the_bucket() {
    let world = world_with_bucket();
    for host in [
        "golden-images.localhost:4566",
        "golden-images.s3.us-east-1.amazonaws.com",
    ] {
        let put = Request::put("/by-host").header("host", host);
        let put = put.header("authorization", authorization(OWNER, "s3"));
        assert_eq!(call(&world, put, host).status(), 200);
        let got = call(&world, s3(Method::GET, "/golden-images/by-host"), "");
        assert_eq!(got.body(), host);
    }
}

#[test]
fn a_presigned_request_needs_no_header() {
    let world = world_with_bucket();
    call(&world, s3(Method::PUT, "/golden-images/k"), "hello");
    let presigned = |account: &str| {
        let credential = format!("{account}%2F20260101%2F{HERE}%2Fs3%2Faws4_request");
        let query = format!("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={credential}");
        let path = format!("/golden-images/k?{query}&X-Amz-Signature=0");
        call(&world, Request::get(path), "")
    };
    assert_eq!(presigned(OWNER).body(), "hello");
    assert_eq!(presigned(OTHER).status(), 403);
}

#[test]
fn an_anonymous_request_of_s3_is_denied() {
    let world = world_with_bucket();
    let refused = answer(call(&world, Request::get("/golden-images/k"), ""));
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (403, "AccessDenied")
    );
    let head = call(&world, Request::head("/golden-images/k"), "");
    assert_eq!((head.status().as_u16(), head.body().len()), (403, 0));
}

#[test]
fn errors_of_s3_name_the_resource_and_a_head_has_no_body() {
    let world = world_with_bucket();
    let missing = call(&world, s3(Method::GET, "/golden-images/a%26b"), "");
    assert_eq!(missing.headers()["content-type"], "application/xml");
    let id = missing.headers()["x-amz-request-id"].clone();
    let missing = answer(missing);
    assert!(missing.body.starts_with("<?xml"), "{}", missing.body);
    assert_eq!(
        (missing.status, missing.code().as_str()),
        (404, "NoSuchKey")
    );
    assert_eq!(missing.text("Key"), "a&amp;b");
    assert_eq!(missing.text("Resource"), "/golden-images/a%26b");
    assert_eq!(missing.text("RequestId"), id.to_str().expect("text"));
    let head = call(&world, s3(Method::HEAD, "/golden-images/a"), "");
    assert_eq!((head.status().as_u16(), head.body().len()), (404, 0));
}

#[test]
fn a_head_tells_the_length_of_what_it_does_not_send() {
    let world = world_with_bucket();
    call(&world, s3(Method::PUT, "/golden-images/k"), "hello");
    let head = call(&world, s3(Method::HEAD, "/golden-images/k"), "");
    assert_eq!((head.status().as_u16(), head.body().len()), (200, 0));
    assert_eq!(head.headers()["content-length"], "5");
    assert_eq!(
        head.headers()["last-modified"],
        "Thu, 01 Jan 2026 00:00:00 GMT"
    );
}

#[test]
fn what_s3_does_not_know_is_refused() {
    let world = world_with_bucket();
    let acl = answer(call(&world, s3(Method::GET, "/golden-images?acl"), ""));
    assert_eq!((acl.status, acl.code().as_str()), (501, "NotImplemented"));
    let post = answer(call(&world, s3(Method::POST, "/golden-images/k"), ""));
    assert_eq!(
        (post.status, post.code().as_str()),
        (405, "MethodNotAllowed")
    );
    let uri = answer(call(&world, s3(Method::GET, "/golden-images/%ff"), ""));
    assert_eq!((uri.status, uri.code().as_str()), (400, "InvalidURI"));
    let xml = answer(call(
        &world,
        s3(Method::POST, "/golden-images?delete"),
        "<Delete>",
    ));
    assert_eq!((xml.status, xml.code().as_str()), (400, "MalformedXML"));
    let header = s3(Method::PUT, "/golden-images/k").header("x-amz-storage-class", "GLACIER");
    let header = answer(call(&world, header, "hello"));
    assert_eq!(
        (header.status, header.code().as_str()),
        (501, "NotImplemented")
    );
}

#[test]
fn documents_of_s3_have_their_names() {
    let world = world_with_bucket();
    for (path, root) in [
        ("/", "ListAllMyBucketsResult"),
        ("/golden-images", "ListBucketResult"),
        ("/golden-images?list-type=2", "ListBucketResult"),
        ("/golden-images?location", "LocationConstraint"),
    ] {
        let listed = answer(call(&world, s3(Method::GET, path), ""));
        let start = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
        let expected = format!("{start}<{root} xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
        assert!(listed.body.starts_with(&expected), "{}", listed.body);
    }
}

fn rule() -> Value {
    let period = json!({ "RetentionPeriodValue": 7, "RetentionPeriodUnit": "DAYS" });
    json!({ "ResourceType": "EC2_IMAGE", "RetentionPeriod": period })
}

#[test]
fn errors_of_rest_json_have_their_code_in_a_header() {
    let world = World::new(1);
    let missing = call(
        &world,
        signed_for("rbin", Method::GET, "/rules/abcdefghijk"),
        "",
    );
    assert_eq!(missing.status(), 404);
    assert_eq!(
        missing.headers()["x-amzn-errortype"],
        "ResourceNotFoundException"
    );
    let body: Value = serde_json::from_slice(missing.body()).expect("JSON");
    assert_eq!(body["Reason"], "RULE_NOT_FOUND");
    assert_eq!(body["Message"], "The rule abcdefghijk was not found.");
    let lost = call(&world, signed_for("rbin", Method::GET, "/nowhere"), "");
    assert_eq!(lost.status(), 404);
    assert_eq!(
        lost.headers()["x-amzn-errortype"],
        "UnknownOperationException"
    );
    for (body, code) in [
        ("{", "SerializationException"),
        ("[]", "SerializationException"),
        ("{}", "ValidationException"),
        ("{\"Colour\": 1}", "ValidationException"),
    ] {
        let refused = call(&world, signed_for("rbin", Method::POST, "/rules"), body);
        assert_eq!(refused.status(), 400, "{body}");
        assert_eq!(refused.headers()["x-amzn-errortype"], code, "{body}");
    }
}

#[test]
fn rules_are_answered_with_their_own_statuses() {
    let world = World::new(1);
    let made = call(
        &world,
        signed_for("rbin", Method::POST, "/rules"),
        &rule().to_string(),
    );
    assert_eq!(made.status(), 201);
    assert_eq!(made.headers()["content-type"], "application/json");
    let made: Value = serde_json::from_slice(made.body()).expect("JSON");
    let path = format!("/rules/{}", made["Identifier"].as_str().expect("text"));
    let gone = call(&world, signed_for("rbin", Method::DELETE, &path), "");
    assert_eq!((gone.status().as_u16(), gone.body().len()), (204, 0));
}

#[test]
fn the_first_rule_of_a_region_may_take_its_time() {
    let (world, image) = world_with_image();
    world.set_first_rule_delay(SignedDuration::from_mins(30));
    let create = || {
        world
            .perform(OWNER, HERE, "rbin", "CreateRule", rule())
            .expect("a rule")
    };
    assert_eq!(create()["Status"], "pending");
    assert_eq!(create()["Status"], "available");
    let only = World::new(1);
    only.set_first_rule_delay(SignedDuration::from_mins(30));
    let other = only.publish_image(NewImage::new(OWNER, HERE, "golden"));
    only.perform(OWNER, HERE, "rbin", "CreateRule", rule())
        .expect("a rule");
    for (world, image, kept) in [(&world, &image, 1), (&only, &other, 0)] {
        ec2(world, OWNER, HERE, "DeregisterImage", &[("ImageId", image)]);
        let bin = ec2(world, OWNER, HERE, "ListImagesInRecycleBin", &[]);
        assert_eq!(bin.texts("imageId").len(), kept);
    }
}

#[test]
fn a_bundle_is_a_manifest_and_its_parts() {
    let world = World::new(1);
    let location = world.bundle(OWNER, THERE, "amis-there", "web/1/");
    assert_eq!(location, "amis-there/web/1/image.manifest.xml");
    let listed = answer(call(
        &world,
        s3(Method::GET, "/amis-there?prefix=web/1/"),
        "",
    ));
    let parts = ["image.part.00", "image.part.01", "image.part.02"];
    let mut expected = vec!["web/1/image.manifest.xml".to_owned()];
    expected.extend(parts.map(|part| format!("web/1/{part}")));
    assert_eq!(listed.texts("Key"), expected);
    let manifest = answer(call(&world, s3(Method::GET, &format!("/{location}")), ""));
    assert_eq!(manifest.texts("filename"), parts);
    let state = world.state();
    assert!(crate::s3::holds(&state, OWNER, &location));
    assert!(!crate::s3::holds(&state, OTHER, &location));
    assert!(!crate::s3::holds(
        &state,
        OWNER,
        "amis-there/web/2/image.manifest.xml"
    ));
    assert!(!crate::s3::holds(&state, OWNER, "amis-there"));
}
