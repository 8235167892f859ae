//! Owns the telling of what happens on the local stack: which function was woken by what, and the
//! calls that it changed AWS with.

use crate::local::Happened;
use crate::show::{FAINT, WAITING, painted};
use amiary_simulator::{Call, World};
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
        let changes: Vec<String> = new
            .iter()
            .filter(|call| call.mutating && call.service != "dynamodb")
            .map(|call| format!("          {}", change(call)))
            .collect();
        let Some(woken) = waking(payload, !changes.is_empty()) else {
            return Vec::new();
        };
        let seconds = world.now().duration_since(self.start).as_secs();
        let time = format!("{:>3}:{:02}", seconds / 60, seconds % 60);
        let name = function.trim_end_matches("Function").to_lowercase();
        let mut lines = vec![format!("{} {name} ← {woken}", painted(FAINT, &time))];
        lines.extend(changes);
        if let Err(failure) = result {
            lines.push(format!("          {}", painted(WAITING, failure)));
        }
        if lines.len() == 1 {
            lines.push(painted(FAINT, "          nothing to change"));
        }
        lines
    }
}

/// A call that changed something, in a few words.
fn change(call: &Call) -> String {
    let given = |name: &str| call.parameters[name].as_str().unwrap_or_default();
    let place = format!("{} of {}", call.region, call.account);
    let said = match call.operation.as_str() {
        "CopyImage" => match given("KmsKeyId") {
            "" => format!("copies it to {place}"),
            key => format!("copies it to {place}, under {}", short_key(key)),
        },
        "ModifyImageAttribute" => {
            format!(
                "{} {} in {place}",
                sharing(&call.parameters["LaunchPermission"]),
                given("ImageId")
            )
        }
        "ModifySnapshotAttribute" => format!(
            "{} {} in {place}",
            sharing(&call.parameters["CreateVolumePermission"]),
            given("SnapshotId")
        ),
        "CreateTags" => format!("tags in {place}"),
        "Publish" => format!("tells the owner: {}", given("Subject")),
        other => format!("{other} in {place}"),
    };
    match &call.error {
        Some(code) => format!("{said} {}", painted(WAITING, code)),
        None => said,
    }
}

fn sharing(change: &Value) -> String {
    let who = |list: &Value| {
        let entries = list
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_object);
        let names = entries
            .flat_map(|entry| entry.values())
            .filter_map(Value::as_str);
        let names = names.map(|name| name.rsplit('/').next().unwrap_or(name).to_owned());
        names.collect::<Vec<_>>().join(", ")
    };
    match (who(&change["Add"]), who(&change["Remove"])) {
        (add, remove) if remove.is_empty() => format!("shares with {add}:"),
        (_, remove) => format!("takes back from {remove}:"),
    }
}

/// A key's ARN as a person tells keys apart.
pub(crate) fn short_key(arn: &str) -> String {
    let id = arn.rsplit('/').next().unwrap_or(arn);
    format!("key {}…", id.chars().take(8).collect::<String>())
}

/// What woke a function, in a few words; nothing for the echo of Amiary's own calls.
fn waking(payload: &Value, changed: bool) -> Option<String> {
    let Some(record) = payload["Records"].get(0) else {
        return Some("its schedule".to_owned());
    };
    let Some(body) = record["body"].as_str() else {
        return Some("a notice in the outbox".to_owned());
    };
    let event: Value = serde_json::from_str(body).unwrap_or_default();
    let detail = &event["detail"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    if let Some(image) = detail["ImageId"].as_str() {
        return Some(format!(
            "{image} is {} in {}",
            text(&detail["State"]),
            text(&event["region"])
        ));
    }
    let told = format!(
        "someone called {} in {}",
        text(&detail["eventName"]),
        text(&event["region"])
    );
    changed.then_some(told)
}
