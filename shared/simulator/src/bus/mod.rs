//! Owns what stands between the places where things happen and the functions: `EventBridge` rules,
//! SQS queues, schedules, and the mappings from queues and streams to functions.
//!
//! All of it is read from the deployed templates, so that a test over the bus is a test of them.
//! The bus calls nobody: it is told what happened and what time it is, and is asked which function
//! is to be called next, with what. It is synchronous and deterministic.
//!
//! ```text
//! put_event ── rules (of a spoke, then of the hub's bus; or of the hub) ── queue ──┐
//! put_stream_record ── filters ── batches ─────────────────────────────────────────┼── due ── done
//! the clock ── schedules ── asynchronous calls ────────────────────────────────────┘
//! ```
//!
//! A caller's loop: ask [`Bus::due`] until there is nothing, calling the function each time and
//! saying what came of it with [`Bus::done`]; then move the clock to [`Bus::next_due`].

mod answer;
mod call;
mod delivery;
mod pattern;
mod queue;
mod references;
mod schedule;
mod sources;
mod stream;
mod template;
#[cfg(test)]
mod tests;
mod wiring;
mod work;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use self::call::Call;
pub use self::delivery::{Delivering, Delivery, Kind};
pub use self::template::TemplateError;
pub use self::wiring::Function;
use self::wiring::{Rule, Wiring};
use self::work::{InFlight, Work};
use crate::event::Event;
use crate::fault::courier::{Courier, EventReport};

/// The rules, queues, schedules and mappings of a deployment, and what is under way in them.
#[derive(Debug)]
pub struct Bus {
    account: String,
    region: String,
    wiring: Wiring,
    spokes: Vec<Rule>,
    delivering: Delivering,
    courier: Courier,
    /// Asynchronous calls that wait for their time.
    calls: Vec<Call>,
    in_flight: BTreeMap<u64, InFlight>,
    count: u64,
}

/// What could be delivered next.
#[derive(Debug, Clone, Copy)]
enum Next {
    Poll(usize),
    Stream(usize),
    Call(usize),
}

impl Bus {
    /// Reads functions, rules, queues, schedules and stream mappings from the hub's template.
    pub fn from_template(
        template: &str,
        hub_account: &str,
        hub_region: &str,
    ) -> Result<Self, TemplateError> {
        Ok(Self {
            account: hub_account.to_owned(),
            region: hub_region.to_owned(),
            wiring: Wiring::of_hub(template, hub_account, hub_region)?,
            spokes: Vec::new(),
            delivering: Delivering::default(),
            courier: Courier::default(),
            calls: Vec::new(),
            in_flight: BTreeMap::new(),
            count: 0,
        })
    }

    /// Has every other account and Region forward events to the hub, by this template's rules.
    pub fn with_spokes(mut self, spoke_region_template: &str) -> Result<Self, TemplateError> {
        self.spokes = self.wiring.rules_of_spokes(spoke_region_template)?;
        Ok(self)
    }

    /// Chooses how events and stream records that arrive from now on are delivered. What befalls
    /// events by chance, before they come to a bus, is set with
    /// [`World::set_event_faults`](crate::World::set_event_faults).
    pub fn set_delivery(&mut self, delivering: Delivering) {
        self.delivering = delivering;
        self.courier.set(delivering.of_events());
    }

    /// The events that were lost or doubled here, in order.
    pub fn event_report(&self) -> Vec<EventReport> {
        self.courier.report()
    }

    /// The functions' logical ids, in the template's order.
    pub fn functions(&self) -> Vec<String> {
        self.wiring
            .functions
            .iter()
            .map(|function| function.id.clone())
            .collect()
    }

    /// A function of the template.
    pub fn function(&self, id: &str) -> Option<&Function> {
        self.wiring
            .functions
            .iter()
            .find(|function| function.id == id)
    }

    /// An event on the default bus of an account and Region.
    pub fn put_event(&mut self, now: Timestamp, account: &str, region: &str, event: &Value) {
        let copies = self.courier.copies(&Event {
            account: account.to_owned(),
            region: region.to_owned(),
            body: event.clone(),
        });
        for arn in self.targets(account == self.account && region == self.region, event) {
            let Some(queue) = self.wiring.queue(&arn) else {
                continue;
            };
            for _ in 0..copies {
                let id = self.next_name();
                self.wiring.queues[queue].send(now, id, event.to_string());
            }
        }
    }

