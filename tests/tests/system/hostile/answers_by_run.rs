//! The tables of hostile answers, run by run: each with what comes of the invocation that met it.

use super::answering::{Bend, changed, says};
use super::bends::{keys_without_end, next_page, pages_without_end};

/// Which invocation meets the hostile answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// The image's own event.
    New,
    /// A scheduled run about an image that nobody reported.
    Missed,
    /// A scheduled run a day after everything was verified.
    Settled,
}

/// What the invocation answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// It fails as a whole, with this class and code in its error.
    Invocation(&'static str),
    /// The message comes again.
    Again,
    /// It ends well; what could not be known is left to later runs.
    Well,
}
use Then::{Again, Invocation, Well};
use When::{Missed, New, Settled};

/// When, what is hostile, which operation's answers, in which Region, and what comes of it.
pub type Row = (
    When,
    &'static str,
    &'static str,
    Option<&'static str>,
    Bend,
    Then,
);

const SHARED: &str = "<launchPermission>";

fn html() -> Bend {
    says(200, "text/html", "<html><body>Sign in</body></html>")
}

fn nothing() -> Bend {
    says(200, "text/xml", "")
}

/// AWS's answer, broken off in its middle.
fn half() -> Bend {
    changed(|body| body.chars().take(body.chars().count() / 2).collect())
}

/// AWS's answer, broken off before its last element, whatever that is.
fn most() -> Bend {
    changed(|body| body[..body.trim_end().rfind("</").unwrap_or(body.len() / 2)].to_owned())
}

fn emptied(list: &'static str) -> Bend {
    changed(move |body| {
        let Some((before, rest)) = body.split_once(&format!("<{list}>")) else {
            return body.to_owned();
        };
        let after = rest.rsplit_once(&format!("</{list}>")).unwrap().1;
        format!("{before}{after}")
    })
}

fn instead(from: &'static str, to: &'static str) -> Bend {
    changed(move |body| body.replace(from, to))
}

/// A text of AWS's answer replaced between two marks, wherever it stands.
fn between(open: &'static str, close: &'static str, text: &'static str) -> Bend {
    changed(move |body| {
        let mut parts = body.split(open);
        let mut changed = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let rest = part.split_once(close).map_or("", |(_, rest)| rest);
            changed += &[open, text, close, rest].concat();
        }
        changed
    })
}

/// Rows about a new image's event.
#[rustfmt::skip]
pub fn of_a_new_image() -> Vec<Row> {
    vec![
        (New, "the image: HTML", "DescribeImages", None, html(), Again),
        (New, "the image: nothing", "DescribeImages", None, nothing(), Again),
        (New, "the image: half an answer", "DescribeImages", None, half(), Again),
        (New, "the image: all but its end", "DescribeImages", None, most(), Again),
        (New, "the image: no set of images", "DescribeImages", None, emptied("imagesSet"), Again),
        (New, "the image: another one", "DescribeImages", None, between("<imageId>", "</imageId>", "ami-ffffffffffffffff0"), Again),
        (New, "the image: a foreign owner", "DescribeImages", None, between("<imageOwnerId>", "</imageOwnerId>", "999999999999"), Well),
        (New, "the image: an unknown state", "DescribeImages", None, instead(">available<", ">melting<"), Well),
        (New, "the image: an unknown architecture", "DescribeImages", None, between("<architecture>", "</architecture>", "riscv512"), Well),
        (New, "the image: a time that is none", "DescribeImages", None, between("<creationDate>", "</creationDate>", "soon"), Again),
        (New, "its permissions: HTML", "DescribeImageAttribute", None, html(), Well),
        (New, "its permissions: half an answer", "DescribeImageAttribute", None, half(), Well),
        (New, "its permissions: all but the end", "DescribeImageAttribute", None, most(), Well),
        (New, "its permissions: no list", "DescribeImageAttribute", None, emptied("launchPermission"), Well),
        (New, "its permissions: another image's", "DescribeImageAttribute", None, between("<imageId>", "</imageId>", "ami-ffffffffffffffff0"), Well),
        (New, "its snapshots' permissions: HTML", "DescribeSnapshotAttribute", None, html(), Well),
        (New, "its snapshots' permissions: all but the end", "DescribeSnapshotAttribute", None, most(), Well),
        (New, "the key: HTML", "DescribeKey", None, html(), Well),
        (New, "the key: nothing", "DescribeKey", None, nothing(), Well),
        (New, "the key: an empty object", "DescribeKey", None, changed(|_| "{}".to_owned()), Well),
        (New, "the key: half an answer", "DescribeKey", None, half(), Well),
        (New, "the copy: HTML", "CopyImage", None, html(), Again),
        (New, "the copy: a proxy's 403", "CopyImage", None, says(403, "text/html", "<html/>"), Again),
        (New, "the copy: a proxy's 502", "CopyImage", None, says(502, "text/html", "<html/>"), Again),
        (New, "the copy: nothing", "CopyImage", None, nothing(), Again),
        (New, "the copy: half an answer", "CopyImage", None, half(), Again),
        (New, "the copy: no image id", "CopyImage", None, emptied("imageId"), Again),
        (New, "the copy: an image id that is none", "CopyImage", None, between("<imageId>", "</imageId>", "soon"), Again),
        (New, "the loan: HTML", "ModifyImageAttribute", None, html(), Again),
        (New, "the loan: nothing", "ModifyImageAttribute", None, nothing(), Again),
        (New, "the loan of snapshots: HTML", "ModifySnapshotAttribute", None, html(), Again),
        (New, "the role: HTML", "AssumeRole", None, html(), Well),
        (New, "the role: a proxy's 503", "AssumeRole", None, says(503, "text/html", "<html/>"), Well),
        (New, "the role: half an answer", "AssumeRole", None, half(), Well),
        (New, "the record: HTML", "GetItem", None, html(), Invocation("UnreadableAnswer")),
        (New, "the record: nothing", "GetItem", None, nothing(), Invocation("UnreadableAnswer")),
        (New, "the policy: no item", "GetItem", None, changed(|_| "{}".to_owned()), Invocation("no policy is active")),
        (New, "the policy: a newer format", "GetItem", None, instead("\"format\":{\"N\":\"1\"}", "\"format\":{\"N\":\"9\"}"), Invocation("newer Amiary")),
        (New, "the policy: garbage", "GetItem", None, instead("[owners.platform]", "\\u001b[31m = ["), Invocation("not one this version takes")),
        (New, "writing: HTML", "TransactWriteItems", None, html(), Again),
        (New, "writing: nothing", "TransactWriteItems", None, nothing(), Again),
        (New, "the lineage: HTML", "Query", None, html(), Again),
        (New, "the lineage: no items", "Query", None, changed(|_| "{}".to_owned()), Again),
        (New, "the lineage: pages without an end", "Query", None, keys_without_end(), Again),
    ]
}

