//! Owns the ways in which a KMS key is named.

use super::arn::Arn;

/// A KMS key as a policy names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KmsKey<'t> {
    /// `alias/golden`: looked up in each destination.
    Alias(&'t str),
    /// A key id: one key, in one account and one Region.
    Id,
    /// `mrk-…`: a multi-Region key, in one account.
    MultiRegionId,
    /// An ARN of a key or of an alias.
    Arn {
        /// The Region it names.
        region: &'t str,
        /// The alias it names, if it names one.
        alias: Option<&'t str>,
    },
}

impl<'t> KmsKey<'t> {
    /// Reads a key's name.
    pub(super) fn read(text: &'t str) -> Option<Self> {
        if let Some(local) = Self::read_local(text) {
            return Some(local);
        }
        let arn = Arn::read(text)?;
        let named = arn.account.parse::<crate::ids::AccountId>().is_ok()
            && arn.region.parse::<crate::ids::Region>().is_ok()
            && arn.service == "kms";
        let alias = match (
            arn.resource.strip_prefix("key/").and_then(Self::read_local),
            Self::read_local(arn.resource),
        ) {
            (Some(Self::Id | Self::MultiRegionId), _) => None,
            (_, Some(Self::Alias(alias))) => Some(alias),
            _ => return None,
        };
        named.then_some(Self::Arn {
            region: arn.region,
            alias,
        })
    }

    fn read_local(text: &'t str) -> Option<Self> {
        if let Some(alias) = text.strip_prefix("alias/") {
            let good = !alias.is_empty()
                && text.len() <= 256
                && alias
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"/_-".contains(&b));
            return good.then_some(Self::Alias(alias));
        }
        if let Some(id) = text.strip_prefix("mrk-") {
            return (id.len() == 32 && is_hex(id)).then_some(Self::MultiRegionId);
        }
        let groups: Vec<&str> = text.split('-').collect();
        let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
        (lengths == [8, 4, 4, 4, 12] && groups.iter().all(|group| is_hex(group)))
            .then_some(Self::Id)
    }

    /// Whether it is named by an alias that AWS keeps for its own keys.
    pub(super) fn is_aws_managed(self) -> bool {
        let (Self::Alias(alias)
        | Self::Arn {
            alias: Some(alias), ..
        }) = self
        else {
            return false;
        };
        alias.starts_with("aws/")
    }
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

    #[test]
    fn every_way_to_name_a_key_is_read() {
        assert_eq!(KmsKey::read("alias/golden"), Some(KmsKey::Alias("golden")));
        assert_eq!(KmsKey::read(ID), Some(KmsKey::Id));
        assert_eq!(
            KmsKey::read("mrk-1234abcd12ab34cd56ef1234567890ab"),
            Some(KmsKey::MultiRegionId)
        );
        let arn = format!("arn:aws:kms:eu-west-1:111111111111:key/{ID}");
        assert_eq!(
            KmsKey::read(&arn),
            Some(KmsKey::Arn {
                region: "eu-west-1",
                alias: None
            })
        );
        let alias = KmsKey::read("arn:aws:kms:eu-west-1:111111111111:alias/aws/ebs").unwrap();
        assert!(alias.is_aws_managed());
    }

    #[test]
    fn an_alias_has_at_most_256_characters_with_its_prefix() {
        let alias = |length: usize| format!("alias/{}", "x".repeat(length - 6));
        assert!(KmsKey::read(&alias(256)).is_some());
        assert_eq!(KmsKey::read(&alias(257)), None);
        assert_eq!(
            KmsKey::read("alias/a_B-9/c"),
            Some(KmsKey::Alias("a_B-9/c"))
        );
    }

    #[test]
    fn an_arn_names_a_key_or_an_alias() {
        let region = "eu-west-1";
        let multi_region =
            "arn:aws:kms:eu-west-1:111111111111:key/mrk-1234abcd12ab34cd56ef1234567890ab";
        assert_eq!(
            KmsKey::read(multi_region),
            Some(KmsKey::Arn {
                region,
                alias: None
            })
        );
        let alias = Some("golden");
        let named = "arn:aws:kms:eu-west-1:111111111111:alias/golden";
        assert_eq!(KmsKey::read(named), Some(KmsKey::Arn { region, alias }));
    }

    #[test]
    fn only_the_aliases_of_aws_are_keys_that_it_manages() {
        for (name, expected) in [
            ("alias/aws/ebs", true),
            ("alias/aws-like", false),
            ("alias/golden", false),
            ("arn:aws:kms:eu-west-1:111111111111:alias/golden", false),
            (ID, false),
        ] {
            assert_eq!(
                KmsKey::read(name).unwrap().is_aws_managed(),
                expected,
                "{name}"
            );
        }
    }

    #[test]
    fn nothing_else_is_taken_for_a_key() {
        let arn = format!("arn:aws:kms:eu-west-1:111111111111:{ID}");
        for bad in [
            "",
            "golden",
            "alias/",
            "alias/a b",
            "mrk-1",
            "1234",
            "mrk-1234abcd12ab34cd56ef1234567890ag",
            "mrk-1234abcd12ab34cd56ef1234567890abc",
            "1234abcd-12ab-34cd-56ef-1234567890ag",
            "1234abcd-12ab-34cd-56ef-1234567890abc",
            "1234abcd12ab34cd56ef1234567890ab",
            "arn:aws:sns:eu-west-1:111111111111:alias/x",
            "arn:aws:kms::111111111111:alias/x",
            "arn:aws:kms:eu-west-1:1:alias/x",
            "arn:aws:kms:eu-west-1:111111111111:alias/",
            "arn:aws:kms:eu-west-1:111111111111:key/golden",
            &arn,
            "arn:aws:kms:eu-west-1:111111111111:key/alias/x",
        ] {
            assert_eq!(KmsKey::read(bad), None, "{bad}");
        }
    }
}
