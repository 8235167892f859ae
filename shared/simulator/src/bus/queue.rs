//! Owns one SQS queue: its messages, who sees them when, and when a message is dead.
//!
//! A received message is hidden for the visibility timeout and is there again after it, unless it
//! was deleted. A message that was received as often as the queue allows goes to the dead-letter
//! queue at the next attempt to receive it. Messages do not expire.
//!
//! Source: SQS Developer Guide, "visibility timeout" and "dead-letter queues"; Lambda Developer
//! Guide, "Using Lambda with Amazon SQS" (the shape of the event).

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::md5;

/// A queue and what is in it.
#[derive(Debug)]
pub(super) struct Queue {
    pub id: String,
    pub arn: String,
    pub visibility: SignedDuration,
    /// The ARN of the dead-letter queue, and after how many receives a message goes there.
    pub redrive: Option<(String, u32)>,
    messages: Vec<Message>,
}

/// A message in a queue.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub id: String,
    pub body: String,
    sent: Timestamp,
    visible: Timestamp,
    receives: u32,
    first_received: Option<Timestamp>,
}

impl Queue {
    pub fn new(
        id: String,
        arn: String,
        visibility: SignedDuration,
        redrive: Option<(String, u32)>,
    ) -> Self {
        Self {
            id,
            arn,
            visibility,
            redrive,
            messages: Vec::new(),
        }
    }

    pub fn send(&mut self, now: Timestamp, id: String, body: String) {
        self.messages.push(Message {
            id,
            body,
            sent: now,
            visible: now,
            receives: 0,
            first_received: None,
        });
    }

    /// When the next message can be received.
    pub fn next_visible(&self) -> Option<Timestamp> {
        self.messages.iter().map(|message| message.visible).min()
    }

    /// Takes away the visible messages that were received too often.
    pub fn take_dead(&mut self, now: Timestamp) -> Vec<Message> {
        let Some((_, limit)) = self.redrive else {
            return Vec::new();
        };
        self.messages
            .extract_if(.., |m| m.visible <= now && m.receives >= limit)
            .collect()
    }

    /// Receives visible messages: the longest visible first, or the last sent first.
    pub fn receive(&mut self, now: Timestamp, most: usize, last_first: bool) -> Vec<Message> {
        let mut visible: Vec<&mut Message> = self
            .messages
            .iter_mut()
            .filter(|message| message.visible <= now)
            .collect();
        if last_first {
            visible.reverse();
        } else {
            visible.sort_by_key(|message| message.visible);
        }
        visible.truncate(most);
        let hidden_until = later(now, self.visibility);
        let receive = |message: &mut Message| {
            message.receives += 1;
            message.first_received.get_or_insert(now);
            message.visible = hidden_until;
            message.clone()
        };
        visible.into_iter().map(receive).collect()
    }

    pub fn delete(&mut self, handled: impl Fn(&str) -> bool) {
        self.messages.retain(|message| !handled(&message.id));
    }

    /// The bodies of all messages, as JSON where they are.
    pub fn bodies(&self) -> Vec<Value> {
        let body = |m: &Message| serde_json::from_str(&m.body).unwrap_or_else(|_| json!(m.body));
        self.messages.iter().map(body).collect()
    }
}

impl Message {
    /// The record of Lambda's SQS event.
    pub fn record(&self, queue_arn: &str, region: &str) -> Value {
        let first = self.first_received.unwrap_or(self.sent);
        json!({
            "messageId": self.id,
            "receiptHandle": format!("{}/{}", self.id, self.receives),
            "body": self.body,
            "attributes": {
                "ApproximateReceiveCount": self.receives.to_string(),
                "SentTimestamp": self.sent.as_millisecond().to_string(),
                "SenderId": "AIDAIENQZJOLO23YVJ4VO",
                "ApproximateFirstReceiveTimestamp": first.as_millisecond().to_string(),
            },
            "messageAttributes": {},
            "md5OfBody": md5::of_text(&self.body),
            "eventSource": "aws:sqs",
            "eventSourceARN": queue_arn,
            "awsRegion": region,
        })
    }
}

/// A moment later; at the end of time, the end of time.
pub(super) fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.saturating_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::Queue;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    fn after(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).expect("a time")
    }

    fn queue() -> Queue {
        let redrive = Some(("arn:dead".to_owned(), 2));
        Queue::new(
            "Q".into(),
            "arn:q".into(),
            SignedDuration::from_secs(60),
            redrive,
        )
    }

    #[test]
    fn a_received_message_is_hidden_until_the_visibility_timeout_ends() {
        let mut queue = queue();
        queue.send(START, "m".into(), "{}".into());
        assert_eq!(queue.receive(START, 10, false).len(), 1);
        assert!(queue.receive(after(59), 10, false).is_empty());
        assert_eq!(queue.next_visible(), Some(after(60)));
        assert_eq!(queue.receive(after(60), 10, false)[0].receives, 2);
    }

    #[test]
    fn a_message_is_dead_when_it_was_received_as_often_as_allowed() {
        let mut queue = queue();
        queue.send(START, "m".into(), "{}".into());
        queue.receive(START, 10, false);
        assert!(
            queue.take_dead(after(60)).is_empty(),
            "it was received once of twice"
        );
        queue.receive(after(60), 10, false);
        assert!(
            queue.take_dead(after(119)).is_empty(),
            "it is still being handled"
        );
        assert_eq!(queue.take_dead(after(120)).len(), 1);
        assert_eq!(queue.next_visible(), None);
    }

    #[test]
    fn only_as_many_as_asked_for_are_received_in_the_order_asked_for() {
        let mut queue = queue();
        for id in ["a", "b", "c"] {
            queue.send(START, id.into(), "{}".into());
        }
        let ids = |messages: Vec<super::Message>| -> Vec<String> {
            messages.into_iter().map(|message| message.id).collect()
        };
        assert_eq!(ids(queue.receive(START, 2, true)), ["c", "b"]);
        assert_eq!(ids(queue.receive(START, 2, false)), ["a"]);
    }

    #[test]
    fn a_record_has_the_shape_of_lambdas_sqs_event() {
        let mut queue = queue();
        queue.send(START, "m".into(), r#"{"a":1}"#.into());
        queue.receive(START, 1, false);
        let record = queue.receive(after(60), 1, false)[0].record(&queue.arn, "eu-west-1");
        assert_eq!(record["attributes"]["ApproximateReceiveCount"], "2");
        assert_eq!(
            record["attributes"]["ApproximateFirstReceiveTimestamp"],
            "0"
        );
        assert_eq!(record["body"], r#"{"a":1}"#);
        assert_eq!(record["eventSourceARN"], "arn:q");
        assert_eq!(record["md5OfBody"], "bb6cb5c68df4652941caf652a366f2d8");
    }
}
