//! Owns how requests reach AWS: over the network, or handed to a service in the same process.

use aws_smithy_async::rt::sleep::{AsyncSleep, Sleep};
use aws_smithy_async::time::TimeSource;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::HeaderValue;
use http_body_util::BodyExt;
use jiff::Timestamp;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The header by which a service in process says what becomes of the caller: with `aborted` the
/// reply is lost; with `crashed…` the caller is gone, and whoever drives it sees to its end.
pub const CONNECTION_HEADER: &str = "x-simulator-connection";

/// A service in process: answers a whole request with a whole response.
pub type Service = Arc<dyn Fn(http::Request<Bytes>) -> http::Response<Bytes> + Send + Sync>;

/// How requests reach AWS.
#[derive(Clone)]
pub enum Transport {
    /// Over the network, in the environment that every AWS tool shares: profiles, Regions, and
    /// `AWS_ENDPOINT_URL` with its service-specific forms. See
    /// [the SDKs' settings](https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html).
    Network,
    /// To a service in the same process. Nothing of the environment is read, and nothing waits in
    /// real time.
    InProcess(InProcess),
}

/// A service in the same process, with the clock it lives by.
#[derive(Clone)]
pub struct InProcess {
    /// Answers the requests.
    pub call: Service,
    /// Amiary's own credentials.
    pub credentials: StaticCredentials,
    /// Amiary's own Region, where its table is.
    pub region: String,
    /// The time.
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// How often a task gives way to others before its request is answered: what decides how
    /// concurrent calls interleave.
    pub yields: Arc<dyn Fn() -> u32 + Send + Sync>,
}

/// Credentials that stay as they are.
#[derive(Clone)]
pub struct StaticCredentials {
    /// The access key's id.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: String,
    /// The session token, for temporary credentials.
    pub session_token: Option<String>,
}

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InProcess")
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// The HTTP client for the network. Its TLS is ring's, so that a cold function doesn't pay for
/// another library's self-tests.
pub(crate) fn network_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https()
}

impl HttpClient for InProcess {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let service = self.clone();
        HttpConnectorFuture::new(async move { service.answer(request).await })
    }
}

impl InProcess {
    async fn answer(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let request = request
            .try_into_http1x()
            .map_err(|error| ConnectorError::user(error.into()))?;
        let (parts, body) = request.into_parts();
        let body = body
            .collect()
            .await
            .map_err(ConnectorError::user)?
            .to_bytes();
        for _ in 0..(self.yields)() {
            tokio::task::yield_now().await;
        }
        let response = (self.call)(http::Request::from_parts(parts, body));
        let connection = response.headers().get(CONNECTION_HEADER);
        match connection.map_or(&b""[..], HeaderValue::as_bytes) {
            b"aborted" => {
                return Err(ConnectorError::io(
                    "the connection was closed before an answer came".into(),
                ));
            }
            mark if mark.starts_with(b"crashed") => std::future::pending().await,
            _ => {}
        }
        response.map(SdkBody::from).try_into().map_err(
            |error: aws_smithy_runtime_api::http::HttpError| {
                ConnectorError::other(error.into(), None)
            },
        )
    }
}

impl TimeSource for InProcess {
    fn now(&self) -> SystemTime {
        let since = Duration::try_from((self.now)().as_duration()).unwrap_or_default();
        UNIX_EPOCH + since
    }
}

/// The longest sleep that is over at once. Pauses between retries are much shorter; what is asked
/// to sleep longer is a time limit, which no call in process reaches.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_mins(10);

impl AsyncSleep for InProcess {
    fn sleep(&self, duration: Duration) -> Sleep {
        if duration > LONGEST_PAUSE {
            Sleep::new(std::future::pending())
        } else {
            Sleep::new(std::future::ready(()))
        }
    }
}

#[cfg(test)]
mod tests;
