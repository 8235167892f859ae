//! Owns one stream → function mapping: its records in order, what is retried, and what is given up.
//!
//! A table's stream is one shard here, and a shard is handled strictly in order: what has failed is
//! retried before anything after it. A failed batch is split in two, which costs no attempt; one
//! that can't be split is tried as often as the mapping says, and then given up. Where the function
//! reports which record failed, that one and those after it are retried.
//!
//! Source: Lambda Developer Guide, "Using Lambda with Amazon `DynamoDB`" (batch windows, bisecting,
//! partial batch responses, discarded records).

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::answer::Answer;
use super::pattern::Pattern;
use super::queue::later;

/// A mapping from a table's stream to a function, and where it stands.
#[derive(Debug)]
pub(super) struct Stream {
    /// The logical id: the function's and the event's.
    pub id: String,
    pub function: usize,
    /// The table's logical id and its name.
    pub table: [String; 2],
    pub arn: String,
    /// Which of the two states of an item the stream carries.
    pub view: String,
    pub filters: Vec<Pattern>,
    pub batch_size: usize,
    pub bisect: bool,
    /// How often a batch is retried; none is for ever.
    pub retries: Option<u32>,
    pub reports_failures: bool,
    /// The queue's ARN that is told what was given up.
    pub on_failure: Option<String>,
    pub pending: VecDeque<Record>,
    pub again: VecDeque<Batch>,
    pub in_flight: bool,
    pub sequence: u64,
}

/// A record of a stream.
#[derive(Debug, Clone)]
pub(super) struct Record {
    sequence: String,
    arrived: Timestamp,
    value: Value,
}

/// Records that are delivered together.
#[derive(Debug, Clone)]
pub(super) struct Batch {
    pub records: Vec<Record>,
    /// How often it was tried.
    attempts: u32,
    not_before: Timestamp,
    /// Whether it is delivered again although it was handled.
    doubled: bool,
}

impl Stream {
    /// Takes a record in, if the filters let it pass.
    pub fn put(&mut self, now: Timestamp, region: &str, mut record: Value) {
        self.sequence += 1;
        complete(
            &mut record,
            &self.arn,
            &self.view,
            region,
            self.sequence,
            now,
        );
        let passes = |filter: &Pattern| filter.matches(&record);
        if self.filters.is_empty() || self.filters.iter().any(passes) {
            let sequence = record["dynamodb"]["SequenceNumber"]
                .as_str()
                .unwrap_or_default();
            let sequence = sequence.to_owned();
            self.pending.push_back(Record {
                sequence,
                arrived: now,
                value: record,
            });
        }
    }

    /// When the next batch can be delivered: not while one is being handled.
    pub fn next(&self) -> Option<Timestamp> {
        if self.in_flight {
            return None;
        }
        let retried = self.again.front().map(|batch| batch.not_before);
        retried.or_else(|| self.pending.front().map(|record| record.arrived))
    }

    /// Takes the next batch out.
    pub fn take(&mut self, now: Timestamp) -> Batch {
        self.in_flight = true;
        self.again.pop_front().unwrap_or_else(|| {
            let most = self.batch_size.min(self.pending.len());
            Batch {
                records: self.pending.drain(..most).collect(),
                attempts: 0,
                not_before: now,
                doubled: false,
            }
        })
    }

    /// Takes the function's answer; what comes back is given up.
    pub fn answered(&mut self, now: Timestamp, mut batch: Batch, answer: &Answer) -> Option<Batch> {
        self.in_flight = false;
        match answer {
            Answer::Done => return None,
            Answer::Some(failed) => {
                // The first that failed, and all after it.
                if let Some(first) = batch
                    .records
                    .iter()
                    .position(|r| failed.contains(&r.sequence))
                {
                    batch.records.drain(..first);
                    return self.retry(now, batch);
                }
            }
            Answer::Failed => {}
        }
        if self.bisect && batch.records.len() > 1 {
            let second = batch.records.split_off(batch.records.len().div_ceil(2));
            batch.not_before = now;
            self.again.push_front(Batch {
                records: second,
                ..batch.clone()
            });
            self.again.push_front(batch);
            return None;
        }
        self.retry(now, batch)
    }

