//! Making, reading, listing, updating and deleting retention rules.

use serde_json::{Value, json};

use super::lock::{self, unlocked};
use super::{Kind, Lock, Rule, Scope, error, invalid, named, rules, tag};
use crate::ec2::page;
use crate::request::{Params, Request};
use crate::state::{State, later};
use crate::wire::error::ApiError;

/// Retention rules per Region:
/// <https://docs.aws.amazon.com/ebs/latest/userguide/recycle-bin.html#recycle-bin-quotas>.
const MOST_RULES: usize = 250;

/// How many rules may name the same tag.
const MOST_OF_ONE_TAG: usize = 5;

/// The longest retention, in days:
/// <https://docs.aws.amazon.com/recyclebin/latest/APIReference/API_RetentionPeriod.html>.
const MOST_DAYS: i64 = 365;

type Named = Vec<(String, Option<String>)>;

/// <https://docs.aws.amazon.com/recyclebin/latest/APIReference/API_CreateRule.html>. The first
/// rule of a Region begins to retain after the world's delay, later ones at once.
pub(super) fn create_rule(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let now = state.clock.now();
    let kind = Kind::named(params.need("ResourceType")?);
    let kind = kind.ok_or_else(|| invalid("Rules for volumes are not simulated."))?;
    let days = days(params)?.unwrap_or_default();
    let tagged = resource_tags(params, "ResourceTags")?.unwrap_or_default();
    let excluded = resource_tags(params, "ExcludeResourceTags")?.unwrap_or_default();
    let scope = scope(tagged, excluded)?;
    let lock = match params.child("LockConfiguration") {
        Some(configuration) => Lock::Locked(lock::delay(configuration, &scope)?),
        None => Lock::Never,
    };
    let description = description(params)?;
    let tags = tag::read(params)?;
    check_quota(state, call, &scope)?;
    crate::ec2::tag::requested(state, &tags);
    let first = rules(state, call).is_empty();
    let delay = state.settings.first_rule_delay;
    let identifier = state.ids.letters(11);
    let arn = format!(
        "arn:aws:rbin:{}:{}:rule/{identifier}",
        call.region,
        call.account()
    );
    let rule = Rule {
        identifier: identifier.clone(),
        arn: arn.clone(),
        description,
        kind,
        days,
        scope,
        active: if first { later(now, delay) } else { now },
        lock,
        tags,
    };
    let written = rule.with_tags(now);
    state.touch(arn);
    rules(state, call).insert(identifier, rule);
    Ok(written)
}

/// <https://docs.aws.amazon.com/recyclebin/latest/APIReference/API_GetRule.html>.
pub(super) fn get_rule(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let now = state.clock.now();
    Ok(named(state, call)?.whole(now))
}

/// <https://docs.aws.amazon.com/recyclebin/latest/APIReference/API_UpdateRule.html>: what isn't
/// given stays; a rule stays of its kind.
pub(super) fn update_rule(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let now = state.clock.now();
    let rule = named(state, call)?;
    unlocked(rule, now)?;
    let asked = params.text("ResourceType").map(Kind::named);
    if asked.is_some_and(|kind| kind != Some(rule.kind)) {
        return Err(invalid("The resource type of a rule can't be changed."));
    }
    let mut changed = rule.clone();
    changed.days = days(params)?.unwrap_or(rule.days);
    changed.description = description(params)?.or_else(|| rule.description.clone());
    changed.scope = changed_scope(params, &rule.scope)?;
    let scope = changed.scope.clone();
    check_tag_quota(state, call, &scope)?;
    let rule = named(state, call)?;
    *rule = changed;
    Ok(rule.updated(now))
}

/// <https://docs.aws.amazon.com/recyclebin/latest/APIReference/API_DeleteRule.html>: what it
/// retained stays in the bin as long as it was to.
pub(super) fn delete_rule(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let now = state.clock.now();
    let rule = named(state, call)?;
    unlocked(rule, now)?;
    let identifier = rule.identifier.clone();
    rules(state, call).remove(&identifier);
    Ok(json!({}))
}

/// <https://docs.aws.amazon.com/recyclebin/latest/APIReference/API_ListRules.html>. A rule is
/// listed by tags where it has each of them.
pub(super) fn list_rules(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let now = state.clock.now();
    let kind = Kind::named(params.need("ResourceType")?);
    let tagged = resource_tags(params, "ResourceTags")?.unwrap_or_default();
    let excluded = resource_tags(params, "ExcludeResourceTags")?.unwrap_or_default();
    let lock = params.text("LockState");
    let cursor = page::open(call, 1).map_err(|_| {
        error(
            400,
            "ValidationException",
            "INVALID_PAGE_TOKEN",
            "The next token is not valid.",
        )
    })?;
    let found = cursor.rest(rules(state, call)).filter(|(_, rule)| {
        Some(rule.kind) == kind
            && (lock.is_none() || rule.lock.name(now) == lock)
            && rule.scope.names(&tagged, &excluded)
    });
    let page = cursor.cut(call, found, |rule| rule.summary(now));
    Ok(json!({ "Rules": page.items, "NextToken": page.next }))
}

