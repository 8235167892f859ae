//! The tables of hostile answers, port by port: each with the typed outcome that the port gives.

use super::answering::{Bend, changed, says};
use super::answers::Then::{self, Answers, Fails};
use super::answers::unreadable;
use super::asked::Ask;

use super::bends::{
    changed_kind, cut_out, element, json, keys_without_end, last_key, next_page, pages_without_end,
    refused, refused_json, replace_member, replace_number, replaced, without,
};
use amiary_engine::ports::Class;

const READ: Then = Answers("Some(Available)");

/// One question with one hostile answer, and its outcome.
pub type Row = (Ask, &'static str, Bend, Then);

#[rustfmt::skip]
fn of_images() -> Vec<Row> {
    vec![
        (Ask::Image, "as it is", changed(str::to_owned), READ),
        (Ask::Image, "no owner", without("imageOwnerId"), unreadable("no owner")),
        (Ask::Image, "an empty owner", element("imageOwnerId", ""), unreadable("no owner")),
        (Ask::Image, "an owner that is none", element("imageOwnerId", "amazon"), unreadable("account id")),
        (Ask::Image, "no id", without("imageId"), unreadable("image")),
        (Ask::Image, "another image's id", element("imageId", "ami-ffffffffffffffff0"), unreadable("another image")),
        (Ask::Image, "an id that is none", element("imageId", "ami-&#27;[31m"), unreadable("another image")),
        (Ask::Image, "no name", without("name"), unreadable("no name")),
        (Ask::Image, "an empty name", element("name", ""), unreadable("no name")),
        (Ask::Image, "a name with C1 controls", element("name", "golden-&#x9b;31m&#x85;"), READ),
        (Ask::Image, "no state", without("imageState"), unreadable("no state")),
        (Ask::Image, "an unknown state", element("imageState", "melting"), Answers("Some(Other(\"melting\"))")),
        (Ask::Image, "an empty state", element("imageState", ""), Answers("Some(Other(\"\"))")),
        (Ask::Image, "a state in capitals", element("imageState", "AVAILABLE"), Answers("Some(Other(\"AVAILABLE\"))")),
        (Ask::Image, "no architecture", without("architecture"), unreadable("no architecture")),
        (Ask::Image, "an unknown architecture", element("architecture", "riscv512"), READ),
        (Ask::Image, "a creation date that is none", element("creationDate", "yesterday"), unreadable("is not a time")),
        (Ask::Image, "a creation date out of range", element("creationDate", "2026-13-45T00:00:00Z"), unreadable("is not a time")),
        (Ask::Image, "a creation date beyond all times", element("creationDate", "+999999-01-01T00:00:00Z"), unreadable("is not a time")),
        (Ask::Image, "an empty creation date", element("creationDate", ""), READ),
        (Ask::Image, "no creation date", without("creationDate"), READ),
        (Ask::Image, "a truth value that is none", element("isPublic", "perhaps"), unreadable("")),
        (Ask::Image, "a volume's size that is a text", element("volumeSize", "big"), unreadable("")),
        (Ask::Image, "a volume's size out of range", element("volumeSize", "99999999999999999999"), unreadable("")),
        (Ask::Image, "a volume's size with a fraction", element("volumeSize", "8.5"), unreadable("")),
        (Ask::Image, "a snapshot id that is none", element("snapshotId", "snap-../../x"), unreadable("snapshot id")),
        (Ask::Image, "a tag without a key", element("key", ""), unreadable("no tag key")),
        (Ask::Image, "no image in the set", changed(|body| cut_out(body, "imagesSet", "")), Answers("None")),
        (Ask::Image, "no set of images", without("imagesSet"), unreadable("no set of images")),
        (Ask::Image, "an image of nothing", changed(|body| cut_out(body, "imagesSet", "<item/>")), unreadable("another image")),
        (Ask::Image, "another root", replaced("DescribeImagesResponse", "DescribeVolumesResponse"), unreadable("")),
        (Ask::Image, "another namespace", replaced("http://ec2.amazonaws.com/doc/2016-11-15", "urn:x"), READ),
        (Ask::Image, "an unknown element", replaced("<imagesSet>", "<x><y z='1'>&lt;</y></x><imagesSet>"), READ),
        (Ask::Image, "an entity that is none", element("name", "&evil;"), unreadable("")),
        (Ask::Image, "a character that XML can't have", element("name", "&#x110000;"), unreadable("")),
        (Ask::Image, "an external entity", changed(|body| body.replacen("<DescribeImagesResponse", "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><DescribeImagesResponse", 1)), READ),
        (Ask::Image, "the right answer as text/html", changed_kind("text/html"), READ),
        (Ask::Image, "an answer of eight megabytes", changed(|body| body.replacen("<imagesSet>", &format!("<x>{}</x><imagesSet>", "x".repeat(8 << 20)), 1)), READ),
        (Ask::Image, "elements nested a thousand deep", changed(|body| body.replacen("<imagesSet>", &format!("{}{}<imagesSet>", "<x>".repeat(1_000), "</x>".repeat(1_000)), 1)), READ),
        (Ask::Image, "it is not there, EC2 says", refused(400, "InvalidAMIID.NotFound", "no"), Answers("None")),
        (Ask::Image, "it is not available, EC2 says", refused(400, "InvalidAMIID.Unavailable", "no"), Answers("None")),
        (Ask::Image, "EC2 refuses its id", refused(400, "InvalidAMIID.Malformed", "no"), Fails(Class::Permanent, "InvalidAMIID.Malformed", "no")),
        (Ask::Image, "an unknown code", refused(400, "SomethingNew", "no"), Fails(Class::Permanent, "SomethingNew", "no")),
        (Ask::Image, "an empty code", refused(400, "", "no"), Fails(Class::Retry, "HTTP 400", "")),
        (Ask::Image, "an error without errors", says(400, "text/xml", "<Response/>"), Fails(Class::Retry, "HTTP 400", "")),
        (Ask::Image, "a code with C1 controls", refused(400, "Ev&#x9b;31mil", "no&#x85;"), Fails(Class::Permanent, "Ev\u{fffd}31mil", "no\u{fffd}")),
        (Ask::Image, "a message of a megabyte", refused(400, "SomethingNew", &"x".repeat(1 << 20)), Fails(Class::Permanent, "SomethingNew", "xxx")),
        (Ask::Image, "a code of a megabyte", refused(400, &"C".repeat(1 << 20), "no"), Fails(Class::Permanent, "", "no")),
        (Ask::Named, "as it is", changed(str::to_owned), Answers("1")),
        (Ask::Named, "an image of another name", element("name", "golden-2"), Answers("0")),
        (Ask::Named, "another account's image", element("imageOwnerId", "999999999999"), Fails(Class::Permanent, "WrongAccount", "999999999999")),
        (Ask::Named, "an unreadable image", without("architecture"), unreadable("no architecture")),
        (Ask::Named, "no set of images", without("imagesSet"), unreadable("no set of images")),
        (Ask::Named, "a page token that comes again", next_page("x"), unreadable("leads to itself")),
        (Ask::Named, "pages without an end", pages_without_end(), unreadable("did not end")),
        (Ask::Listing, "as it is", changed(str::to_owned), Answers("1")),
        (Ask::Listing, "one unreadable image is passed over", without("architecture"), Answers("0")),
        (Ask::Listing, "another account's image", element("imageOwnerId", "999999999999"), Fails(Class::Permanent, "WrongAccount", "999999999999")),
        (Ask::Listing, "no set of images", without("imagesSet"), unreadable("no set of images")),
        (Ask::Listing, "an empty page token is the end", next_page(""), Answers("0")),
    ]
}

#[rustfmt::skip]
fn of_permissions() -> Vec<Row> {
    let partner = "{Account(AccountId(\"333333333333\"))}";
    vec![
        (Ask::Launch, "as it is", changed(str::to_owned), Answers(partner)),
        (Ask::Launch, "another image's permissions", element("imageId", "ami-ffffffffffffffff0"), unreadable("another image")),
        (Ask::Launch, "nobody's permissions", without("imageId"), unreadable("another image")),
        (Ask::Launch, "no list of permissions", without("launchPermission"), unreadable("no launch permissions")),
        (Ask::Launch, "an empty list of permissions", changed(|body| cut_out(body, "launchPermission", "")), Answers("{}")),
        (Ask::Launch, "a permission for nobody", changed(|body| cut_out(body, "launchPermission", "<item/>")), unreadable("permission")),
        (Ask::Launch, "a permission for two", changed(|body| cut_out(body, "launchPermission", "<item><userId>333333333333</userId><group>all</group></item>")), unreadable("permission")),
        (Ask::Launch, "an unknown group", changed(|body| cut_out(body, "launchPermission", "<item><group>some</group></item>")), unreadable("permission")),
        (Ask::Launch, "an account that is none", element("userId", "3333"), unreadable("account id")),
        (Ask::Launch, "an account with C1 controls", element("userId", "&#x9b;31m"), unreadable("account id")),
        (Ask::Launch, "another root", replaced("DescribeImageAttributeResponse", "DescribeImagesResponse"), unreadable("")),
        (Ask::Volumes, "as it is", changed(str::to_owned), Answers("{}")),
        (Ask::Volumes, "another snapshot's permissions", element("snapshotId", "snap-ffffffffffffffff0"), unreadable("another snapshot")),
        (Ask::Volumes, "nobody's permissions", without("snapshotId"), unreadable("another snapshot")),
        (Ask::Volumes, "no list of permissions", without("createVolumePermission"), unreadable("no volume permissions")),
        (Ask::Volumes, "an unknown group", changed(|body| cut_out(body, "createVolumePermission", "<item><group>x</group></item>")), unreadable("permission")),
        (Ask::Volumes, "an account that is none", changed(|body| cut_out(body, "createVolumePermission", "<item><userId>x</userId></item>")), unreadable("account id")),
        (Ask::Snapshots, "as it is", changed(str::to_owned), Answers("1")),
        (Ask::Snapshots, "no set of snapshots", without("snapshotSet"), unreadable("no set of snapshots")),
        (Ask::Snapshots, "no snapshot in the set", changed(|body| cut_out(body, "snapshotSet", "")), Answers("0")),
        (Ask::Snapshots, "no id", without("snapshotId"), unreadable("no snapshot id")),
        (Ask::Snapshots, "no word of its encryption", without("encrypted"), unreadable("no encryption")),
        (Ask::Snapshots, "an encryption that is none", element("encrypted", "maybe"), unreadable("")),
        (Ask::Snapshots, "a start that is no time", element("startTime", "noon"), unreadable("")),
    ]
}

#[rustfmt::skip]
fn of_changes() -> Vec<Row> {
    vec![
        (Ask::Copy, "as it is", changed(str::to_owned), Answers("21")),
        (Ask::Copy, "no image id", without("imageId"), unreadable("no image id")),
        (Ask::Copy, "an empty image id", element("imageId", ""), unreadable("no image id")),
        (Ask::Copy, "an image id that is none", element("imageId", "pending"), unreadable("image id")),
        (Ask::Copy, "another root", replaced("CopyImageResponse", "x"), unreadable("")),
        (Ask::Copy, "a full quota", refused(400, "ResourceLimitExceeded", "too many"), Fails(Class::Quota, "ResourceLimitExceeded", "too many")),
        (Ask::Copy, "a name that is taken", refused(400, "InvalidAMIName.Duplicate", "taken"), Fails(Class::NameTaken, "InvalidAMIName.Duplicate", "taken")),
        (Ask::Copy, "a token that was used", refused(400, "IdempotentParameterMismatch", "used"), Fails(Class::TokenMismatch, "IdempotentParameterMismatch", "used")),
        (Ask::Copy, "throttled", refused(503, "RequestLimitExceeded", "slow"), Fails(Class::Retry, "RequestLimitExceeded", "slow")),
        (Ask::Copy, "an unknown code with 500", refused(500, "Oops", "x"), Fails(Class::Retry, "Oops", "x")),
        (Ask::Copy, "an unknown code with 400", refused(400, "Oops", "x"), Fails(Class::Permanent, "Oops", "x")),
        (Ask::Tag, "as it is", changed(str::to_owned), Answers("()")),
        (Ask::Tag, "too many tags", refused(400, "TagLimitExceeded", "50"), Fails(Class::Permanent, "TagLimitExceeded", "50")),
        (Ask::Untag, "as it is", changed(str::to_owned), Answers("()")),
        (Ask::Share, "as it is", changed(str::to_owned), Answers("()")),
        (Ask::Share, "blocked", refused(403, "OperationNotPermitted", "block"), Fails(Class::Permanent, "OperationNotPermitted", "block")),
        (Ask::ShareSnapshot, "as it is", changed(str::to_owned), Answers("()")),
        (Ask::Publish, "as it is", changed(str::to_owned), Answers("36")),
        (Ask::Publish, "no message id", without("MessageId"), unreadable("no message id")),
        (Ask::Elsewhere, "as it is", changed(str::to_owned), Answers("0")),
        (Ask::Elsewhere, "no credentials", without("Credentials"), Fails(Class::Retry, "NoCredentials", "")),
        (Ask::Elsewhere, "no key", without("AccessKeyId"), Fails(Class::Retry, "NoCredentials", "STS gave credentials")),
        (Ask::Elsewhere, "a key with a line end", element("AccessKeyId", "ASIA&#10;x"), Fails(Class::Retry, "NoCredentials", "STS gave credentials")),
        (Ask::Elsewhere, "a token with a line end", element("SessionToken", "a&#13;&#10;X: y"), Fails(Class::Retry, "NoCredentials", "STS gave credentials")),
        (Ask::Elsewhere, "an empty token", element("SessionToken", ""), Fails(Class::Retry, "NoCredentials", "STS gave credentials")),
        (Ask::Elsewhere, "an expiry that is no time", element("Expiration", "later"), Fails(Class::Retry, "NoCredentials", "")),
    ]
}

#[rustfmt::skip]
fn of_keys_and_the_record() -> Vec<Row> {
    vec![
        (Ask::Key, "as it is", changed(str::to_owned), Answers("Some(\"Enabled\")")),
        (Ask::Key, "an unknown state", replaced("\"Enabled\":true", "\"Enabled\":false"), Answers("Some(\"Enabled\")")),
        (Ask::Key, "a state that nobody knows", replaced("\"KeyState\":\"Enabled\"", "\"KeyState\":\"Molten\""), Answers("Some(\"Molten\")")),
        (Ask::Key, "a state that is a number", replaced("\"KeyState\":\"Enabled\"", "\"KeyState\":1"), unreadable("")),
        (Ask::Key, "no state", replaced("\"KeyState\":", "\"X\":"), unreadable("no key ARN or state")),
        (Ask::Key, "no ARN", replaced("\"Arn\":", "\"X\":"), unreadable("no key ARN or state")),
        (Ask::Key, "an ARN of null", changed(|body| replace_member(body, "Arn", "null")), unreadable("no key ARN or state")),
        (Ask::Key, "a date out of range, which nobody needs", changed(|body| replace_member(body, "CreationDate", "1e300")), Answers("Some(\"Enabled\")")),
        (Ask::Key, "a date that is a text", changed(|body| replace_member(body, "CreationDate", "\"noon\"")), unreadable("")),
        (Ask::Key, "metadata of null", json(r#"{"KeyMetadata":null}"#), unreadable("no key")),
        (Ask::Key, "metadata that is a list", json(r#"{"KeyMetadata":[]}"#), unreadable("")),
        (Ask::Key, "JSON that ends too soon", json(r#"{"KeyMetadata":{"Arn":"#), unreadable("")),
        (Ask::Key, "no such key", refused_json(400, r#"{"__type":"NotFoundException","message":"no"}"#), Answers("None")),
        (Ask::Key, "an unknown error", refused_json(400, r#"{"__type":"Oops","message":"no"}"#), Fails(Class::Permanent, "Oops", "no")),
        (Ask::Key, "an error without a type", refused_json(400, "{}"), Fails(Class::Retry, "HTTP 400", "")),
        (Ask::Key, "an error whose type is a number", refused_json(400, r#"{"__type":5}"#), Fails(Class::Retry, "HTTP 400", "")),
        (Ask::Find, "as it is", changed(str::to_owned), Answers("true")),
        (Ask::Find, "no such item", json("{}"), Answers("false")),
        (Ask::Find, "an item of null", json(r#"{"Item":null}"#), Answers("false")),
        (Ask::Find, "an item that is a list", json(r#"{"Item":[]}"#), unreadable("")),
        (Ask::Find, "an empty item", json(r#"{"Item":{}}"#), unreadable("no format")),
        (Ask::Find, "a newer format", json(r#"{"Item":{"format":{"N":"2"},"lineage":{"S":"x"}}}"#), unreadable("newer Amiary")),
        (Ask::Find, "a format that is no number", json(r#"{"Item":{"format":{"N":"one"}}}"#), unreadable("newer Amiary")),
        (Ask::Find, "a lineage that is none", json(r#"{"Item":{"format":{"N":"1"},"lineage":{"S":"x"}}}"#), unreadable("not readable")),
        (Ask::Find, "an attribute of no type", json(r#"{"Item":{"format":{}}}"#), unreadable("")),
        (Ask::Find, "an attribute of an unknown type", json(r#"{"Item":{"format":{"X":"1"}}}"#), unreadable("")),
        (Ask::Find, "an attribute of an unknown type, deep within", json(r#"{"Item":{"x":{"L":[{"M":{"a":{"X":"1"}}}]}}}"#), unreadable("a type that is not known")),
        (Ask::Find, "an attribute of two types", json(r#"{"Item":{"format":{"N":"1","S":"1"}}}"#), unreadable("")),
        (Ask::Find, "bytes that are no base64", json(r#"{"Item":{"x":{"B":"*"}}}"#), unreadable("")),
        (Ask::Find, "a lone surrogate", json(r#"{"Item":{"x":{"S":"\ud800"}}}"#), unreadable("")),
        (Ask::Find, "JSON that ends too soon", json(r#"{"Item":{"format":{"N":"1"}"#), unreadable("")),
        (Ask::Find, "something after the JSON", json("{}{}"), unreadable("")),
        (Ask::Lineage, "as it is", changed(str::to_owned), Answers("true")),
        (Ask::Lineage, "no item", json(r#"{"Count":0,"Items":[]}"#), Answers("false")),
        (Ask::Lineage, "no list of items", json("{}"), unreadable("no items")),
        (Ask::Lineage, "items of another kind", json(r#"{"Count":1,"Items":[{"sk":{"S":"IMAGE#X"},"format":{"N":"1"}}]}"#), unreadable("unknown kind")),
        (Ask::Lineage, "a damaged source", json(r#"{"Count":1,"Items":[{"sk":{"S":"IMAGE#SOURCE"},"format":{"N":"1"}}]}"#), unreadable("not readable")),
        (Ask::Lineage, "keys with control characters", json(r#"{"Count":1,"Items":[{"pk":{"S":"\u009b31m\u0085\u202e"},"sk":{"S":"IMAGE#SOURCE"}}]}"#), unreadable("no format")),
        (Ask::Lineage, "a version of a text", replaced("\"version\":{\"N\":", "\"version\":{\"S\":"), unreadable("not readable")),
        (Ask::Lineage, "a version out of range", changed(|body| replace_number(body, "version", "99999999999999999999999")), unreadable("not readable")),
        (Ask::Lineage, "a negative version", changed(|body| replace_number(body, "version", "-1")), unreadable("not readable")),
        (Ask::Lineage, "an unknown status", replaced("\"status\":{\"S\":\"", "\"status\":{\"S\":\"un"), unreadable("not readable")),
        (Ask::Lineage, "a time that is none", replaced("\"due\":{\"S\":\"2", "\"due\":{\"S\":\"x2"), unreadable("not readable")),
        (Ask::Lineage, "a page key that comes again", last_key(), unreadable("leads to itself")),
        (Ask::Lineage, "pages without an end", keys_without_end(), unreadable("did not end")),
        (Ask::History, "as it is", changed(str::to_owned), Answers("7")),
        (Ask::History, "an entry of another kind", json(r#"{"Count":1,"Items":[{"format":{"N":"1"}}]}"#), unreadable("not readable")),
        (Ask::Unfinished, "as it is", changed(str::to_owned), Answers("0")),
        (Ask::Unfinished, "keys that are none are passed over", json(r#"{"Count":3,"Items":[{},{"pk":{"N":"1"}},{"pk":{"S":"LINEAGE#x"}}]}"#), Answers("0")),
        (Ask::Known, "as it is", changed(str::to_owned), Answers("1")),
        (Ask::Known, "no responses", json("{}"), unreadable("no responses")),
        (Ask::Known, "items of other images", json(r#"{"Responses":{"amiary":[{"pk":{"S":"IMAGE#x"}},{}]},"UnprocessedKeys":{}}"#), Answers("0")),
        (Ask::Known, "keys unprocessed, time and again", json(r#"{"Responses":{},"UnprocessedKeys":{"amiary":{"Keys":[{"pk":{"S":"a"},"sk":{"S":"b"}}]}}}"#), Fails(Class::Retry, "UnprocessedKeys", "time and again")),
        (Ask::Policy, "as it is", changed(str::to_owned), Answers("Some(1)")),
        (Ask::Policy, "a revision that is not stored", changed(|body| if body.contains("\"current\"") { body.to_owned() } else { "{}".to_owned() }), unreadable("active and not stored")),
        (Ask::Policy, "a number that is a text", json(r#"{"Item":{"format":{"N":"1"},"current":{"S":"one"}}}"#), unreadable("not readable")),
        (Ask::Pending, "a damaged notice", json(r#"{"Count":1,"Items":[{"format":{"N":"1"}}]}"#), unreadable("not readable")),
        (Ask::Published, "as it is", changed(str::to_owned), Answers("()")),
        (Ask::Published, "a condition that failed", refused_json(400, r#"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"no"}"#), Fails(Class::Conflict, "ConditionalCheckFailedException", "no")),
    ]
}

/// Every row.
pub fn rows() -> Vec<Row> {
    [
        of_images(),
        of_permissions(),
        of_changes(),
        of_keys_and_the_record(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
