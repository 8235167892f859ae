//! Bends requests that are right, or nearly so.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Uri};
use serde_json::{Map, Value, json};

use crate::draw::Draw;

/// Texts that something may stumble over.
const ODD: [&str; 40] = [
    "",
    " ",
    "\0",
    "\u{1}\u{b}\u{1b}[31m",
    "\u{fffe}",
    "\u{ffff}",
    "\u{202e}evil",
    "\u{feff}",
    "🦀",
    "é\u{301}",
    "-1",
    "0",
    "00",
    "1.5",
    "1e309",
    "NaN",
    "99999999999999999999",
    "9223372036854775807",
    "-9223372036854775808",
    "true",
    "null",
    "<x>&amp;]]></x>",
    "&#0;",
    "%00",
    "../../etc/passwd",
    "ami-",
    "ami-00000000",
    "snap-0000000000000000g",
    "arn:aws:ec2",
    "arn:::::",
    "*",
    "?",
    "\\",
    "tag:",
    "2026-99-99T99:99:99Z",
    "+1000000000-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "self",
    "\r\nx: y",
    "111111111111",
];

/// What a served world reads of a body at most.
const LONGEST_BODY: usize = 16 * 1024 * 1024;

/// Bends a request in one of many ways.
pub fn bend(draw: &mut Draw, request: &mut Request<Bytes>) {
    bend_anyhow(draw, request);
    let length = request.body().len().min(LONGEST_BODY);
    let body = request.body().slice(..length);
    *request.body_mut() = body;
}

fn bend_anyhow(draw: &mut Draw, request: &mut Request<Bytes>) {
    match draw.below(10) {
        0..=5 => bend_parameters(draw, request),
        6..=7 => {
            let body = bend_bytes(draw, request.body());
            *request.body_mut() = body;
        }
        8 => bend_headers(draw, request),
        _ => bend_uri(draw, request),
    }
}

fn bend_parameters(draw: &mut Draw, request: &mut Request<Bytes>) {
    let kind = request.headers().get("content-type");
    let form = kind.is_some_and(|kind| kind.to_str().is_ok_and(|kind| kind.contains("form")));
    let body = if form {
        bend_form(draw, request.body())
    } else if let Ok(mut document) = serde_json::from_slice(request.body()) {
        for _ in 0..=draw.below(2) {
            bend_value(draw, &mut document);
        }
        let mut text = document.to_string();
        if draw.one_in(8) && text.starts_with("{\"") {
            // The first member a second time.
            text = format!("{},{}", text.trim_end_matches('}'), &text[1..]);
        }
        Bytes::from(text)
    } else {
        bend_bytes(draw, request.body())
    };
    *request.body_mut() = body;
}

fn text(draw: &mut Draw) -> String {
    match draw.below(20) {
        0 => draw.pick(&ODD).repeat(draw.below(300)),
        1 => "*a".repeat(draw.below(2000)),
        2 => "a".repeat(draw.below(100_000)),
        _ => (*draw.pick(&ODD)).to_owned(),
    }
}

fn bend_form(draw: &mut Draw, body: &[u8]) -> Bytes {
    let mut pairs: Vec<(String, String)> = form_urlencoded::parse(body).into_owned().collect();
    for _ in 0..=draw.below(3) {
        let at = draw.below(pairs.len());
        // Mostly the operation stays what it is.
        let at = if draw.one_in(10) { at } else { at.max(2) };
        let Some((name, value)) = pairs.get(at).cloned() else {
            pairs.push((text(draw), text(draw)));
            continue;
        };
        match draw.below(9) {
            0..=2 => pairs[at].1 = text(draw),
            3 => {
                let part = draw.pick(&["1", "0", "Value", "", "4294967296"]);
                pairs[at].0 = format!("{name}.{part}");
            }
            4 => {
                let places = [".0", ".99999", ".-1", "..", ".x"];
                pairs[at].0 = name.replace(".1", draw.pick::<&str>(&places));
            }
            5 => pairs.push((name, value)),
            6 => {
                pairs.remove(at);
            }
            7 => pairs.push((format!("{}{name}", "A.".repeat(draw.below(200))), value)),
            _ => many(draw, &mut pairs, &name, &value),
        }
    }
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(pairs);
    Bytes::from(form.finish())
}

/// A list with very many entries.
fn many(draw: &mut Draw, pairs: &mut Vec<(String, String)>, name: &str, value: &str) {
    let name = name.split(".1").next().unwrap_or_default().to_owned();
    let count = draw
        .below(3000)
        .min(LONGEST_BODY / (name.len() + value.len() + 1));
    pairs.extend((1..count).map(|number| (format!("{name}.{number}"), value.to_owned())));
}

