//! Owns the ports over AWS: the only crate that names a type of an AWS SDK. One [`Aws`] serves
//! every port of the engine.

mod changes;
mod clients;
mod convert;
mod credentials;
mod errors;
mod images;
mod keys;
pub mod record;
mod sendings;
mod topics;
mod transport;
mod uses;
mod whole;

pub use transport::{CONNECTION_HEADER, InProcess, Service, StaticCredentials, Transport};

use amiary_domain::ids::{AccountId, Place};
use amiary_domain::policy::Policy;
use amiary_engine::ports::{Answer, Class};
pub use clients::USER_AGENT_WORD;
use clients::{Clients, Identity};
use errors::Call;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// How each account is reached: a role to assume there, by its name or ARN, or none for Amiary's
/// own credentials.
pub type Roles = BTreeMap<AccountId, Option<String>>;

/// What [`Aws`] is made from.
#[derive(Clone)]
pub struct Settings {
    /// The name of the table that holds the record.
    pub table: String,
    /// How each account is reached. An account that is missing here is not called at all.
    pub roles: Roles,
    /// What roles ask to be told before they are assumed, if they do: see
    /// [external ids](https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html).
    pub external_id: Option<String>,
    /// How requests reach AWS.
    pub transport: Transport,
}

/// The environment variable that holds [`Settings::external_id`].
pub const EXTERNAL_ID: &str = "AMIARY_EXTERNAL_ID";

impl Settings {
    /// Settings for the network, from the environment that every AWS tool shares and from
    /// [`EXTERNAL_ID`]. No account is known before [`Aws::under`].
    pub fn from_env(table: impl Into<String>) -> Self {
        Self {
            table: table.into(),
            roles: Roles::new(),
            external_id: std::env::var(EXTERNAL_ID).ok().filter(|id| !id.is_empty()),
            transport: Transport::Network,
        }
    }
}

/// AWS: images, keys, topics and the record. Cheap to clone; clones share clients, connections and
/// credentials.
#[derive(Clone)]
pub struct Aws {
    clients: Arc<Clients>,
    roles: Arc<Roles>,
    table: Arc<str>,
    /// Tells this process's transactions apart.
    transactions: Arc<AtomicU64>,
}

impl Aws {
    /// AWS as the settings say. No client is made and nobody is asked before a port is used.
    pub async fn new(settings: Settings) -> Self {
        Self {
            clients: Arc::new(Clients::new(&settings.transport, settings.external_id).await),
            roles: Arc::new(settings.roles),
            table: settings.table.into(),
            transactions: Arc::default(),
        }
    }

    /// The same AWS, with the accounts and roles that a policy names.
    #[must_use]
    pub fn under(&self, policy: &Policy) -> Self {
        let accounts = policy.accounts.iter();
        self.with_roles(
            accounts
                .map(|(id, account)| (id.clone(), account.role.clone()))
                .collect(),
        )
    }

    /// The same AWS, with these accounts and roles.
    #[must_use]
    pub fn with_roles(&self, roles: Roles) -> Self {
        Self {
            roles: Arc::new(roles),
            ..self.clone()
        }
    }

    async fn ec2(&self, place: &Place, call: &Call) -> Answer<aws_sdk_ec2::Client> {
        let identity = self.identity(&place.account, call)?;
        Ok(self.clients.ec2(identity, Some(&place.region)).await)
    }

    async fn autoscaling(&self, place: &Place, call: &Call) -> Answer<aws_sdk_autoscaling::Client> {
        let identity = self.identity(&place.account, call)?;
        Ok(self
            .clients
            .autoscaling(identity, Some(&place.region))
            .await)
    }

    async fn ssm(&self, place: &Place, call: &Call) -> Answer<aws_sdk_ssm::Client> {
        let identity = self.identity(&place.account, call)?;
        Ok(self.clients.ssm(identity, Some(&place.region)).await)
    }

    async fn kms(&self, place: &Place, call: &Call) -> Answer<aws_sdk_kms::Client> {
        let identity = self.identity(&place.account, call)?;
        Ok(self.clients.kms(identity, Some(&place.region)).await)
    }

    /// Whose credentials reach an account. Nothing is called in an account that the policy doesn't
    /// name: the answer would be another account's.
    fn identity(&self, account: &AccountId, call: &Call) -> Answer<Identity> {
        match self.roles.get(account) {
            Some(Some(role)) => Ok(Identity::Role(self.clients.role_arn(account, role))),
            Some(None) => Ok(Identity::Own),
            None => Err(call.refused(
                Class::Permanent,
                "UnknownAccount",
                format!("the policy does not name the account {account}; add it to [accounts]"),
            )),
        }
    }
}
