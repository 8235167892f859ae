//! Owns one execution environment: a process of a function, its Runtime API, and its way to a world.
//!
//! What Lambda does with it is described under
//! [the lifecycle of an execution environment](https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html).

use super::log::Log;
use super::process::Process;
use super::runtime_api::{Invocation, RuntimeApi};
use crate::{BUILDER, SOURCE_REGION};
use amiary_engine::ports::Clock;
use amiary_runtime::SystemClock;
use amiary_simulator::World;
use amiary_simulator::serve::{CONNECTION_HEADER, Server};
use bytes::Bytes;
use http::{Request, Response};
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::future::pending;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What became of an invocation: the function's answer, or its error with `errorType` and
/// `errorMessage`.
pub type Answered = Result<Value, Value>;

/// How long an invocation may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How long the function is told that it has.
    pub told: Duration,
    /// After how long it is killed.
    pub kept: Duration,
}

impl Limits {
    /// What it is told is what it has.
    pub fn of(time: Duration) -> Self {
        Self {
            told: time,
            kept: time,
        }
    }
}

/// What a planned crash of a caller does to the process that calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AtCrash {
    /// It is killed at that call.
    #[default]
    IsKilled,
    /// That call is never answered.
    Hangs,
}

/// What differs from one environment to another.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// What a planned crash does.
    pub at_crash: AtCrash,
    /// Variables beside the usual ones; an empty one is as good as none.
    pub variables: Vec<(&'static str, &'static str)>,
}

/// An execution environment of a function.
pub struct Environment {
    function: String,
    process: Process,
    log: Log,
    api: RuntimeApi,
    secrets: Secrets,
    invoked: u32,
    _aws: Server,
}

impl Environment {
    /// Starts a binary as the function of this name, with a session of its role.
    pub fn start(binary: &Path, function: &str, world: &World) -> Self {
        Self::with(binary, function, world, &Settings::default())
    }

