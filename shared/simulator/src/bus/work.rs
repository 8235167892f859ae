//! Owns what is under way: handing work to functions, and what becomes of it when they answer.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::answer::Answer;
use super::call::Call;
use super::queue::later;
use super::stream::Batch;
use super::{Bus, Delivering, Delivery, Kind};

/// A call of a function that has no answer yet.
#[derive(Debug)]
pub(super) struct InFlight {
    pub function: usize,
    pub deadline: Timestamp,
    pub work: Work,
}

/// What was handed over with a call.
#[derive(Debug)]
pub(super) enum Work {
    Messages { poll: usize, ids: Vec<String> },
    Call(Call),
    Batch { stream: usize, batch: Batch },
}

impl Bus {
    /// Lambda ends calls at their deadline.
    pub(super) fn lapse(&mut self, now: Timestamp) {
        let late = |(id, f): (&u64, &InFlight)| (f.deadline <= now).then_some(*id);
        let late: Vec<u64> = self.in_flight.iter().filter_map(late).collect();
        for id in late {
            self.done(now, id, Err("Task timed out".into()));
        }
    }

    pub(super) fn fire(&mut self, now: Timestamp) {
        for index in 0..self.wiring.schedules.len() {
            let Some(at) = self.wiring.schedules[index].fire(now) else {
                continue;
            };
            let name = self.next_name();
            let schedule = &self.wiring.schedules[index];
            self.calls.push(Call {
                kind: Kind::Schedule(schedule.id.clone()),
                function: schedule.function,
                payload: schedule.payload(at, &name, &self.account, &self.region),
                request: name,
                failures: 0,
                first: at,
                due: at,
            });
        }
    }

    pub(super) fn deliver_messages(&mut self, now: Timestamp, index: usize) -> Option<Delivery> {
        let poll = &self.wiring.polls[index];
        let (function, last_first) = (poll.function, self.delivering == Delivering::Reversed);
        let queue = &mut self.wiring.queues[poll.queue];
        let dead = queue.take_dead(now);
        let messages = queue.receive(now, poll.batch_size, last_first);
        let records = messages
            .iter()
            .map(|message| message.record(&queue.arn, &self.region));
        let payload = json!({ "Records": records.collect::<Vec<_>>() });
        let (kind, redrive) = (Kind::Queue(queue.id.clone()), queue.redrive.clone());
        for message in dead {
            let arn = redrive.as_ref().map(|(arn, _)| arn.as_str());
            self.send(now, arn, message.id, message.body);
        }
        if messages.is_empty() {
            return None;
        }
        let ids = messages.into_iter().map(|message| message.id).collect();
        Some(self.deliver(
            now,
            function,
            kind,
            payload,
            Work::Messages { poll: index, ids },
        ))
    }

    pub(super) fn deliver_batch(&mut self, now: Timestamp, index: usize) -> Delivery {
        let stream = &mut self.wiring.streams[index];
        let batch = stream.take(now);
        let (function, kind) = (stream.function, Kind::Stream(stream.id.clone()));
        self.deliver(
            now,
            function,
            kind,
            batch.payload(),
            Work::Batch {
                stream: index,
                batch,
            },
        )
    }

    pub(super) fn deliver_call(&mut self, now: Timestamp, index: usize) -> Delivery {
        let call = self.calls.remove(index);
        self.deliver(
            now,
            call.function,
            call.kind.clone(),
            call.payload.clone(),
            Work::Call(call),
        )
    }

    fn deliver(
        &mut self,
        now: Timestamp,
        function: usize,
        kind: Kind,
        payload: Value,
        work: Work,
    ) -> Delivery {
        self.count += 1;
        let id = self.count;
        let called = &self.wiring.functions[function];
        let deadline = later(now, called.timeout);
        let delivery = Delivery {
            id,
            function: called.id.clone(),
            payload,
            kind,
            deadline,
        };
        self.in_flight.insert(
            id,
            InFlight {
                function,
                deadline,
                work,
            },
        );
        delivery
    }

    /// Handled messages are deleted; the others are there again after the visibility timeout.
    pub(super) fn messages_done(
        &mut self,
        poll: usize,
        ids: &[String],
        result: &Result<Value, String>,
    ) {
        let poll = &self.wiring.polls[poll];
        let delivered: Vec<&str> = ids.iter().map(String::as_str).collect();
        let failed = match Answer::read(result, &delivered, poll.reports_failures) {
            Answer::Failed => return,
            Answer::Some(failed) => failed,
            Answer::Done => Vec::new(),
        };
        let handled = |id: &str| delivered.contains(&id) && !failed.iter().any(|one| one == id);
        self.wiring.queues[poll.queue].delete(handled);
    }

    pub(super) fn batch_done(
        &mut self,
        now: Timestamp,
        index: usize,
        batch: Batch,
        result: &Result<Value, String>,
    ) {
        let request = self.next_name();
        let stream = &mut self.wiring.streams[index];
        let answer = Answer::read(result, &batch.sequences(), stream.reports_failures);
        if answer == Answer::Done && self.delivering == Delivering::Doubled {
            stream.double(batch.clone());
        }
        if let Some(given_up) = stream.answered(now, batch, &answer) {
            let function = &self.wiring.functions[stream.function].arn;
            let letter = stream.discarded(now, &given_up, &request, function);
            let arn = stream.on_failure.clone();
            self.send(now, arn.as_deref(), request, letter.to_string());
        }
    }

    pub(super) fn call_done(&mut self, now: Timestamp, call: Call, result: Result<Value, String>) {
        let Err(error) = result else { return };
        let function = &self.wiring.functions[call.function];
        match call.failed(now, &error, function) {
            Ok(again) => self.calls.push(again),
            Err(letter) => {
                let arn = function.asynchronous.on_failure.clone();
                let name = self.next_name();
                self.send(now, arn.as_deref(), name, letter.to_string());
            }
        }
    }

    fn send(&mut self, now: Timestamp, arn: Option<&str>, id: String, body: String) {
        if let Some(queue) = arn.and_then(|arn| self.wiring.queue(arn)) {
            self.wiring.queues[queue].send(now, id, body);
        }
    }

    /// A name for a message or request that nothing else in this bus has.
    pub(super) fn next_name(&mut self) -> String {
        self.count += 1;
        format!("00000000-0000-4000-8000-{:012x}", self.count)
    }
}
