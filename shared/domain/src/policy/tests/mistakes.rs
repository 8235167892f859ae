//! Every mistake, with the place where the caret must stand.

use super::super::{Code, Severity, parse};
use super::{SOUND, replaced, without_carets};

/// What is replaced in the sound policy, by what (with the expected caret), and the code.
pub(super) type Mistake = (&'static str, &'static str, Code);

pub(super) const NAMES: &[Mistake] = &[
    ("id = \"111111111111\"\n", "id ‸5\n", Code::Syntax),
    ("[caps]\n", "[caps]\n[‸caps]\n", Code::Syntax),
    (
        "[groups]",
        "[‸gruops]\nx = [\"builders\"]\n[groups]",
        Code::UnknownKey,
    ),
    (
        "role = \"amiary\"\n",
        "‸rolle = \"amiary\"\n",
        Code::UnknownKey,
    ),
    (
        "id = \"111111111111\"\n",
        "id = ‸111111111111\n",
        Code::MalformedAccountId,
    ),
    (
        "\"111111111111\"\n",
        "‸\"1111-1111-1111\"\n",
        Code::MalformedAccountId,
    ),
    ("\"111111111111\"\n", "‸\"\"\n", Code::MalformedAccountId),
    ("\"111111111111\"\n", "‸true\n", Code::WrongType),
    (
        "[accounts.builders]\nid = \"111111111111\"\n",
        "‸[accounts.builders]\n",
        Code::MissingKey,
    ),
    (
        "\"222222222222\"",
        "‸\"111111111111\"",
        Code::DuplicateAccountId,
    ),
    (
        "role = \"amiary\"",
        "role = ‸\"a role\"",
        Code::MalformedRole,
    ),
    (
        "role = \"amiary\"",
        "role = ‸\"arn:aws:iam::444444444444:role/amiary\"",
        Code::RoleAccount,
    ),
    ("role = \"amiary\"", "role = ‸7", Code::WrongType),
    (
        "[groups]\n",
        "[groups]\n‸builders = [\"staging\"]\n",
        Code::NameCollision,
    ),
    (
        "[groups]\n",
        "[groups]\n‸\"two words\" = [\"staging\"]\n",
        Code::MalformedName,
    ),
    ("[groups]\n", "[groups]\nnone = ‸[]\n", Code::EmptySelector),
    (
        "[groups]\n",
        "[groups]\none = [‸\"productoin\"]\n",
        Code::UnknownAccount,
    ),
    (
        "[groups]\n",
        "[groups]\none = [‸\"one\"]\n",
        Code::GroupCycle,
    ),
    (
        "[groups]\n",
        "[groups]\na = [\"b\"]\nb = [\"builders\", \"c\"]\nc = [‸\"a\"]\n",
        Code::GroupCycle,
    ),
    (
        "[groups]\n",
        "[groups]\none = [\"staging\", ‸\"staging\"]\n",
        Code::Repeated,
    ),
    (
        "[groups]\n",
        "[groups]\none = [\"staging\", ‸3]\n",
        Code::WrongType,
    ),
    (
        "\"arn:aws:sns:us-east-1:111111111111:images\"",
        "‸\"platform-images\"",
        Code::MalformedArn,
    ),
    (":images\"", ":images.fifo\"", Code::MalformedArn),
    ("topic =", "‸topics =", Code::UnknownKey),
];

/// Brackets and quotes left open, which swallow what follows.
pub(super) const OPEN: &[Mistake] = &[
    (
        "[\"production\", \"staging\"]",
        "‸[\"production\", \"staging\"",
        Code::Syntax,
    ),
    (
        "{ Role = \"golden\" }",
        "‸{ Role = \"golden\"",
        Code::Syntax,
    ),
    (
        "regions = [\"us-east-1\"]",
        "regions = [\"us-east-1]‸",
        Code::Syntax,
    ),
    ("[caps]", "[caps‸", Code::Syntax),
    (
        "[[families.web.destinations]]",
        "[[families.web.destinations]‸",
        Code::Syntax,
    ),
    (
        "name = \"golden-web-*\"",
        "name = \"golden-web-*‸",
        Code::Syntax,
    ),
];

