//! Retention rules as the API writes them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Kind, Lock, Rule, Scope};
use crate::clock::millis;
use crate::ec2::tag;

impl Kind {
    /// None where it isn't one.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "EBS_SNAPSHOT" => Some(Self::Snapshot),
            "EC2_IMAGE" => Some(Self::Image),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Snapshot => "EBS_SNAPSHOT",
            Self::Image => "EC2_IMAGE",
        }
    }
}

impl Lock {
    /// The state as the API names it; none for a rule that was never locked.
    pub(super) fn name(self, now: Timestamp) -> Option<&'static str> {
        match self {
            Self::Never => None,
            Self::Locked(_) => Some("locked"),
            Self::Unlocking(_, until) if now < until => Some("pending_unlock"),
            Self::Unlocking(..) => Some("unlocked"),
        }
    }

    fn configuration(self, now: Timestamp) -> Option<Value> {
        let (Self::Locked(days) | Self::Unlocking(days, _)) = self else {
            return None;
        };
        let delay = json!({ "UnlockDelayValue": days, "UnlockDelayUnit": "DAYS" });
        (self.name(now) != Some("unlocked")).then(|| json!({ "UnlockDelay": delay }))
    }

    fn ends(self, now: Timestamp) -> Option<String> {
        match self {
            Self::Unlocking(_, until) if now < until => Some(millis(until)),
            _ => None,
        }
    }
}

impl Rule {
    /// What every answer about one rule has.
    pub(super) fn written(&self, now: Timestamp) -> Value {
        let (tagged, excluded) = match &self.scope {
            Scope::Tagged(tags) => (tags.as_slice(), [].as_slice()),
            Scope::Region(tags) => ([].as_slice(), tags.as_slice()),
        };
        json!({
            "Identifier": self.identifier,
            "RuleArn": self.arn,
            "Description": self.description,
            "ResourceType": self.kind.name(),
            "RetentionPeriod": self.period(),
            "ResourceTags": tags(tagged),
            "ExcludeResourceTags": tags(excluded),
            "Status": if self.active <= now { "available" } else { "pending" },
            "LockState": self.lock.name(now),
        })
    }

    /// With its own tags, as `CreateRule` answers.
    pub(super) fn with_tags(&self, now: Timestamp) -> Value {
        let mut written = self.locked_written(now);
        written["Tags"] = tag::written(&self.tags);
        written
    }

    /// With how it is locked.
    pub(super) fn locked_written(&self, now: Timestamp) -> Value {
        let mut written = self.written(now);
        written["LockConfiguration"] = self.lock.configuration(now).unwrap_or_default();
        written
    }

    /// With how it is locked, and when that ends.
    pub(super) fn whole(&self, now: Timestamp) -> Value {
        let mut written = self.locked_written(now);
        written["LockEndTime"] = Value::from(self.lock.ends(now));
        written
    }

    /// With when its lock ends, as `UpdateRule` answers.
    pub(super) fn updated(&self, now: Timestamp) -> Value {
        let mut written = self.written(now);
        written["LockEndTime"] = Value::from(self.lock.ends(now));
        written
    }

    /// As `ListRules` writes it.
    pub(super) fn summary(&self, now: Timestamp) -> Value {
        json!({
            "Identifier": self.identifier,
            "RuleArn": self.arn,
            "Description": self.description,
            "RetentionPeriod": self.period(),
            "LockState": self.lock.name(now),
        })
    }

    fn period(&self) -> Value {
        json!({ "RetentionPeriodValue": self.days, "RetentionPeriodUnit": "DAYS" })
    }
}

fn tags(tags: &[(String, Option<String>)]) -> Value {
    let written = tags
        .iter()
        .map(|(key, value)| json!({ "ResourceTagKey": key, "ResourceTagValue": value }));
    Value::Array(written.collect())
}
