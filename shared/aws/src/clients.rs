//! Owns the SDK's clients: one of each service for each account and Region, made when it is first
//! needed and kept, so that connections and credentials are shared by everything that follows.

use crate::credentials::Checked;
use crate::transport::{InProcess, LONGEST_PAUSE, Transport, network_client};
use crate::whole::{Form, Whole};
use amiary_domain::ids::{AccountId, Region};
use aws_config::identity::IdentityCache;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_ec2::config::retry::{RetryPartition, TokenBucket};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// The name that assumed sessions carry in other accounts' `CloudTrail`.
const SESSION_NAME: &str = "amiary";

/// More accounts than any policy names: the SDK forgets credentials beyond this many.
const MOST_IDENTITIES: usize = 1024;

/// Whose credentials a call is made with.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Identity {
    /// Amiary's own.
    Own,
    /// Those of a role, by its ARN.
    Role(String),
}

/// Whose clients, in which Region; none is Amiary's own.
type PlaceKey = (Identity, Option<Region>);

/// The clients.
pub(crate) struct Clients {
    /// What every client's configuration begins with.
    base: SdkConfig,
    /// The retry quota of a service in process, which must not be shared with another world's.
    partition: Option<RetryPartition>,
    /// What roles ask to be told.
    external_id: Option<String>,
    roles: Mutex<HashMap<String, SharedCredentialsProvider>>,
    places: Mutex<HashMap<PlaceKey, Arc<AtPlace>>>,
}

/// The clients of one identity in one Region.
struct AtPlace {
    config: SdkConfig,
    partition: Option<RetryPartition>,
    autoscaling: OnceLock<aws_sdk_autoscaling::Client>,
    ec2: OnceLock<aws_sdk_ec2::Client>,
    kms: OnceLock<aws_sdk_kms::Client>,
    sns: OnceLock<aws_sdk_sns::Client>,
    ssm: OnceLock<aws_sdk_ssm::Client>,
    dynamodb: OnceLock<aws_sdk_dynamodb::Client>,
}

