//! Owns the ways in which AWS's answers are bent.

use super::answering::{Bend, changed, says, says_as_aws};
use std::sync::atomic::{AtomicUsize, Ordering};

/// An element of AWS's answer with another text in it.
pub fn element(name: &'static str, text: &'static str) -> Bend {
    changed(move |body| {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        let Some((before, rest)) = body.split_once(&open) else {
            panic!("no {name} in {body}");
        };
        let after = rest.split_once(&close).unwrap().1;
        format!("{before}{open}{text}{close}{after}")
    })
}

/// AWS's answer without an element.
pub fn without(name: &'static str) -> Bend {
    changed(move |body| {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        if let Some((before, rest)) = body.split_once(&open) {
            return format!("{before}{}", rest.split_once(&close).unwrap().1);
        }
        let empty = format!("<{name}/>");
        assert!(body.contains(&empty), "no {name} in {body}");
        body.replace(&empty, "")
    })
}

/// AWS's answer with one text in it replaced.
pub fn replaced(from: &'static str, to: &'static str) -> Bend {
    changed(move |body| {
        assert!(body.contains(from), "no {from} in {body}");
        body.replace(from, to)
    })
}

pub fn refused(status: u16, code: &str, message: &str) -> Bend {
    let body = format!(
        "<?xml version=\"1.0\"?><Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors><RequestID>r</RequestID></Response>"
    );
    says(status, "text/xml", body)
}

/// A body of JSON as AWS itself would send it.
pub fn json(body: &'static str) -> Bend {
    says_as_aws(move || body.to_owned())
}

pub fn refused_json(status: u16, body: &'static str) -> Bend {
    says(status, "application/x-amz-json-1.0", body)
}

/// AWS's answer with a list's content replaced.
pub fn cut_out(body: &str, list: &str, content: &str) -> String {
    let (open, close) = (format!("<{list}>"), format!("</{list}>"));
    let (before, rest) = body.split_once(&open).expect("the list");
    let after = rest.rsplit_once(&close).unwrap().1;
    format!("{before}{open}{content}{close}{after}")
}

/// A JSON object with one member's value replaced, wherever it stands.
pub fn replace_member(body: &str, name: &str, value: &str) -> String {
    let start = body.find(&format!("\"{name}\":")).expect(name) + name.len() + 3;
    let end = start + body[start..].find([',', '}']).unwrap();
    format!("{}{value}{}", &body[..start], &body[end..])
}

pub fn replace_number(body: &str, name: &str, number: &str) -> String {
    replace_member(body, name, &format!("{{\"N\":\"{number}\""))
}

pub fn changed_kind(kind: &'static str) -> Bend {
    std::sync::Arc::new(move |mut answer| {
        answer
            .headers_mut()
            .insert("content-type", kind.parse().unwrap());
        answer
    })
}

/// An empty page that says which one follows.
fn page_to(token: &str) -> String {
    format!(
        "<DescribeImagesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><imagesSet/>\
         <nextToken>{token}</nextToken></DescribeImagesResponse>"
    )
}

/// Each page says that this one follows.
pub fn next_page(token: &'static str) -> Bend {
    says_as_aws(move || page_to(token))
}

/// Each page says that another one follows.
pub fn pages_without_end() -> Bend {
    let page = AtomicUsize::new(0);
    says_as_aws(move || page_to(&page.fetch_add(1, Ordering::Relaxed).to_string()))
}

/// Each page says that this key follows.
pub fn last_key() -> Bend {
    json(r#"{"Count":0,"Items":[],"LastEvaluatedKey":{"pk":{"S":"a"},"sk":{"S":"b"}}}"#)
}

/// Each page says that another key follows.
pub fn keys_without_end() -> Bend {
    let page = AtomicUsize::new(0);
    says_as_aws(move || {
        let page = page.fetch_add(1, Ordering::Relaxed);
        format!(
            r#"{{"Count":0,"Items":[],"LastEvaluatedKey":{{"pk":{{"S":"{page}"}},"sk":{{"S":"b"}}}}}}"#
        )
    })
}
