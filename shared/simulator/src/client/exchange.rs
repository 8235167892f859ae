//! Sends a request to a served world, on a connection of its own, and waits for the answer.

use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};

use bytes::Bytes;
use http::{Request, Response, StatusCode};

/// Sends a request and reads its answer.
///
/// # Errors
/// Where nobody listens, the connection is closed before the answer came, or the answer is none.
pub fn exchange(address: SocketAddr, request: &Request<Bytes>) -> io::Result<Response<Bytes>> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(head(address, request).as_bytes())?;
    stream.write_all(request.body())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    read(&answer).ok_or_else(|| {
        let said = "the connection was closed before an answer came";
        io::Error::new(io::ErrorKind::UnexpectedEof, said)
    })
}

fn head(address: SocketAddr, request: &Request<Bytes>) -> String {
    let path = request.uri().path_and_query();
    let path = path.map_or("/", |path| path.as_str());
    let mut head = format!("{} {path} HTTP/1.1\r\n", request.method());
    let sent = request.headers().iter();
    let replaced = ["host", "connection", "content-length"];
    for (name, value) in sent.filter(|(name, _)| !replaced.contains(&name.as_str())) {
        let value = String::from_utf8_lossy(value.as_bytes());
        let _ = write!(head, "{name}: {value}\r\n");
    }
    let length = request.body().len();
    let _ = write!(
        head,
        "host: {address}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    head
}

/// An answer whose body ends with the connection.
fn read(answer: &[u8]) -> Option<Response<Bytes>> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(answer.get(..end)?).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?;
    let mut response = Response::new(Bytes::copy_from_slice(answer.get(end + 4..)?));
    *response.status_mut() = StatusCode::from_bytes(status.as_bytes()).ok()?;
    for line in lines {
        let (name, value) = line.split_once(':')?;
        let name: http::HeaderName = name.trim().parse().ok()?;
        response
            .headers_mut()
            .insert(name, value.trim().parse().ok()?);
    }
    Some(response)
}