macro_rules! client {
    ($(#[$doc:meta])* $service:ident, $sdk:ident, $form:expr) => {
        $(#[$doc])*
        pub async fn $service(
            &self,
            identity: Identity,
            region: Option<&Region>,
        ) -> $sdk::Client {
            let place = self.place(identity, region).await;
            place
                .$service
                .get_or_init(|| {
                    let mut config = $sdk::config::Builder::from(&place.config)
                        .interceptor(Whole($form));
                    if let Some(partition) = &place.partition {
                        config = config.retry_partition(partition.clone());
                    }
                    $sdk::Client::from_conf(config.build())
                })
                .clone()
        }
    };
}

/// What Amiary calls itself to AWS.
const APPLICATION: &str = "amiary";
/// The word of a call's user agent, as `CloudTrail` reports it, by which Amiary's own calls are told.
pub const USER_AGENT_WORD: &str = "app/amiary";

impl Clients {
    /// The clients that reach AWS in this way. Makes none yet.
    pub async fn new(transport: &Transport, external_id: Option<String>) -> Self {
        let (base, partition) = match transport {
            Transport::Network => (network_config().await, None),
            Transport::InProcess(service) => {
                let quota = RetryPartition::custom("amiary").token_bucket(TokenBucket::default());
                (in_process_config(service), Some(quota.build()))
            }
        };
        let mut named = base.into_builder();
        named.set_app_name(AppName::new(APPLICATION).ok());
        Self {
            base: named.build(),
            partition,
            external_id,
            roles: Mutex::default(),
            places: Mutex::default(),
        }
    }

    client!(
        /// EC2.
        ec2, aws_sdk_ec2, Form::Xml
    );
    client!(
        /// EC2 Auto Scaling.
        autoscaling, aws_sdk_autoscaling, Form::Xml
    );
    client!(
        /// Systems Manager.
        ssm, aws_sdk_ssm, Form::Json
    );
    client!(
        /// KMS.
        kms, aws_sdk_kms, Form::Json
    );
    client!(
        /// SNS.
        sns, aws_sdk_sns, Form::Xml
    );
    client!(
        /// `DynamoDB`.
        dynamodb, aws_sdk_dynamodb, Form::Json
    );

    /// The ARN of a role that is given by its name in an account, or by its ARN already.
    pub fn role_arn(&self, account: &AccountId, role: &str) -> String {
        if role.starts_with("arn:") {
            return role.to_owned();
        }
        let region = self.base.region().map_or("", |region| region.as_ref());
        format!("arn:{}:iam::{account}:role/{role}", partition_of(region))
    }

    async fn place(&self, identity: Identity, region: Option<&Region>) -> Arc<AtPlace> {
        let key = (identity, region.cloned());
        if let Some(place) = get(&self.places, &key) {
            return place;
        }
        let mut config = self.base.to_builder();
        if let Some(region) = region {
            config.set_region(aws_config::Region::new(region.to_string()));
        }
        if let Identity::Role(arn) = &key.0 {
            config.set_credentials_provider(Some(self.role(arn).await));
        }
        let place = AtPlace {
            config: config.build(),
            partition: self.partition.clone(),
            autoscaling: OnceLock::new(),
            ec2: OnceLock::new(),
            kms: OnceLock::new(),
            sns: OnceLock::new(),
            ssm: OnceLock::new(),
            dynamodb: OnceLock::new(),
        };
        keep(&self.places, key, Arc::new(place))
    }

    /// The credentials of a role, see
    /// [`AssumeRole`](https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html).
    /// Asks nobody before a call needs them.
    async fn role(&self, arn: &str) -> SharedCredentialsProvider {
        let key = arn.to_owned();
        if let Some(provider) = get(&self.roles, &key) {
            return provider;
        }
        let mut base = self.base.to_builder();
        if self.partition.is_some() {
            // The provider's own client would draw on the process's retry quota.
            base.set_retry_config(Some(RetryConfig::disabled()));
        }
        let mut provider = AssumeRoleProvider::builder(arn)
            .configure(&base.build())
            .session_name(SESSION_NAME);
        if let Some(id) = &self.external_id {
            provider = provider.external_id(id);
        }
        let provider = SharedCredentialsProvider::new(Checked(provider.build().await));
        keep(&self.roles, key, provider)
    }
}

/// Retries are few and short, so that a function that is refused can still say so: see
/// [retry behaviour](https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html).
fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(3)
        .with_initial_backoff(Duration::from_millis(250))
        .with_max_backoff(Duration::from_secs(2))
}

async fn network_config() -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(3))
        .operation_attempt_timeout(Duration::from_secs(15))
        .operation_timeout(Duration::from_secs(30))
        .build();
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(network_client())
        .retry_config(retries())
        .timeout_config(timeouts)
        .identity_cache(
            IdentityCache::lazy()
                .max_partitions(MOST_IDENTITIES)
                .build(),
        )
        .load()
        .await
}

/// Reads nothing of the environment: the same world everywhere.
fn in_process_config(service: &InProcess) -> SdkConfig {
    let given = &service.credentials;
    let credentials = Credentials::new(
        &given.access_key_id,
        &given.secret_access_key,
        given.session_token.clone(),
        None,
        "amiary",
    );
    let identities = IdentityCache::lazy()
        .load_timeout(LONGEST_PAUSE * 2)
        .max_partitions(MOST_IDENTITIES)
        .build();
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(aws_config::Region::new(service.region.clone()))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(service.clone())
        .time_source(service.clone())
        .sleep_impl(aws_smithy_async::rt::sleep::SharedAsyncSleep::new(
            service.clone(),
        ))
        .retry_config(retries())
        .timeout_config(TimeoutConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .identity_cache(identities)
        .build()
}

/// The [partition](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html) that a
/// Region is in.
fn partition_of(region: &str) -> &'static str {
    match region {
        _ if region.starts_with("cn-") => "aws-cn",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

fn get<K: Hash + Eq, V: Clone>(map: &Mutex<HashMap<K, V>>, key: &K) -> Option<V> {
    map.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get(key)
        .cloned()
}

/// Keeps what was made, unless another task was quicker: then theirs.
fn keep<K: Hash + Eq, V: Clone>(map: &Mutex<HashMap<K, V>>, key: K, value: V) -> V {
    map.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .entry(key)
        .or_insert(value)
        .clone()
}

#[cfg(test)]
pub(crate) mod tests;