/// Bends a value somewhere within.
fn bend_value(draw: &mut Draw, value: &mut Value) {
    let deeper = !draw.one_in(4);
    match value {
        Value::Object(members) if deeper && !members.is_empty() => bend_member(draw, members),
        Value::Array(items) if deeper && !items.is_empty() => {
            let at = draw.below(items.len());
            if draw.one_in(8) {
                let item = items[at].clone();
                let most = LONGEST_BODY / (item.to_string().len() + 1);
                items.extend(std::iter::repeat_n(item, draw.below(2000).min(most)));
            } else {
                bend_value(draw, &mut items[at]);
            }
        }
        value => *value = odd_value(draw),
    }
}

fn bend_member(draw: &mut Draw, members: &mut Map<String, Value>) {
    let names: Vec<String> = members.keys().cloned().collect();
    let name = draw.pick(&names).clone();
    match draw.below(6) {
        0 => {
            members.remove(&name);
        }
        1 => {
            members.insert(text(draw), odd_value(draw));
        }
        _ => {
            if let Some(value) = members.get_mut(&name) {
                bend_value(draw, value);
            }
        }
    }
}

fn odd_value(draw: &mut Draw) -> Value {
    match draw.below(10) {
        0 => Value::Null,
        1 => json!(u64::MAX),
        2 => json!(i64::MIN),
        3 => json!(1e308),
        4 => json!(draw.one_in(2)),
        5 => json!([]),
        6 => json!({}),
        7 => (0..draw.below(300)).fold(json!(1), |inner, _| json!([inner])),
        _ => Value::from(text(draw)),
    }
}

fn bend_bytes(draw: &mut Draw, body: &[u8]) -> Bytes {
    let mut bytes = body.to_vec();
    for _ in 0..=draw.below(4) {
        let (from, to) = (draw.below(bytes.len()), draw.below(bytes.len()));
        let (from, to) = (from.min(to), from.max(to));
        match draw.below(6) {
            0 if !bytes.is_empty() => bytes[from] = draw.byte(),
            1 => bytes.insert(from, draw.byte()),
            2 => bytes.truncate(to),
            3 => {
                let slice = bytes[from..to].to_vec();
                bytes.splice(from..from, slice);
            }
            4 => {
                bytes.drain(from..to);
            }
            _ => {
                let odd = draw.pick(&ODD).bytes();
                bytes.splice(from..from, odd);
            }
        }
    }
    Bytes::from(bytes)
}

fn bend_headers(draw: &mut Draw, request: &mut Request<Bytes>) {
    let names: Vec<_> = request.headers().keys().cloned().collect();
    let Some(name) = names.get(draw.below(names.len())) else {
        return;
    };
    if draw.one_in(3) {
        request.headers_mut().remove(name);
        return;
    }
    let value = request.headers().get(name).map(HeaderValue::as_bytes);
    let value = match draw.below(3) {
        0 => text(draw).into_bytes(),
        1 => {
            let services = [
                "ec2", "kms", "s3", "sts", "sns", "rbin", "dynamodb", "ssm", "x", "",
            ];
            let text = String::from_utf8_lossy(value.unwrap_or_default()).into_owned();
            let service = draw.pick(&services);
            text.replace("ec2/aws4", &format!("{service}/aws4"))
                .into_bytes()
        }
        _ => bend_bytes(draw, value.unwrap_or_default()).to_vec(),
    };
    if let Ok(value) = HeaderValue::from_bytes(&value) {
        request.headers_mut().insert(name, value);
    }
}

fn bend_uri(draw: &mut Draw, request: &mut Request<Bytes>) {
    match draw.below(4) {
        0 => {
            let methods = [
                Method::GET,
                Method::HEAD,
                Method::PUT,
                Method::DELETE,
                Method::POST,
            ];
            *request.method_mut() = draw.pick(&methods).clone();
        }
        1 => {
            // A form in the query instead of the body.
            let query = String::from_utf8_lossy(request.body()).into_owned();
            if let Ok(uri) = format!("/?{query}").parse() {
                *request.uri_mut() = uri;
            }
        }
        _ => {
            let path = request.uri().to_string();
            let path = bend_bytes(draw, path.as_bytes());
            let path: String = path.iter().flat_map(|byte| percent(*byte)).collect();
            if let Ok(uri) = path.parse::<Uri>() {
                *request.uri_mut() = uri;
            }
        }
    }
}

/// A byte as it can stand in a URI.
fn percent(byte: u8) -> Vec<char> {
    if byte.is_ascii_graphic() {
        vec![char::from(byte)]
    } else {
        format!("%{byte:02X}").chars().collect()
    }
}
