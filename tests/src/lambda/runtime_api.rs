//! Owns Lambda's side of the
//! [Runtime API](https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html), for one process.

use super::environment::Answered;
use crate::{BUILDER, SOURCE_REGION};
use amiary_simulator::serve::Server;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::sync::{mpsc, oneshot, watch};

/// What a process is handed.
pub(super) struct Invocation {
    pub id: String,
    pub function: String,
    pub payload: Value,
    pub deadline: Timestamp,
}

/// The API.
pub(super) struct RuntimeApi {
    server: Server,
    shared: Arc<Shared>,
    invocations: mpsc::UnboundedSender<Invocation>,
}

struct Shared {
    next: tokio::sync::Mutex<mpsc::UnboundedReceiver<Invocation>>,
    /// The invocation under way, and who waits for its answer.
    waiting: Mutex<Option<(String, oneshot::Sender<Answered>)>>,
    /// How often the process asked for an invocation.
    asked: watch::Sender<u32>,
}

impl RuntimeApi {
    pub fn start() -> Self {
        let (invocations, next) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            next: next.into(),
            waiting: Mutex::default(),
            asked: watch::Sender::new(0),
        });
        let answering = Arc::clone(&shared);
        let answer = move |request| {
            let shared = Arc::clone(&answering);
            async move { shared.answer(request).await }
        };
        Self {
            server: Server::answering(0, answer).expect("a free port"),
            shared,
            invocations,
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Hands the process an invocation; its answer may never come.
    pub fn invoke(&self, invocation: Invocation) -> oneshot::Receiver<Answered> {
        let (answer, answered) = oneshot::channel();
        *self.shared.waiting() = Some((invocation.id.clone(), answer));
        let taken = self.invocations.send(invocation);
        assert!(taken.is_ok(), "the API is there");
        answered
    }

    /// Waits until the process has started, which ends with its first question for an invocation.
    pub async fn started(&self) {
        let mut asked = self.shared.asked.subscribe();
        let _ = asked.wait_for(|asked| *asked > 0).await;
    }
}

impl Shared {
    fn waiting(&self) -> std::sync::MutexGuard<'_, Option<(String, oneshot::Sender<Answered>)>> {
        self.waiting.lock().expect("nobody panicked")
    }

    async fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        let path = request.uri().path().to_owned();
        let path = path.strip_prefix("/2018-06-01/runtime/");
        let path: Vec<&str> = path.unwrap_or_default().split('/').collect();
        let body = || serde_json::from_slice(request.body()).unwrap_or_default();
        match (request.method(), path.as_slice()) {
            (&Method::GET, ["invocation", "next"]) => {
                self.asked.send_modify(|asked| *asked += 1);
                match self.next.lock().await.recv().await {
                    Some(invocation) => handed(&invocation),
                    None => std::future::pending().await,
                }
            }
            (&Method::POST, ["invocation", id, "response"]) => self.answered(id, Ok(body())),
            (&Method::POST, ["invocation", id, "error"]) => self.answered(id, Err(body())),
            (&Method::POST, ["init", "error"]) => {
                let waits = self.waiting().as_ref().map(|(id, _)| id.clone());
                self.answered(&waits.unwrap_or_default(), Err(body()))
            }
            _ => said(StatusCode::NOT_FOUND, &json!({"errorType": "NotFound"})),
        }
    }

    fn answered(&self, id: &str, answer: Answered) -> Response<Bytes> {
        let waits = self.waiting().take_if(|(waits, _)| waits == id);
        let taken = waits.is_some_and(|(_, waits)| waits.send(answer).is_ok());
        if taken {
            return said(StatusCode::ACCEPTED, &json!({"status": "OK"}));
        }
        let error = json!({"errorType": "InvalidRequestID"});
        said(StatusCode::BAD_REQUEST, &error)
    }
}

fn handed(invocation: &Invocation) -> Response<Bytes> {
    let function = &invocation.function;
    let headers = [
        ("lambda-runtime-aws-request-id", invocation.id.clone()),
        (
            "lambda-runtime-deadline-ms",
            invocation.deadline.as_millisecond().to_string(),
        ),
        (
            "lambda-runtime-invoked-function-arn",
            format!("arn:aws:lambda:{SOURCE_REGION}:{BUILDER}:function:{function}"),
        ),
        (
            "lambda-runtime-trace-id",
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0".to_owned(),
        ),
    ];
    let mut response = said(StatusCode::OK, &invocation.payload);
    for (name, value) in headers {
        let value = value.parse().expect("a header's value");
        response.headers_mut().insert(name, value);
    }
    response
}

fn said(status: StatusCode, body: &Value) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = status;
    let json = http::HeaderValue::from_static("application/json");
    response
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, json);
    response
}
