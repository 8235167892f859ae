//! Hostile bodies of the messages that `replicate` takes: each with what becomes of it.

use super::batches::failed;
use super::told::{Log, shows_as_it_is};
use amiary_replicate::{Scope, scope};
use amiary_tests::{Stage, Wants, golden};
use serde_json::json;

/// A state change as EC2 reports it.
pub const CHANGE: &str = r#"{"version":"0","id":"1","detail-type":"EC2 AMI State Change","source":"aws.ec2","account":"111111111111","time":"2026-01-01T00:00:00Z","region":"us-east-1","resources":["arn:aws:ec2:us-east-1::image/ami-0123456789abcdef0"],"detail":{"RequestId":"r","ImageId":"ami-0123456789abcdef0","State":"available","ErrorMessage":""}}"#;

/// A call that changed tags, as `CloudTrail` reports it.
const CALL: &str = r#"{"version":"0","id":"1","detail-type":"AWS API Call via CloudTrail","source":"aws.ec2","account":"111111111111","time":"2026-01-01T00:00:00Z","region":"us-east-1","resources":[],"detail":{"eventName":"CreateTags","userAgent":"console","requestParameters":{"imageId":"ami-0123456789abcdef0","resourcesSet":{"items":[{"resourceId":"ami-89abcdef"},{"resourceId":"snap-01234567"}]}}}}"#;

const IMAGE: &str = "111111111111/us-east-1/ami-0123456789abcdef0";
const TAGGED: &str = "111111111111/us-east-1/ami-89abcdef";

