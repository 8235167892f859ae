//! Percent-encoding of paths (RFC 3986).

use crate::ids::hex;

/// A part of a path as it was meant; none where it isn't text.
pub(crate) fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut left = text.as_bytes();
    while let Some((first, rest)) = left.split_first() {
        left = rest;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digits = rest.get(..2)?;
        let digit = |at: usize| char::from(digits[at]).to_digit(16);
        bytes.push(u8::try_from(digit(0)? * 16 + digit(1)?).ok()?);
        left = &rest[2..];
    }
    String::from_utf8(bytes).ok()
}

/// A text with everything encoded but what RFC 3986 leaves unreserved, and what `kept` names.
pub(crate) fn encode(text: &str, kept: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        let letter = char::from(byte);
        if byte.is_ascii_alphanumeric() || "-._~".contains(letter) || kept.contains(letter) {
            encoded.push(letter);
        } else {
            encoded.push('%');
            encoded.push_str(&hex([byte]).to_ascii_uppercase());
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_from_their_encoding() {
        for (text, encoded) in [
            ("a b/ü+", "a%20b%2F%C3%BC%2B"),
            ("plain-._~", "plain-._~"),
            ("", ""),
        ] {
            assert_eq!(encode(text, ""), encoded);
            assert_eq!(decode(encoded).as_deref(), Some(text));
        }
        assert_eq!(encode("a/b", "/"), "a/b");
        assert_eq!(decode("a+b").as_deref(), Some("a+b"));
    }

    #[test]
    fn what_is_not_text_is_none() {
        for text in ["%", "%4", "%zz", "%ff"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
