//! Owns serving over HTTP on this machine, so that any AWS client can be pointed at a simulated
//! world: `AWS_ENDPOINT_URL=http://127.0.0.1:PORT`.

use crate::World;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::error::Error;
use std::future::{Future, ready};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// The header of a response whose connection is to be closed instead (`aborted`, `crashed`).
pub const CONNECTION_HEADER: &str = "x-simulator-connection";
/// The longest body that is read, in bytes. What AWS takes of the services here is far below.
const LONGEST_BODY: u32 = 16 * 1024 * 1024;
/// How long nobody is accepted after the system could not accept somebody.
const PAUSE: Duration = Duration::from_millis(50);

/// A server on this machine's loopback address, on a thread of its own. It stops when it is
/// dropped, and what is open then is closed.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves a world; port 0 takes any that is free. The world's clock is moved by whoever owns
    /// the world, and by each call a little.
    ///
    /// # Errors
    /// Where the port is taken, or the system has no thread or socket left.
    pub fn start(world: World, port: u16) -> io::Result<Self> {
        Self::answering(port, move |request| ready(world.call(request)))
    }

    /// Serves whatever answers a whole request with a whole response. A response that carries the
    /// header [`CONNECTION_HEADER`] with `aborted` or `crashed` is not sent: the connection is
    /// closed instead.
    ///
    /// # Errors
    /// Where the port is taken, or the system has no thread or socket left.
    pub fn answering<A, F>(port: u16, answer: A) -> io::Result<Self>
    where
        A: Fn(Request<Bytes>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Response<Bytes>> + Send + 'static,
    {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let listener = {
            let _within = runtime.enter();
            TcpListener::from_std(listener)?
        };
        let (stop, stopped) = oneshot::channel();
        let serve = move || {
            runtime.block_on(async move {
                tokio::select! {
                    () = accept(listener, answer) => {}
                    _ = stopped => {}
                }
            });
        };
        let thread = std::thread::Builder::new()
            .name(format!("serve {address}"))
            .spawn(serve)?;
        Ok(Self {
            address,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What `AWS_ENDPOINT_URL` is set to, to reach it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // Where nobody listens any more, it has stopped already.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn accept<A, F>(listener: TcpListener, answer: A)
where
    A: Fn(Request<Bytes>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Bytes>> + Send + 'static,
{
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(converse(stream, answer.clone()));
            }
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

async fn converse<A, F>(stream: TcpStream, answer: A)
where
    A: Fn(Request<Bytes>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Bytes>> + Send + 'static,
{
    let service = service_fn(|request| exchange(request, answer.clone()));
    // However it ends, it concerns this client alone.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// One request and its answer; an error closes the connection.
async fn exchange<A, F>(
    request: Request<Incoming>,
    answer: A,
) -> Result<Response<Full<Bytes>>, Box<dyn Error + Send + Sync>>
where
    A: Fn(Request<Bytes>) -> F,
    F: Future<Output = Response<Bytes>>,
{
    let (parts, body) = request.into_parts();
    if body.size_hint().lower() > u64::from(LONGEST_BODY) {
        return Ok(too_long());
    }
    let body = match Limited::new(body, LONGEST_BODY as usize).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Ok(too_long()),
        Err(error) => return Err(error),
    };
    let response = answer(Request::from_parts(parts, body)).await;
    let connection = response.headers().get(CONNECTION_HEADER);
    if connection.is_some_and(|value| value == "aborted" || value == "crashed") {
        return Err(io::Error::from(io::ErrorKind::ConnectionAborted).into());
    }
    Ok(response.map(Full::new))
}

fn too_long() -> Response<Full<Bytes>> {
    let said = format!("A body has at most {LONGEST_BODY} bytes.\n");
    let mut response = Response::new(Full::from(said));
    *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net;

    /// What a client is sent until the connection is closed.
    fn told(server: &Server, request: &str) -> String {
        let mut stream = net::TcpStream::connect(server.address()).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn post(body: &str) -> String {
        let length = body.len();
        format!(
            "POST / HTTP/1.1\r\nHost: here\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        )
    }

    fn echo() -> Server {
        let echo = |request: Request<Bytes>| ready(Response::new(request.into_body()));
        Server::answering(0, echo).unwrap()
    }

    #[test]
    fn a_world_answers_whoever_asks_and_refuses_whom_it_does_not_know() {
        let server = Server::start(World::new(1), 0).unwrap();
        let answer = told(&server, &post("Action=DescribeImages&Version=2016-11-15"));
        assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    }

    #[test]
    fn a_whole_body_is_answered() {
        let answer = told(&echo(), &post("hello"));
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
        assert!(answer.ends_with("\r\n\r\nhello"), "{answer}");
    }

    #[test]
    fn a_lost_reply_closes_the_connection_without_an_answer() {
        for said in ["aborted", "crashed"] {
            let lost = move |_| {
                let mut response = Response::new(Bytes::from("never seen"));
                let said = http::HeaderValue::from_static(said);
                response.headers_mut().insert(CONNECTION_HEADER, said);
                ready(response)
            };
            let server = Server::answering(0, lost).unwrap();
            assert_eq!(told(&server, &post("hello")), "");
        }
    }

    #[test]
    fn a_body_that_is_too_long_is_refused_before_it_is_read() {
        let head = format!(
            "POST / HTTP/1.1\r\nHost: here\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            LONGEST_BODY + 1
        );
        let answer = told(&echo(), &head);
        assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    }

    #[test]
    fn it_is_reached_from_this_machine_only_and_stops_when_dropped() {
        let server = echo();
        let address = server.address();
        assert!(address.ip().is_loopback());
        assert!(net::TcpStream::connect(address).is_ok());
        drop(server);
        assert!(net::TcpStream::connect(address).is_err());
    }

    #[test]
    fn a_port_that_is_taken_is_an_error() {
        let server = echo();
        let second = Server::start(World::new(1), server.address().port());
        assert_eq!(second.unwrap_err().kind(), io::ErrorKind::AddrInUse);
    }
}
