//! Owns the shapes of the ARNs that a policy may name.

/// The six parts of an ARN.
pub(super) struct Arn<'t> {
    pub(super) service: &'t str,
    pub(super) region: &'t str,
    pub(super) account: &'t str,
    pub(super) resource: &'t str,
}

impl<'t> Arn<'t> {
    /// Takes an ARN apart, if it is one of a partition of AWS.
    pub(super) fn read(text: &'t str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let (arn, partition) = (parts.next()?, parts.next()?);
        let (service, region, account, resource) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let known = partition == "aws"
            || partition.strip_prefix("aws-").is_some_and(|rest| {
                !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
            });
        (arn == "arn" && known && !resource.is_empty()).then_some(Self {
            service,
            region,
            account,
            resource,
        })
    }

    fn of_account(&self, service: &str) -> bool {
        self.service == service && self.account.parse::<crate::ids::AccountId>().is_ok()
    }
}

/// Whether a text is the ARN of an SNS topic that is no FIFO topic.
pub(super) fn is_topic(text: &str) -> bool {
    Arn::read(text).is_some_and(|arn| {
        arn.of_account("sns")
            && arn.region.parse::<crate::ids::Region>().is_ok()
            && arn.resource.len() <= 256
            && arn
                .resource
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    })
}

/// The account of an IAM role's ARN.
pub(super) fn role_account(text: &str) -> Option<&str> {
    let arn = Arn::read(text)?;
    let name = arn.resource.strip_prefix("role/")?.rsplit('/').next()?;
    (arn.of_account("iam") && arn.region.is_empty() && is_role_name(name)).then_some(arn.account)
}

/// Whether a text is the name of an IAM role.
pub(super) fn is_role_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b))
}

/// Whether a text is the ARN of an organization.
pub(super) fn is_organization(text: &str) -> bool {
    organizations(text, "organization/").is_some_and(is_organization_id)
}

/// Whether a text is the ARN of an organizational unit.
pub(super) fn is_organizational_unit(text: &str) -> bool {
    organizations(text, "ou/")
        .and_then(|rest| rest.split_once('/'))
        .is_some_and(|(organization, unit)| is_organization_id(organization) && is_unit_id(unit))
}

fn organizations<'t>(text: &'t str, kind: &str) -> Option<&'t str> {
    let arn = Arn::read(text)?;
    (arn.of_account("organizations") && arn.region.is_empty())
        .then_some(arn.resource)?
        .strip_prefix(kind)
}

fn is_organization_id(text: &str) -> bool {
    text.strip_prefix("o-")
        .is_some_and(|id| (10..=32).contains(&id.len()) && is_lower_alphanumeric(id))
}

fn is_unit_id(text: &str) -> bool {
    text.strip_prefix("ou-")
        .and_then(|rest| rest.split_once('-'))
        .is_some_and(|(root, unit)| {
            (4..=32).contains(&root.len())
                && (8..=32).contains(&unit.len())
                && is_lower_alphanumeric(root)
                && is_lower_alphanumeric(unit)
        })
}

