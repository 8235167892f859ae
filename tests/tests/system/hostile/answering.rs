//! Owns workers whose calls are answered as a test wants it: AWS does what it is asked, and what
//! comes back is another thing.

use amiary_aws::{Aws, InProcess, Roles, Settings, StaticCredentials, Transport};
use amiary_engine::ports::Clock;
use amiary_runtime::Worker;
use amiary_simulator::World;
use amiary_tests::{BUILDER, PARTNER, PRODUCTION, SOURCE_REGION};
use bytes::Bytes;
use http::{Request, Response};
use jiff::Timestamp;
use std::sync::{Arc, Mutex};

/// Makes another answer of the one that AWS gave.
pub type Bend = Arc<dyn Fn(Response<Bytes>) -> Response<Bytes> + Send + Sync>;

/// Which answers are bent, and how.
struct Rule {
    operation: &'static str,
    region: Option<&'static str>,
    bend: Bend,
    met: usize,
}

/// What stands between Amiary and AWS.
#[derive(Clone, Default)]
pub struct Between(Arc<Mutex<Option<Rule>>>);

impl Between {
    /// Bends every answer to an operation from now on, in one Region or in all of them.
    pub fn bend(&self, operation: &'static str, region: Option<&'static str>, bend: Bend) {
        *self.0.lock().unwrap() = Some(Rule {
            operation,
            region,
            bend,
            met: 0,
        });
    }

    /// Lets answers through as they are again; how many were bent.
    pub fn let_through(&self) -> usize {
        self.0.lock().unwrap().take().map_or(0, |rule| rule.met)
    }

    fn call(&self, world: &World, request: Request<Bytes>) -> Response<Bytes> {
        let (operation, place) = (operation(&request), request.uri().to_string());
        let answer = world.call(request);
        let mut rule = self.0.lock().unwrap();
        match rule.as_mut() {
            Some(rule)
                if rule.operation == operation
                    && rule.region.is_none_or(|region| place.contains(region)) =>
            {
                rule.met += 1;
                (rule.bend)(answer)
            }
            _ => answer,
        }
    }

    /// Clients for a principal of the builder's account.
    pub async fn clients(&self, world: &World, principal: &str) -> Aws {
        let credentials = world.credentials(BUILDER, principal);
        let (between, answering, telling) = (self.clone(), world.clone(), world.clone());
        let transport = Transport::InProcess(InProcess {
            call: Arc::new(move |request| between.call(&answering, request)),
            now: Arc::new(move || telling.now()),
            region: SOURCE_REGION.to_owned(),
            credentials: StaticCredentials {
                access_key_id: credentials.access_key_id,
                secret_access_key: credentials.secret_access_key,
                session_token: Some(credentials.session_token),
            },
            yields: Arc::new(|| 0),
        });
        Aws::new(Settings {
            table: "amiary".to_owned(),
            roles: Roles::from([
                (BUILDER.parse().unwrap(), None),
                (PRODUCTION.parse().unwrap(), Some("amiary".to_owned())),
                (PARTNER.parse().unwrap(), Some("amiary".to_owned())),
            ]),
            external_id: None,
            transport,
        })
        .await
    }

    /// A function's worker.
    pub async fn worker(&self, world: &World, by: &'static str) -> Worker {
        let clock = Arc::new(Of(world.clone()));
        Worker::new(self.clients(world, by).await, clock, by)
    }
}

struct Of(World);

impl Clock for Of {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

/// The operation that a request asks for, of a JSON service by its target, of a query by its form.
fn operation(request: &Request<Bytes>) -> String {
    if let Some(target) = request.headers().get("x-amz-target") {
        let target = target.to_str().unwrap_or_default();
        return target.rsplit('.').next().unwrap_or_default().to_owned();
    }
    let body = String::from_utf8_lossy(request.body());
    let action = body
        .split('&')
        .find_map(|pair| pair.strip_prefix("Action="));
    action.unwrap_or_default().to_owned()
}

/// An answer of this status, content type and body, whatever AWS said.
pub fn says(status: u16, kind: &'static str, body: impl Into<Bytes>) -> Bend {
    let body = body.into();
    Arc::new(move |_| {
        Response::builder()
            .status(status)
            .header("content-type", kind)
            .body(body.clone())
            .unwrap()
    })
}

/// A body as AWS itself would send it.
pub fn says_as_aws(body: impl Fn() -> String + Send + Sync + 'static) -> Bend {
    Arc::new(move |_| {
        Response::builder()
            .header("x-amzn-requestid", "r-1")
            .body(Bytes::from(body()))
            .unwrap()
    })
}

/// AWS's answer with its body changed.
pub fn changed(change: impl Fn(&str) -> String + Send + Sync + 'static) -> Bend {
    Arc::new(move |answer| {
        let (mut parts, body) = answer.into_parts();
        parts.headers.remove("content-length");
        let body = change(&String::from_utf8_lossy(&body));
        Response::from_parts(parts, Bytes::from(body))
    })
}
