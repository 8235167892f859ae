//! Owns a function's hold on the world: its clients, its clock, and the policy it last read. It
//! outlives invocations; nothing in it is made before an event needs it.

use crate::Failure;
use amiary_aws::{Aws, Settings};
use amiary_domain::plan::ActivePolicy;
use amiary_domain::policy;
use amiary_engine::ports::{Clock, ReadRecord, Reading, Writing};
use jiff::Timestamp;
use std::sync::{Arc, Mutex, PoisonError};

/// The variable that names the table.
const TABLE: &str = "AMIARY_TABLE";

/// A function's hold on the world.
pub struct Worker {
    aws: Aws,
    clock: Arc<dyn Clock>,
    by: &'static str,
    last: Mutex<Option<Arc<Session>>>,
}

/// The active policy, and clients that reach the accounts it names by the roles it names.
pub struct Session {
    /// The policy and its revision.
    pub active: ActivePolicy,
    aws: Aws,
    clock: Arc<dyn Clock>,
    by: &'static str,
}

impl Session {
    /// The clients.
    pub fn aws(&self) -> &Aws {
        &self.aws
    }

    /// What reads.
    pub fn reading(&self) -> Reading<'_> {
        Reading {
            images: &self.aws,
            keys: &self.aws,
            record: &self.aws,
            clock: &*self.clock,
        }
    }

    /// What changes something.
    pub fn writing(&self) -> Writing<'_> {
        Writing {
            images: &self.aws,
            record: &self.aws,
            by: self.by,
        }
    }
}

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
        let microseconds = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
        Timestamp::from_microsecond(microseconds).unwrap_or(Timestamp::MAX)
    }
}

impl Worker {
    /// A worker over the standard AWS environment and the table that `AMIARY_TABLE` names. `by` is
    /// the name its decisions carry in the history.
    ///
    /// # Errors
    /// Where the variable is missing.
    pub async fn from_environment(by: &'static str) -> Result<Self, Failure> {
        let table = std::env::var(TABLE)
            .ok()
            .filter(|name| !name.is_empty())
            .ok_or_else(|| {
                let problem = "is missing: it names the DynamoDB table".to_owned();
                Failure::Setting {
                    name: TABLE,
                    problem,
                }
            })?;
        Ok(Self::over_network(table, by).await)
    }

    /// A worker over the standard AWS environment and this table.
    pub async fn over_network(table: String, by: &'static str) -> Self {
        let aws = Aws::new(Settings::from_env(table)).await;
        Self::new(aws, Arc::new(SystemClock), by)
    }

    /// A worker over given clients and clock.
    pub fn new(aws: Aws, clock: Arc<dyn Clock>, by: &'static str) -> Self {
        Self {
            aws,
            clock,
            by,
            last: Mutex::new(None),
        }
    }

    /// Clients for the record and for topics; images need a [`Session`].
    pub fn aws(&self) -> &Aws {
        &self.aws
    }

    /// Now, UTC.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A session under the active policy. Its document is parsed only where its revision is not
    /// the last one seen.
    ///
    /// # Errors
    /// Where there is none, where it can't be read, and where this version does not take it.
    pub async fn session(&self) -> Result<Arc<Session>, Failure> {
        let stored = self.aws.active_policy().await?.ok_or(Failure::NoPolicy)?;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(session) = last.as_ref().filter(|s| s.active.revision == stored.number) {
            return Ok(Arc::clone(session));
        }
        let checked =
            policy::parse("policy", &stored.text).map_err(|rejected| Failure::Policy {
                revision: stored.number,
                problems: rejected.to_string(),
            })?;
        let session = Arc::new(Session {
            aws: self.aws.under(&checked.policy),
            active: ActivePolicy {
                revision: stored.number,
                since: stored.at,
                policy: checked.policy,
            },
            clock: Arc::clone(&self.clock),
            by: self.by,
        });
        *last = Some(Arc::clone(&session));
        Ok(session)
    }
}