pub(super) const SELECTIONS: &[Mistake] = &[
    (
        "owner = \"platform\"",
        "owner = ‸\"platfrom\"",
        Code::UnknownOwner,
    ),
    ("owner = \"platform\"\n", "", Code::MissingKey),
    (
        "accounts = [\"builders\"]\n",
        "accounts = [‸\"111111111111\"]\n",
        Code::UnknownAccount,
    ),
    (
        "accounts = [\"builders\"]\n",
        "accounts = ‸[]\n",
        Code::EmptySelector,
    ),
    (
        "accounts = [\"builders\"]\n",
        "accounts = ‸\"builders\"\n",
        Code::WrongType,
    ),
    (
        "regions = [\"us-east-1\"]",
        "regions = ‸[]",
        Code::EmptySelector,
    ),
    (
        "regions = [\"us-east-1\"]",
        "regions = [‸\"us-east-1a\"]",
        Code::MalformedRegion,
    ),
    (
        "regions = [\"us-east-1\"]",
        "regions = [‸\"*\"]",
        Code::MalformedRegion,
    ),
    (
        "regions = [\"us-east-1\"]",
        "‸regoins = [\"us-east-1\"]",
        Code::UnknownKey,
    ),
    (
        "name = \"golden-web-*\"",
        "name = ‸\"\"",
        Code::EmptySelector,
    ),
    (
        "name = \"golden-web-*\"\nmatch-tags = { Role = \"golden\" }\n",
        "name = ‸\"*\"\n",
        Code::SelectsEverything,
    ),
    (
        "name = \"golden-web-*\"\nmatch-tags = { Role = \"golden\" }\n",
        "name = ‸\"?*?\"\n",
        Code::SelectsEverything,
    ),
    (
        "name = \"golden-web-*\"",
        "name = ‸\"golden\\n*\"",
        Code::MalformedPattern,
    ),
    ("{ Role = \"golden\" }", "‸{}", Code::EmptySelector),
    (
        "{ Role = \"golden\" }",
        "{ Role = ‸\"\" }",
        Code::EmptySelector,
    ),
    (
        "{ Role = \"golden\" }",
        "{ ‸\"\" = \"golden\" }",
        Code::MalformedTag,
    ),
    (
        "ready = \"available\"",
        "ready = ‸\"availible\"",
        Code::MalformedReady,
    ),
    ("ready = \"available\"", "ready = ‸true", Code::WrongType),
    (
        "ready = \"available\"",
        "ready = ‸{ tag = \"Status\" }",
        Code::MissingKey,
    ),
    ("ready = \"available\"", "ready = ‸{}", Code::MalformedReady),
    (
        "ready = \"available\"",
        "ready = ‸{ tag = \"S\", value = \"x\", settled = \"1h\" }",
        Code::MalformedReady,
    ),
    (
        "ready = \"available\"",
        "ready = { settled = ‸\"30\" }",
        Code::MalformedDuration,
    ),
    (
        "ready = \"available\"",
        "ready = { settled = ‸\"0m\" }",
        Code::MalformedDuration,
    ),
    (
        "ready = \"available\"",
        "ready = { settled = ‸\"-5m\" }",
        Code::MalformedDuration,
    ),
    (
        "ready = \"available\"",
        "ready = { settled = ‸30 }",
        Code::WrongType,
    ),
    (
        "2026-01-01T00:00:00Z",
        "‸2026-01-01T00:00:00",
        Code::DatetimeWithoutOffset,
    ),
    (
        "2026-01-01T00:00:00Z",
        "‸2026-01-01",
        Code::DatetimeWithoutOffset,
    ),
    (
        "2026-01-01T00:00:00Z",
        "‸\"2026-01-01T00:00:00Z\"",
        Code::WrongType,
    ),
];

