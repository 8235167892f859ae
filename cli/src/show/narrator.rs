//! Owns the telling of what happens on the local stack: which function was woken by what, and the
//! calls that it changed AWS with.

use crate::local::Happened;
use crate::show::{FAINT, WAITING, painted};
use amiary_simulator::Call;
use jiff::Timestamp;
use serde_json::Value;

/// Tells a stack's events as lines of text.
pub(crate) struct Narrator {
    start: Timestamp,
}

impl Narrator {
    /// A narrator who begins now.
    pub(crate) fn new(start: Timestamp) -> Self {
        Self { start }
    }

    /// The lines for one thing that happened, and the calls that were made in it.
    pub(crate) fn tell(&self, now: Timestamp, calls: &[Call], happened: &Happened) -> Vec<String> {
        let Happened::Invoked {
            function,
            payload,
            result,
        } = happened
        else {
            return Vec::new();
        };
        let changes: Vec<String> = changes(calls)
            .map(|call| format!("          {}", change(call)))
            .collect();
        let Some(woken) = waking(payload, !changes.is_empty()) else {
            return Vec::new();
        };
        let seconds = now.duration_since(self.start).as_secs();
        let time = format!("{:>3}:{:02}", seconds / 60, seconds % 60);
        let name = name(function);
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

/// A function's name, from its logical id in the template.
pub(crate) fn name(function: &str) -> String {
    function.trim_end_matches("Function").to_lowercase()
}

/// The calls that changed something outside the record.
pub(crate) fn changes(calls: &[Call]) -> impl Iterator<Item = &Call> {
    let changing = |call: &&Call| call.mutating && call.service != "dynamodb";
    calls.iter().filter(changing)
}

/// A call that changed something, in a few words.
pub(crate) fn change(call: &Call) -> String {
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
pub(crate) fn waking(payload: &Value, changed: bool) -> Option<String> {
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
