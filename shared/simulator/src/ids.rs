//! Where ids come from: one generator per world, started by its seed (`SplitMix64`, public domain).

use serde::{Deserialize, Serialize};

/// A world's source of ids and of small variations.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Ids(u64);

impl Ids {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A resource id: `ami-0` and sixteen hexadecimal digits.
    pub(crate) fn resource(&mut self, prefix: &str) -> String {
        format!("{prefix}-0{:016x}", self.next())
    }

    /// Letters and digits, as a retention rule is named.
    pub(crate) fn letters(&mut self, number: usize) -> String {
        let letter = |digit: u64| {
            let digit = u32::try_from(digit % 36).unwrap_or_default();
            char::from_digit(digit, 36).unwrap_or_default()
        };
        (0..number).map(|_| letter(self.next())).collect()
    }

    /// A UUID (of version 4 in form).
    pub(crate) fn uuid(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            0x8000 | (low >> 48) & 0x3fff,
            low & 0xffff_ffff_ffff
        )
    }
}

/// Bytes in hexadecimal digits.
pub(crate) fn hex(bytes: impl IntoIterator<Item = u8>) -> String {
    bytes.into_iter().fold(String::new(), |mut text, byte| {
        for nibble in [byte >> 4, byte & 0xf] {
            text.extend(char::from_digit(u32::from(nibble), 16));
        }
        text
    })
}

/// Whether `id` is a resource id with this prefix: eight or seventeen hexadecimal digits.
pub(crate) fn is_resource_id(id: &str, prefix: &str) -> bool {
    id.strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('-'))
        .is_some_and(|digits| {
            matches!(digits.len(), 8 | 17) && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
        })
}

/// Whether `text` is an account id.
pub(crate) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|digit| digit.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_form_aws_gives_them() {
        let mut ids = Ids::new(7);
        assert!(is_resource_id(&ids.resource("ami"), "ami"));
        assert_eq!(ids.uuid().len(), 36);
        assert!(!is_resource_id("ami-xyz", "ami"));
    }

    #[test]
    fn one_seed_gives_one_sequence() {
        assert_eq!(Ids::new(1).uuid(), Ids::new(1).uuid());
        assert_ne!(Ids::new(1).uuid(), Ids::new(2).uuid());
    }
}
