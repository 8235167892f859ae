//! Bodies that come in chunks with trailing checksums (`aws-chunked`):
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html>.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::wire::refusal::Refusal;

const ENCODING: &str = "aws-chunked";

/// Whether a request says that its body comes so.
pub(crate) fn is_chunked(headers: &HeaderMap) -> bool {
    let has = |name: &str, part: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.is_some_and(|value| value.contains(part))
    };
    has("content-encoding", ENCODING) || has("x-amz-content-sha256", "STREAMING-")
}

/// The body itself; the headers gain what trails it, and no longer name the encoding.
pub(crate) fn decode(body: &Bytes, headers: &mut HeaderMap) -> Result<Bytes, Refusal> {
    let mut left: &[u8] = body;
    let mut whole = Vec::with_capacity(body.len());
    loop {
        let size = size(line(&mut left)?)?;
        if size == 0 {
            break;
        }
        let chunk = left.split_at_checked(size).ok_or_else(broken)?;
        whole.extend_from_slice(chunk.0);
        left = chunk.1.strip_prefix(b"\r\n").ok_or_else(broken)?;
    }
    while !left.is_empty() {
        trail(line(&mut left)?, headers)?;
    }
    let stated = headers.get("x-amz-decoded-content-length");
    let stated = stated.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if stated.is_some_and(|stated| stated != whole.len()) {
        return Err(broken());
    }
    drop_encoding(headers);
    Ok(Bytes::from(whole))
}

/// The line that comes next, without its end.
fn line<'a>(left: &mut &'a [u8]) -> Result<&'a str, Refusal> {
    let end = left.windows(2).position(|pair| pair == b"\r\n");
    let (line, rest) = match end {
        Some(end) => (&left[..end], &left[end + 2..]),
        None => (*left, &[][..]),
    };
    *left = rest;
    std::str::from_utf8(line).map_err(|_| broken())
}

/// `<size in hexadecimal>`, then perhaps `;chunk-signature=…`.
fn size(line: &str) -> Result<usize, Refusal> {
    let digits = line.split(';').next().unwrap_or_default();
    usize::from_str_radix(digits, 16).map_err(|_| broken())
}

fn trail(line: &str, headers: &mut HeaderMap) -> Result<(), Refusal> {
    if line.is_empty() {
        return Ok(());
    }
    let (name, value) = line.split_once(':').ok_or_else(broken)?;
    let name: HeaderName = name.trim().parse().map_err(|_| broken())?;
    let value: HeaderValue = value.trim().parse().map_err(|_| broken())?;
    headers.insert(name, value);
    Ok(())
}

fn drop_encoding(headers: &mut HeaderMap) {
    let encoding = headers.remove(http::header::CONTENT_ENCODING);
    let encoding = encoding.as_ref().and_then(|value| value.to_str().ok());
    let others = encoding.unwrap_or_default().split(',').map(str::trim);
    let others: Vec<&str> = others
        .filter(|part| !part.is_empty() && *part != ENCODING)
        .collect();
    if let Ok(value) = others.join(",").parse()
        && !others.is_empty()
    {
        headers.insert(http::header::CONTENT_ENCODING, value);
    }
}

fn broken() -> Refusal {
    Refusal::Incomplete
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(body: &'static str, length: &str) -> (Option<Bytes>, HeaderMap) {
        let mut headers = HeaderMap::new();
        headers.insert(
            "content-encoding",
            "aws-chunked,gzip".parse().expect("a header"),
        );
        let length = length.parse().expect("a header");
        headers.insert("x-amz-decoded-content-length", length);
        assert!(is_chunked(&headers));
        let body = decode(&Bytes::from(body), &mut headers).ok();
        (body, headers)
    }

    #[test]
    fn chunks_are_joined_and_trailers_are_headers() {
        let body = "5\r\nhello\r\n6;chunk-signature=ab\r\n world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n";
        let (body, headers) = decoded(body, "11");
        assert_eq!(body.as_deref(), Some(&b"hello world"[..]));
        assert_eq!(headers["x-amz-checksum-crc32"], "DUoRhQ==");
        assert_eq!(headers["content-encoding"], "gzip");
    }

    #[test]
    fn a_body_that_is_cut_or_counted_wrong_is_refused() {
        for (body, length) in [
            ("5\r\nhel", "5"),
            ("5\r\nhello\r\n0\r\n\r\n", "6"),
            ("five\r\nhello\r\n0\r\n", "5"),
            ("ffffffffffffffff\r\nhello\r\n0\r\n", "5"),
            ("5\r\nhello\r\n0\r\nno colon\r\n", "5"),
            ("", "5"),
        ] {
            assert_eq!(decoded(body, length).0, None, "{body:?}");
        }
    }
}
