//! Who a request is from and what it is for, by the signing scope in its `Authorization` header:
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>.

use http::{HeaderMap, Uri};

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