    /// Delivers a batch that was handled a second time, as at-least-once delivery may.
    pub fn double(&mut self, batch: Batch) {
        if !batch.doubled {
            self.again.push_front(Batch {
                doubled: true,
                attempts: 0,
                ..batch
            });
        }
    }

    fn retry(&mut self, now: Timestamp, mut batch: Batch) -> Option<Batch> {
        batch.attempts += 1;
        if self.retries.is_some_and(|most| batch.attempts > most) {
            return Some(batch);
        }
        let seconds = 1_i64 << (batch.attempts - 1).min(6);
        batch.not_before = later(now, SignedDuration::from_secs(seconds));
        self.again.push_front(batch);
        None
    }

    /// What the failure destination is told of a batch that was given up: where it lies in the
    /// stream, not what is in it.
    pub fn discarded(&self, now: Timestamp, batch: &Batch, request: &str, function: &str) -> Value {
        let first = batch.records.first();
        let last = batch.records.last();
        let sequence = |record: Option<&Record>| record.map(|record| record.sequence.clone());
        let arrived = |record: Option<&Record>| record.map(|record| record.arrived.to_string());
        json!({
            "version": "1.0",
            "timestamp": now.to_string(),
            "requestContext": {
                "requestId": request,
                "functionArn": function,
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": batch.attempts,
            },
            "responseContext": {
                "statusCode": 200,
                "executedVersion": "$LATEST",
                "functionError": "Unhandled",
            },
            "DDBStreamBatchInfo": {
                "shardId": "shardId-00000000000000000000-00000000",
                "startSequenceNumber": sequence(first),
                "endSequenceNumber": sequence(last),
                "approximateArrivalOfFirstRecord": arrived(first),
                "approximateArrivalOfLastRecord": arrived(last),
                "batchSize": batch.records.len(),
                "streamArn": self.arn,
            },
        })
    }
}

impl Batch {
    /// What the function names a record by.
    pub fn sequences(&self) -> Vec<&str> {
        self.records
            .iter()
            .map(|record| record.sequence.as_str())
            .collect()
    }

    /// Lambda's event.
    pub fn payload(&self) -> Value {
        let records: Vec<&Value> = self.records.iter().map(|record| &record.value).collect();
        json!({ "Records": records })
    }
}

/// Adds what the stream knows to a record that lacks it, and drops what its view does not carry.
fn complete(
    record: &mut Value,
    arn: &str,
    view: &str,
    region: &str,
    sequence: u64,
    now: Timestamp,
) {
    let Some(fields) = record.as_object_mut() else {
        return;
    };
    let mut lacking = |name: &str, value: Value| {
        fields.entry(name).or_insert(value);
    };
    lacking("eventID", json!(format!("{sequence:032x}")));
    lacking("eventVersion", json!("1.1"));
    lacking("eventSource", json!("aws:dynamodb"));
    lacking("awsRegion", json!(region));
    lacking("eventSourceARN", json!(arn));
    lacking("dynamodb", json!({}));
    let Some(change) = record["dynamodb"].as_object_mut() else {
        return;
    };
    change
        .entry("SequenceNumber")
        .or_insert(json!(format!("{sequence:021}")));
    change
        .entry("ApproximateCreationDateTime")
        .or_insert(json!(now.as_second()));
    change.entry("SizeBytes").or_insert(json!(0));
    change.insert("StreamViewType".into(), json!(view));
    if !view.starts_with("NEW") {
        change.remove("NewImage");
    }
    if !view.ends_with("OLD_IMAGE") && !view.ends_with("OLD_IMAGES") {
        change.remove("OldImage");
    }
}
