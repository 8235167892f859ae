//! Owns what Amiary writes onto AWS to know its own work again: client tokens, replica names and
//! the tags that name the operation. All of it follows from source, destination and attempt, so
//! that two runs that know nothing of each other ask for the same thing.

use crate::ids::{ImageRef, Place};
use crate::image::Tags;
use crate::policy::TagRules;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// The tag that names the operation a copy belongs to.
pub const OPERATION_TAG: &str = "amiary:operation";
/// The tag that names a replica's source.
pub const SOURCE_TAG: &str = "amiary:source";
/// The tag that names a replica's family.
pub const FAMILY_TAG: &str = "amiary:family";

/// EC2's limit of tags on one resource, see
/// [Tag restrictions](https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions).
pub const MOST_TAGS: usize = 50;
/// EC2's limit of an image name's characters.
pub const LONGEST_NAME: usize = 128;

/// The operation that copies a source to a destination: 32 hexadecimal digits, the same for every
/// attempt.
pub fn operation(source: &ImageRef, destination: &Place) -> String {
    hash(&[&source.to_string(), &destination.to_string()])[..32].to_owned()
}

/// The `ClientToken` of one attempt, 57 of the 64 ASCII characters that
/// [EC2 allows](https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html).
pub fn client_token(source: &ImageRef, destination: &Place, attempt: u32) -> String {
    let digest = hash(&[
        &source.to_string(),
        &destination.to_string(),
        &attempt.to_string(),
    ]);
    format!("amiary-{}", &digest[..50])
}

/// A replica's name: the source's, and from the second attempt on with the attempt's number, as a
/// failed image may still hold the first.
pub fn replica_name(source_name: &str, attempt: u32) -> String {
    if attempt <= 1 {
        return source_name.to_owned();
    }
    let suffix = format!("-attempt-{attempt}");
    let kept: String = source_name
        .chars()
        .take(LONGEST_NAME - suffix.len())
        .collect();
    kept + &suffix
}

/// The tags a replica should carry, and the keys of the source's tags that found no room among
/// [`MOST_TAGS`].
///
/// The operation's tags come first, then those the policy adds, then the source's in order of
/// their keys. Tags that AWS reserves (`aws:`) and Amiary's own are never copied.
pub fn replica_tags(
    rules: &TagRules,
    source: &ImageRef,
    source_tags: &Tags,
    family: &str,
    destination: &Place,
) -> (Tags, Vec<String>) {
    let mut tags = Tags::from([
        (OPERATION_TAG.to_owned(), operation(source, destination)),
        (SOURCE_TAG.to_owned(), source.to_string()),
        (FAMILY_TAG.to_owned(), family.to_owned()),
    ]);
    tags.extend(rules.add.clone());
    let mut no_room = Vec::new();
    for (key, value) in source_tags.iter().filter(|(key, _)| rules.copies(key)) {
        if tags.contains_key(key) {
            continue;
        }
        if tags.len() == MOST_TAGS {
            no_room.push(key.clone());
        } else {
            tags.insert(key.clone(), value.clone());
        }
    }
    (tags, no_room)
}

impl TagRules {
    /// Whether a source's tag of this key is wanted on replicas.
    pub fn copies(&self, key: &str) -> bool {
        self.copy && !is_reserved(key) && !self.drop.iter().any(|pattern| pattern.matches(key))
    }
}

/// Whether a tag's key belongs to AWS or to Amiary.
pub fn is_reserved(key: &str) -> bool {
    let lower = key.to_ascii_lowercase();
    lower.starts_with("aws:") || lower.starts_with("amiary:")
}

