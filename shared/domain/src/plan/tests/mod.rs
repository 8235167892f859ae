//! What plans must hold, over a world small enough to be seen through.

mod copying;
mod properties;
mod sharing;
mod sources;
mod toy;

use super::{Action, Plan};
use crate::notice::NoticeKind;

const IRELAND: &str = "111111111111/eu-west-1";
const SYDNEY: &str = "111111111111/ap-southeast-2";
const ELSEWHERE: &str = "222222222222/eu-west-1";

fn reasons(plan: &Plan) -> String {
    plan.left
        .iter()
        .map(|left| left.reason.clone())
        .collect::<Vec<_>>()
        .join("\n")
}

fn notices(plan: &Plan) -> Vec<NoticeKind> {
    plan.steps()
        .filter_map(|(_, step)| match &step.action {
            Action::Write(change) => Some(change.notices.clone()),
            _ => None,
        })
        .flatten()
        .map(|notice| notice.kind)
        .collect()
}

fn copies(plan: &Plan) -> Vec<String> {
    plan.steps()
        .filter_map(|(_, step)| match &step.action {
            Action::Copy(replica) => Some(replica.destination.to_string()),
            _ => None,
        })
        .collect()
}

fn takes_back(plan: &Plan) -> bool {
    plan.steps().any(|(_, step)| {
        matches!(
            step.action,
            Action::Unshare { .. } | Action::UnshareSnapshot { .. }
        )
    })
}
