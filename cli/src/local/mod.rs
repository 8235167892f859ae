//! Owns the local stack: a simulated AWS, the event bus that routes by the deployment's own
//! template, and the functions' handlers behind it, all in this process and on a virtual clock.

mod functions;
mod happened;
mod process;
mod provision;

pub use functions::Drawing;
pub use happened::Happened;
pub use process::{Circumstances, Process};
pub use provision::provision;

use crate::exit::Problem;
use amiary_aws::{
    Aws, CONNECTION_HEADER, InProcess, Roles, Settings, StaticCredentials, Transport,
};
use amiary_engine::ports::{Clock, ReadRecord, StorePolicy};
use amiary_simulator::World;
use amiary_simulator::bus::{Bus, Delivery};
use functions::Functions;
use jiff::{SignedDuration, Timestamp};
use process::WorldClock;
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const HUB: &str = include_str!("../../../infra/template.yaml");
const SPOKE_REGION: &str = include_str!("../../../infra/spoke-region.yaml");
const TABLE: &str = "amiary";
/// The table's logical name in the template.
const TEMPLATE_TABLE: &str = "Table";

/// The account that Amiary is deployed in.
pub const HOME_ACCOUNT: &str = "111111111111";
/// The Region that Amiary is deployed in.
pub const HOME_REGION: &str = "us-east-1";

/// The local stack.
pub struct Local {
    world: World,
    bus: Bus,
    functions: Functions,
}

/// Clients for a principal of an account, over a simulated world.
pub async fn clients(world: &World, account: &str, principal: &str) -> Aws {
    let circumstances = Circumstances::default();
    clients_of(world, account, principal, &Arc::default(), &circumstances).await
}

/// The same clients in other circumstances; where a planned fault crashes their caller, the flag is
/// set, and what they were asked is never answered.
async fn clients_of(
    world: &World,
    account: &str,
    principal: &str,
    crashed: &Arc<AtomicBool>,
    circumstances: &Circumstances,
) -> Aws {
    let credentials = world.credentials(account, principal);
    let (answering, telling, crashed) = (world.clone(), world.clone(), Arc::clone(crashed));
    let clock_error = circumstances.clock_error;
    let transport = Transport::InProcess(InProcess {
        call: Arc::new(move |request| {
            let response = answering.call(request);
            let mark = response.headers().get(CONNECTION_HEADER);
            if mark.is_some_and(|mark| mark.as_bytes().starts_with(b"crashed")) {
                crashed.store(true, Ordering::Relaxed);
            }
            response
        }),
        now: Arc::new(move || telling.now() + clock_error),
        region: HOME_REGION.to_owned(),
        credentials: StaticCredentials {
            access_key_id: credentials.access_key_id,
            secret_access_key: credentials.secret_access_key,
            session_token: Some(credentials.session_token),
        },
        yields: Arc::clone(&circumstances.yields),
    });
    Aws::new(Settings {
        table: TABLE.to_owned(),
        roles: Roles::new(),
        external_id: None,
        transport,
    })
    .await
}

impl Local {
    /// A stack over a world, with the table and this policy as its active revision: the first one
    /// of a new world, the next one where the world has another active.
    ///
    /// # Errors
    /// Where the template can't be read, or the table or the policy can't be stored.
    pub async fn start(world: World, policy: &str) -> Result<Self, Problem> {
        let bus = Bus::from_template(HUB, HOME_ACCOUNT, HOME_REGION)
            .and_then(|bus| bus.with_spokes(SPOKE_REGION))
            .map_err(|error| Problem::Local(error.to_string()))?;
        let admin = clients(&world, HOME_ACCOUNT, "administrator").await;
        admin.create_table().await?;
        let active = admin.active_policy().await?;
        if active.as_ref().is_none_or(|active| active.text != policy) {
            let after = active.map_or(0, |active| active.number);
            admin
                .apply_policy(policy, after, world.now(), "administrator")
                .await?;
        }
        let functions = Functions::new(&world).await;
        Ok(Self {
            world,
            bus,
            functions,
        })
    }

