//! Owns running a function's real binary as AWS Lambda runs it: a process that asks the
//! [Lambda Runtime API](https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html) for
//! invocations, and finds AWS by the standard environment.

use crate::{BUILDER, SOURCE_REGION};
use amiary_simulator::World;
use amiary_simulator::serve::Server;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Read;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, UNIX_EPOCH};
use tokio::sync::{mpsc, oneshot};

/// How long an invocation may take.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long an invocation has: the longest time-out of the template.
const TIMEOUT: Duration = Duration::from_mins(10);

/// What became of an invocation: the function's answer, or its error with `errorType` and
/// `errorMessage`.
pub type Answered = Result<Value, Value>;

/// A function: its process, the Runtime API it asks, and the world it acts on over HTTP.
pub struct Function {
    process: Child,
    log: Option<JoinHandle<String>>,
    calls: mpsc::UnboundedSender<(String, Value)>,
    waiting: Waiting,
    invoked: u32,
    _api: Server,
    _aws: Server,
}

/// Whoever waits for an invocation's answer, by its request id.
type Waiting = Arc<Mutex<BTreeMap<String, oneshot::Sender<Answered>>>>;

impl Function {
    /// Starts a binary as the function of this name, with a session of its role.
    pub fn start(binary: &str, name: &str, world: &World) -> Self {
        let (calls, next) = mpsc::unbounded_channel();
        let waiting = Waiting::default();
        let api = runtime_api(next, Arc::clone(&waiting));
        let aws = Server::start(world.clone(), 0).expect("a free port");
        let mut process = command(binary, name, world, &aws.url())
            .env("AMIARY_TABLE", "amiary")
            .env("AWS_LAMBDA_RUNTIME_API", api.address().to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut stderr = process.stderr.take().expect("it is piped");
        let log = std::thread::spawn(move || {
            let mut text = String::new();
            let _ = stderr.read_to_string(&mut text);
            text
        });
        Self {
            process,
            log: Some(log),
            calls,
            waiting,
            invoked: 0,
            _api: api,
            _aws: aws,
        }
    }

    /// Invokes the function.
    ///
    /// # Panics
    /// Where it does not answer; its log is shown.
    pub async fn invoke(&mut self, payload: Value) -> Answered {
        let (answer, answered) = oneshot::channel();
        self.invoked += 1;
        let id = format!("8476a536-e9f4-11e8-9739-{:012}", self.invoked);
        let waiting = &self.waiting;
        waiting
            .lock()
            .expect("nobody panicked")
            .insert(id.clone(), answer);
        self.calls.send((id, payload)).expect("the API is there");
        match tokio::time::timeout(PATIENCE, answered).await {
            Ok(Ok(answer)) => answer,
            _ => panic!("no answer; the function's log:\n{}", self.end()),
        }
    }

    /// Ends the process, and gives all it logged.
    pub fn end(&mut self) -> String {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let log = self.log.take().and_then(|log| log.join().ok());
        log.unwrap_or_default()
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        self.end();
    }
}

/// Runs a function's binary without `AMIARY_TABLE`, to its end.
pub fn without_a_table(binary: &str, name: &str) -> Output {
    let nowhere = "127.0.0.1:9";
    command(binary, name, &World::new(1), &format!("http://{nowhere}"))
        .env("AWS_LAMBDA_RUNTIME_API", nowhere)
        .output()
        .expect("the binary starts")
}

/// The environment that Lambda gives a function, see
/// [its variables](https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html).
fn command(binary: &str, name: &str, world: &World, endpoint: &str) -> Command {
    let credentials = world.credentials(BUILDER, name);
    let mut command = Command::new(binary);
    command
        .env_clear()
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_REGION", SOURCE_REGION)
        .env("AWS_ACCESS_KEY_ID", credentials.access_key_id)
        .env("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key)
        .env("AWS_SESSION_TOKEN", credentials.session_token)
        .env("AWS_LAMBDA_FUNCTION_NAME", name)
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
        .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
        .stdin(Stdio::null());
    command
}

type Next = Arc<tokio::sync::Mutex<mpsc::UnboundedReceiver<(String, Value)>>>;

fn runtime_api(next: mpsc::UnboundedReceiver<(String, Value)>, waiting: Waiting) -> Server {
    let next = Next::new(next.into());
    let answer = move |request| converse(Arc::clone(&next), Arc::clone(&waiting), request);
    Server::answering(0, answer).expect("a free port")
}

async fn converse(next: Next, waiting: Waiting, request: Request<Bytes>) -> Response<Bytes> {
    let path = request.uri().path().to_owned();
    let path = path.strip_prefix("/2018-06-01/runtime/");
    let path: Vec<&str> = path.unwrap_or_default().split('/').collect();
    match (request.method(), path.as_slice()) {
        (&Method::GET, ["invocation", "next"]) => match next.lock().await.recv().await {
            Some((id, payload)) => invocation(&id, &payload),
            None => std::future::pending().await,
        },
        (&Method::POST, ["invocation", id, end @ ("response" | "error")]) => {
            let body = serde_json::from_slice(request.body()).unwrap_or_default();
            let answer = if *end == "error" { Err(body) } else { Ok(body) };
            let waits = waiting.lock().expect("nobody panicked").remove(*id);
            match waits.map(|waits| waits.send(answer)) {
                Some(Ok(())) => said(StatusCode::ACCEPTED, &json!({"status": "OK"})),
                _ => said(
                    StatusCode::BAD_REQUEST,
                    &json!({"errorType": "InvalidRequestID"}),
                ),
            }
        }
        (&Method::POST, ["init", "error"]) => {
            let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
            let waiting = std::mem::take(&mut *waiting.lock().expect("nobody panicked"));
            for waits in waiting.into_values() {
                let _ = waits.send(Err(body.clone()));
            }
            said(StatusCode::ACCEPTED, &json!({"status": "OK"}))
        }
        _ => said(StatusCode::NOT_FOUND, &json!({"errorType": "NotFound"})),
    }
}

fn invocation(id: &str, payload: &Value) -> Response<Bytes> {
    let deadline = UNIX_EPOCH.elapsed().unwrap_or_default() + TIMEOUT;
    let headers = [
        ("lambda-runtime-aws-request-id", id.to_owned()),
        (
            "lambda-runtime-deadline-ms",
            deadline.as_millis().to_string(),
        ),
        (
            "lambda-runtime-invoked-function-arn",
            format!("arn:aws:lambda:{SOURCE_REGION}:{BUILDER}:function:amiary"),
        ),
        (
            "lambda-runtime-trace-id",
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0".to_owned(),
        ),
    ];
    let mut response = said(StatusCode::OK, payload);
    for (name, value) in headers {
        let value = value.parse().expect("a header's value");
        response.headers_mut().insert(name, value);
    }
    response
}

fn said(status: StatusCode, body: &Value) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = status;
    response
}
