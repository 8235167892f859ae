//! What must hold of every answer.

use std::fs;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::Event;
use serde_json::Value;

/// Longer than any answer takes, on a machine that does other things, too.
const LONGEST: Duration = Duration::from_secs(20);
/// More bytes than any answer of so small a world has.
const LARGEST: usize = 32 * 1024 * 1024;
/// More memory than all worlds of a run need, one after the other.
const MOST_KIBIBYTES: u64 = 2 * 1024 * 1024;

/// What is wrong with an answer.
pub fn problem(
    request: &Request<Bytes>,
    response: &Response<Bytes>,
    took: Duration,
) -> Option<String> {
    // S3 says so of what is not simulated.
    let unsimulated = response.status() == StatusCode::NOT_IMPLEMENTED;
    if response.status().is_server_error() && !unsimulated {
        return Some(format!("status {}", response.status()));
    }
    if took > LONGEST {
        return Some(format!("it took {took:?}"));
    }
    if response.body().len() > LARGEST {
        return Some(format!("it has {} bytes", response.body().len()));
    }
    let kind = response.headers().get("content-type");
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let bare = request.method() == Method::HEAD || response.body().is_empty();
    if bare || is_object(response) {
        return None;
    }
    let wrong = if kind.contains("json") {
        serde_json::from_slice::<Value>(response.body())
            .map_err(|error| error.to_string())
            .err()
    } else if kind.contains("xml") {
        document(response.body()).err()
    } else {
        None
    };
    wrong.map(|wrong| format!("the answer is not {kind}: {wrong}"))
}

/// Whether the body is what somebody stored, in the form they said it has.
fn is_object(response: &Response<Bytes>) -> bool {
    response.status().is_success() && response.headers().contains_key("etag")
}

/// Reads a document to its end.
fn document(body: &[u8]) -> Result<(), String> {
    let text = std::str::from_utf8(body).map_err(|error| error.to_string())?;
    let forbidden = |c: char| (c < ' ' && !"\t\n\r".contains(c)) || "\u{fffe}\u{ffff}".contains(c);
    if let Some(character) = text.chars().find(|c| forbidden(*c)) {
        return Err(format!("it has the character {character:?}"));
    }
    let mut reader = Reader::from_str(text);
    let mut depth = 0_u32;
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth = depth.checked_sub(1).ok_or("it ends too often")?,
            Event::Text(text) => {
                unescape(&text).map_err(|error| error.to_string())?;
            }
            Event::GeneralRef(name) => {
                unescape(&format!("&{};", &*name)).map_err(|error| error.to_string())?;
            }
            Event::Eof if depth == 0 => return Ok(()),
            Event::Eof => return Err("it ends within an element".to_owned()),
            _ => {}
        }
    }
}

/// Fails where worlds leave memory behind. Only where the system tells.
pub fn check_memory(seed: u64) {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let used = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    let used = used.unwrap_or_default();
    assert!(
        used < MOST_KIBIBYTES,
        "{used} KiB are in use after seed {seed}"
    );
}
