//! Owns the three functions as they are deployed: their real binaries behind the queues, streams
//! and schedules of the template, on a world that is in step with the machine's clock, because that
//! is the clock that a binary reads.
//!
//! The queues' clock is ahead of the world's by as much as a test skips, so that a message that is
//! hidden for twelve minutes comes again at once, and nothing else gets older.

use super::built;
use super::environment::{Answered, AtCrash, Environment, Limits, Secrets, Settings};
use super::log::Log;
use super::process::Process;
use crate::{Stage, Wants};
use amiary_engine::ports::Clock;
use amiary_runtime::SystemClock;
use amiary_simulator::World;
use amiary_simulator::bus::{Delivery, Kind};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// How long a copy takes.
const COPY: SignedDuration = SignedDuration::from_millis(500);
/// What happens by itself within this time is waited for.
const SOON: SignedDuration = SignedDuration::from_secs(10);
/// How often it is looked at what happened.
const TICK: Duration = Duration::from_millis(10);
/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_mins(5);
/// The functions in the template, and their binaries.
const FUNCTIONS: [(&str, &str); 3] = [
    ("ReplicateFunction", "replicate"),
    ("ReconcileFunction", "reconcile"),
    ("NotifyFunction", "notify"),
];

/// An invocation that has ended.
#[derive(Debug, Clone)]
pub struct Invoked {
    /// The function, by its binary's name.
    pub function: &'static str,
    /// Where it came from.
    pub kind: Kind,
    /// What the function was given.
    pub payload: Value,
    /// What became of it.
    pub answer: Answered,
}

/// A process that was started, whether it still runs or not.
struct Started {
    function: &'static str,
    process: Process,
    log: Log,
    secrets: Secrets,
}

/// The functions, deployed.
pub struct Deployment {
    /// The world, and the questions one asks of it.
    pub stage: Stage,
    /// How long invocations have from now on; the template's time-outs where nothing is said.
    pub limits: Option<Limits>,
    /// What a planned crash does to processes that start from now on.
    pub at_crash: AtCrash,
    /// Every invocation that has ended.
    pub invoked: Vec<Invoked>,
    binaries: BTreeMap<&'static str, PathBuf>,
    /// Started and without an invocation, by function.
    idle: BTreeMap<&'static str, Vec<Environment>>,
    under_way: JoinSet<(Delivery, Answered, Environment)>,
    started: Vec<Started>,
    /// The function whose schedule is on.
    scheduled: Option<&'static str>,
    ahead: SignedDuration,
}

impl Deployment {
    /// The functions on a stage for what a test wants.
    pub async fn new(wants: &Wants) -> Self {
        let world = World::beginning_at(7, SystemClock.now());
        world.set_copy_duration(COPY);
        world.set_call_duration(SignedDuration::ZERO);
        let binaries = FUNCTIONS.map(|(_, name)| (name, built(name)));
        Self {
            stage: Stage::on(world, wants).await,
            limits: None,
            at_crash: AtCrash::default(),
            invoked: Vec::new(),
            binaries: binaries.into(),
            idle: BTreeMap::new(),
            under_way: JoinSet::new(),
            started: Vec::new(),
            scheduled: None,
            ahead: SignedDuration::ZERO,
        }
    }

    /// Lets things happen until a condition holds.
    ///
    /// # Panics
    /// Where it does not come to hold; what happened and every log are shown.
    pub async fn until(&mut self, what: &str, mut holds: impl AsyncFnMut(&Self) -> bool) {
        let begun = Instant::now();
        loop {
            self.turn();
            if holds(self).await {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "not {what}:\n{}", self.told());
            tokio::time::sleep(TICK).await;
        }
    }

    /// Lets everything happen that is under way or about to come: only hidden messages and
    /// schedules are left then.
    pub async fn quiet(&mut self) {
        self.until("quiet", async |aws| {
            let now = aws.stage.world().now();
            let change = aws.stage.world().next_change();
            aws.under_way.is_empty() && change.is_none_or(|at| at > now + SOON)
        })
        .await;
    }

    /// Skips time for queues, streams and schedules, once all is quiet, and until it is again.
    pub async fn skip(&mut self, time: SignedDuration) {
        self.quiet().await;
        self.ahead += time;
        self.quiet().await;
    }

    /// Skips until the message of a failed invocation is there again.
    pub async fn skip_hiding(&mut self) {
        // The queue's visibility timeout, and some.
        self.skip(SignedDuration::from_secs(721)).await;
    }

    /// Has a function's schedule invoke it, and waits for the end of that.
    pub async fn schedule(&mut self, function: &'static str) -> Answered {
        self.quiet().await;
        let before = self.invoked.len();
        self.scheduled = Some(function);
        self.skip(SignedDuration::from_mins(15)).await;
        self.scheduled = None;
        let fired = self.invoked[before..]
            .iter()
            .find(|one| one.function == function && matches!(one.kind, Kind::Schedule(_)));
        fired.expect("the schedule was due").answer.clone()
    }

