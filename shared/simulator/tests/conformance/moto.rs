//! Scenarios that moto is right about: they run there as well, and each call must come to the
//! same there and here.

use std::cell::RefCell;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Stdio};
use std::time::Duration;

use libtest_mimic::Failed;
use serde_json::Value;

use crate::aws::{Aws, Client, OWNER, Refused};
use crate::foreign::Boto3;
use crate::in_process::InProcess;
use crate::python::{self, Environment};

/// moto's server in a process of its own, and boto3 to call it. It ends when this is dropped.
pub struct Moto {
    process: Child,
    port: u16,
    boto3: RefCell<Boto3>,
}

impl Moto {
    pub fn start(environment: &Environment) -> Self {
        let mut command = python::script(environment, "serve_moto.py");
        command
            .env("MOTO_ACCOUNT_ID", OWNER)
            .env("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut process = command.spawn().expect("moto starts");
        let mut port = String::new();
        let output = process.stdout.as_mut().expect("its output");
        let read = BufReader::new(output).read_line(&mut port);
        read.expect("moto says its port");
        Self {
            port: port.trim().parse().expect("a port of moto's"),
            boto3: RefCell::new(Boto3::start(environment)),
            process,
        }
    }

    /// Runs a scenario here and there, and holds what came of each call side by side.
    pub fn run(&mut self, scenario: fn(&Aws<'_>)) -> Result<(), Failed> {
        self.reset().expect("moto forgets");
        let (here, there) = (
            outcomes(&InProcess::new(), scenario),
            outcomes(self, scenario),
        );
        let differing = here.iter().zip(&there).find(|(here, there)| here != there);
        match differing {
            Some((here, there)) => Err(format!("here: {here}\nmoto: {there}").into()),
            None if here.len() == there.len() => Ok(()),
            None => Err(format!("here: {here:#?}\nmoto: {there:#?}").into()),
        }
    }

    fn reset(&self) -> std::io::Result<()> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        let request = "POST /moto-api/reset HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\
                       Content-Length: 0\r\n\r\n";
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        assert!(answer.contains("\"ok\""), "{answer}");
        Ok(())
    }
}

impl Client for Moto {
    fn call(
        &self,
        place: (&str, &str),
        target: (&str, &str),
        parameters: &Value,
    ) -> Result<Value, Refused> {
        let endpoint = format!("http://127.0.0.1:{}", self.port);
        self.boto3
            .borrow_mut()
            .call(&endpoint, place, target, parameters)
    }

    fn pass(&self, _: Duration) {}

    fn events(&self) -> Vec<Value> {
        panic!("moto tells of no events")
    }

    fn join(&self, _: &str, _: &str) {
        panic!("moto's organizations see no images")
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        // Where it can't be stopped it has stopped already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What came of each call of a scenario.
fn outcomes(client: &dyn Client, scenario: fn(&Aws<'_>)) -> Vec<String> {
    let recorded = Recorded {
        client,
        outcomes: RefCell::default(),
    };
    scenario(&Aws::new(&recorded));
    recorded.outcomes.into_inner()
}

struct Recorded<'a> {
    client: &'a dyn Client,
    outcomes: RefCell<Vec<String>>,
}

impl Client for Recorded<'_> {
    fn call(
        &self,
        place: (&str, &str),
        (service, operation): (&str, &str),
        parameters: &Value,
    ) -> Result<Value, Refused> {
        let answer = self.client.call(place, (service, operation), parameters);
        let came = match &answer {
            Ok(_) => "answered".to_owned(),
            Err(refused) => format!("{} {}", refused.status, refused.code),
        };
        let mut outcomes = self.outcomes.borrow_mut();
        let number = outcomes.len() + 1;
        outcomes.push(format!("call {number}, {service}:{operation}: {came}"));
        answer
    }

    fn pass(&self, time: Duration) {
        self.client.pass(time);
    }

    fn events(&self) -> Vec<Value> {
        self.client.events()
    }

    fn join(&self, account: &str, arn: &str) {
        self.client.join(account, arn);
    }
}
