//! What a policy means: which images it selects, where it looks and copies, and its limits.

use super::super::*;
use super::{SOUND, replaced};
use crate::image::ImageState;

fn image() -> Image {
    Image {
        at: "111111111111/us-east-1/ami-00000001".parse().unwrap(),
        name: "golden-web-1".to_owned(),
        description: String::new(),
        state: ImageState::Available,
        state_reason: None,
        architecture: "x86_64".to_owned(),
        created: Some("2026-01-01T00:00:00Z".parse().unwrap()),
        public: false,
        source: None,
        source_instance: None,
        owner_alias: None,
        ebs_backed: true,
        snapshots: BTreeSet::new(),
        encrypted: false,
        tags: Tags::from([("Role".to_owned(), "golden".to_owned())]),
    }
}

fn policy(text: &str) -> Policy {
    parse("p", text)
        .unwrap_or_else(|rejected| panic!("{rejected}"))
        .policy
}

fn places(all: &[&str]) -> BTreeSet<Place> {
    all.iter().map(|text| text.parse().unwrap()).collect()
}

#[test]
fn an_image_is_selected_only_if_everything_fits() {
    type Bend = fn(&mut Image);
    let bends: [(&str, Bend); 8] = [
        ("another account", |image| {
            image.at.place.account = "222222222222".parse().unwrap();
        }),
        ("another Region", |image| {
            image.at.place.region = "us-west-2".parse().unwrap();
        }),
        ("another name", |image| {
            image.name = "golden-api-1".to_owned();
        }),
        ("a name with more before it", |image| {
            image.name.insert(0, 'x');
        }),
        ("no tag", |image| image.tags.clear()),
        ("another value", |image| {
            image.tags.insert("Role".to_owned(), "draft".to_owned());
        }),
        ("made before", |image| {
            image.created = Some("2025-12-31T23:59:59Z".parse().unwrap());
        }),
        ("made nobody knows when", |image| image.created = None),
    ];
    let policy = policy(SOUND);
    assert_eq!(
        policy.family_of(&image()).unwrap().name,
        "web",
        "made at the very moment"
    );
    for (what, bend) in bends {
        let mut bent = image();
        bend(&mut bent);
        assert!(policy.family_of(&bent).is_none(), "{what}");
    }
}

#[test]
fn every_tag_that_is_asked_for_must_fit_and_others_do_not_matter() {
    let both = replaced(
        "{ Role = \"golden\" }",
        "{ Role = \"gold*\", Team = \"?\" }",
    );
    let policy = policy(&both);
    let mut image = image();
    assert!(policy.family_of(&image).is_none());
    image.tags.insert("Team".to_owned(), "a".to_owned());
    image.tags.insert("Other".to_owned(), "b".to_owned());
    assert!(policy.family_of(&image).is_some());
    image.tags.insert("Team".to_owned(), "ab".to_owned());
    assert!(policy.family_of(&image).is_none());
}

#[test]
fn of_two_families_that_select_an_image_the_first_by_name_has_it() {
    let second = format!(
        "{SOUND}[families.api]\nowner = \"platform\"\naccounts = [\"builders\"]\n\
         regions = [\"us-east-1\"]\nname = \"golden-*\"\n[[families.api.destinations]]\n\
         accounts = [\"staging\"]\nregions = [\"eu-west-1\"]\nkey = \"alias/golden\"\n"
    );
    assert_eq!(policy(&second).family_of(&image()).unwrap().name, "api");
}

#[test]
fn the_places_of_sources_and_of_replicas_are_accounts_times_regions() {
    let several = replaced(
        "accounts = [\"builders\"]\nregions = [\"us-east-1\"]",
        "accounts = [\"builders\", \"staging\"]\nregions = [\"us-east-1\", \"us-west-2\"]",
    );
    let policy = policy(&several);
    assert_eq!(
        policy.source_places(),
        places(&[
            "111111111111/us-east-1",
            "111111111111/us-west-2",
            "333333333333/us-east-1",
            "333333333333/us-west-2",
        ])
    );
    assert_eq!(
        policy.destination_places(),
        places(&[
            "111111111111/eu-west-1",
            "111111111111/ap-southeast-2",
            "222222222222/eu-west-1",
            "222222222222/ap-southeast-2",
            "333333333333/eu-west-1",
            "333333333333/ap-southeast-2",
        ])
    );
}

#[test]
fn a_dropped_family_selects_copies_and_shares_nothing() {
    let dropped = Family::dropped("web");
    assert_eq!(dropped.name, "web");
    assert!(!dropped.select.selects(&image()));
    assert!(!dropped.select.covers(&image().at.place));
    assert!(dropped.destinations.is_empty());
    assert_eq!(dropped.sharing, Sharing::default());
    assert!(!dropped.tags.copies("Role"));
}

