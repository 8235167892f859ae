//! What a person is told of every mistake, in words: read by a person once, and again wherever they
//! change.

use super::super::suggest::quoted;
use super::super::{Diagnostic, parse};
use super::mistakes::{DESTINATIONS, NAMES, OPEN, SELECTIONS, THE_REST};
use super::{SOUND, replaced, without_carets};
use std::fmt::Write as _;

/// Everything that is said, in the order of the lists.
const TOLD: &str = include_str!("told.txt");

/// Where what is said depends on what was meant: what is replaced in the sound policy, and by what.
const MEANT: &[(&str, &str)] = &[
    ("regions = [\"us-east-1\"]", "regions = [\"us-east-1\"]x"),
    ("{ Role = \"golden\" }", "{ Role = \"golden\" }x"),
    (
        "{ Role = \"golden\" }",
        "{ Role = { a = [\"golden\", { b = 1 } }",
    ),
    ("{ Role = \"golden\" }", "{ Role = [{ a = \"golden\" ] }"),
    ("drop = [\"build:*\"]", "drop = [\"build:*\", [ \"x\" ]"),
    ("key = \"alias/golden\"", "keys = { eu-west-1 = \"alias/a\""),
    (
        "[\"eu-west-1\", \"ap-southeast-2\"]",
        "[\"eu-west-1\", \"ap-southeast-2\"",
    ),
    (
        "add = { managed-by = \"amiary\" }",
        "add = { managed-by = \"amiary\"\nx = 1",
    ),
    ("copies-per-run = 50", "copies-per-run ="),
    ("[families.web.sharing]", "[families.web.sharing"),
    ("id = \"111111111111\"\n", "id = 1234\n"),
    ("id = \"111111111111\"\n", "id = 1234567890123\n"),
    ("id = \"111111111111\"\n", "id = 0x1111\n"),
    ("id = \"111111111111\"\n", "id = -1\n"),
    ("\"111111111111\"\n", "\"11111111111\"\n"),
    ("\"111111111111\"\n", "\"11111111111111\"\n"),
    ("[groups]\n", "[groups]\n\"-x\" = [\"staging\"]\n"),
    ("[groups]\n", "[groups]\nnone = 1\n"),
    (
        "[\"production\", \"staging\"]",
        "[\"222222222222\", \"staging\"]",
    ),
    (
        "accounts = [\"builders\"]\n",
        "accounts = [\"999999999999\"]\n",
    ),
    ("accounts = [\"builders\"]\n", "accounts = [\"buildres\"]\n"),
    ("accounts = [\"builders\"]\n", "accounts = [\"nobody\"]\n"),
    ("accounts = [\"builders\"]\n", "accounts = [7]\n"),
    ("owner = \"platform\"", "owner = \"nobody\""),
    ("owner = \"platform\"", "owner = 7"),
    ("regions = [\"us-east-1\"]", "regions = [\"Ireland\"]"),
    ("regions = [\"us-east-1\"]", "regions = { a = 1 }"),
    ("name = \"golden-web-*\"", "name = 1.5"),
    (
        "match-tags = { Role = \"golden\" }",
        "match-tags = [\"Role\"]",
    ),
    (
        "match-tags = { Role = \"golden\" }",
        "match-tags = { Role = 1 }",
    ),
    ("\"available\"", "\"released\""),
    ("\"available\"", "{ value = \"released\" }"),
    ("\"available\"", "{ tag = \"Status\", value = \"\" }"),
    ("\"available\"", "{ tag = \"\", value = \"x\" }"),
    ("\"available\"", "{ settled = \"12345\" }"),
    ("\"available\"", "{ settled = \"5000d\" }"),
    ("\"available\"", "{ settled = \"soon\" }"),
    ("\"available\"", "{ settled = \"1h\", tag = \"x\" }"),
    ("\"available\"", "2026-01-01"),
    ("2026-01-01T00:00:00Z", "12:00:00"),
    ("2026-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59"),
    ("key = \"alias/golden\"", "key = \"a golden key\""),
    ("key = \"alias/golden\"", "key = \"alias/a:b\""),
    ("key = \"alias/golden\"", "key = 1"),
    (
        "key = \"alias/golden\"",
        "keys = { eu-west-1 = 1, ap-southeast-2 = \"alias/b\" }",
    ),
    (
        "key = \"alias/golden\"",
        "keys = { eu-west-1 = \"alias/b\", nowhere = \"alias/b\" }",
    ),
    (
        "key = \"alias/golden\"",
        "keys = { us-west-2 = \"alias/b\" }",
    ),
    ("key = \"alias/golden\"", "encrypt = \"no\""),
    (
        "key = \"alias/golden\"",
        "key = \"alias/golden\"\nkeys = {}\nencrypt = false",
    ),
    (
        "regions = [\"eu-west-1\", \"ap-southeast-2\"]\nkey = \"alias/golden\"",
        "regions = [\"eu-west-1\"]\nkey = \"1234abcd-12ab-34cd-56ef-1234567890ab\"",
    ),
    (
        "\"eu-west-1\", \"ap-southeast-2\"]\nkey",
        "\"us-east-1a\", \"eu-west-1\"]\nkey",
    ),
    (
        "\"builders\", \"workloads\"]\nregions = [\"eu-west-1\", \"ap-southeast-2\"]",
        "\"builders\"]\nregions = [\"us-east-1\"]",
    ),
    (
        "[[families.web.destinations]]",
        "[families.web.destinations]",
    ),
    (
        "[families.web.sharing]",
        "[[families.web.destinations]]\naccounts = [\"workloads\", \"builders\"]\nregions = [\"eu-west-1\", \"us-west-2\"]\nkey = \"alias/x\"\n[families.web.sharing]",
    ),
    ("public = false", "public = \"no\""),
    (
        "[\"workloads\"]\norganizations",
        "[\"worklods\"]\norganizations",
    ),
    ("organizations = [", "organizations = [7, "),
    (
        "organizations = [\"arn:aws:organizations::111111111111:organization/o-a1b2c3d4e5\"]",
        "organizations = []",
    ),
    ("drop = [\"build:*\"]", "drop = [7]"),
    ("drop = [\"build:*\"]", "drop = [\"a\\nb\"]"),
    ("drop = [\"build:*\"]", "drop = \"build:*\""),
    ("{ managed-by = \"amiary\" }", "7"),
    ("{ managed-by = \"amiary\" }", "{ \"\" = \"x\" }"),
    ("[families.web.tags]", "[[families.web.tags]]"),
    ("revocations-per-run = 20", "revocations-per-run = \"20\""),
    (
        "[caps]\ncopies-per-run = 50\nrevocations-per-run = 20\n",
        "[families.\"a b\"]\nowner = \"platform\"\n",
    ),
    ("role = \"amiary\"", "role = \"\""),
    (
        "role = \"amiary\"",
        "role = \"arn:aws:iam::222222222222:role/\"",
    ),
    (
        "[owners.platform]\n",
        "[owners.\"a b\"]\ntopic = \"arn:aws:sns:us-east-1:111111111111:images\"\n[owners.platform]\n",
    ),
    (
        "topic = \"arn:aws:sns:us-east-1:111111111111:images\"",
        "topic = 7",
    ),
    (
        "[owners.platform]\n",
        "[owners]\nother = 7\n[owners.platform]\n",
    ),
    (
        "[accounts.builders]\n",
        "[accounts]\nother = 7\n[accounts.builders]\n",
    ),
];

