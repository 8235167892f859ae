//! Whole documents: the example, the reference, what they mean, and texts of any kind.

use super::super::*;
use super::{SOUND, replaced};
use proptest::prelude::*;

const EXAMPLE: &str = include_str!("../../../../../infra/policy.example.toml");
const REFERENCE: &str = include_str!("../../../../../docs/policy.md");

fn place(text: &str) -> Place {
    text.parse().unwrap()
}

#[test]
fn the_annotated_example_is_a_policy_without_doubts() {
    let checked =
        parse("policy.example.toml", EXAMPLE).unwrap_or_else(|rejected| panic!("{rejected}"));
    assert_eq!(checked.warnings, []);
    assert_eq!(checked.policy.families.len(), 2);
    assert_eq!(checked.policy.families["web"].destinations.len(), 10);
}

#[test]
fn whole_documents_of_the_reference_are_policies() {
    let blocks: Vec<&str> = REFERENCE
        .split("```toml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    let whole: Vec<&&str> = blocks
        .iter()
        .filter(|block| {
            block.contains("[accounts.")
                && block.contains("[owners.")
                && block.contains("[families.")
        })
        .collect();
    assert!(whole.len() >= 2, "{}", whole.len());
    for block in whole {
        let checked = parse("policy.md", block).unwrap_or_else(|rejected| panic!("{rejected}"));
        assert_eq!(checked.warnings, [], "{block}");
    }
}

#[test]
fn the_reference_names_every_code() {
    for code in Code::ALL {
        assert!(REFERENCE.contains(&format!("`{code}`")), "{code}");
    }
}

#[test]
fn a_policy_says_what_was_written() {
    let policy = parse("p", SOUND).unwrap().policy;
    assert_eq!(
        policy.accounts[&"222222222222".parse().unwrap()]
            .role
            .as_deref(),
        Some("amiary")
    );
    assert_eq!(
        policy.owners["platform"].topic,
        "arn:aws:sns:us-east-1:111111111111:images"
    );
    assert_eq!(
        policy.caps,
        Caps {
            copies_per_run: 50,
            revocations_per_run: 20,
            ..Caps::default()
        }
    );
    let web = &policy.families["web"];
    assert_eq!(web.select.name.as_str(), "golden-web-*");
    assert_eq!(
        web.select.not_before,
        Some("2026-01-01T00:00:00Z".parse().unwrap())
    );
    assert_eq!(web.destinations.len(), 6);
    let there = &web.destinations[&place("333333333333/ap-southeast-2")];
    assert_eq!(there.encryption, Encryption::Key("alias/golden".to_owned()));
    assert_eq!(web.sharing.launch.len(), 4);
    assert!(web.sharing.as_source && !web.sharing.launch.contains(&LaunchPermission::Everyone));
    assert_eq!(web.sharing.snapshots.len(), 2);
    assert!(web.tags.copy && web.tags.drop[0].matches("build:id"));
}

#[test]
fn what_is_left_out_has_its_default() {
    let (head, _) = SOUND.split_once("[families.web.sharing]").unwrap();
    let head = head
        .replace("ready = \"available\"\n", "")
        .replace("not-before = 2026-01-01T00:00:00Z\n", "");
    let policy = parse("p", &head).unwrap().policy;
    let web = &policy.families["web"];
    assert_eq!(
        policy.caps,
        Caps {
            copies_per_run: 100,
            revocations_per_run: 20,
            ..Caps::default()
        }
    );
    assert_eq!(web.ready, Ready::Available);
    assert_eq!(web.sharing, Sharing::default());
    assert_eq!(
        web.tags,
        TagRules {
            copy: true,
            drop: Vec::new(),
            add: Tags::new()
        }
    );
    assert_eq!(web.select.not_before, None);
}

#[test]
fn every_form_of_readiness_and_encryption_is_read() {
    let ready = |form: &str| {
        parse("p", &replaced("\"available\"", form))
            .unwrap()
            .policy
            .families["web"]
            .ready
            .clone()
    };
    assert_eq!(
        ready("{ settled = \"2h\" }"),
        Ready::Settled(SignedDuration::from_hours(2))
    );
    let tagged = Ready::Tagged {
        key: "Status".to_owned(),
        value: "released".to_owned(),
    };
    assert_eq!(ready("{ tag = \"Status\", value = \"released\" }"), tagged);
    let keys = replaced(
        "key = \"alias/golden\"",
        "keys = { eu-west-1 = \"alias/a\", ap-southeast-2 = \"alias/b\" }",
    );
    let policy = parse("p", &keys).unwrap().policy;
    let there = &policy.families["web"].destinations[&place("111111111111/ap-southeast-2")];
    assert_eq!(there.encryption, Encryption::Key("alias/b".to_owned()));
    let open = replaced("key = \"alias/golden\"", "encrypt = false")
        .replace("public = false", "public = true");
    let policy = parse("p", &open).unwrap().policy;
    assert!(
        policy.families["web"]
            .sharing
            .launch
            .contains(&LaunchPermission::Everyone)
    );
}

#[test]
fn any_name_is_taken_where_tags_limit_the_selection() {
    let text = replaced("name = \"golden-web-*\"", "name = \"*\"");
    assert!(parse("p", &text).is_ok());
}

#[test]
fn a_destination_among_several_sources_is_taken() {
    let text = replaced(
        "regions = [\"us-east-1\"]",
        "regions = [\"us-east-1\", \"eu-west-1\"]",
    );
    assert!(parse("p", &text).is_ok());
}

#[test]
fn the_key_of_aws_is_taken_where_nothing_is_shared() {
    let (head, rest) = SOUND.split_once("[families.web.sharing]").unwrap();
    let tail = rest.split_once("[families.web.tags]").unwrap().1;
    let text = format!("{head}[families.web.tags]{tail}").replace("alias/golden", "alias/aws/ebs");
    assert!(parse("p", &text).is_ok());
}

fn warned(text: &str) -> Vec<(usize, Code, bool)> {
    let checked = parse("p", text).unwrap_or_else(|rejected| panic!("{rejected}"));
    checked
        .warnings
        .iter()
        .map(|w| (w.line, w.code, w.related.is_some()))
        .collect()
}

#[test]
fn a_second_account_without_a_role_is_doubted() {
    let text = replaced(
        "role = \"amiary\"\n[accounts.staging]",
        "[accounts.staging]",
    );
    assert_eq!(warned(&text), [(3, Code::NoRole, true)]);
}

#[test]
fn families_that_could_select_the_same_image_are_doubted() {
    let second = |name: &str, tags: &str| {
        format!(
            "{SOUND}[families.api]\nowner = \"platform\"\naccounts = [\"builders\"]\nregions = [\"us-east-1\"]\n\
             name = \"{name}\"\n{tags}\n[[families.api.destinations]]\naccounts = [\"staging\"]\n\
             regions = [\"eu-west-1\"]\nkey = \"alias/golden\"\n"
        )
    };
    for name in ["golden-web-*", "golden-*", "golden-web-7", "*-web-*"] {
        assert_eq!(
            warned(&second(name, "")),
            [(43, Code::FamiliesOverlap, true)],
            "{name}"
        );
    }
    assert_eq!(warned(&second("golden-api-*", "")), []);
    assert_eq!(
        warned(&second("golden-web-*", "match-tags = { Role = \"test\" }")),
        []
    );
}

#[test]
fn dropping_what_is_not_copied_is_doubted() {
    assert_eq!(
        warned(&replaced("copy = true", "copy = false")),
        [(34, Code::NoEffect, false)]
    );
}

#[test]
fn long_chains_and_circles_of_groups_end() {
    let chain: Vec<String> = (0..500)
        .map(|n| format!("g{n} = [\"g{}\"]\n", n + 1))
        .collect();
    let chain = chain.concat();
    let sound = replaced(
        "[groups]\n",
        &format!("[groups]\n{chain}g500 = [\"staging\"]\n"),
    );
    assert!(parse("p", &sound).is_ok());
    let circle = replaced("[groups]\n", &format!("[groups]\n{chain}g500 = [\"g0\"]\n"));
    assert_eq!(parse("p", &circle).unwrap_err().diagnostics.len(), 1);
}

/// Parses, and renders whatever is said.
fn parses_without_panic(text: &str) {
    match parse("policy.toml", text) {
        Ok(checked) => drop(render("policy.toml", text, &checked.warnings, true)),
        Err(rejected) => {
            assert!(
                rejected
                    .diagnostics
                    .iter()
                    .any(|d| d.severity == Severity::Error),
                "{text}"
            );
            assert!(!rejected.render(false).is_empty());
            assert!(serde_json::to_string(&rejected.diagnostics).is_ok());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn no_text_stops_the_parser(text in any::<String>()) {
        parses_without_panic(&text);
    }

    #[test]
    fn nothing_like_toml_stops_the_parser(text in "([a-z\\[\\]{}=\", .'#é\\\\-]|\n|1|families|accounts|\"\"\"){0,60}") {
        parses_without_panic(&text);
    }

    #[test]
    fn no_mutation_of_the_example_stops_the_parser(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..40usize, "[\\[\\]{}=\"\n*a1é:, \\t\u{7}-]{0,4}"), 1..4)
    ) {
        let mut text: Vec<char> = EXAMPLE.chars().filter(|c| *c != '\r').collect();
        for (at, removed, added) in edits {
            let start = at.index(text.len());
            let end = (start + removed).min(text.len());
            text.splice(start..end, added.chars());
        }
        parses_without_panic(&text.into_iter().collect::<String>());
    }
}