/// What becomes of a message.
#[derive(Debug, Clone, Copy)]
enum Then {
    /// These images are looked at, and nothing else of it is used.
    LooksAt(&'static [&'static str]),
    /// Nothing, for a reason that says this.
    Nothing(&'static str),
    /// It is refused with an error that says this, and ends in the dead-letter queue.
    Refused(&'static str),
}
use Then::{LooksAt, Nothing, Refused};

const NO_EVENT: &str = "not an EventBridge event";

/// What is hostile, what is replaced, by what, and what becomes of it.
type Row = (&'static str, &'static str, &'static str, Then);

#[rustfmt::skip]
const CHANGES: &[Row] = &[
    ("as it is", "", "", LooksAt(&[IMAGE])),
    // The image's id.
    ("no image id", r#""ImageId":"ami-0123456789abcdef0","#, "", Refused("image id")),
    ("an empty image id", r#":"ami-0123456789abcdef0","S"#, r#":"","S"#, Refused("image id")),
    ("an image id of null", r#":"ami-0123456789abcdef0","S"#, r#":null,"S"#, Refused("image id")),
    ("an image id that is a number", r#":"ami-0123456789abcdef0","S"#, r#":7,"S"#, Refused("image id")),
    ("an image id too large for any number", r#":"ami-0123456789abcdef0","S"#, r#":1e999,"S"#, Refused(NO_EVENT)),
    ("an image id that is a list", r#":"ami-0123456789abcdef0","S"#, r#":["ami-0123456789abcdef0"],"S"#, Refused("image id")),
    ("an image id that is an object", r#":"ami-0123456789abcdef0","S"#, r#":{"ami":1},"S"#, Refused("image id")),
    ("an image id that is true", r#":"ami-0123456789abcdef0","S"#, r#":true,"S"#, Refused("image id")),
    ("an image id of eight digits", r#":"ami-0123456789abcdef0","S"#, r#":"ami-89abcdef","S"#, LooksAt(&[TAGGED])),
    ("an image id of seven digits", r#":"ami-0123456789abcdef0","S"#, r#":"ami-0123456","S"#, Refused("image id")),
    ("an image id of eighteen digits", r#":"ami-0123456789abcdef0","S"#, r#":"ami-0123456789abcdef01","S"#, Refused("image id")),
    ("an image id in capitals", r#":"ami-0123456789abcdef0","S"#, r#":"AMI-0123456789ABCDEF0","S"#, Refused("image id")),
    ("a kernel's id", r#":"ami-0123456789abcdef0","S"#, r#":"aki-0123456789abcdef0","S"#, Refused("image id")),
    ("a snapshot's id", r#":"ami-0123456789abcdef0","S"#, r#":"snap-0123456789abcdef0","S"#, Refused("image id")),
    ("an image's ARN", r#":"ami-0123456789abcdef0","S"#, r#":"arn:aws:ec2:us-east-1::image/ami-0123456789abcdef0","S"#, Refused("image id")),
    ("an image id with a space", r#":"ami-0123456789abcdef0","S"#, r#":"ami-0123456789abcdef0 ","S"#, Refused("image id")),
    ("an image id with a line end", r#":"ami-0123456789abcdef0","S"#, r#":"ami-0123456789abcdef0\n","S"#, Refused("image id")),
    ("an image id with an escape sequence", r#":"ami-0123456789abcdef0","S"#, r#":"ami-\u001b[31m67","S"#, Refused("image id")),
    ("an image id with C1 controls", r#":"ami-0123456789abcdef0","S"#, r#":"ami-\u009b31m67","S"#, Refused("image id")),
    ("an image id that turns direction", r#":"ami-0123456789abcdef0","S"#, r#":"ami-\u202e0123456","S"#, Refused("image id")),
    ("an image id with full-width digits", r#":"ami-0123456789abcdef0","S"#, r#":"ami-０１２３４５６７","S"#, Refused("image id")),
    ("an image id with a zero byte", r#":"ami-0123456789abcdef0","S"#, r#":"ami-0123456\u0000","S"#, Refused("image id")),
    ("an image id that is a path", r#":"ami-0123456789abcdef0","S"#, r#":"../../etc/passwd","S"#, Refused("image id")),
    ("an image id that is a query", r#":"ami-0123456789abcdef0","S"#, r#":"ami-01234567&Action=DeregisterImage","S"#, Refused("image id")),
    ("a lone surrogate in the image id", r#":"ami-0123456789abcdef0","S"#, r#":"ami-\ud800","S"#, Refused(NO_EVENT)),
    ("an escape that is none in the image id", r#":"ami-0123456789abcdef0","S"#, r#":"ami-\x41","S"#, Refused(NO_EVENT)),
    ("the image id twice: the last counts", r#""ImageId":"#, r#""ImageId":"ami-00000000","ImageId":"#, LooksAt(&[IMAGE])),
    ("the image id under another key", r#""ImageId":"#, r#""imageId":"#, Refused("image id")),
    // The account.
    ("no account", r#""account":"111111111111","#, "", Refused("account id")),
    ("an account of null", r#""account":"111111111111""#, r#""account":null"#, Refused("account id")),
    ("an account that is a number", r#""account":"111111111111""#, r#""account":111111111111"#, Refused(NO_EVENT)),
    ("an account that is a list", r#""account":"111111111111""#, r#""account":["111111111111"]"#, Refused(NO_EVENT)),
    ("an account of eleven digits", r#""account":"111111111111""#, r#""account":"11111111111""#, Refused("account id")),
    ("an account of thirteen digits", r#""account":"111111111111""#, r#""account":"1111111111111""#, Refused("account id")),
    ("an account of full-width digits", r#""account":"111111111111""#, r#""account":"１１１１""#, Refused("account id")),
    ("an account with an escape sequence", r#""account":"111111111111""#, r#""account":"\u001b]0;x\u0007""#, Refused("account id")),
    ("an account with a line end", r#""account":"111111111111""#, r#""account":"111111111111\n""#, Refused("account id")),
    ("the account twice", r#""account":"#, r#""account":"222222222222","account":"#, Refused(NO_EVENT)),
    ("a foreign account is looked at under its own name", "111111111111", "666666666666", LooksAt(&["666666666666/us-east-1/ami-0123456789abcdef0"])),
    // The Region.
    ("no Region", r#""region":"us-east-1","#, "", Refused("Region")),
    ("an empty Region", r#""region":"us-east-1""#, r#""region":"""#, Refused("Region")),
    ("a Region of null", r#""region":"us-east-1""#, r#""region":null"#, Refused("Region")),
    ("a Region that is an object", r#""region":"us-east-1""#, r#""region":{}"#, Refused(NO_EVENT)),
    ("an availability zone", r#""region":"us-east-1""#, r#""region":"us-east-1a""#, Refused("Region")),
    ("a Region that is a host", r#""region":"us-east-1""#, r#""region":"evil.example/us-east-1""#, Refused("Region")),
    ("a Region with capitals", r#""region":"us-east-1""#, r#""region":"US-EAST-1""#, Refused("Region")),
    ("a Region that turns direction", r#""region":"us-east-1""#, r#""region":"\u202eus-east-1""#, Refused("Region")),
    ("a Region with a line end", r#""region":"us-east-1""#, r#""region":"us-east-1\r\nX: y""#, Refused("Region")),
    ("a very long Region", r#""region":"us-east-1""#, r#""region":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-b-1""#, Refused("Region")),
    ("a Region that nobody knows, of a Region's form", r#""region":"us-east-1""#, r#""region":"mars-north-1""#, LooksAt(&["111111111111/mars-north-1/ami-0123456789abcdef0"])),
    // What it says it is.
    ("no source", r#""source":"aws.ec2","#, "", Refused(NO_EVENT)),
    ("a source of null", r#""source":"aws.ec2""#, r#""source":null"#, Refused(NO_EVENT)),
    ("another service's event", r#""source":"aws.ec2""#, r#""source":"aws.s3""#, Nothing("\"aws.s3\"")),
    ("a source of someone's own", r#""source":"aws.ec2""#, r#""source":"my.app""#, Nothing("\"my.app\"")),
    ("a source that only begins so", r#""source":"aws.ec2""#, r#""source":"aws.ec2.evil""#, Nothing("\"aws.ec2.evil\"")),
    ("a source with an escape sequence", r#""source":"aws.ec2""#, r#""source":"\u001b[2J""#, Nothing("source")),
    ("no detail type", r#""detail-type":"EC2 AMI State Change","#, "", Refused(NO_EVENT)),
    ("an unknown detail type", "EC2 AMI State Change", "EC2 Instance State-change Notification", Nothing("nothing is known")),
    ("a detail type with control characters", "EC2 AMI State Change", r"EC2\u0085\u001b[31m\u202e", Nothing("nothing is known")),
    ("a detail type in another case", "EC2 AMI State Change", "ec2 ami state change", Nothing("nothing is known")),
    ("the detail type twice", r#""detail-type":"#, r#""detail-type":"x","detail-type":"#, Refused(NO_EVENT)),
    // The detail.
    ("no detail", r#","detail":{"RequestId":"r","ImageId":"ami-0123456789abcdef0","State":"available","ErrorMessage":""}"#, "", Refused(NO_EVENT)),
    ("a detail of null", r#"{"RequestId":"r","ImageId":"ami-0123456789abcdef0","State":"available","ErrorMessage":""}"#, "null", Refused("image id")),
    ("a detail that is a text of JSON", r#"{"RequestId":"r","ImageId":"ami-0123456789abcdef0","State":"available","ErrorMessage":""}"#, r#""{\"ImageId\":\"ami-01234567\"}""#, Refused("image id")),
    ("a detail that is a list", r#"{"RequestId":"r","ImageId":"ami-0123456789abcdef0","State":"available","ErrorMessage":""}"#, r#"[{"ImageId":"ami-01234567"}]"#, Refused("image id")),
    ("a detail that is a number", r#"{"RequestId":"r","ImageId":"ami-0123456789abcdef0","State":"available","ErrorMessage":""}"#, "-0.0", Refused("image id")),
    // What is not used.
    ("an unknown state", r#""State":"available""#, r#""State":"melting""#, LooksAt(&[IMAGE])),
    ("a state of another type", r#""State":"available""#, r#""State":[{}]"#, LooksAt(&[IMAGE])),
    ("no state", r#""State":"available","#, "", LooksAt(&[IMAGE])),
    ("a message with control characters", r#""ErrorMessage":"""#, r#""ErrorMessage":"\u001b[31m\u0000\u009b\r\n\u202e""#, LooksAt(&[IMAGE])),
    ("an unknown version", r#""version":"0""#, r#""version":"99""#, LooksAt(&[IMAGE])),
    ("a version that is a number", r#""version":"0""#, r#""version":0"#, Refused(NO_EVENT)),
    ("no time", r#""time":"2026-01-01T00:00:00Z","#, "", LooksAt(&[IMAGE])),
    ("a time that is none", "2026-01-01T00:00:00Z", "yesterday", Refused(NO_EVENT)),
    ("a time out of range", "2026-01-01T00:00:00Z", "2026-99-99T99:99:99Z", Refused(NO_EVENT)),
    ("a time of the distant future", "2026-01-01T00:00:00Z", "9999-12-31T23:59:59Z", LooksAt(&[IMAGE])),
    ("resources of another image", "image/ami-0123456789abcdef0", "image/ami-ffffffff", LooksAt(&[IMAGE])),
    ("resources of null", r#"["arn:aws:ec2:us-east-1::image/ami-0123456789abcdef0"]"#, "null", LooksAt(&[IMAGE])),
    ("resources that are a text", r#"["arn:aws:ec2:us-east-1::image/ami-0123456789abcdef0"]"#, r#""x""#, Refused(NO_EVENT)),
    ("keys that nobody knows", r#"{"version""#, r#"{"__proto__":{"account":"1"},"constructor":[],"version""#, LooksAt(&[IMAGE])),
    // The text itself.
    ("a byte order mark", r#"{"version""#, "\u{feff}{\"version\"", Refused(NO_EVENT)),
    ("space around it", r#"{"version""#, " \r\n\t{\"version\"", LooksAt(&[IMAGE])),
    ("a comment", r#"{"version""#, r#"/* hi */{"version""#, Refused(NO_EVENT)),
    ("two events in one", r#"{"version""#, r#"{}{"version""#, Refused(NO_EVENT)),
    ("a raw control character in a text", r#""id":"1""#, "\"id\":\"\u{1}\"", Refused(NO_EVENT)),
    ("a replacement character, as bad UTF-8 arrives", r#""id":"1""#, "\"id\":\"\u{fffd}\u{fffd}\"", LooksAt(&[IMAGE])),
    ("single quotes", r#""version":"0""#, "'version':'0'", Refused(NO_EVENT)),
    ("a trailing comma", r#""ErrorMessage":""}"#, r#""ErrorMessage":"",}"#, Refused(NO_EVENT)),
    ("not a number", r#""version":"0""#, r#""version":NaN"#, Refused(NO_EVENT)),
];

#[rustfmt::skip]
const CALLS: &[Row] = &[
    ("a call as it is", "", "", LooksAt(&[IMAGE, TAGGED])),
    ("an image named twice is looked at once", "ami-89abcdef", "ami-0123456789abcdef0", LooksAt(&[IMAGE])),
    ("no parameters", r#","requestParameters":{"imageId":"ami-0123456789abcdef0","resourcesSet":{"items":[{"resourceId":"ami-89abcdef"},{"resourceId":"snap-01234567"}]}}"#, "", Nothing("names no image")),
    ("parameters of null", r#"{"imageId":"ami-0123456789abcdef0","resourcesSet":{"items":[{"resourceId":"ami-89abcdef"},{"resourceId":"snap-01234567"}]}}"#, "null", Nothing("names no image")),
    ("parameters that are a list", r#"{"imageId":"ami-0123456789abcdef0","resourcesSet":{"items":[{"resourceId":"ami-89abcdef"},{"resourceId":"snap-01234567"}]}}"#, "[1]", Nothing("names no image")),
    ("items that are an object", r#"[{"resourceId":"ami-89abcdef"},{"resourceId":"snap-01234567"}]"#, r#"{"0":{"resourceId":"ami-89abcdef"}}"#, LooksAt(&[IMAGE])),
    ("items of other types", r#"[{"resourceId":"ami-89abcdef"},{"resourceId":"snap-01234567"}]"#, r#"[null,1,"ami-89abcdef",[],{"resourceId":7}]"#, LooksAt(&[IMAGE])),
    ("no items", r#"[{"resourceId":"ami-89abcdef"},{"resourceId":"snap-01234567"}]"#, "[]", LooksAt(&[IMAGE])),
    ("an item that only begins as an image", "ami-89abcdef", "ami-89abcdeg", Refused("image id")),
    ("an item with an escape sequence", "ami-89abcdef", r"ami-\u001b[31m", Refused("image id")),
    ("an item that is a wildcard", "ami-89abcdef", "ami-*", Refused("image id")),
    ("an image id that is a number", r#""imageId":"ami-0123456789abcdef0""#, r#""imageId":1"#, LooksAt(&[TAGGED])),
    ("an image id that is another thing's", r#""imageId":"ami-0123456789abcdef0""#, r#""imageId":"i-01234567""#, LooksAt(&[TAGGED])),
    ("a failed call", r#""eventName":"#, r#""errorCode":"Client.UnauthorizedOperation","eventName":"#, Nothing("failed with")),
    ("an error code of null is no error", r#""eventName":"#, r#""errorCode":null,"eventName":"#, LooksAt(&[IMAGE, TAGGED])),
    ("an error code with an escape sequence", r#""eventName":"#, r#""errorCode":"\u001b[31m\r\n\u202e","eventName":"#, Nothing("failed with")),
    ("an error code that is a number", r#""eventName":"#, r#""errorCode":500,"eventName":"#, LooksAt(&[IMAGE, TAGGED])),
    ("Amiary's user agent", "console", "aws-cli app/amiary", Nothing("own")),
    ("a user agent that only contains it", "console", "xapp/amiaryx", LooksAt(&[IMAGE, TAGGED])),
    ("a user agent of another type", r#""console""#, r#"["app/amiary"]"#, LooksAt(&[IMAGE, TAGGED])),
    ("a user agent with control characters", "console", r"\u0000\u001b[31m\u009b", LooksAt(&[IMAGE, TAGGED])),
    ("an unknown call", "CreateTags", "ObliterateImage", LooksAt(&[IMAGE, TAGGED])),
    ("a foreign account's call", r#""account":"111111111111""#, r#""account":"666666666666""#, LooksAt(&["666666666666/us-east-1/ami-0123456789abcdef0", "666666666666/us-east-1/ami-89abcdef"])),
    ("a call without an account", r#""account":"111111111111","#, "", Refused("account id")),
    ("a call without a Region", r#""region":"us-east-1","#, "", Refused("Region")),
];

/// Bodies that are made: what they are, the body, and what becomes of it.
#[rustfmt::skip]
fn made() -> Vec<(&'static str, String, Then)> {
    let nested = |open: &str, close: &str, depth: usize| open.repeat(depth) + &close.repeat(depth);
    let padded = |size: usize| CHANGE.replace(r#""ErrorMessage":"""#, &format!(r#""ErrorMessage":"{}""#, "x".repeat(size)));
    let items = |count: usize, id: &str| {
        let item = format!(r#"{{"resourceId":"{id}"}}"#);
        let all = vec![item; count].join(",");
        CALL.replace(r#"{"resourceId":"ami-89abcdef"},{"resourceId":"snap-01234567"}"#, &all)
    };
    vec![
        ("nothing", String::new(), Refused(NO_EVENT)),
        ("a space", " ".to_owned(), Refused(NO_EVENT)),
        ("null", "null".to_owned(), Refused(NO_EVENT)),
        ("a number", "1".to_owned(), Refused(NO_EVENT)),
        ("a text", r#""event""#.to_owned(), Refused(NO_EVENT)),
        ("an empty object", "{}".to_owned(), Refused(NO_EVENT)),
        ("a list of events", format!("[{CHANGE}]"), Refused(NO_EVENT)),
        ("an event within a text", json!(CHANGE).to_string(), Refused(NO_EVENT)),
        ("an event within SNS's envelope", json!({"Type": "Notification", "Message": CHANGE}).to_string(), Refused(NO_EVENT)),
        ("a page of HTML", "<!DOCTYPE html><html><body>502 Bad Gateway</body></html>".to_owned(), Refused(NO_EVENT)),
        ("XML", "<?xml version=\"1.0\"?><x/>".to_owned(), Refused(NO_EVENT)),
        ("a form", "Action=CopyImage&ImageId=ami-01234567".to_owned(), Refused(NO_EVENT)),
        ("zero bytes", "\0".repeat(64), Refused(NO_EVENT)),
        ("UTF-16 read as UTF-8", CHANGE.chars().flat_map(|c| ['\0', c]).collect(), Refused(NO_EVENT)),
        ("ten thousand open lists", "[".repeat(10_000), Refused(NO_EVENT)),
        ("a hundred thousand nested lists", nested("[", "]", 100_000), Refused(NO_EVENT)),
        ("a detail nested beyond all reason", CHANGE.replace(r#"{"RequestId":"r""#, &format!(r#"{{"x":{},"RequestId":"r""#, nested("[", "]", 50_000))), Refused(NO_EVENT)),
        ("a detail nested a hundred deep", CHANGE.replace(r#"{"RequestId":"r""#, &format!(r#"{{"x":{},"RequestId":"r""#, nested("[", "]", 100))), LooksAt(&[IMAGE])),
        ("a body of 256 KiB", padded(256 * 1024 - CHANGE.len()), LooksAt(&[IMAGE])),
        ("a body of 16 MiB", padded(16 * 1024 * 1024), LooksAt(&[IMAGE])),
        ("256 KiB of nothing in particular", "x".repeat(256 * 1024), Refused(NO_EVENT)),
        ("a number of a hundred thousand digits", CHANGE.replace(r#"{"RequestId""#, &format!(r#"{{"n":{},"RequestId""#, "9".repeat(100_000))), Refused(NO_EVENT)),
        ("ten thousand keys", CHANGE.replace(r#"{"RequestId""#, &format!("{{{}\"RequestId\"", numbered(10_000, |n| format!("\"k{n}\":0,")))), LooksAt(&[IMAGE])),
        ("an image named ten thousand times", items(10_000, "ami-89abcdef"), LooksAt(&[IMAGE, TAGGED])),
        ("ten thousand snapshots", items(10_000, "snap-01234567"), LooksAt(&[IMAGE])),
    ]
}

fn numbered(count: usize, part: impl Fn(usize) -> String) -> String {
    (0..count).map(part).collect()
}

/// The places at which a text of JSON ends too soon: after each sign that has a meaning.
fn truncated(text: &str) -> impl Iterator<Item = String> + '_ {
    let ends = text.char_indices().filter(|(_, c)| "{}[]:,\"".contains(*c));
    ends.map(|(at, _)| text[..=at].to_owned())
        .filter(|cut| cut.len() < text.len())
}

/// Every case: what it is, the body, and what becomes of it.
fn cases() -> Vec<(String, String, Then)> {
    let replaced = |base: &'static str, rows: &'static [Row]| {
        rows.iter().map(move |(what, from, to, then)| {
            assert!(base.contains(from), "{what}: nothing to replace");
            ((*what).to_owned(), base.replacen(from, to, 1), *then)
        })
    };
    let made = made();
    let made = made
        .into_iter()
        .map(|(what, body, then)| (what.to_owned(), body, then));
    let cut = [CHANGE, CALL].into_iter().flat_map(truncated);
    let cut = cut.map(|body| (format!("truncated: {body}"), body, Refused(NO_EVENT)));
    replaced(CHANGE, CHANGES)
        .chain(replaced(CALL, CALLS))
        .chain(made)
        .chain(cut)
        .collect()
}

/// How many cases there are: of the tables, and truncated texts.
pub fn count() -> (usize, usize) {
    let all = cases();
    let cut = all
        .iter()
        .filter(|(what, ..)| what.starts_with("truncated"))
        .count();
    (all.len() - cut, cut)
}

#[test]
fn what_each_message_asks_for_is_read_or_refused_as_the_table_says() {
    for (what, body, then) in cases() {
        match (scope(&body), then) {
            (Ok(Scope::Images(images)), LooksAt(expected)) => {
                let images: Vec<String> = images.iter().map(ToString::to_string).collect();
                assert_eq!(images, expected, "{what}");
            }
            (Ok(Scope::Nothing(reason)), Nothing(expected)) => {
                assert!(reason.contains(expected), "{what}: {reason}");
            }
            (Err(failure), Refused(expected)) => {
                let said = failure.chain();
                assert!(said.contains(expected), "{what}: {said}");
                assert!(
                    said.len() < 2_000,
                    "{what}: {} bytes are logged",
                    said.len()
                );
                shows_as_it_is(&said);
            }
            (other, expected) => panic!("{what}: {expected:?}, but {other:?}"),
        }
    }
}

#[tokio::test]
async fn of_a_batch_with_every_case_exactly_the_refused_are_reported() {
    let mut stage = Stage::new(&Wants::default()).await;
    let source = stage.publish(golden("golden-1"));
    let log = Log::kept();
    let good = CHANGE.replace("ami-0123456789abcdef0", source.id.as_str());
    let mut records = vec![json!({"messageId": "good", "body": good})];
    let mut refused = Vec::new();
    for (number, (what, body, then)) in cases().into_iter().enumerate() {
        // SQS carries no more.
        if body.len() > 1024 * 1024 {
            continue;
        }
        let id = format!("{number}: {}", what.chars().take(60).collect::<String>());
        if matches!(then, Refused(_)) {
            refused.push(id.clone());
        }
        records.push(json!({"messageId": id, "body": body}));
    }
    let answer = stage
        .local
        .invoke_by_hand("ReplicateFunction", json!({"Records": records}))
        .await
        .unwrap();
    assert_eq!(failed(&answer), refused);
    stage.local.settle().await;
    assert!(stage.is_replicated(&source, 2).await);
    let left_alone = log
        .lines()
        .iter()
        .filter(|line| line.contains("the event is left alone"))
        .count();
    assert!(left_alone >= 10, "{left_alone}");
}
