//! Any bytes as an event of `replicate` and of `notify`.

use super::fuzz;
use crate::hostile::told::{is_a_sound_notice, shows_as_it_is};
use amiary_notify::{Source, source};
use amiary_replicate::{Scope, scope};
use serde_json::Value;

const CHANGE: &str = r#"{"version":"0","id":"1","detail-type":"EC2 AMI State Change","source":"aws.ec2","account":"111111111111","time":"2026-01-01T00:00:00Z","region":"us-east-1","resources":["arn:aws:ec2:us-east-1::image/ami-0123456789abcdef0"],"detail":{"RequestId":"r","ImageId":"ami-0123456789abcdef0","State":"available","ErrorMessage":""}}"#;
const CALL: &str = r#"{"version":"0","id":"1","detail-type":"AWS API Call via CloudTrail","source":"aws.ec2","account":"111111111111","time":"2026-01-01T00:00:00Z","region":"us-east-1","resources":[],"detail":{"eventName":"CreateTags","userAgent":"console","requestParameters":{"imageId":"ami-0123456789abcdef0","resourcesSet":{"items":[{"resourceId":"ami-89abcdef"},{"resourceId":"snap-01234567"}]}}}}"#;
const STREAM: &str = r#"{"Records":[{"eventName":"INSERT","dynamodb":{"SequenceNumber":"4711","NewImage":{"pk":{"S":"NOTICE#n-1"},"sk":{"S":"NOTICE"},"format":{"N":"1"},"work_kind":{"S":"NOTICE"},"work_due":{"S":"2026-01-01T00:00:00Z"},"id":{"S":"n-1"},"owner":{"S":"platform"},"kind":{"S":"waiting"},"family":{"S":"web"},"name":{"S":"golden-1"},"topic":{"S":"arn:aws:sns:us-east-1:111111111111:t"},"source":{"S":"111111111111/us-east-1/ami-0123456789abcdef0"},"destinations":{"L":[{"L":[{"M":{"account":{"S":"222222222222"},"region":{"S":"eu-west-1"}}},{"S":"no such key"}]}]}}}}]}"#;

#[rustfmt::skip]
const WORDS: [&str; 20] = [
    "\"ImageId\":", "\"detail\":", "\"account\":", "\"region\":", "\"source\":\"aws.ec2\",", "\"Records\":",
    "\"NewImage\":", "\"SequenceNumber\":", "{\"N\":\"1\"}", "{\"L\":[]}", "{\"M\":{}}", "{\"NULL\":true}",
    "{\"BOOL\":false}", "{\"B\":\"AA==\"}", "{\"SS\":[\"a\"]}", "\"errorCode\":\"x\",", "app/amiary",
    "\"replicated\"", "\"ami-89abcdef\"", "[{\"resourceId\":\"ami-89abcdef\"}]",
];

/// A message names images of the right form, or nothing, or is refused in words that show as they
/// are.
fn replicate(text: &str) -> Result<&'static str, String> {
    match scope(text) {
        Ok(Scope::Images(images)) => {
            let read = images
                .iter()
                .all(|image| image.to_string().parse().as_ref() == Ok(image));
            let some = read && !images.is_empty();
            some.then_some("images")
                .ok_or_else(|| format!("{images:?} of {text}"))
        }
        Ok(Scope::Nothing(_)) => Ok("nothing"),
        Err(failure) => {
            shows_as_it_is(&failure.chain());
            Ok("refused")
        }
    }
}

/// A payload is a schedule or records, each a sound notice or refused.
fn notify(payload: &Value) -> &'static str {
    match source(payload) {
        Source::Schedule => "a schedule",
        Source::Stream(records) => {
            for notice in records
                .iter()
                .filter_map(|record| record.notice.as_ref().ok())
            {
                let message = format!("{}\n\n---\n{}", notice.text(), notice.data_line());
                is_a_sound_notice(&notice.subject(), &message);
            }
            match records.first() {
                Some(record) if record.notice.is_ok() => "a notice",
                _ => "no notice",
            }
        }
    }
}

#[test]
fn event() {
    fuzz("event", |draw| {
        let bytes = draw.bent(&[CHANGE, CALL, STREAM], &WORDS);
        // What Lambda hands over is UTF-8; a body of SQS is a text.
        let text = String::from_utf8_lossy(&bytes);
        if draw.below(2) == 0 {
            return replicate(&text);
        }
        match serde_json::from_str(&text) {
            Ok(payload) => Ok(notify(&payload)),
            Err(_) => replicate(&text),
        }
    });
}
