//! The checksums that clients give with an object, and S3 with it later:
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html>.

use sha2::{Digest, Sha256};

use crate::md5;
use crate::request::Params;
use crate::wire::base64;
use crate::wire::error::ApiError;

/// The checksums that are known here, by their members' names. What gives one of another kind is
/// refused, for it could not be checked.
const KINDS: [&str; 5] = [
    "ChecksumCRC32",
    "ChecksumCRC32C",
    "ChecksumCRC64NVME",
    "ChecksumMD5",
    "ChecksumSHA256",
];

/// The checksum of a body: the one that was given, if it is right, or S3's own.
pub(super) fn checked(params: Params<'_>, body: &[u8]) -> Result<(String, String), ApiError> {
    if let Some(given) = params.text("ContentMD5") {
        let bytes = base64::decode(given).filter(|bytes| bytes.len() == 16);
        let bytes = bytes.ok_or_else(|| {
            ApiError::new(
                "InvalidDigest",
                "The Content-MD5 you specified was invalid.",
            )
        })?;
        if bytes != md5::digest(body) {
            return Err(bad("Content-MD5"));
        }
    }
    let mut given = KINDS.into_iter().filter(|kind| params.has(kind));
    let kind = match (given.next(), given.next()) {
        (Some(_), Some(_)) => {
            let message = "Expecting a single x-amz-checksum- header. Multiple checksum Types are \
                           not allowed.";
            return Err(ApiError::new("InvalidRequest", message));
        }
        (kind, _) => kind,
    };
    if kind.is_none() && params.has("ChecksumAlgorithm") {
        let message = "x-amz-sdk-checksum-algorithm specified, but no corresponding \
                       x-amz-checksum-* or x-amz-trailer headers were found.";
        return Err(ApiError::new("InvalidRequest", message));
    }
    let name = kind.unwrap_or("ChecksumCRC64NVME");
    let right = base64::encode(&of(name, body));
    match kind.and_then(|kind| params.text(kind)) {
        Some(given) if given != right => Err(bad(name.trim_start_matches("Checksum"))),
        _ => Ok((name.to_owned(), right)),
    }
}

fn bad(what: &str) -> ApiError {
    let message = format!("The {what} you specified did not match the calculated checksum.");
    ApiError::new("BadDigest", message)
}

fn of(name: &str, body: &[u8]) -> Vec<u8> {
    match name {
        "ChecksumCRC32" => crc32(body, 0xedb8_8320).to_be_bytes().to_vec(),
        "ChecksumCRC32C" => crc32(body, 0x82f6_3b78).to_be_bytes().to_vec(),
        "ChecksumMD5" => md5::digest(body).to_vec(),
        "ChecksumSHA256" => Sha256::digest(body).to_vec(),
        _ => crc64(body, 0x9a6c_9329_ac4b_c9b5).to_be_bytes().to_vec(),
    }
}

fn crc32(body: &[u8], polynomial: u32) -> u32 {
    let turned = |sum: u32| (sum >> 1) ^ if sum & 1 == 1 { polynomial } else { 0 };
    !body.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| turned(sum))
    })
}

fn crc64(body: &[u8], polynomial: u64) -> u64 {
    let turned = |sum: u64| (sum >> 1) ^ if sum & 1 == 1 { polynomial } else { 0 };
    !body.iter().fold(u64::MAX, |sum, byte| {
        (0..8).fold(sum ^ u64::from(*byte), |sum, _| turned(sum))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::ids::hex;

    #[test]
    fn checksums_are_the_published_ones() {
        for (name, expected) in [
            ("ChecksumCRC32", "cbf43926"),
            ("ChecksumCRC32C", "e3069283"),
            ("ChecksumCRC64NVME", "ae8b14860a799888"),
            ("ChecksumMD5", "25f9e794323b453885f5181f1b624d0b"),
        ] {
            assert_eq!(hex(of(name, b"123456789")), expected, "{name}");
        }
    }

    fn code(parameters: &Value) -> Option<String> {
        let call = crate::request::Request::of_parameters(parameters.clone());
        checked(call.params(), b"123456789")
            .err()
            .map(|error| error.code)
    }

    #[test]
    fn what_was_given_must_be_right() {
        assert_eq!(code(&json!({ "ChecksumCRC32": "y/Q5Jg==" })), None);
        assert_eq!(
            code(&json!({ "ContentMD5": "JfnnlDI7RTiF9RgfG2JNCw==" })),
            None
        );
        for (parameters, expected) in [
            (json!({ "ChecksumCRC32": "AAAAAA==" }), "BadDigest"),
            (
                json!({ "ContentMD5": "AAAAAAAAAAAAAAAAAAAAAA==" }),
                "BadDigest",
            ),
            (json!({ "ContentMD5": "short" }), "InvalidDigest"),
            (json!({ "ChecksumAlgorithm": "CRC32" }), "InvalidRequest"),
            (
                json!({ "ChecksumCRC32": "y/Q5Jg==", "ChecksumMD5": "x" }),
                "InvalidRequest",
            ),
        ] {
            assert_eq!(code(&parameters).as_deref(), Some(expected), "{parameters}");
        }
    }
}