    /// A record of a table's stream, the table by its logical id or name. What a stream adds to a
    /// record and the caller left out is filled in; what the stream's view does not carry is
    /// dropped. A table that no function listens to is no error.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "what happened is handed over"
    )]
    pub fn put_stream_record(&mut self, now: Timestamp, table: &str, record: Value) {
        for stream in self
            .wiring
            .streams
            .iter_mut()
            .filter(|s| s.table.iter().any(|t| t == table))
        {
            stream.put(now, &self.region, record.clone());
        }
    }

    /// The next delivery that is due, if any: the one due first, then in the template's order.
    pub fn due(&mut self, now: Timestamp) -> Option<Delivery> {
        self.lapse(now);
        self.fire(now);
        loop {
            let (at, next) = self.candidates().min_by_key(|(at, _)| *at)?;
            if at > now {
                return None;
            }
            let delivery = match next {
                Next::Poll(poll) => self.deliver_messages(now, poll),
                Next::Stream(stream) => Some(self.deliver_batch(now, stream)),
                Next::Call(call) => Some(self.deliver_call(now, call)),
            };
            if delivery.is_some() {
                return delivery;
            }
        }
    }

    /// What a function answered. An answer to a delivery that is not under way is ignored, and one
    /// at the delivery's deadline or after it counts as a failure.
    pub fn done(&mut self, now: Timestamp, id: u64, result: Result<Value, String>) {
        let Some(in_flight) = self.in_flight.remove(&id) else {
            return;
        };
        let result = if now >= in_flight.deadline {
            Err("Task timed out".into())
        } else {
            result
        };
        match in_flight.work {
            Work::Messages { poll, ids } => self.messages_done(poll, &ids, &result),
            Work::Call(call) => self.call_done(now, call, result),
            Work::Batch { stream, batch } => self.batch_done(now, stream, batch, &result),
        }
    }

    /// When something could be due next, schedules included; not after `now` means at once.
    pub fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        let schedules = self
            .wiring
            .schedules
            .iter()
            .map(|schedule| schedule.next(now));
        schedules.chain(self.next_work()).min()
    }

    /// When something could be due next, schedules not counted: none means that all is quiet.
    pub fn next_work(&self) -> Option<Timestamp> {
        let lapses = self.in_flight.values().map(|in_flight| in_flight.deadline);
        self.candidates().map(|(at, _)| at).chain(lapses).min()
    }

    /// What is in a queue, by its logical id: events as they were sent, or what Lambda says of a
    /// call or batch that it gave up.
    pub fn dead_letters(&self, queue: &str) -> Vec<Value> {
        let queue = self.wiring.queues.iter().find(|known| known.id == queue);
        queue.map(queue::Queue::bodies).unwrap_or_default()
    }

    /// The targets of the rules that match: in a spoke the hub's bus, and so that bus's rules.
    fn targets(&self, in_hub: bool, event: &Value) -> Vec<String> {
        let matching = |rules: &[Rule], bus: Option<&str>| -> Vec<String> {
            let matching = rules
                .iter()
                .filter(|r| r.bus.as_deref() == bus && r.pattern.matches(event));
            matching.flat_map(|rule| rule.targets.clone()).collect()
        };
        if in_hub {
            return matching(&self.wiring.rules, None);
        }
        let forwarded = matching(&self.spokes, None).into_iter();
        let buses =
            forwarded.filter_map(|arn| self.wiring.buses.iter().find(|(_, bus)| *bus == arn));
        buses
            .flat_map(|(name, _)| matching(&self.wiring.rules, Some(name)))
            .collect()
    }

    /// What could be delivered, and when; not what its function has no room for.
    fn candidates(&self) -> impl Iterator<Item = (Timestamp, Next)> {
        let polls = self.wiring.polls.iter().enumerate().filter(|(i, poll)| {
            let under_way =
                |f: &&InFlight| matches!(f.work, Work::Messages { poll, .. } if poll == *i);
            self.has_room(poll.function) && self.below(poll.concurrency, under_way)
        });
        let polls = polls.filter_map(|(i, poll)| {
            Some((
                self.wiring.queues[poll.queue].next_visible()?,
                Next::Poll(i),
            ))
        });
        let streams = self.wiring.streams.iter().enumerate();
        let streams = streams.filter(|(_, stream)| self.has_room(stream.function));
        let streams = streams.filter_map(|(i, stream)| Some((stream.next()?, Next::Stream(i))));
        let calls = self
            .calls
            .iter()
            .enumerate()
            .filter(|(_, call)| self.has_room(call.function));
        polls
            .chain(streams)
            .chain(calls.map(|(i, call)| (call.due, Next::Call(i))))
    }

    fn has_room(&self, function: usize) -> bool {
        let reserved = self.wiring.functions[function].concurrency;
        self.below(reserved, |in_flight| in_flight.function == function)
    }

    fn below(&self, limit: Option<u32>, counts: impl Fn(&&InFlight) -> bool) -> bool {
        let Some(limit) = limit else { return true };
        let under_way = self.in_flight.values().filter(counts).count();
        u32::try_from(under_way).is_ok_and(|under_way| under_way < limit)
    }
}