fn is_lower_alphanumeric(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_digit() || b.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_arn_is_told_from_the_others() {
        let organization = "arn:aws:organizations::111111111111:organization/o-a1b2c3d4e5";
        let unit = "arn:aws:organizations::111111111111:ou/o-a1b2c3d4e5/ou-ab12-cd34ef56";
        assert!(is_organization(organization) && !is_organizational_unit(organization));
        assert!(is_organizational_unit(unit) && !is_organization(unit));
        assert!(is_topic(
            "arn:aws-us-gov:sns:us-gov-west-1:111111111111:images"
        ));
        for bad in [
            "",
            "arn:aws:sns:us-east-1:1:x",
            "arn:aws:sns::111111111111:x",
            "arn:aws:sqs:us-east-1:111111111111:x",
        ] {
            assert!(!is_topic(bad), "{bad}");
        }
        assert!(!is_topic("arn:aws:sns:us-east-1:111111111111:images.fifo"));
        assert!(!is_topic("arn:awsx:sns:us-east-1:111111111111:images"));
        assert_eq!(
            role_account("arn:aws:iam::111111111111:role/path/amiary"),
            Some("111111111111")
        );
        assert_eq!(role_account("arn:aws:iam::111111111111:user/amiary"), None);
    }

    fn organization(id: &str) -> String {
        format!("arn:aws:organizations::111111111111:organization/{id}")
    }

    fn unit(organization: &str, id: &str) -> String {
        format!("arn:aws:organizations::111111111111:ou/{organization}/{id}")
    }

    #[test]
    fn the_parts_of_an_arn_are_of_a_partition_a_service_and_something() {
        for good in ["aws", "aws-cn", "aws-us-gov", "aws-iso-b"] {
            assert!(
                is_topic(&format!("arn:{good}:sns:us-east-1:111111111111:x")),
                "{good}"
            );
        }
        for bad in ["", "awscn", "aws-", "aws-CN", "aws-1"] {
            assert!(
                !is_topic(&format!("arn:{bad}:sns:us-east-1:111111111111:x")),
                "{bad}"
            );
        }
        assert!(!is_topic("urn:aws:sns:us-east-1:111111111111:x"));
        assert!(!is_topic("arn:aws:sns:us-east-1:111111111111:"));
        assert!(!is_topic("arn:aws:sns:us-east-1:111111111111"));
        assert!(!is_topic("arn:aws:sns:us-east-1:11111111111:x"));
        assert!(!is_topic("arn:aws:sns:us-east:111111111111:x"));
    }

    #[test]
    fn a_topics_name_has_at_most_256_characters_of_its_alphabet() {
        let topic = |name: &str| format!("arn:aws:sns:us-east-1:111111111111:{name}");
        assert!(is_topic(&topic(&"x".repeat(256))) && is_topic(&topic("a-b_C9")));
        assert!(!is_topic(&topic(&"x".repeat(257))));
        for bad in ["a b", "a/b", "a:b", "\u{e9}"] {
            assert!(!is_topic(&topic(bad)), "{bad}");
        }
    }

    #[test]
    fn a_role_is_one_of_iam_without_a_region_and_with_a_name() {
        assert_eq!(
            role_account("arn:aws:iam::111111111111:role/a"),
            Some("111111111111")
        );
        for bad in [
            "arn:aws:sts::111111111111:role/a",
            "arn:aws:iam:us-east-1:111111111111:role/a",
            "arn:aws:iam::1:role/a",
            "arn:aws:iam::111111111111:role/",
            "arn:aws:iam::111111111111:role/a b",
            "amiary",
        ] {
            assert_eq!(role_account(bad), None, "{bad}");
        }
        assert!(is_role_name("a") && is_role_name(&"a".repeat(64)) && is_role_name("A9_+=,.@-"));
        assert!(!is_role_name("") && !is_role_name(&"a".repeat(65)) && !is_role_name("a/b"));
    }

    #[test]
    fn the_ids_of_organizations_and_their_units_have_their_lengths_and_alphabet() {
        for good in ["o-a1b2c3d4e5".to_owned(), format!("o-{}", "z".repeat(32))] {
            assert!(is_organization(&organization(&good)), "{good}");
        }
        let long = format!("o-{}", "z".repeat(33));
        for bad in [
            "a1b2c3d4e5",
            "o-a1b2c3d4e",
            "o-A1b2c3d4e5",
            "o-a1b2c3d4-5",
            &long,
        ] {
            assert!(!is_organization(&organization(bad)), "{bad}");
            assert!(
                !is_organizational_unit(&unit(bad, "ou-ab12-cd34ef56")),
                "{bad}"
            );
        }
        let longest = format!("ou-{}-{}", "r".repeat(32), "u".repeat(32));
        for good in ["ou-ab12-cd34ef56", &longest] {
            assert!(
                is_organizational_unit(&unit("o-a1b2c3d4e5", good)),
                "{good}"
            );
        }
        let long_root = format!("ou-{}-cd34ef56", "r".repeat(33));
        let long_unit = format!("ou-ab12-{}", "u".repeat(33));
        for bad in [
            "ab12-cd34ef56",
            "ou-ab1-cd34ef56",
            "ou-ab12-cd34ef5",
            "ou-AB12-cd34ef56",
            "ou-ab12-CD34ef56",
            "ou-ab12",
            &long_root,
            &long_unit,
        ] {
            assert!(!is_organizational_unit(&unit("o-a1b2c3d4e5", bad)), "{bad}");
        }
        let whole = organization("o-a1b2c3d4e5");
        assert!(!is_organization(
            &whole.replace("organizations::", "organizations:us-east-1:")
        ));
        assert!(!is_organization(&whole.replace("organizations::", "iam::")));
        assert!(!is_organization(&whole.replace("111111111111", "1")));
    }
}
