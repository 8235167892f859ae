//! Sends requests to a served world over a connection, one after the other.

use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};

/// A connection to a served world, which stays open between requests; where the server closes it
/// after an answer, the next request opens another.
#[derive(Debug)]
pub struct Connection {
    address: SocketAddr,
    stream: BufReader<TcpStream>,
    closed: bool,
}

/// Sends one request on a connection of its own.
///
/// # Errors
/// As [`Connection::open`] and [`Connection::exchange`].
pub fn exchange(address: SocketAddr, request: &Request<Bytes>) -> io::Result<Response<Bytes>> {
    Connection::open(address)?.exchange(request)
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// Where nobody listens.
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self {
            address,
            stream: BufReader::new(stream),
            closed: false,
        })
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// Where the connection is closed before the answer came, or the answer is none.
    pub fn exchange(&mut self, request: &Request<Bytes>) -> io::Result<Response<Bytes>> {
        if self.closed {
            *self = Self::open(self.address)?;
        }
        let mut sent = self.head(request).into_bytes();
        sent.extend_from_slice(request.body());
        self.stream.get_mut().write_all(&sent)?;
        let response = self.read(request.method() == http::Method::HEAD)?;
        let after = response.headers().get(http::header::CONNECTION);
        self.closed = after.is_some_and(|value| value == "close");
        Ok(response)
    }

    fn head(&self, request: &Request<Bytes>) -> String {
        let path = request.uri().path_and_query();
        let path = path.map_or("/", |path| path.as_str());
        let mut head = format!("{} {path} HTTP/1.1\r\n", request.method());
        let sent = request.headers().iter();
        for (name, value) in
            sent.filter(|(name, _)| !["host", "content-length"].contains(&name.as_str()))
        {
            let value = String::from_utf8_lossy(value.as_bytes());
            let _ = write!(head, "{name}: {value}\r\n");
        }
        let length = request.body().len();
        let address = self.address;
        let _ = write!(head, "host: {address}\r\ncontent-length: {length}\r\n\r\n");
        head
    }

    fn read(&mut self, head_only: bool) -> io::Result<Response<Bytes>> {
        let wrong = || io::Error::new(io::ErrorKind::InvalidData, "the answer is not HTTP");
        let status = self.line()?;
        let status = status.split(' ').nth(1).ok_or_else(wrong)?;
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::from_bytes(status.as_bytes()).map_err(|_| wrong())?;
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').ok_or_else(wrong)?;
            let name: HeaderName = name.trim().parse().map_err(|_| wrong())?;
            let value: HeaderValue = value.trim().parse().map_err(|_| wrong())?;
            response.headers_mut().insert(name, value);
        }
        let length = response.headers().get(http::header::CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
        let length = if head_only { 0 } else { length.unwrap_or(0) };
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        *response.body_mut() = Bytes::from(body);
        Ok(response)
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            let said = "the connection was closed before an answer came";
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, said));
        }
        line.truncate(line.trim_end_matches(['\r', '\n']).len());
        Ok(line)
    }
}
