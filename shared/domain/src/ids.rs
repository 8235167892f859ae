//! Owns the identifiers everything else is keyed by. Each is checked once, where it enters, so that
//! no other code meets a malformed one.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A text that is not the identifier it was taken for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {expected}")]
pub struct InvalidId {
    /// What was given, shortened to 128 characters.
    pub text: String,
    /// What was expected, with an example.
    pub expected: &'static str,
}

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident, $expected:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The identifier's text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let check: fn(&str) -> bool = $check;
                if check(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(InvalidId { text: text.chars().take(128).collect(), expected: $expected })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

identifier!(
    /// An AWS account's twelve digits.
    AccountId,
    "an account id: twelve digits, such as 111111111111",
    |text| text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
);

identifier!(
    /// A Region's code.
    Region,
    "a Region's code, such as eu-west-1",
    is_region
);

identifier!(
    /// An image's id, unique within its Region.
    ImageId,
    "an image id: ami- and 8 or 17 hexadecimal digits, such as ami-0123456789abcdef0",
    |text| has_hex_id(text, "ami-")
);

identifier!(
    /// A snapshot's id, unique within its Region.
    SnapshotId,
    "a snapshot id: snap- and 8 or 17 hexadecimal digits, such as snap-0123456789abcdef0",
    |text| has_hex_id(text, "snap-")
);

fn has_hex_id(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|digits| {
        matches!(digits.len(), 8 | 17)
            && digits
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    })
}

fn is_region(text: &str) -> bool {
    let mut parts = text.rsplit('-');
    let number = parts.next().unwrap_or_default();
    let names: Vec<&str> = parts.collect();
    text.len() <= 32
        && matches!(number.len(), 1 | 2)
        && number.bytes().all(|b| b.is_ascii_digit())
        && names.len() >= 2
        && names
            .iter()
            .all(|name| !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase()))
}

/// One account in one Region: where calls are made and where an image lives.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The account.
    pub account: AccountId,
    /// The Region.
    pub region: Region,
}

impl Place {
    /// The place of an account in a Region.
    pub fn new(account: AccountId, region: Region) -> Self {
        Self { account, region }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.region)
    }
}

impl FromStr for Place {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let (account, region) = text.split_once('/').ok_or_else(|| InvalidId {
            text: text.chars().take(128).collect(),
            expected: "an account and a Region, such as 111111111111/eu-west-1",
        })?;
        Ok(Self {
            account: account.parse()?,
            region: region.parse()?,
        })
    }
}

/// An image, known by the account that owns it, its Region and its id. Written
/// `111111111111/eu-west-1/ami-0123456789abcdef0`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ImageRef {
    /// The owner's account and the Region.
    pub place: Place,
    /// The image's id.
    pub id: ImageId,
}

impl ImageRef {
    /// The image of this id at a place.
    pub fn new(place: Place, id: ImageId) -> Self {
        Self { place, id }
    }
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.place, self.id)
    }
}

impl FromStr for ImageRef {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let (place, id) = text.rsplit_once('/').ok_or_else(|| InvalidId {
            text: text.chars().take(128).collect(),
            expected: "an image's account, Region and id, such as \
                       111111111111/eu-west-1/ami-0123456789abcdef0",
        })?;
        Ok(Self {
            place: place.parse()?,
            id: id.parse()?,
        })
    }
}

impl TryFrom<String> for ImageRef {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl From<ImageRef> for String {
    fn from(image: ImageRef) -> String {
        image.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_both_lengths_are_taken_and_nothing_else() {
        for good in ["ami-01234567", "ami-0123456789abcdef0"] {
            assert_eq!(good.parse::<ImageId>().unwrap().as_str(), good);
        }
        for bad in [
            "",
            "ami-",
            "ami-0123",
            "AMI-01234567",
            "ami-0123456G",
            "ami-0123456z",
            "ami-0123456A",
            "snap-01234567",
            "ami-01234567\n",
        ] {
            assert!(bad.parse::<ImageId>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn regions_of_every_partition_are_taken() {
        for good in [
            "us-east-1",
            "ap-southeast-2",
            "us-gov-west-1",
            "cn-north-1",
            "us-iso-east-1",
            "mx-central-1",
        ] {
            assert!(good.parse::<Region>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "us-east",
            "useast1",
            "us-east-1a",
            "US-EAST-1",
            "us--1",
            "-1",
            "us-1",
            "us-east-123",
            "us-east-",
            "us-ea5t-1",
            "us-a-very-very-very-long-place-12",
        ] {
            assert!(bad.parse::<Region>().is_err(), "{bad:?}");
        }
        assert!("us-a-very-very-very-long-plac-12".parse::<Region>().is_ok());
    }

    #[test]
    fn an_image_reference_survives_being_written_and_read() {
        let text = "111111111111/eu-west-1/ami-0123456789abcdef0";
        let image: ImageRef = text.parse().unwrap();
        assert_eq!(image.to_string(), text);
        assert_eq!(image.place.to_string(), "111111111111/eu-west-1");
        assert_eq!(image.place.to_string().parse(), Ok(image.place.clone()));
        let json = serde_json::to_string(&image).unwrap();
        assert_eq!(json, format!("{text:?}"));
        assert_eq!(serde_json::from_str::<ImageRef>(&json).unwrap(), image);
    }

    #[test]
    fn half_a_reference_is_refused_with_what_was_expected() {
        for (bad, expected) in [
            ("ami-01234567", "an image's account, Region and id"),
            ("eu-west-1/ami-01234567", "an account and a Region"),
            ("1/eu-west-1/ami-01234567", "an account id"),
            ("111111111111/eu/ami-01234567", "a Region's code"),
            ("111111111111/eu-west-1/ami-", "an image id"),
        ] {
            let error = bad.parse::<ImageRef>().unwrap_err();
            assert!(error.expected.starts_with(expected), "{bad}: {error}");
            let json = format!("{bad:?}");
            assert!(serde_json::from_str::<ImageRef>(&json).is_err(), "{bad}");
        }
        assert!("111111111111".parse::<Place>().is_err());
        let long = "x".repeat(1_000).parse::<ImageRef>().unwrap_err();
        assert_eq!(long.text.len(), 128);
    }

    #[test]
    fn an_account_has_twelve_digits() {
        assert!("012345678901".parse::<AccountId>().is_ok());
        for bad in [
            "",
            "12345678901",
            "1234567890123",
            "12345678901x",
            " 12345678901",
        ] {
            assert!(bad.parse::<AccountId>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_snapshots_id_is_no_images() {
        assert!("snap-01234567".parse::<SnapshotId>().is_ok());
        assert!("ami-01234567".parse::<SnapshotId>().is_err());
    }

    #[test]
    fn a_wrong_id_is_named_with_what_was_expected() {
        let error = "123".parse::<AccountId>().unwrap_err().to_string();
        assert_eq!(
            error,
            "\"123\" is not an account id: twelve digits, such as 111111111111"
        );
    }
}