    /// The same with settings.
    pub fn with(binary: &Path, function: &str, world: &World, settings: &Settings) -> Self {
        let (process, secrets) = (Process::default(), Secrets::default());
        let api = RuntimeApi::start();
        let aws = aws(world, &process, &secrets, settings.at_crash);
        let credentials = world.credentials(BUILDER, function);
        secrets.keep(&credentials.secret_access_key);
        secrets.keep(&credentials.session_token);
        let mut command = Command::new(binary);
        command
            .env_clear()
            .env("AMIARY_TABLE", "amiary")
            .env("AWS_LAMBDA_RUNTIME_API", api.address().to_string())
            .env("AWS_ENDPOINT_URL", aws.url())
            .env("AWS_REGION", SOURCE_REGION)
            .env("AWS_ACCESS_KEY_ID", credentials.access_key_id)
            .env("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key)
            .env("AWS_SESSION_TOKEN", credentials.session_token)
            .env("AWS_LAMBDA_FUNCTION_NAME", function)
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
            .envs(settings.variables.iter().copied());
        let log = process.start(command);
        Self {
            function: function.to_owned(),
            process,
            log,
            api,
            secrets,
            invoked: 0,
            _aws: aws,
        }
    }

    /// Waits until the process has started.
    ///
    /// # Panics
    /// Where it ends instead; its log is shown.
    pub async fn started(&self) {
        tokio::select! {
            () = self.api.started() => {}
            () = self.log.end() => panic!("it has ended:\n{}", self.log.text()),
        }
    }

    /// Invokes the function, with all the time it may want.
    pub async fn invoke(&mut self, payload: Value) -> Answered {
        let limits = Limits {
            told: Duration::from_mins(10),
            kept: Duration::from_mins(1),
        };
        self.invoke_within(payload, limits).await
    }

    /// Invokes the function. Where the process ends instead of answering, or takes too long, the
    /// error is Lambda's own, and the environment is of no more use.
    pub async fn invoke_within(&mut self, payload: Value, limits: Limits) -> Answered {
        self.invoked += 1;
        let id = format!("8476a536-e9f4-11e8-9739-{:012}", self.invoked);
        let told = SignedDuration::try_from(limits.told).expect("a time that can be told");
        let answered = self.api.invoke(Invocation {
            id: id.clone(),
            function: self.function.clone(),
            payload,
            deadline: SystemClock.now() + told,
        });
        let late = tokio::time::sleep(limits.kept);
        tokio::select! {
            biased;
            Ok(answer) = answered => answer,
            () = self.log.end() => {
                let why = exited(self.process.ended());
                Err(of_lambda(&id, "Runtime.ExitError", &why))
            }
            () = late => {
                self.process.kill();
                self.log.end().await;
                let why = format!("Task timed out after {:.2} seconds", limits.kept.as_secs_f64());
                Err(of_lambda(&id, "Sandbox.Timedout", &why))
            }
        }
    }

    /// Whether the process has ended.
    pub fn has_ended(&self) -> bool {
        self.log.has_ended()
    }

    /// Tells the process to end, as Lambda does where an extension is beside the function.
    pub async fn terminate(&self) -> ExitStatus {
        self.process.terminate();
        self.log.end().await;
        self.process.ended()
    }

    /// Ends the process, and gives its whole log.
    pub async fn end(&self) -> &Log {
        self.process.kill();
        self.log.end().await;
        &self.log
    }

    /// What the process has logged so far.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// What must not be in the log.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// What ends the process from elsewhere.
    pub(super) fn process(&self) -> Process {
        self.process.clone()
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        self.process.kill();
        self.process.ended();
    }
}

/// An error that Lambda itself answers with.
fn of_lambda(id: &str, kind: &str, why: &str) -> Value {
    json!({"errorType": kind, "errorMessage": format!("RequestId: {id} Error: {why}")})
}

fn exited(status: ExitStatus) -> String {
    if status.success() {
        return "Runtime exited without providing a reason".to_owned();
    }
    format!("Runtime exited with error: {status}")
}

/// The world as this process sees it. What a planned crash does depends on who runs the caller,
/// and here it is done.
fn aws(world: &World, process: &Process, secrets: &Secrets, at_crash: AtCrash) -> Server {
    let (world, process, secrets) = (world.clone(), process.clone(), secrets.clone());
    let answer = move |request: Request<Bytes>| {
        let response = world.call(request);
        secrets.note(&response);
        let mark = response.headers().get(CONNECTION_HEADER);
        let crashed = mark.is_some_and(|mark| mark.as_bytes().starts_with(b"crashed"));
        if crashed && at_crash == AtCrash::IsKilled {
            process.kill();
        }
        async move {
            if crashed {
                pending::<()>().await;
            }
            response
        }
    };
    Server::answering(0, answer).expect("a free port")
}

/// The secrets that a process was given.
#[derive(Clone, Default)]
pub struct Secrets(Arc<Mutex<Vec<String>>>);

impl Secrets {
    fn keep(&self, secret: &str) {
        assert!(
            secret.len() > 15,
            "a secret that is found by chance is none"
        );
        self.all().push(secret.to_owned());
    }

    /// Keeps the secrets of a role's session, if it is one that is answered.
    fn note(&self, response: &Response<Bytes>) {
        let text = String::from_utf8_lossy(response.body());
        for element in ["SecretAccessKey", "SessionToken"] {
            let after = text.split_once(&format!("<{element}>"));
            if let Some((secret, _)) = after.and_then(|(_, rest)| rest.split_once('<')) {
                self.keep(secret);
            }
        }
    }

    fn all(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.0.lock().expect("nobody panicked")
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.all().len()
    }

    /// The first that is in a text.
    pub fn found_in(&self, text: &str) -> Option<String> {
        self.all()
            .iter()
            .find(|secret| text.contains(*secret))
            .cloned()
    }
}