    /// The simulated AWS.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The event bus.
    pub fn bus(&mut self) -> &mut Bus {
        &mut self.bus
    }

    /// The clock that the stack lives on.
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(WorldClock {
            world: self.world.clone(),
            error: SignedDuration::ZERO,
        })
    }

    /// Draws how it goes for each process of a function that starts from now on. Those that wait
    /// for an invocation are ended.
    pub fn set_circumstances(&mut self, drawing: Drawing) {
        self.functions.set_circumstances(drawing);
    }

    /// What is to be delivered now, for a caller that has several invocations run at once. What
    /// came of it goes to [`Bus::done`].
    pub fn due(&mut self) -> Option<Delivery> {
        self.route();
        self.bus.due(self.world.now())
    }

    /// When something happens next by itself, schedules included.
    pub fn next_moment(&self) -> Option<Timestamp> {
        let now = self.world.now();
        [self.world.next_change(), self.bus.next_due(now)]
            .into_iter()
            .flatten()
            .min()
    }

    /// Moves the clock to a moment, and past a change that is due already.
    pub fn pass_until(&self, moment: Timestamp) {
        let now = self.world.now();
        let least = SignedDuration::from_millis(1);
        self.world.advance(moment.duration_since(now).max(least));
    }

    /// Lets the next thing happen: a function is invoked, or, where none is due, time passes until
    /// the next change. Answers nothing once all is quiet but the schedules.
    pub async fn step(&mut self) -> Option<Happened> {
        if let Some(delivery) = self.due() {
            return Some(self.invoke(delivery).await);
        }
        let next = [self.world.next_change(), self.bus.next_work()]
            .into_iter()
            .flatten()
            .min()?;
        self.pass_until(next);
        Some(Happened::TimePassed {
            until: self.world.now(),
        })
    }

    /// Lets everything happen that follows without a schedule; answers every invocation.
    pub async fn settle(&mut self) -> Vec<Happened> {
        let mut happened = Vec::new();
        while let Some(next) = self.step().await {
            happened.push(next);
        }
        happened
    }

    /// Lets time pass, with all that happens in it, the schedules too.
    pub async fn pass(&mut self, time: SignedDuration) -> Vec<Happened> {
        let end = self.world.now() + time;
        let mut happened = Vec::new();
        while let Some(next) = self.next_until(end).await {
            happened.push(next);
        }
        happened
    }

    /// Lets time pass until a function is invoked, schedules included; nothing where the end comes
    /// first, and then it is the end.
    pub async fn next_until(&mut self, end: Timestamp) -> Option<Happened> {
        loop {
            if let Some(delivery) = self.due() {
                return Some(self.invoke(delivery).await);
            }
            match self.next_moment() {
                Some(next) if next <= end => self.pass_until(next),
                _ => break,
            }
        }
        if self.world.now() < end {
            self.pass_until(end);
        }
        self.route();
        None
    }

    fn route(&mut self) {
        let now = self.world.now();
        for event in self.world.take_events() {
            self.bus
                .put_event(now, &event.account, &event.region, &event.body);
        }
        for record in self.world.take_stream_records() {
            if record.table == TABLE {
                self.bus
                    .put_stream_record(now, TEMPLATE_TABLE, record.record);
            }
        }
    }

    async fn invoke(&mut self, delivery: Delivery) -> Happened {
        let result = self
            .functions
            .invoke(&delivery.function, delivery.payload.clone())
            .await;
        self.bus.done(self.world.now(), delivery.id, result.clone());
        Happened::Invoked {
            function: delivery.function,
            payload: delivery.payload,
            result,
        }
    }

    /// Invokes a function by hand, past the bus.
    ///
    /// # Errors
    /// The function's failure with its whole chain, or that there is no such function.
    pub async fn invoke_by_hand(&self, function: &str, payload: Value) -> Result<Value, String> {
        self.functions.invoke(function, payload).await
    }
}
