//! Owns how a lineage is shown: as a tree, as a history, as JSON.

use super::{BAD, FAINT, GOOD, WAITING, painted};
use amiary_domain::lineage::{HistoryEntry, Lineage, Replica, ReplicaState, SourceStatus};
use amiary_domain::notice::printable;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// The lineage as a tree: ancestors above, replicas and descendants below.
pub(crate) fn tree(lineage: &Lineage) -> String {
    let source = &lineage.source;
    let mut text = String::new();
    for ancestor in source.ancestors.iter().rev() {
        let _ = writeln!(
            text,
            "{} {} in {}",
            painted(FAINT, "from"),
            ancestor.id,
            ancestor.region
        );
    }
    let _ = writeln!(
        text,
        "{}  {}\n  {} {} · family {} · {}",
        printable(&source.name),
        painted(status_style(source.status), &source.status.to_string()),
        source.image,
        source.architecture,
        source.family,
        if source.encrypted {
            "encrypted"
        } else {
            "unencrypted"
        },
    );
    let below = lineage.replicas.len() + lineage.descendants.len();
    let branches = lineage.replicas.values().map(replica).chain(
        lineage
            .descendants
            .iter()
            .map(|image| format!("built from it: {image}")),
    );
    for (index, branch) in branches.enumerate() {
        let (twig, gap) = if index + 1 == below {
            ("└─", "  ")
        } else {
            ("├─", "│ ")
        };
        let mut lines = branch.lines();
        let _ = writeln!(text, "  {twig} {}", lines.next().unwrap_or_default());
        for line in lines {
            let _ = writeln!(text, "  {gap}   {line}");
        }
    }
    text.trim_end().to_owned()
}

fn replica(replica: &Replica) -> String {
    let state = painted(state_style(replica.state), &replica.state.to_string());
    let image = replica
        .image
        .as_ref()
        .map_or("no image yet", |image| image.as_str());
    let mut text = format!("{} {image}  {state}", replica.destination);
    if let Some(cause) = &replica.cause {
        let _ = write!(text, "\n{}", printable(cause));
    }
    text
}

pub(crate) fn state_style(state: ReplicaState) -> anstyle::Style {
    match state {
        ReplicaState::Verified => GOOD,
        ReplicaState::Failed | ReplicaState::Gone => BAD,
        _ => WAITING,
    }
}

fn status_style(status: SourceStatus) -> anstyle::Style {
    match status {
        SourceStatus::Replicated => GOOD,
        SourceStatus::Incomplete => BAD,
        SourceStatus::Replicating | SourceStatus::Unavailable => WAITING,
    }
}

/// The history, a line an entry.
pub(crate) fn history(entries: &[HistoryEntry]) -> String {
    let lines = entries.iter().map(|entry| {
        format!(
            "{}  {}  {}  {}",
            painted(FAINT, &entry.at.strftime("%Y-%m-%d %H:%M:%S").to_string()),
            entry.place,
            printable(&entry.what),
            painted(
                FAINT,
                &format!("({}, revision {})", entry.by, entry.revision)
            ),
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The lineage for scripts.
pub(crate) fn json(lineage: &Lineage, history: &[HistoryEntry]) -> Value {
    json!({
        "source": lineage.source,
        "replicas": lineage.replicas.values().collect::<Vec<_>>(),
        "descendants": lineage.descendants,
        "history": history,
    })
}
