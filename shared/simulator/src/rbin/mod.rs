//! The Recycle Bin's retention rules: which deleted resources are kept, and for how long.
//! <https://docs.aws.amazon.com/ebs/latest/userguide/recycle-bin-concepts.html>.

mod lock;
mod rule;
mod tag;
mod written;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::dispatch::Handler;
use crate::ec2::tag::TagMap;
use crate::request::Request;
use crate::state::{State, later};
use crate::wire::error::ApiError;

/// The retention rules of all accounts.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Rbin {
    /// By the account and the Region, then by their identifiers.
    rules: BTreeMap<(String, String), BTreeMap<String, Rule>>,
}

/// A retention rule.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Rule {
    identifier: String,
    arn: String,
    description: Option<String>,
    kind: Kind,
    days: i64,
    scope: Scope,
    /// When it begins to retain.
    active: Timestamp,
    lock: Lock,
    tags: TagMap,
}

/// What a rule retains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    Snapshot,
    Image,
}

/// Which resources of its kind a rule retains; a tag without a value means any.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum Scope {
    /// Those with any of the tags.
    Tagged(Vec<(String, Option<String>)>),
    /// All of the Region but those with any of the tags.
    Region(Vec<(String, Option<String>)>),
}

/// Whether a rule may be changed:
/// <https://docs.aws.amazon.com/ebs/latest/userguide/recycle-bin-lock.html>.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum Lock {
    Never,
    /// With the days its unlocking takes.
    Locked(i64),
    /// With those days, and when it is unlocked.
    Unlocking(i64, Timestamp),
}

/// The operation's handler.
pub(crate) fn handler(operation: &str) -> Option<Handler> {
    let handler: Handler = match operation {
        "CreateRule" => rule::create_rule,
        "DeleteRule" => rule::delete_rule,
        "GetRule" => rule::get_rule,
        "ListRules" => rule::list_rules,
        "ListTagsForResource" => tag::list_tags_for_resource,
        "LockRule" => lock::lock_rule,
        "TagResource" => tag::tag_resource,
        "UnlockRule" => lock::unlock_rule,
        "UntagResource" => tag::untag_resource,
        "UpdateRule" => rule::update_rule,
        _ => return None,
    };
    Some(handler)
}

impl Rbin {
    /// Until when a resource that is deleted now is retained, if any rule covers it. The longest
    /// period counts.
    pub(crate) fn retained_until(
        &self,
        (account, region): (&str, &str),
        kind: Kind,
        tags: &TagMap,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let rules = self.rules.get(&(account.to_owned(), region.to_owned()))?;
        let covering = rules
            .values()
            .filter(|rule| rule.kind == kind && rule.active <= now && rule.scope.covers(tags));
        let days = covering.map(|rule| rule.days).max()?;
        Some(later(now, days_long(days)))
    }
}

impl Scope {
    fn covers(&self, tags: &TagMap) -> bool {
        let has = |(key, value): &(String, Option<String>)| {
            let held = tags.get(key);
            held.is_some_and(|held| value.as_ref().is_none_or(|value| value == held))
        };
        match self {
            Self::Tagged(wanted) => wanted.iter().any(has),
            Self::Region(excluded) => !excluded.iter().any(has),
        }
    }
}

fn days_long(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days.clamp(0, 3650))
}

/// The rules of the caller's Region.
fn rules<'a>(state: &'a mut State, call: &Request) -> &'a mut BTreeMap<String, Rule> {
    let place = (call.account().to_owned(), call.region.clone());
    state.rbin.rules.entry(place).or_default()
}

/// The rule that a call names.
fn named<'a>(state: &'a mut State, call: &Request) -> Result<&'a mut Rule, ApiError> {
    let identifier = call.params().need("Identifier")?;
    let well_formed = identifier.len() == 11
        && identifier
            .bytes()
            .all(|letter| letter.is_ascii_alphanumeric());
    if !well_formed {
        let message = format!("The rule identifier {identifier} is not valid.");
        return Err(invalid(message));
    }
    if let Some(rule) = rules(state, call).get(identifier) {
        let arn = rule.arn.clone();
        let tags = rule.tags.clone();
        state.touch(arn);
        crate::ec2::tag::present(state, &tags);
    }
    rules(state, call)
        .get_mut(identifier)
        .ok_or_else(|| not_found(identifier))
}

/// An error with the reason that Recycle Bin gives beside the message.
fn error(status: u16, code: &str, reason: &str, message: impl Into<String>) -> ApiError {
    let message = message.into();
    let mut error = ApiError::with_status(status, code, message.clone());
    let details = [("Message", message.as_str()), ("Reason", reason)];
    let details = details.map(|(name, text)| (name.to_owned(), text.into()));
    error.details.extend(details);
    error
}

fn invalid(message: impl Into<String>) -> ApiError {
    error(
        400,
        "ValidationException",
        "INVALID_PARAMETER_VALUE",
        message,
    )
}

fn not_found(what: &str) -> ApiError {
    let message = format!("The rule {what} was not found.");
    error(404, "ResourceNotFoundException", "RULE_NOT_FOUND", message)
}

fn conflict(message: &str) -> ApiError {
    error(409, "ConflictException", "INVALID_RULE_STATE", message)
}