pub(super) const DESTINATIONS: &[Mistake] = &[
    (
        "\"workloads\"]\nregions",
        "‸\"worklods\"]\nregions",
        Code::UnknownAccount,
    ),
    (
        "key = \"alias/golden\"",
        "key = ‸\"golden\"",
        Code::MalformedKmsKey,
    ),
    (
        "key = \"alias/golden\"",
        "key = ‸\"alias/*\"",
        Code::MalformedKmsKey,
    ),
    (
        "key = \"alias/golden\"",
        "key = ‸\"arn:aws:kms:eu-west-1:111111111111:alias/golden\"",
        Code::KmsKeyRegion,
    ),
    (
        "key = \"alias/golden\"",
        "key = ‸\"1234abcd-12ab-34cd-56ef-1234567890ab\"",
        Code::KmsKeyNotEverywhere,
    ),
    (
        "key = \"alias/golden\"",
        "key = ‸\"mrk-1234abcd12ab34cd56ef1234567890ab\"",
        Code::KmsKeyNotEverywhere,
    ),
    (
        "key = \"alias/golden\"",
        "key = ‸\"alias/aws/ebs\"",
        Code::AwsManagedKeyShared,
    ),
    (
        "key = \"alias/golden\"",
        "key = \"alias/golden\"\nencrypt = ‸false",
        Code::EncryptionConflict,
    ),
    (
        "key = \"alias/golden\"",
        "encrypt = ‸true",
        Code::EncryptionMissing,
    ),
    (
        "key = \"alias/golden\"",
        "keys = ‸{ eu-west-1 = \"alias/golden\" }",
        Code::KmsKeysMissingRegion,
    ),
    (
        "key = \"alias/golden\"",
        "keys = { eu-west-1 = \"alias/a\", ap-southeast-2 = \"alias/b\", ‸us-west-2 = \"alias/c\" }",
        Code::KmsKeysExtraRegion,
    ),
    (
        "key = \"alias/golden\"",
        "keys = { eu-west-1 = \"alias/a\", ap-southeast-2 = ‸\"arn:aws:kms:eu-west-1:111111111111:alias/b\" }",
        Code::KmsKeyRegion,
    ),
    (
        "[[families.web.destinations]]\naccounts = [\"builders\", \"workloads\"]\nregions = [\"eu-west-1\", \
         \"ap-southeast-2\"]\nkey = \"alias/golden\"\n",
        "",
        Code::MissingKey,
    ),
    (
        "[\"eu-west-1\", \"ap-southeast-2\"]",
        "[\"eu-west-1\", ‸\"us-east-1\"]",
        Code::DestinationIsSource,
    ),
    (
        "[\"eu-west-1\", \"ap-southeast-2\"]",
        "[\"eu-west-1\", ‸\"eu-west-1\"]",
        Code::Repeated,
    ),
    (
        "[families.web.sharing]",
        "[[families.web.destinations]]\naccounts = [\"staging\"]\nregions = [‸\"eu-west-1\"]\nkey = \"alias/x\"\n\
         [families.web.sharing]",
        Code::DuplicateDestination,
    ),
    (
        "[families.web.sharing]",
        "‸[[families.web.destinations]]\naccounts = [\"staging\"]\nregions = [\"eu-west-2\"]\n[families.web.sharing]",
        Code::EncryptionMissing,
    ),
];

pub(super) const THE_REST: &[Mistake] = &[
    (
        "accounts = [\"workloads\"]",
        "accounts = ‸[]",
        Code::EmptySelector,
    ),
    (
        "organizations = [\"arn:aws:organizations::111111111111:organization/o-a1b2c3d4e5\"]",
        "organizations = [‸\"o-a1b2c3d4e5\"]",
        Code::MalformedArn,
    ),
    (
        "organizational-units = [\"arn:aws:organizations::111111111111:ou/o-a1b2c3d4e5/ou-ab12-cd34ef56\"]",
        "organizational-units = [‸\"ou-ab12-cd34ef56\"]",
        Code::MalformedArn,
    ),
    ("as-source = true", "as-source = ‸\"yes\"", Code::WrongType),
    ("as-source = true", "‸as_source = true", Code::UnknownKey),
    ("public = false", "public = ‸true", Code::PublicAndEncrypted),
    (
        "snapshots = [\"workloads\"]",
        "snapshots = [‸\"arn:aws:organizations::111111111111:organization/o-a1b2c3d4e5\"]",
        Code::UnknownAccount,
    ),
    ("copy = true", "copy = ‸1", Code::WrongType),
    (
        "drop = [\"build:*\"]",
        "drop = [‸\"\"]",
        Code::EmptySelector,
    ),
    (
        "{ managed-by = \"amiary\" }",
        "{ ‸\"AWS:x\" = \"1\" }",
        Code::ReservedTag,
    ),
    (
        "{ managed-by = \"amiary\" }",
        "{ ‸\"amiary:source\" = \"1\" }",
        Code::ReservedTag,
    ),
    (
        "{ managed-by = \"amiary\" }",
        "{ a = ‸\"x\\ty\" }",
        Code::MalformedTag,
    ),
    (
        "{ managed-by = \"amiary\" }",
        "{ ‸\"x\\u0007\" = \"1\" }",
        Code::MalformedTag,
    ),
    ("{ managed-by = \"amiary\" }", "{ a = ‸1 }", Code::WrongType),
    (
        "copies-per-run = 50",
        "copies-per-run = ‸-1",
        Code::OutOfRange,
    ),
    (
        "copies-per-run = 50",
        "copies-per-run = ‸10001",
        Code::OutOfRange,
    ),
    (
        "copies-per-run = 50",
        "copies-per-run = ‸99999999999999999999999999",
        Code::OutOfRange,
    ),
    (
        "copies-per-run = 50",
        "copies-per-run = ‸5.5",
        Code::WrongType,
    ),
    (
        "copies-per-run = 50",
        "‸copies-per-day = 50",
        Code::UnknownKey,
    ),
    (
        "[caps]\ncopies-per-run = 50\nrevocations-per-run = 20\n",
        "[families]\nx = ‸1\n",
        Code::WrongType,
    ),
];