    /// The invocations of a function that have ended.
    pub fn invocations(&self, function: &str) -> Vec<&Invoked> {
        let all = self.invoked.iter();
        all.filter(|one| one.function == function).collect()
    }

    /// Sends SIGTERM to the first process of a function.
    ///
    /// # Panics
    /// Where it has none.
    pub fn terminate(&self, function: &str) {
        let mut all = self.started.iter();
        let started = all.find(|one| one.function == function);
        started.expect("a process").process.terminate();
    }

    /// How many processes of a function were started.
    pub fn started(&self, function: &str) -> usize {
        let all = self.started.iter();
        all.filter(|one| one.function == function).count()
    }

    /// Ends every process, and gives what each has logged, by function. What must hold for every
    /// log is seen to hold.
    ///
    /// # Panics
    /// Where a log has a line that is not plain JSON, or a secret.
    pub async fn end(mut self) -> Vec<(&'static str, Log)> {
        let mut logs = Vec::new();
        for started in std::mem::take(&mut self.started) {
            started.process.kill();
            started.log.end().await;
            started.log.events();
            let (function, secrets) = (started.function, started.secrets);
            assert!(secrets.count() >= 2, "it was given credentials");
            let found = secrets.found_in(&started.log.text());
            assert_eq!(found, None, "{function} logs a secret");
            logs.push((function, started.log));
        }
        logs
    }

    /// What time it is for queues, streams and schedules.
    fn bus_time(&self) -> Timestamp {
        self.stage.world().now() + self.ahead
    }

    /// One look at what is due and what has ended.
    fn turn(&mut self) {
        let behind = SystemClock.now().duration_since(self.stage.world().now());
        self.stage.world().advance(behind.max(SignedDuration::ZERO));
        while let Some(ended) = self.under_way.try_join_next() {
            let (delivery, answer, environment) = ended.expect("an invocation never panics");
            self.ended(delivery, answer, environment);
        }
        let now = self.bus_time();
        self.stage.route(now);
        while let Some(delivery) = self.stage.local.bus().due(now) {
            self.deliver(delivery);
        }
    }

    fn deliver(&mut self, delivery: Delivery) {
        let function = binary_of(&delivery);
        let off = matches!(delivery.kind, Kind::Schedule(_)) && self.scheduled != Some(function);
        if off {
            let now = self.bus_time();
            self.stage
                .local
                .bus()
                .done(now, delivery.id, Ok(Value::Null));
            return;
        }
        let told = delivery.deadline.duration_since(self.bus_time());
        let template = Limits::of(told.unsigned_abs());
        let limits = self.limits.unwrap_or(template);
        let idle = self.idle.entry(function).or_default();
        idle.retain(|environment| !environment.has_ended());
        let waiting = idle.pop();
        let mut environment = waiting.unwrap_or_else(|| self.start(function));
        self.under_way.spawn(async move {
            let answer = environment
                .invoke_within(delivery.payload.clone(), limits)
                .await;
            (delivery, answer, environment)
        });
    }

    fn start(&mut self, function: &'static str) -> Environment {
        let settings = Settings {
            at_crash: self.at_crash,
            ..Settings::default()
        };
        let binary = &self.binaries[function];
        let environment = Environment::with(binary, function, self.stage.world(), &settings);
        self.started.push(Started {
            function,
            process: environment.process(),
            log: environment.log().clone(),
            secrets: environment.secrets().clone(),
        });
        environment
    }

    fn ended(&mut self, delivery: Delivery, answer: Answered, environment: Environment) {
        let now = self.bus_time();
        let result = answer.clone().map_err(|error| error.to_string());
        self.stage.local.bus().done(now, delivery.id, result);
        let function = binary_of(&delivery);
        if !environment.has_ended() {
            self.idle.entry(function).or_default().push(environment);
        }
        self.invoked.push(Invoked {
            function,
            kind: delivery.kind,
            payload: delivery.payload,
            answer,
        });
    }

    /// What happened, for a test that fails.
    pub fn told(&self) -> String {
        let invoked = self.invoked.iter();
        let invoked =
            invoked.map(|one| format!("{} {:?} -> {:?}", one.function, one.kind, one.answer));
        let logs = self.started.iter();
        let logs = logs.map(|one| format!("-- {}\n{}", one.function, one.log.text()));
        invoked.chain(logs).collect::<Vec<_>>().join("\n")
    }
}

fn binary_of(delivery: &Delivery) -> &'static str {
    let mut known = FUNCTIONS.into_iter();
    let function = known.find(|(id, _)| *id == delivery.function);
    function.expect("a function of the template").1
}
