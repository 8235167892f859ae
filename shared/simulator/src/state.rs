//! Everything a world is: its clock, its accounts' resources, and what waits to happen.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::autoscaling::AutoScaling;
use crate::clock::Clock;
use crate::dynamodb::Databases;
use crate::ec2::Ec2;
use crate::ec2::change::{self, Change};
use crate::event::Event;
use crate::fault::courier::Courier;
use crate::fault::plan::Faults;
use crate::identity::Identities;
use crate::ids::Ids;
use crate::imagebuilder::ImageBuilder;
use crate::kms::Kms;
use crate::oracle::Oracle;
use crate::rbin::Rbin;
use crate::record::{Call, Trail};
use crate::s3::S3;
use crate::sns::Sns;
use crate::ssm::Ssm;
use crate::throttle::Throttle;
use serde::{Deserialize, Serialize};

/// What a world lets one set.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Settings {
    /// How long a copy takes, give or take a tenth.
    pub(crate) copy_duration: SignedDuration,
    /// How long a call takes.
    pub(crate) call_duration: SignedDuration,
    /// How many image copies may be under way per account and destination Region:
    /// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-quotas.html>.
    pub(crate) concurrent_copies: usize,
    /// How long a Region's first retention rule takes to begin to retain:
    /// <https://docs.aws.amazon.com/ebs/latest/userguide/recycle-bin-factors.html>.
    pub(crate) first_rule_delay: SignedDuration,
    /// How many images, and how many public ones, an account may have in a Region: the same page.
    pub(crate) images: usize,
    pub(crate) public_images: usize,
    /// How many instances an account may run in a Region.
    pub(crate) instances: usize,
    /// Whether accounts have a trail, so that `EventBridge` hears of their calls.
    pub(crate) trail: bool,
    /// Whether calls are recorded and trailed.
    pub(crate) recording: bool,
}

/// The state behind a world's handle.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) settings: Settings,
    pub(crate) identities: Identities,
    pub(crate) faults: Faults,
    pub(crate) courier: Courier,
    pub(crate) throttle: Throttle,
    #[serde(skip)]
    pub(crate) calls: Vec<Call>,
    #[serde(skip)]
    pub(crate) events: Vec<Event>,
    #[serde(skip)]
    pub(crate) trail: Trail,
    pub(crate) ec2: Ec2,
    pub(crate) kms: Kms,
    pub(crate) sns: Sns,
    pub(crate) ssm: Ssm,
    pub(crate) autoscaling: AutoScaling,
    pub(crate) rbin: Rbin,
    pub(crate) s3: S3,
    pub(crate) imagebuilder: ImageBuilder,
    pub(crate) databases: Databases,
    #[serde(skip)]
    pub(crate) oracle: Oracle,
    due: BTreeMap<(Timestamp, u64), Change>,
    scheduled: u64,
}

impl State {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            clock: Clock::new(),
            ids: Ids::new(seed),
            settings: Settings {
                copy_duration: SignedDuration::from_mins(5),
                call_duration: SignedDuration::from_millis(1),
                concurrent_copies: 300,
                first_rule_delay: SignedDuration::ZERO,
                images: 50_000,
                public_images: 5,
                instances: 5_000,
                trail: true,
                recording: true,
            },
            identities: Identities::default(),
            faults: Faults::new(seed),
            courier: Courier::new(seed),
            throttle: Throttle::default(),
            calls: Vec::new(),
            events: Vec::new(),
            trail: Trail::default(),
            ec2: Ec2::default(),
            kms: Kms::default(),
            sns: Sns::default(),
            ssm: Ssm::default(),
            autoscaling: AutoScaling::default(),
            rbin: Rbin::default(),
            s3: S3::default(),
            imagebuilder: ImageBuilder::default(),
            databases: Databases::default(),
            oracle: Oracle::default(),
            due: BTreeMap::new(),
            scheduled: 0,
        }
    }

    /// Lets `change` happen after `delay`, give or take a tenth; tells when.
    pub(crate) fn schedule(&mut self, delay: SignedDuration, change: Change) -> Timestamp {
        let delay = delay.as_millis().clamp(0, i128::from(u32::MAX) * 1000);
        let delay = u64::try_from(delay).unwrap_or_default();
        let varied = delay - delay / 10 + self.ids.next() % (delay / 5 + 1);
        let varied = SignedDuration::from_millis(i64::try_from(varied).unwrap_or_default());
        let at = later(self.clock.now(), varied);
        self.schedule_at(at, change);
        at
    }

    /// Lets `change` happen at a time.
    pub(crate) fn schedule_at(&mut self, at: Timestamp, change: Change) {
        self.scheduled += 1;
        self.due.insert((at, self.scheduled), change);
    }

    /// When the next change is due.
    pub(crate) fn next_change(&self) -> Option<Timestamp> {
        self.due.keys().next().map(|(at, _)| *at)
    }

    /// Moves the clock, and lets everything due happen at its own time, in order.
    pub(crate) fn advance(&mut self, by: SignedDuration) {
        let until = later(self.clock.now(), by);
        while self.next_change().is_some_and(|at| at <= until) {
            if let Some(((at, _), change)) = self.due.pop_first() {
                self.set_clock(at);
                change::happen(self, change);
            }
        }
        self.set_clock(until);
    }

    fn set_clock(&mut self, at: Timestamp) {
        self.ec2.stamp(self.clock.now());
        self.clock.set(at);
    }

    /// Notes a resource that the call being answered is about.
    pub(crate) fn touch(&mut self, arn: impl Into<String>) {
        self.trail.resources.insert(arn.into());
    }

    /// Notes a condition key of the call being answered.
    pub(crate) fn condition(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.trail.context.insert(key.into(), value.into());
    }
}

/// `time` and `by` less, or the earliest there is.
pub(crate) fn earlier(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_sub(by).unwrap_or(Timestamp::MIN)
}

/// `time` and `by` more, or the latest there is.
pub(crate) fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}
