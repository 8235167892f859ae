//! Owns the telling of what happens on the local stack: which function was woken by what, and the
//! calls that it changed AWS with.

use crate::local::Happened;
use crate::show::{FAINT, WAITING, painted};
use amiary_simulator::World;
use jiff::Timestamp;
use serde_json::Value;

/// Tells a stack's events as lines of text.
pub(crate) struct Narrator {
    start: Timestamp,
    told: usize,
}

impl Narrator {
    /// A narrator who begins now.
    pub(crate) fn new(world: &World) -> Self {
        Self {
            start: world.now(),
            told: world.calls().len(),
        }
    }

    /// The lines for one thing that happened.
    pub(crate) fn tell(&mut self, world: &World, happened: &Happened) -> Vec<String> {
        let calls = world.calls();
        let new = calls.get(self.told..).unwrap_or_default();
        self.told = calls.len();
        let Happened::Invoked {
            function,
            payload,
            result,
        } = happened
        else {
            return Vec::new();
        };
        let minutes = world.now().duration_since(self.start).as_secs();
        let time = format!("{:>3}:{:02}", minutes / 60, minutes % 60);
        let name = function.trim_end_matches("Function").to_lowercase();
        let woken = waking(payload);
        let changes = new
            .iter()
            .filter(|call| call.mutating && call.service != "dynamodb");
        let mut lines: Vec<String> = changes
            .map(|call| {
                let place = format!("{}/{}", call.account, call.region);
                let error = call
                    .error
                    .as_deref()
                    .map(|code| painted(WAITING, code))
                    .unwrap_or_default();
                format!("        {} in {place} {error}", call.operation)
            })
            .collect();
        if let Err(failure) = result {
            lines.push(format!("        {}", painted(WAITING, failure)));
        }
        if lines.is_empty() {
            lines.push(painted(FAINT, "        nothing to change"));
        }
        lines.insert(0, format!("{} {name} ← {woken}", painted(FAINT, &time)));
        lines
    }
}

/// What woke a function, in a few words.
fn waking(payload: &Value) -> String {
    let Some(record) = payload["Records"].get(0) else {
        return "its schedule".to_owned();
    };
    let Some(body) = record["body"].as_str() else {
        return "a notice in the outbox".to_owned();
    };
    let event: Value = serde_json::from_str(body).unwrap_or_default();
    let detail = &event["detail"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    if let Some(image) = detail["ImageId"].as_str() {
        return format!(
            "{image} is {} in {}",
            text(&detail["State"]),
            text(&event["region"])
        );
    }
    format!(
        "someone called {} in {}",
        text(&detail["eventName"]),
        text(&event["region"])
    )
}
