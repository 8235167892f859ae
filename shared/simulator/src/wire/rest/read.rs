//! Reads a REST request into parameters: labels of the path, the query, headers and the body.
//!
//! The rules: <https://smithy.io/2.0/spec/http-bindings.html>.

use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Map, Value};

use super::document;
use super::route::Route;
use super::unknown::refuse_unknown;
use crate::wire::model::{Kind, Location, Member, Protocol, Service, Shape};
use crate::wire::refusal::Refusal;
use crate::wire::{base64, check, json, percent};

/// A request on its way to its operation.
#[derive(Debug)]
pub(crate) struct Arrived<'a> {
    pub(crate) route: Route<'a>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// The parameters of a request, keyed by the model's member names. Bytes are Base64 texts.
pub(crate) fn parameters(service: &Service, arrived: &Arrived<'_>) -> Result<Value, Refusal> {
    let input = arrived.route.operation.input.as_deref();
    let Some(shape) = input.and_then(|name| service.shape(name)) else {
        return Ok(Value::Object(Map::new()));
    };
    refuse_unknown(service, shape, arrived)?;
    let mut read = Map::new();
    for (name, member) in &shape.members {
        if let Some(value) = located(service, name, member, arrived)? {
            read.insert(name.clone(), value);
        }
    }
    let json = service.protocol == Protocol::RestJson;
    match &shape.payload {
        Some(name) => {
            if let Some(value) = payload(service, shape, name, &arrived.body)? {
                read.insert(name.clone(), value);
            }
        }
        None if json => add_members(shape, &arrived.body, &mut read)?,
        None => {}
    }
    let read = Value::Object(read);
    if json {
        json::check(service, shape, &read)?;
    }
    let missing = |name: &&String| read.get(*name).is_none();
    match shape.required.iter().find(missing) {
        Some(path) => Err(Refusal::Missing { path: path.clone() }),
        None => Ok(read),
    }
}

/// A member that stands outside the body.
fn located(
    service: &Service,
    name: &str,
    member: &Member,
    arrived: &Arrived<'_>,
) -> Result<Option<Value>, Refusal> {
    let wire = member.wire_name(name);
    let texts: Vec<String> = match member.location {
        Some(Location::Uri) => {
            let label = arrived
                .route
                .labels
                .iter()
                .find(|(label, _)| *label == wire);
            let text = label.map(|(_, text)| percent::decode(text).ok_or(Refusal::Uri));
            text.transpose()?.into_iter().collect()
        }
        Some(Location::QueryString) => {
            let held = arrived.query.iter().filter(|(key, _)| key == wire);
            held.map(|(_, value)| value.clone()).collect()
        }
        Some(Location::Header) => headers(&arrived.headers, wire),
        Some(Location::Headers) => return Ok(prefixed(&arrived.headers, wire)),
        Some(Location::StatusCode) | None => return Ok(None),
    };
    if texts.is_empty() {
        return Ok(None);
    }
    let shape = service.shape(&member.shape);
    let shape = shape.ok_or_else(|| Refusal::unknown(wire))?;
    match (shape.kind, &shape.member, texts.as_slice()) {
        (Kind::List, Some(of), _) => items(service, wire, shape, of, &texts).map(Some),
        (_, _, [text]) => scalar(shape, member, wire, text).map(Some),
        _ => Err(Refusal::Value {
            path: wire.to_owned(),
            value: texts.join(","),
            expected: "given once".to_owned(),
        }),
    }
}

/// A list: a query parameter given several times, or a header's texts between commas.
fn items(
    service: &Service,
    wire: &str,
    shape: &Shape,
    of: &Member,
    texts: &[String],
) -> Result<Value, Refusal> {
    let kind = service.shape(&of.shape);
    let kind = kind.ok_or_else(|| Refusal::unknown(wire))?;
    let read = texts.iter().map(|text| scalar(kind, of, wire, text.trim()));
    let read = Value::Array(read.collect::<Result<_, _>>()?);
    check::limits(shape, "", wire, &read)?;
    Ok(read)
}

/// Times outside a body are written as HTTP writes them.
fn scalar(shape: &Shape, member: &Member, wire: &str, text: &str) -> Result<Value, Refusal> {
    if shape.kind == Kind::Timestamp
        && let Ok(time) = jiff::fmt::rfc2822::parse(text)
    {
        return Ok(Value::from(time.timestamp().to_string()));
    }
    check::scalar(shape, &member.shape, wire, text)
}

fn headers(headers: &HeaderMap, name: &str) -> Vec<String> {
    let values = headers.get_all(name).iter();
    let texts = values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    texts.collect()
}

/// Every header that begins so, by what follows.
fn prefixed(headers: &HeaderMap, prefix: &str) -> Option<Value> {
    let mut found = Map::new();
    for (name, value) in headers {
        if let Some(rest) = name.as_str().strip_prefix(prefix) {
            let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            found.insert(rest.to_owned(), Value::from(text));
        }
    }
    (!found.is_empty()).then_some(Value::Object(found))
}

