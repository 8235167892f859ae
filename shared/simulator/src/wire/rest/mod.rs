//! The REST protocols, read and written by where the model says each member stands.

mod chunked;
mod document;
mod host;
mod read;
mod route;
mod unknown;
pub(crate) mod write;

use bytes::Bytes;
use http::Request;
use serde_json::Value;

use super::model::{Protocol, Service};
use super::refusal::Refusal;
use read::Arrived;

/// The operation that a request asks for, and its parameters; none where it leads nowhere.
pub(crate) fn read(
    service: &Service,
    request: &Request<Bytes>,
) -> Option<(String, Result<Value, Refusal>)> {
    let path = path(service, request);
    let query = request.uri().query().unwrap_or_default();
    let query: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    let route = route::find(service, request.method().as_str(), &path, &query)?;
    let operation = route.name.to_owned();
    let mut headers = request.headers().clone();
    let body = if chunked::is_chunked(&headers) {
        chunked::decode(request.body(), &mut headers)
    } else {
        Ok(request.body().clone())
    };
    let parameters = body.and_then(|body| {
        let arrived = Arrived {
            route,
            query,
            headers,
            body,
        };
        read::parameters(service, &arrived)
    });
    Some((operation, parameters))
}

/// The path, where need be with the bucket that the host names.
pub(crate) fn path(service: &Service, request: &Request<Bytes>) -> String {
    let path = request.uri().path();
    let host = request.headers().get(http::header::HOST);
    let host = host.and_then(|host| host.to_str().ok());
    let host = host.or(request.uri().host()).unwrap_or_default();
    match host::bucket(host) {
        Some(bucket) if service.protocol == Protocol::RestXml => format!("/{bucket}{path}"),
        _ => path.to_owned(),
    }
}