/// Rows about scheduled runs.
#[rustfmt::skip]
pub fn of_schedules() -> Vec<Row> {
    let there = Some("eu-west-1");
    vec![
        (Missed, "the listing: HTML", "DescribeImages", None, html(), Invocation("UnreadableAnswer")),
        (Missed, "the listing: half of it", "DescribeImages", None, half(), Invocation("UnreadableAnswer")),
        (Missed, "the listing: all but its end", "DescribeImages", None, most(), Invocation("UnreadableAnswer")),
        (Missed, "the listing: no set", "DescribeImages", None, emptied("imagesSet"), Invocation("UnreadableAnswer")),
        (Missed, "the listing: a page that leads to itself", "DescribeImages", None, next_page("x"), Invocation("leads to itself")),
        (Missed, "the listing: pages without an end", "DescribeImages", None, pages_without_end(), Invocation("did not end")),
        (Missed, "what is known: HTML", "BatchGetItem", None, html(), Invocation("UnreadableAnswer")),
        (Missed, "what is known: nothing", "BatchGetItem", None, nothing(), Invocation("UnreadableAnswer")),
        (Missed, "what is known: no responses", "BatchGetItem", None, changed(|_| "{}".to_owned()), Invocation("UnreadableAnswer")),
        (Missed, "what is to be done: HTML", "Query", None, html(), Invocation("UnreadableAnswer")),
        (Missed, "what is to be done: no items", "Query", None, changed(|_| "{}".to_owned()), Invocation("UnreadableAnswer")),
        (Missed, "what is to be done: pages without an end", "Query", None, keys_without_end(), Invocation("did not end")),
        (Settled, "images: HTML", "DescribeImages", None, html(), Well),
        (Settled, "images: nothing", "DescribeImages", None, nothing(), Well),
        (Settled, "images: half an answer", "DescribeImages", None, half(), Well),
        (Settled, "images: all but the end", "DescribeImages", None, most(), Well),
        (Settled, "images: no set", "DescribeImages", None, emptied("imagesSet"), Well),
        (Settled, "images: no tags, and no end", "DescribeImages", None, changed(|body| body.split("<tagSet>").next().unwrap_or_default().to_owned()), Well),
        (Settled, "images: others than asked for", "DescribeImages", None, between("<imageId>", "</imageId>", "ami-ffffffffffffffff0"), Well),
        (Settled, "the source: a foreign owner", "DescribeImages", Some("us-east-1"), between("<imageOwnerId>", "</imageOwnerId>", "999999999999"), Well),
        (Settled, "replicas: a foreign owner", "DescribeImages", there, between("<imageOwnerId>", "</imageOwnerId>", "999999999999"), Well),
        (Settled, "replicas: an unknown state", "DescribeImages", there, instead(">available<", ">melting<"), Well),
        (Settled, "permissions: HTML", "DescribeImageAttribute", None, html(), Well),
        (Settled, "permissions: half an answer", "DescribeImageAttribute", None, half(), Well),
        (Settled, "permissions: broken off before the list", "DescribeImageAttribute", None, changed(|body| body.split(SHARED).next().unwrap_or_default().to_owned()), Well),
        (Settled, "permissions: no list", "DescribeImageAttribute", None, emptied("launchPermission"), Well),
        (Settled, "permissions: another image's", "DescribeImageAttribute", None, between("<imageId>", "</imageId>", "ami-ffffffffffffffff0"), Well),
        (Settled, "permissions: an unknown group", "DescribeImageAttribute", None, instead("<userId>333333333333</userId>", "<group>some</group>"), Well),
        (Settled, "snapshots: HTML", "DescribeSnapshots", None, html(), Well),
        (Settled, "snapshots: none", "DescribeSnapshots", None, emptied("snapshotSet"), Well),
        (Settled, "snapshots: half an answer", "DescribeSnapshots", None, half(), Well),
        (Settled, "volume permissions: HTML", "DescribeSnapshotAttribute", None, html(), Well),
        (Settled, "the role: HTML", "AssumeRole", None, html(), Well),
        (Settled, "the role: a proxy's 403", "AssumeRole", None, says(403, "text/html", "<html/>"), Well),
        (Settled, "the record: HTML", "GetItem", None, html(), Invocation("UnreadableAnswer")),
        (Settled, "the lineage: HTML", "Query", None, html(), Invocation("UnreadableAnswer")),
        (Settled, "the lineage: an unknown status", "Query", None, instead("\"status\":{\"S\":\"", "\"status\":{\"S\":\"un"), Invocation("not readable")),
        (Settled, "writing: HTML", "TransactWriteItems", None, html(), Well),
    ]
}