impl Scope {
    /// Whether a rule names these tags, and excludes those.
    fn names(&self, tagged: &Named, excluded: &Named) -> bool {
        let (own, out): (&[_], &[_]) = match self {
            Self::Tagged(tags) => (tags, &[]),
            Self::Region(tags) => (&[], tags),
        };
        let has = |tags: &[(String, Option<String>)], (key, value): &(String, Option<String>)| {
            tags.iter()
                .any(|(name, held)| name == key && (value.is_none() || value == held))
        };
        tagged.iter().all(|tag| has(own, tag)) && excluded.iter().all(|tag| has(out, tag))
    }
}

fn scope(tagged: Named, excluded: Named) -> Result<Scope, ApiError> {
    match (tagged.is_empty(), excluded.is_empty()) {
        (false, false) => Err(invalid(
            "Exclusion tags can be specified for Region-level retention rules only.",
        )),
        (false, true) => Ok(Scope::Tagged(tagged)),
        (true, _) => Ok(Scope::Region(excluded)),
    }
}

/// Tags that aren't given stay; a rule can't turn from tag-level to Region-level or back.
fn changed_scope(params: Params<'_>, now: &Scope) -> Result<Scope, ApiError> {
    let tagged = resource_tags(params, "ResourceTags")?;
    let excluded = resource_tags(params, "ExcludeResourceTags")?;
    let wrong = || invalid("The tags are not of the rule's level.");
    let none = |tags: Option<&Named>| tags.is_none_or(Vec::is_empty);
    match now {
        Scope::Tagged(_) if !none(excluded.as_ref()) => Err(wrong()),
        Scope::Tagged(_) if tagged.as_ref().is_some_and(Vec::is_empty) => Err(wrong()),
        Scope::Tagged(before) => Ok(Scope::Tagged(tagged.unwrap_or_else(|| before.clone()))),
        Scope::Region(_) if !none(tagged.as_ref()) => Err(wrong()),
        Scope::Region(before) => Ok(Scope::Region(excluded.unwrap_or_else(|| before.clone()))),
    }
}

fn days(params: Params<'_>) -> Result<Option<i64>, ApiError> {
    let Some(period) = params.child("RetentionPeriod") else {
        return Ok(None);
    };
    let days = period.number("RetentionPeriodValue").unwrap_or_default();
    if !(1..=MOST_DAYS).contains(&days) {
        let message = format!("The retention period must be between 1 and {MOST_DAYS} days.");
        return Err(invalid(message));
    }
    Ok(Some(days))
}

fn description(params: Params<'_>) -> Result<Option<String>, ApiError> {
    let text = params.text("Description");
    let odd = |text: &&str| text.chars().any(|c| c.is_whitespace() && c != ' ');
    if text.is_some_and(|text| text.chars().count() > 255 || odd(&text)) {
        return Err(invalid("The description is not valid."));
    }
    Ok(text.map(str::to_owned))
}

fn resource_tags(params: Params<'_>, name: &str) -> Result<Option<Named>, ApiError> {
    if !params.has(name) {
        return Ok(None);
    }
    let mut tags = Named::new();
    for tag in params.list(name) {
        let key = tag.text("ResourceTagKey").unwrap_or_default();
        let value = tag.text("ResourceTagValue");
        let long = |text: &str, most: usize| text.chars().count() > most;
        if key.is_empty() || long(key, 128) || value.is_some_and(|value| long(value, 256)) {
            return Err(invalid("The resource tag is not valid."));
        }
        tags.push((key.to_owned(), value.map(str::to_owned)));
    }
    Ok(Some(tags))
}

fn check_quota(state: &mut State, call: &Request, scope: &Scope) -> Result<(), ApiError> {
    if rules(state, call).len() >= MOST_RULES {
        return Err(over_quota(&format!(
            "{MOST_RULES} retention rules per Region"
        )));
    }
    check_tag_quota(state, call, scope)
}

/// The same tag stands in at most five rules; the rule that a call changes doesn't count.
fn check_tag_quota(state: &mut State, call: &Request, scope: &Scope) -> Result<(), ApiError> {
    let Scope::Tagged(tags) = scope else {
        return Ok(());
    };
    let own = call.params().text("Identifier");
    let others = rules(state, call)
        .values()
        .filter(|rule| Some(rule.identifier.as_str()) != own);
    let others: Vec<&Rule> = others.collect();
    let often = |tag: &&(String, Option<String>)| {
        let holds =
            |rule: &&&Rule| matches!(&rule.scope, Scope::Tagged(held) if held.contains(tag));
        others.iter().filter(holds).count() >= MOST_OF_ONE_TAG
    };
    match tags.iter().find(often) {
        Some((key, _)) => Err(over_quota(&format!(
            "{MOST_OF_ONE_TAG} rules with the tag {key}"
        ))),
        None => Ok(()),
    }
}

pub(super) fn over_quota(what: &str) -> ApiError {
    let message = format!("The service quota of {what} is exceeded.");
    error(
        402,
        "ServiceQuotaExceededException",
        "SERVICE_QUOTA_EXCEEDED",
        message,
    )
}