fn tell(what: &str, text: &str, said: &[Diagnostic], told: &mut String) {
    writeln!(told, "== {}", what.replace('\n', "\\n")).unwrap();
    for d in said {
        let help = d.help.as_deref().unwrap_or_default();
        let severity = serde_json::to_value(d.severity).unwrap();
        let severity = severity.as_str().unwrap();
        writeln!(
            told,
            "{severity} {} at {}:{}: {}",
            d.code, d.line, d.column, d.message
        )
        .unwrap();
        writeln!(told, "  of {}", quoted(&text[d.place.clone()])).unwrap();
        writeln!(told, "  {help}").unwrap();
        if let Some(related) = &d.related {
            let (line, column) = (related.line, related.column);
            writeln!(told, "  {line}:{column}: {}", related.label).unwrap();
        }
    }
}

#[test]
fn every_mistake_is_told_in_words_that_a_person_has_read() {
    let all = [NAMES, OPEN, SELECTIONS, DESTINATIONS, THE_REST].concat();
    let all = all.iter().map(|(from, to, _)| (*from, *to));
    let mut told = String::new();
    for (from, to) in all.chain(MEANT.iter().copied()) {
        let (text, _) = without_carets(&replaced(from, to));
        let rejected = parse("policy.toml", &text).expect_err(to);
        tell(to, &text, &rejected.diagnostics, &mut told);
    }
    for doubtful in doubtful() {
        let checked = parse("policy.toml", &doubtful).unwrap_or_else(|r| panic!("{r}"));
        assert!(!checked.warnings.is_empty(), "{doubtful}");
        tell("a doubt", &doubtful, &checked.warnings, &mut told);
    }
    if told != TOLD {
        let differs = told
            .lines()
            .zip(TOLD.lines())
            .position(|(is, was)| is != was);
        let at = differs.unwrap_or_else(|| told.lines().count().min(TOLD.lines().count()));
        let shown: Vec<&str> = told.lines().skip(at.saturating_sub(3)).take(8).collect();
        let whole = std::env::temp_dir().join("amiary-told.txt");
        std::fs::write(&whole, &told).unwrap();
        panic!(
            "told.txt differs from line {}; the whole is in {}; now it says:\n{}",
            at + 1,
            whole.display(),
            shown.join("\n")
        );
    }
}

/// Policies that are taken with a doubt.
fn doubtful() -> Vec<String> {
    let second = format!(
        "{SOUND}[families.api]\nowner = \"platform\"\naccounts = [\"builders\"]\n\
         regions = [\"us-east-1\"]\nname = \"golden-*\"\n[[families.api.destinations]]\n\
         accounts = [\"staging\"]\nregions = [\"eu-west-1\"]\nkey = \"alias/golden\"\n"
    );
    vec![
        replaced("copy = true", "copy = false"),
        second,
        replaced(
            "role = \"amiary\"\n[accounts.staging]",
            "[accounts.staging]",
        ),
        SOUND.replace("role = \"amiary\"\n", ""),
    ]
}
