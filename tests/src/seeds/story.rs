//! Owns how a seed's story is told.

use super::scenario::Scenario;
use super::stage::Stage;
use super::watch::is_amiarys;
use amiary_engine::ports::ReadRecord;
use amiary_simulator::Call;
use jiff::Timestamp;
use std::fmt::Write;

/// The most characters of a call's parameters.
const LONGEST: usize = 220;

/// How long after the beginning something was.
pub(super) fn after(now: Timestamp, begin: Timestamp) -> String {
    let milliseconds = now.duration_since(begin).as_millis();
    let (minutes, rest) = (milliseconds / 60_000, milliseconds % 60_000);
    format!(
        "{:3}h{:02}m{:06.3}",
        minutes / 60,
        minutes % 60,
        seconds(rest)
    )
}

fn seconds(milliseconds: i128) -> f64 {
    f64::from(u32::try_from(milliseconds).unwrap_or_default()) / 1000.0
}

/// A call of Amiary's that changed something in AWS, or that failed.
pub(super) fn line(call: &Call, begin: Timestamp) -> Option<String> {
    let changes = call.mutating && call.service != "dynamodb" && call.service != "sts";
    if !is_amiarys(call) || !(changes || call.error.is_some()) {
        return None;
    }
    let who = call.caller.split('/').nth(1).unwrap_or_default();
    let error = call.error.as_deref().unwrap_or("done");
    let asked: String = call.parameters.to_string().chars().take(LONGEST).collect();
    let at = after(call.at, begin);
    let (account, region, operation) = (&call.account, &call.region, &call.operation);
    Some(format!(
        "{at}     {who} {operation} in {account}/{region}: {error} {asked}"
    ))
}

/// Every call of Amiary's, a line each.
pub(super) fn trace(stage: &Stage) -> String {
    let mut trace = String::new();
    for call in &stage.watch.calls {
        let error = call.error.as_deref().unwrap_or("done");
        let _ = writeln!(
            trace,
            "{} {}/{} {} {}:{} {error} {}",
            call.at,
            call.account,
            call.region,
            call.caller,
            call.service,
            call.operation,
            call.parameters
        );
    }
    trace
}

/// The whole story: what was drawn, what happened, and what the record says.
pub(super) async fn whole(drawn: &Scenario, stage: &Stage) -> String {
    let mut text = format!("{drawn}\n");
    for line in &stage.told {
        let _ = writeln!(text, "{line}");
    }
    for made in stage.people.made.values() {
        let history = stage.admin.history(&made.reference()).await;
        let history = history.unwrap_or_default();
        let _ = writeln!(text, "\nthe record of {}:", made.reference());
        for entry in history {
            let (at, place, by) = (after(entry.at, stage.begin), &entry.place, &entry.by);
            let _ = writeln!(text, "{at} {by} at {place}: {}", entry.what);
        }
    }
    text
}
