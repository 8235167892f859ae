//! Buckets that are named by the host instead of the path:
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html>.

use std::net::IpAddr;

/// The bucket in a host's name: before `.localhost`, or before the `s3` of an endpoint.
pub(crate) fn bucket(host: &str) -> Option<&str> {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    };
    if name.starts_with('[') || name.parse::<IpAddr>().is_ok() {
        return None;
    }
    let bucket = name.strip_suffix(".localhost").or_else(|| {
        let end = name.rfind(".s3.").or_else(|| name.rfind(".s3-"))?;
        name.get(..end)
    });
    bucket.filter(|bucket| !bucket.is_empty() && *bucket != "s3")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_told_from_an_endpoint() {
        for (host, named) in [
            ("golden.localhost:4566", Some("golden")),
            ("my.images.localhost", Some("my.images")),
            ("golden.s3.eu-west-1.amazonaws.com", Some("golden")),
            ("my.images.s3.amazonaws.com", Some("my.images")),
            ("golden.s3-eu-west-1.amazonaws.com", Some("golden")),
            ("s3.eu-west-1.amazonaws.com", None),
            ("s3.localhost", None),
            ("localhost:4566", None),
            ("127.0.0.1:4566", None),
            ("[::1]:4566", None),
            ("aws.example", None),
            ("", None),
        ] {
            assert_eq!(bucket(host), named, "{host}");
        }
    }
}