/// The member that is the whole body.
fn payload(
    service: &Service,
    shape: &Shape,
    name: &str,
    body: &Bytes,
) -> Result<Option<Value>, Refusal> {
    let member = shape.members.get(name);
    let member = member.ok_or_else(|| Refusal::unknown(name))?;
    let kind = service.shape(&member.shape).map(|shape| shape.kind);
    match kind {
        _ if body.is_empty() => Ok(None),
        Some(Kind::Blob) => Ok(Some(Value::from(base64::encode(body)))),
        Some(Kind::Structure) if service.protocol == Protocol::RestXml => {
            document::read(service, name, member, body).map(Some)
        }
        Some(Kind::Structure) => json::object(body).map(Some),
        _ => Err(Refusal::unknown(name)),
    }
}

/// The members that a JSON body has beside the located ones.
fn add_members(shape: &Shape, body: &Bytes, read: &mut Map<String, Value>) -> Result<(), Refusal> {
    if let Value::Object(members) = json::object(body)? {
        for (name, value) in members {
            let member = shape.members.get(&name);
            if member.is_some_and(|member| member.location.is_some()) {
                return Err(Refusal::unknown(name));
            }
            read.insert(name, value);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use http::Request;
    use serde_json::json;

    use super::*;
    use crate::wire::{model, rest};

    fn read(service: &str, request: http::request::Builder, body: &str) -> Result<Value, Refusal> {
        let service = model::service(service).expect("a service");
        let request = request
            .body(Bytes::from(body.to_owned()))
            .expect("a request");
        rest::read(service, &request)
            .map(|(_, read)| read)
            .expect("a route")
    }

    #[test]
    fn members_are_read_from_where_they_stand() {
        let request = Request::patch("http://here/rules/Ab%2Bc");
        let read_rule = read("rbin", request, r#"{"Description":"d"}"#);
        assert_eq!(
            read_rule,
            Ok(json!({"Identifier": "Ab+c", "Description": "d"}))
        );
        let request = Request::delete("/tags/arn%3Aaws%3Arule%2Fx?tagKeys=a&tagKeys=b%20c");
        let expected = json!({"ResourceArn": "arn:aws:rule/x", "TagKeys": ["a", "b c"]});
        assert_eq!(read("rbin", request, ""), Ok(expected));
        let request = Request::put("/b/a%20b/c")
            .header("x-amz-meta-team", "images")
            .header("content-type", "text/plain");
        let expected = json!({"Bucket": "b", "Key": "a b/c", "ContentType": "text/plain",
            "Metadata": {"team": "images"}, "Body": "aGVsbG8="});
        assert_eq!(read("s3", request, "hello"), Ok(expected));
        let request =
            Request::get("/b/k").header("if-modified-since", "Thu, 01 Jan 2026 00:00:00 GMT");
        let expected =
            json!({"Bucket": "b", "Key": "k", "IfModifiedSince": "2026-01-01T00:00:00Z"});
        assert_eq!(read("s3", request, ""), Ok(expected));
    }

    #[test]
    fn the_host_may_name_the_bucket() {
        let request = Request::get("/?list-type=2&max-keys=7").header("host", "golden.localhost:1");
        let expected = json!({"Bucket": "golden", "MaxKeys": 7});
        assert_eq!(read("s3", request, ""), Ok(expected));
        let request = Request::get("/k").header("host", "golden.s3.us-east-1.amazonaws.com");
        assert_eq!(
            read("s3", request, ""),
            Ok(json!({"Bucket": "golden", "Key": "k"}))
        );
    }

    #[test]
    fn an_xml_body_is_read_by_its_shape() {
        let body = "<Delete xmlns=\"x\"><Object><Key>a</Key></Object><Object><Key>b</Key></Object>\
                    <Quiet>true</Quiet></Delete>";
        let expected = json!({"Bucket": "b",
            "Delete": {"Objects": [{"Key": "a"}, {"Key": "b"}], "Quiet": true}});
        assert_eq!(read("s3", Request::post("/b?delete"), body), Ok(expected));
        for body in [
            "<Delete><Colour/></Delete>",
            "<Delete/>",
            "<Erase/>",
            "<Delete><Object><Key><a/></Key></Object></Delete>",
            "<Delete><Object><Key>a</Key></Object><Quiet>true</Quiet><Quiet>true</Quiet></Delete>",
            "not XML",
        ] {
            let refused = read("s3", Request::post("/b?delete"), body);
            assert!(
                matches!(refused, Err(Refusal::Malformed(_))),
                "{body}: {refused:?}"
            );
        }
        let refused = read("s3", Request::post("/b?delete"), "");
        assert!(matches!(refused, Err(Refusal::Missing { .. })));
    }

    #[test]
    fn what_is_unknown_is_refused_wherever_it_stands() {
        for (service, request, body) in [
            ("rbin", Request::get("/rules/x?colour=blue"), ""),
            ("rbin", Request::patch("/rules/x"), r#"{"Colour":"blue"}"#),
            ("rbin", Request::patch("/rules/x"), r#"{"Identifier":"y"}"#),
            ("s3", Request::get("/b?acl"), ""),
            (
                "s3",
                Request::get("/b/k").header("x-amz-colour", "blue"),
                "",
            ),
        ] {
            let refused = read(service, request, body);
            assert!(
                matches!(refused, Err(Refusal::Unknown { .. })),
                "{refused:?}"
            );
        }
    }
}
