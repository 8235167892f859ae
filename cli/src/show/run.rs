//! Owns how it is shown what one run would take of the images that may go, and what the rest waits
//! for.

use amiary_domain::notice::printable;
use amiary_domain::retention::Admitted;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// How many wait for each reason.
fn waiting(admitted: &Admitted) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for waiting in &admitted.waiting {
        *counts.entry(waiting.reason.to_string()).or_default() += 1;
    }
    counts
}

/// A line for what a run would take, and one for each reason why others wait.
pub(crate) fn text(admitted: &Admitted) -> String {
    let mut text = format!("a run now would take {} of them", admitted.going.len());
    for (reason, count) in waiting(admitted) {
        let _ = write!(text, "\n  {count} wait: {}", printable(&reason));
    }
    text
}

/// The same for scripts.
pub(crate) fn json(admitted: &Admitted) -> Value {
    let waiting = waiting(admitted).into_iter();
    let waiting = waiting.map(|(reason, count)| json!({"count": count, "reason": reason}));
    let going = admitted.going.iter();
    let going = going.map(|going| json!({"image": going.image, "stage": going.to.to_string()}));
    json!({"going": going.collect::<Vec<_>>(), "waiting": waiting.collect::<Vec<_>>()})
}
