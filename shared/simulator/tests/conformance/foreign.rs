//! Scenarios through boto3, over HTTP: one warm Python for all of them, and one port with the
//! scenario's world behind it.

use std::cell::RefCell;
use std::future::ready;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use amiary_simulator::World;
use amiary_simulator::serve::Server;
use serde_json::{Value, json};

use crate::aws::{Aws, Client, Refused};
use crate::in_process::InProcess;
use crate::python::{self, Environment};

/// boto3 in a process of its own. It ends when this is dropped.
pub struct Boto3 {
    process: Child,
    calls: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Boto3 {
    pub fn start(environment: &Environment) -> Self {
        let mut command = python::script(environment, "foreign.py");
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("boto3 starts");
        Self {
            calls: process.stdin.take(),
            answers: BufReader::new(process.stdout.take().expect("its output")),
            process,
        }
    }

    /// One call to an endpoint.
    pub fn call(
        &mut self,
        endpoint: &str,
        (account, region): (&str, &str),
        (service, operation): (&str, &str),
        parameters: &Value,
    ) -> Result<Value, Refused> {
        let call = json!({
            "endpoint": endpoint,
            "account": account,
            "region": region,
            "service": service,
            "operation": operation,
            "parameters": parameters,
        });
        let calls = self.calls.as_mut().expect("boto3 runs");
        writeln!(calls, "{call}").expect("boto3 listens");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("boto3 answers");
        let mut answer: Value = serde_json::from_str(&line).expect("an answer of boto3");
        if let Some(broken) = answer["broken"].as_str() {
            panic!("boto3 can't call {service}:{operation} with {parameters}:\n{broken}");
        }
        if answer.get("result").is_some() {
            return Ok(answer["result"].take());
        }
        let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
        Err(Refused {
            code: text("code"),
            message: text("message"),
            status: answer["status"]
                .as_u64()
                .and_then(|status| status.try_into().ok())
                .unwrap_or_default(),
        })
    }
}

impl Drop for Boto3 {
    fn drop(&mut self) {
        drop(self.calls.take());
        // It has ended, or is about to.
        let _ = self.process.wait();
    }
}

/// A server whose world is changed for each scenario, and boto3 to call it.
pub struct Foreign {
    boto3: RefCell<Boto3>,
    world: Arc<Mutex<World>>,
    server: Server,
}

impl Foreign {
    pub fn start(environment: &Environment) -> Self {
        let world = Arc::new(Mutex::new(World::new(1)));
        let behind = Arc::clone(&world);
        let answer = move |request| {
            let world = behind.lock().unwrap_or_else(PoisonError::into_inner);
            ready(world.call(request))
        };
        Self {
            boto3: RefCell::new(Boto3::start(environment)),
            server: Server::answering(0, answer).expect("a free port"),
            world,
        }
    }

    /// Runs a scenario in a world of its own.
    pub fn run(&mut self, scenario: fn(&Aws<'_>)) {
        let fresh = InProcess::new();
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        *world = fresh.world.clone();
        drop(world);
        let foreign = &*self;
        scenario(&Aws::new(&ThroughBoto3 { foreign, fresh }));
    }
}

/// Calls over HTTP; time and events are the world's.
struct ThroughBoto3<'a> {
    foreign: &'a Foreign,
    fresh: InProcess,
}

impl Client for ThroughBoto3<'_> {
    fn call(
        &self,
        place: (&str, &str),
        target: (&str, &str),
        parameters: &Value,
    ) -> Result<Value, Refused> {
        let mut boto3 = self.foreign.boto3.borrow_mut();
        boto3.call(&self.foreign.server.url(), place, target, parameters)
    }

    fn pass(&self, time: Duration) {
        self.fresh.pass(time);
    }

    fn events(&self) -> Vec<Value> {
        self.fresh.events()
    }

    fn join(&self, account: &str, arn: &str) {
        self.fresh.join(account, arn);
    }
}