#[test]
fn each_mistake_is_named_where_it_stands_with_its_mend() {
    for (from, to, code) in [NAMES, OPEN, SELECTIONS, DESTINATIONS, THE_REST].concat() {
        let (text, carets) = without_carets(&replaced(from, to));
        let rejected = parse("policy.toml", &text).expect_err(to);
        let found = rejected
            .diagnostics
            .iter()
            .find(|d| d.severity == Severity::Error && d.code == code);
        let found = found.unwrap_or_else(|| panic!("{code} for {to}, but:\n{rejected}"));
        assert!(
            found.help.as_ref().is_some_and(|help| !help.is_empty()),
            "{to}"
        );
        if let Some(caret) = carets.first() {
            assert_eq!((found.line, found.column), *caret, "{to}\n{rejected}");
        }
    }
}

#[test]
fn a_single_mistake_gives_a_single_error() {
    for (from, to, _) in [NAMES, OPEN, SELECTIONS, DESTINATIONS, THE_REST].concat() {
        let (text, _) = without_carets(&replaced(from, to));
        let rejected = parse("policy.toml", &text).expect_err(to);
        let errors = rejected
            .diagnostics
            .iter()
            .filter(|d| d.severity == Severity::Error)
            .count();
        assert_eq!(errors, 1, "{to}\n{rejected}");
    }
}

#[test]
fn the_sound_policy_has_no_mistake_and_no_doubt() {
    let checked = parse("policy.toml", SOUND).unwrap();
    assert_eq!(checked.warnings, []);
}

#[test]
fn all_mistakes_come_at_once_in_the_order_of_the_file() {
    let text = replaced("\"222222222222\"", "222222222222")
        .replace("regions = [\"us-east-1\"]", "regions = [\"us-east\"]")
        .replace("public = false", "public = true\npubic = true")
        .replace("copies-per-run = 50", "copies-per-run = -50");
    let rejected = parse("policy.toml", &text).unwrap_err();
    let codes: Vec<(usize, Code)> = rejected
        .diagnostics
        .iter()
        .map(|d| (d.line, d.code))
        .collect();
    let expected = [
        (4, Code::MalformedAccountId),
        (16, Code::MalformedRegion),
        (30, Code::PublicAndEncrypted),
        (31, Code::UnknownKey),
        (38, Code::OutOfRange),
    ];
    assert_eq!(codes, expected, "{rejected}");
}

#[test]
fn several_syntax_errors_come_with_what_else_is_certainly_wrong() {
    let text = replaced("role = \"amiary\"", "role = amiary")
        .replace("owner = \"platform\"", "owner =")
        .replace("copies-per-run = 50", "copies-per-run = -50");
    let rejected = parse("policy.toml", &text).unwrap_err();
    let codes: Vec<(usize, Code)> = rejected
        .diagnostics
        .iter()
        .map(|d| (d.line, d.code))
        .collect();
    assert_eq!(
        codes,
        [
            (5, Code::Syntax),
            (14, Code::Syntax),
            (37, Code::OutOfRange)
        ],
        "{rejected}"
    );
}

#[test]
fn tags_are_counted_and_measured() {
    let tags = |count: usize| {
        let all: Vec<String> = (0..count).map(|n| format!("t{n} = \"x\"")).collect();
        replaced(
            "{ managed-by = \"amiary\" }",
            &format!("{{ {} }}", all.join(", ")),
        )
    };
    assert!(parse("p", &tags(46)).is_ok());
    assert_eq!(
        parse("p", &tags(47)).unwrap_err().diagnostics[0].code,
        Code::TooManyTags
    );
    let tag = |key: usize, value: usize| {
        let tag = format!("{{ {} = \"{}\" }}", "k".repeat(key), "é".repeat(value));
        replaced("{ managed-by = \"amiary\" }", &tag)
    };
    assert!(parse("p", &tag(127, 256)).is_ok());
    assert_eq!(
        parse("p", &tag(128, 1)).unwrap_err().diagnostics[0].code,
        Code::MalformedTag
    );
    assert_eq!(
        parse("p", &tag(1, 257)).unwrap_err().diagnostics[0].code,
        Code::MalformedTag
    );
}

#[test]
fn a_pattern_has_at_most_256_characters() {
    let named = |length| replaced("golden-web-*", &"\u{e9}".repeat(length));
    assert!(parse("p", &named(256)).is_ok());
    let rejected = parse("p", &named(257)).unwrap_err();
    assert_eq!(rejected.diagnostics[0].code, Code::MalformedPattern);
}

#[test]
fn an_empty_policy_is_refused() {
    for text in ["", "# nothing\n", "[families]\n"] {
        let rejected = parse("p", text).unwrap_err();
        assert_eq!(rejected.diagnostics[0].code, Code::NoFamilies, "{text}");
        assert_eq!(rejected.diagnostics[0].line, 1);
    }
}
