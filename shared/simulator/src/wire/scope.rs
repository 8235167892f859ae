//! Who a request is from and what it is for, by the signing scope in its `Authorization` header:
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>.

use http::{HeaderMap, Uri};

use crate::ec2::region;
use crate::identity::Caller;
use crate::state::State;
use crate::wire::error::ApiError;
use crate::wire::model::Protocol;

/// How most services word that a session expired.
const EXPIRED: &str = "The security token included in the request is expired";

/// The parts of `Credential=<key>/<date>/<region>/<service>/aws4_request`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) access_key_id: String,
    pub(crate) region: String,
    pub(crate) service: String,
}

impl Scope {
    /// The scope of a request; none where it isn't signed.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let header = headers.get(http::header::AUTHORIZATION)?.to_str().ok()?;
        let (_, credential) = header.split_once("Credential=")?;
        Self::read(credential.split([',', ' ']).next()?)
    }

    /// The scope of a presigned request, which stands in its query:
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>.
    pub(crate) fn of_query(uri: &Uri) -> Option<Self> {
        let mut query = form_urlencoded::parse(uri.query()?.as_bytes());
        let (_, credential) = query.find(|(name, _)| name == "X-Amz-Credential")?;
        Self::read(&credential)
    }

    fn read(credential: &str) -> Option<Self> {
        let mut parts = credential.split('/');
        let access_key_id = parts.next()?.to_owned();
        let _date = parts.next()?;
        let region = parts.next()?.to_owned();
        let service = parts.next()?.to_owned();
        Some(Self {
            access_key_id,
            region,
            service,
        })
    }
}

impl Scope {
    /// Refuses a Region that isn't there. At AWS no endpoint answers for it; one that gets such a
    /// scope refuses it so:
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html>.
    pub(crate) fn check_region(&self, protocol: Protocol) -> Result<(), ApiError> {
        if region::exists(&self.region) {
            return Ok(());
        }
        let (status, code) = match protocol {
            Protocol::Ec2 => (401, "AuthFailure"),
            Protocol::Query => (403, "SignatureDoesNotMatch"),
            Protocol::RestXml => (400, "AuthorizationHeaderMalformed"),
            Protocol::Json => (400, "InvalidSignatureException"),
            Protocol::RestJson => (403, "InvalidSignatureException"),
        };
        let region = &self.region;
        let message = format!("Credential should be scoped to a valid region, not '{region}'.");
        Err(ApiError::with_status(status, code, message))
    }

    /// Who calls. A session that expired is refused, in each service's own words.
    pub(crate) fn caller(&self, state: &State, protocol: Protocol) -> Result<Caller, ApiError> {
        let caller = state
            .identities
            .caller(&self.access_key_id, state.clock.now());
        caller.ok_or_else(|| {
            let (status, code, message) = match protocol {
                Protocol::Ec2 => (400, "RequestExpired", "Request has expired."),
                Protocol::RestXml => (400, "ExpiredToken", "The provided token has expired."),
                Protocol::Query => (403, "ExpiredToken", EXPIRED),
                Protocol::Json => (400, "ExpiredTokenException", EXPIRED),
                Protocol::RestJson => (403, "ExpiredTokenException", EXPIRED),
            };
            ApiError::with_status(status, code, message)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_read_and_anything_else_is_none() {
        let mut headers = HeaderMap::new();
        assert_eq!(Scope::of(&headers), None);
        for (text, some) in [
            (
                "AWS4-HMAC-SHA256 Credential=AK/20260101/eu-west-1/ec2/aws4_request, SignedHeaders=host",
                true,
            ),
            ("AWS4-HMAC-SHA256 Credential=AK/20260101", false),
            ("Basic abc", false),
        ] {
            headers.insert("authorization", text.parse().expect("a header"));
            assert_eq!(Scope::of(&headers).is_some(), some, "{text}");
        }
    }
}