#[test]
fn the_limits_are_taken_up_to_the_highest_and_down_to_none() {
    for (number, expected) in [("0", 0), ("10000", 10_000), ("0x10", 16), ("1_000", 1_000)] {
        let text = replaced("copies-per-run = 50", &format!("copies-per-run = {number}"));
        assert_eq!(policy(&text).caps.copies_per_run, expected, "{number}");
        assert_eq!(policy(&text).caps.revocations_per_run, 20);
    }
    let text = replaced("revocations-per-run = 20\n", "");
    assert_eq!(
        policy(&text).caps,
        Caps {
            copies_per_run: 50,
            revocations_per_run: 20,
            ..Caps::default()
        }
    );
    let text = replaced(
        "copies-per-run = 50\nrevocations-per-run = 20\n",
        "revocations-per-run = 7\n",
    );
    assert_eq!(
        policy(&text).caps,
        Caps {
            copies_per_run: 100,
            revocations_per_run: 7,
            ..Caps::default()
        }
    );
}

#[test]
fn every_way_to_share_is_read_as_what_it_says() {
    let sharing = &policy(SOUND).families["web"].sharing;
    let expected = [
        LaunchPermission::Account("222222222222".parse().unwrap()),
        LaunchPermission::Account("333333333333".parse().unwrap()),
        LaunchPermission::Organization(
            "arn:aws:organizations::111111111111:organization/o-a1b2c3d4e5".to_owned(),
        ),
        LaunchPermission::OrganizationalUnit(
            "arn:aws:organizations::111111111111:ou/o-a1b2c3d4e5/ou-ab12-cd34ef56".to_owned(),
        ),
    ];
    assert_eq!(sharing.launch, expected.into());
    let quiet = replaced("as-source = true", "as-source = false");
    assert!(!policy(&quiet).families["web"].sharing.as_source);
}

#[test]
fn a_group_stands_for_its_accounts_and_for_those_of_its_groups() {
    let nested = replaced(
        "[groups]\n",
        "[groups]\nall = [\"workloads\", \"builders\"]\nsome = [\"staging\"]\n",
    )
    .replace(
        "snapshots = [\"workloads\"]",
        "snapshots = [\"all\", \"some\"]",
    );
    let snapshots = &policy(&nested).families["web"].sharing.snapshots;
    let expected = ["111111111111", "222222222222", "333333333333"];
    assert_eq!(*snapshots, expected.map(|id| id.parse().unwrap()).into());
}

#[test]
fn a_key_may_be_an_arn_of_the_destinations_own_region_in_any_account() {
    let arn = "arn:aws:kms:eu-west-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let text =
        replaced("\"eu-west-1\", \"ap-southeast-2\"", "\"eu-west-1\"").replace("alias/golden", arn);
    let web = &policy(&text).families["web"];
    assert!(
        web.destinations
            .values()
            .all(|d| d.encryption == Encryption::Key(arn.to_owned()))
    );
    let id = "1234abcd-12ab-34cd-56ef-1234567890ab";
    let one = replaced(
        "accounts = [\"builders\", \"workloads\"]\nregions = [\"eu-west-1\", \"ap-southeast-2\"]",
        "accounts = [\"staging\"]\nregions = [\"eu-west-1\"]",
    );
    assert!(parse("p", &one.replace("alias/golden", id)).is_ok());
    let many = replaced(
        "\"builders\", \"workloads\"]\nregions",
        "\"staging\"]\nregions",
    );
    let multi_region = "mrk-1234abcd12ab34cd56ef1234567890ab";
    assert!(parse("p", &many.replace("alias/golden", multi_region)).is_ok());
    assert!(parse("p", &many.replace("alias/golden", id)).is_err());
}

#[test]
fn an_unencrypted_copy_of_one_destination_makes_no_other_public_or_shared() {
    let open = replaced(
        "[families.web.sharing]",
        "[[families.web.destinations]]\naccounts = [\"staging\"]\nregions = [\"us-west-2\"]\n\
         encrypt = false\n[families.web.sharing]",
    );
    assert!(parse("p", &open).is_ok());
    let public = open.replace("public = false", "public = true");
    assert_eq!(
        parse("p", &public).unwrap_err().diagnostics[0].code,
        Code::PublicAndEncrypted
    );
}

#[test]
fn a_selection_is_told_from_another_by_account_region_name_or_tag() {
    let second = |accounts: &str, regions: &str, tags: &str| {
        let text = format!(
            "{SOUND}[families.api]\nowner = \"platform\"\naccounts = [\"{accounts}\"]\n\
             regions = [\"{regions}\"]\nname = \"golden-*\"\nmatch-tags = {{ {tags} }}\n\
             [[families.api.destinations]]\naccounts = [\"production\"]\nregions = [\"eu-west-2\"]\n\
             key = \"alias/golden\"\n"
        );
        parse("p", &text)
            .unwrap_or_else(|r| panic!("{r}"))
            .warnings
            .len()
    };
    assert_eq!(second("builders", "us-east-1", "Role = \"golden\""), 1);
    assert_eq!(
        second("builders", "us-east-1", "Other = \"x\""),
        1,
        "it may carry both"
    );
    assert_eq!(second("staging", "us-east-1", "Role = \"golden\""), 0);
    assert_eq!(second("builders", "us-west-2", "Role = \"golden\""), 0);
    assert_eq!(second("builders", "us-east-1", "Role = \"x\""), 0);
}