fn hash(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.len().to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hasher
        .finalize()
        .iter()
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Pattern;

    fn source() -> ImageRef {
        "111111111111/us-east-1/ami-0123456789abcdef0"
            .parse()
            .unwrap()
    }

    fn place(text: &str) -> Place {
        text.parse().unwrap()
    }

    fn rules() -> TagRules {
        TagRules {
            copy: true,
            drop: vec![Pattern::new("build:*")],
            add: Tags::new(),
        }
    }

    #[test]
    fn every_attempt_and_every_destination_has_its_own_token_of_at_most_64_characters() {
        let ireland = place("111111111111/eu-west-1");
        let sydney = place("111111111111/ap-southeast-2");
        let tokens = [
            client_token(&source(), &ireland, 1),
            client_token(&source(), &ireland, 2),
            client_token(&source(), &sydney, 1),
        ];
        assert!(
            tokens
                .iter()
                .all(|token| token.len() <= 64 && token.is_ascii())
        );
        assert_eq!(
            tokens[0],
            client_token(&source(), &ireland, 1),
            "asked again, the same token"
        );
        assert_ne!(tokens[0], tokens[1]);
        assert_ne!(tokens[0], tokens[2]);
    }

    /// Stored records and running copies wait for these very texts.
    #[test]
    fn tokens_and_operations_stay_as_they_were() {
        let ireland = place("111111111111/eu-west-1");
        let token = client_token(&source(), &ireland, 1);
        assert_eq!(
            token,
            "amiary-ea0fa98a99b6b4b4f4f63ad176d33efa783e21dc475b278079"
        );
        let named = operation(&source(), &ireland);
        assert_eq!(named, "76b0b6c79266293ba09f5f9e6277aa49");
        assert_ne!(
            named,
            operation(&source(), &place("222222222222/eu-west-1"))
        );
    }

    #[test]
    fn the_first_attempt_has_the_sources_name_and_later_ones_their_number() {
        assert_eq!(replica_name("golden", 0), "golden");
        assert_eq!(replica_name("golden", 1), "golden");
        assert_eq!(replica_name("golden", 2), "golden-attempt-2");
        assert_eq!(replica_name(&"n".repeat(128), 12).len(), 128);
    }

    #[test]
    fn a_policys_own_tags_win_over_the_sources_and_the_operations_are_always_there() {
        let tags = Tags::from([("Team", "web"), ("Role", "x")].map(|(k, v)| (k.into(), v.into())));
        let mut rules = rules();
        rules.add = Tags::from([("Team".to_owned(), "policy".to_owned())]);
        let ireland = place("111111111111/eu-west-1");
        let (copied, _) = replica_tags(&rules, &source(), &tags, "web", &ireland);
        assert_eq!(
            (copied["Team"].as_str(), copied["Role"].as_str()),
            ("policy", "x")
        );
        assert_eq!(copied[SOURCE_TAG], source().to_string());
        assert_eq!(copied[OPERATION_TAG], operation(&source(), &ireland));
        assert_eq!(copied[FAMILY_TAG], "web");
        rules.copy = false;
        let (added, no_room) = replica_tags(&rules, &source(), &tags, "web", &ireland);
        assert_eq!(added.len(), 4, "{added:?}");
        assert!(no_room.is_empty());
    }

    #[test]
    fn only_two_prefixes_are_reserved() {
        for reserved in ["aws:x", "AWS:x", "amiary:x", "Amiary:x"] {
            assert!(is_reserved(reserved), "{reserved}");
        }
        for free in ["aws", "awsx:y", "amiary", "Role", ""] {
            assert!(!is_reserved(free), "{free}");
        }
    }

    #[test]
    fn a_name_of_128_characters_stays_within_the_limit_on_a_later_attempt() {
        let name = "n".repeat(128);
        assert_eq!(replica_name(&name, 1), name);
        let second = replica_name(&name, 2);
        assert_eq!(second.len(), 128);
        assert!(second.ends_with("-attempt-2"));
    }

    /// The story behind it: packer-plugin-amazon #423; aws-cli #7524.
    #[test]
    fn reserved_and_dropped_tags_are_not_copied() {
        let tags = Tags::from(
            [
                ("Role", "web"),
                ("aws:cloudformation:stack-name", "s"),
                ("AWS:x", "y"),
                ("amiary:operation", "forged"),
                ("build:id", "7"),
            ]
            .map(|(k, v)| (k.to_owned(), v.to_owned())),
        );
        let (copied, no_room) = replica_tags(
            &rules(),
            &source(),
            &tags,
            "web",
            &place("111111111111/eu-west-1"),
        );
        assert_eq!(
            copied.keys().collect::<Vec<_>>(),
            ["Role", FAMILY_TAG, OPERATION_TAG, SOURCE_TAG]
        );
        assert_ne!(copied[OPERATION_TAG], "forged");
        assert!(no_room.is_empty());
    }

    #[test]
    fn a_source_with_fifty_tags_loses_the_last_ones_and_they_are_named() {
        let tags: Tags = (0..50)
            .map(|n| (format!("k{n:02}"), String::new()))
            .collect();
        let (copied, no_room) = replica_tags(
            &rules(),
            &source(),
            &tags,
            "web",
            &place("111111111111/eu-west-1"),
        );
        assert_eq!(copied.len(), MOST_TAGS);
        assert_eq!(no_room, ["k47", "k48", "k49"]);
    }
}
