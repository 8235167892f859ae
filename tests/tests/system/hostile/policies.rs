//! Hostile policies: each with its diagnostic, the place where that stands, and the mend.

use super::told::shows_as_it_is;
use amiary_domain::policy::{Code, Rejected, Severity, parse};

/// A small policy without a mistake.
pub const SOUND: &str = r#"[accounts.builders]
id = "111111111111"
[accounts.production]
id = "222222222222"
role = "amiary"
[groups]
all = ["builders", "production"]
[owners.platform]
topic = "arn:aws:sns:us-east-1:111111111111:images"
[families.web]
owner = "platform"
accounts = ["builders"]
regions = ["us-east-1"]
name = "golden-*"
match-tags = { Role = "golden" }
ready = { settled = "30m" }
not-before = 2026-01-01T00:00:00Z
[[families.web.destinations]]
accounts = ["all"]
regions = ["eu-west-1"]
key = "alias/golden"
[families.web.sharing]
accounts = ["production"]
as-source = true
[families.web.tags]
drop = ["build:*"]
add = { managed-by = "amiary" }
[caps]
copies-per-run = 50
revocations-per-run = 20
"#;

/// Where the diagnostic must stand; taken out before the text is parsed.
const CARET: char = '‸';

/// What is hostile, what is replaced, by what with the caret, the code, and what the mend says.
type Row = (&'static str, &'static str, &'static str, Code, &'static str);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    // Text that is no TOML.
    ("a header that is never closed", "[groups]", "[groups‸", Code::Syntax, "TOML"),
    ("a header of nothing", "[groups]", "[‸]", Code::Syntax, "TOML"),
    ("a header with an empty part", "[families.web]", "[families.‸.web]", Code::Syntax, "TOML"),
    ("a list that is never closed", "[\"builders\", \"production\"]", "‸[\"builders\", \"production\"", Code::Syntax, "close it with ]"),
    ("a table that is never closed", "{ Role = \"golden\" }", "‸{ Role = \"golden\"", Code::Syntax, "close it with }"),
    ("a text that is never closed", "\"alias/golden\"", "\"alias/golden‸", Code::Syntax, "quotes"),
    ("a text of many lines that is never closed", "name = \"golden-*\"", "name = \"\"\"golden-*", Code::Syntax, "quotes"),
    ("a key without a value", "role = \"amiary\"", "role =‸", Code::Syntax, "TOML"),
    ("a value without a key", "role = \"amiary\"", "‸= \"amiary\"", Code::Syntax, "TOML"),
    ("two values", "role = \"amiary\"", "role = \"a\" ‸\"b\"", Code::Syntax, "TOML"),
    ("JSON", "role = \"amiary\"", "‸{\"role\": \"amiary\"}", Code::Syntax, "TOML"),
    ("YAML", "role = \"amiary\"", "role‸: amiary", Code::Syntax, "TOML"),
    ("a value without quotes", "role = \"amiary\"", "role = ‸amiary", Code::Syntax, "quotes"),
    ("an escape that is none", "\"amiary\"", "\"ami\\‸qary\"", Code::Syntax, "TOML"),
    ("a character that is none", "\"amiary\"", "\"ami\\u‸d800ary\"", Code::Syntax, "TOML"),
    ("a character beyond all", "\"amiary\"", "\"ami\\U‸FFFFFFFFary\"", Code::Syntax, "TOML"),
    ("a raw control character in a text", "\"amiary\"", "\"ami‸\u{1}ary\"", Code::Syntax, "TOML"),
    ("a raw escape sequence", "\"amiary\"", "\"ami‸\u{1b}[31mary\"", Code::Syntax, "TOML"),
    ("a zero byte", "[groups]", "‸\0[groups]", Code::Syntax, "TOML"),
    ("a key twice", "role = \"amiary\"", "role = \"amiary\"\n‸role = \"other\"", Code::Syntax, "once"),
    ("a table twice", "[caps]", "[owners.‸platform]\n[caps]", Code::Syntax, "once"),
    ("a family twice", "[caps]", "[families.‸web]\nowner = \"platform\"\n[caps]", Code::Syntax, "once"),
    ("a table that is a value already", "[caps]", "[accounts.builders.‸id]\nx = 1\n[caps]", Code::Syntax, "once"),
    ("a list of tables that is a table already", "[caps]", "[[‸owners]]\n[caps]", Code::Syntax, "once"),
    ("a comment with a control character", "[groups]", "# ‸\u{7f}\n[groups]", Code::Syntax, "TOML"),
    ("a space that is none before a key", "role = \"amiary\"", "‸\u{a0}role = \"amiary\"", Code::Syntax, "TOML"),
    ("quotes of a word processor", "role = \"amiary\"", "role = ‸“amiary”", Code::Syntax, "TOML"),
    // Keys nobody knows.
    ("an unknown table", "[groups]", "[‸colours]\nx = 1\n[groups]", Code::UnknownKey, "the keys here are"),
    ("a misspelt table", "[groups]", "[‸ownerz.x]\ntopic = \"y\"\n[groups]", Code::UnknownKey, "did you mean `owners`?"),
    ("an unknown key of a family", "name = \"golden-*\"", "name = \"golden-*\"\n‸wibble = 1", Code::UnknownKey, "the keys here are"),
    ("a key in capitals", "role = \"amiary\"", "‸Role = \"amiary\"", Code::UnknownKey, "role"),
    ("a key with a character without width", "role = \"amiary\"", "‸\"ro\u{200b}le\" = \"amiary\"", Code::UnknownKey, "role"),
    ("a key with a letter that looks like another", "role = \"amiary\"", "‸\"rоle\" = \"amiary\"", Code::UnknownKey, "role"),
    ("a key that turns direction", "role = \"amiary\"", "‸\"\\u202erole\" = \"amiary\"", Code::UnknownKey, "role"),
    ("a key with an escape sequence", "role = \"amiary\"", "‸\"\\u001b[31m\" = \"amiary\"", Code::UnknownKey, "the keys here are"),
    ("a key of C1 controls", "role = \"amiary\"", "‸\"\\u009b31m\" = \"amiary\"", Code::UnknownKey, "the keys here are"),
    ("an empty key", "role = \"amiary\"", "‸\"\" = \"amiary\"", Code::UnknownKey, "the keys here are"),
    ("a dotted key into nowhere", "copies-per-run = 50", "‸copies.per.run = 50", Code::UnknownKey, "the keys here are"),
    ("a key of another language's objects", "role = \"amiary\"", "‸__proto__ = { role = \"x\" }", Code::UnknownKey, "the keys here are"),
    // Values of other types.
    ("an id that is a number", "id = \"222222222222\"", "id = ‸222222222222", Code::MalformedAccountId, "in quotes"),
    ("an id in hexadecimal", "id = \"222222222222\"", "id = ‸0xdeadbeef", Code::MalformedAccountId, "in quotes"),
    ("an id with a fraction", "id = \"222222222222\"", "id = ‸2.5", Code::WrongType, "write id ="),
    ("an id that is not a number", "id = \"222222222222\"", "id = ‸nan", Code::WrongType, "write id ="),
    ("an infinite id", "id = \"222222222222\"", "id = ‸-inf", Code::WrongType, "write id ="),
    ("an id that is a date", "id = \"222222222222\"", "id = ‸2026-01-01", Code::WrongType, "write id ="),
    ("an id that is a list", "id = \"222222222222\"", "id = ‸[\"222222222222\"]", Code::WrongType, "write id ="),
    ("an id of full-width digits", "id = \"222222222222\"", "id = ‸\"２２２２２２２２２２２２\"", Code::MalformedAccountId, "twelve digits"),
    ("an id with a line end", "id = \"222222222222\"", "id = ‸\"222222222222\\n\"", Code::MalformedAccountId, "222222222222"),
    ("an account that is a text", "[accounts.production]\nid = \"222222222222\"\nrole = \"amiary\"", "[accounts]\nproduction = ‸\"222222222222\"", Code::WrongType, "write it as"),
    ("accounts that are a list", "[groups]", "‸[[groups]]", Code::WrongType, ""),
    ("a role that is true", "role = \"amiary\"", "role = ‸true", Code::WrongType, "write role ="),
    ("a role with a path that leads elsewhere", "role = \"amiary\"", "role = ‸\"../../admin\"", Code::MalformedRole, "write a name"),
    ("a role with a line end", "role = \"amiary\"", "role = ‸\"amiary\\nx\"", Code::MalformedRole, "write a name"),
    ("a topic that is a queue", ":sns:", ":sqs:", Code::MalformedArn, "standard topic"),
    ("a topic with a wildcard", "111111111111:images\"", "111111111111:*\"", Code::MalformedArn, "standard topic"),
    ("Regions that are a text", "regions = [\"us-east-1\"]", "regions = ‸\"us-east-1\"", Code::WrongType, "write regions ="),
    ("a Region that is a number", "regions = [\"us-east-1\"]", "regions = [‸1]", Code::WrongType, "write regions ="),
    ("a Region that is a list", "regions = [\"us-east-1\"]", "regions = [‸[\"us-east-1\"]]", Code::WrongType, "write regions ="),
    ("a Region with a trailing space", "regions = [\"us-east-1\"]", "regions = [‸\"us-east-1 \"]", Code::MalformedRegion, ""),
    ("a Region that turns direction", "regions = [\"us-east-1\"]", "regions = [‸\"\\u202eus-east-1\"]", Code::MalformedRegion, ""),
    ("a name that is a list", "name = \"golden-*\"", "name = ‸[\"golden-*\"]", Code::WrongType, "write name ="),
    ("a name with a zero byte", "name = \"golden-*\"", "name = ‸\"golden\\u0000*\"", Code::MalformedPattern, ""),
    ("a name with an escape sequence", "name = \"golden-*\"", "name = ‸\"\\u001b[31m*\"", Code::MalformedPattern, ""),
    ("a name with C1 controls", "name = \"golden-*\"", "name = ‸\"\\u009b31m*\"", Code::MalformedPattern, ""),
    ("a tag's pattern that is a number", "{ Role = \"golden\" }", "{ Role = ‸1 }", Code::WrongType, ""),
    ("a tag's pattern that is a table", "{ Role = \"golden\" }", "{ Role = ‸{ x = 1 } }", Code::WrongType, ""),
    ("readiness that is a list", "ready = { settled = \"30m\" }", "ready = ‸[]", Code::WrongType, ""),
    ("a length of time that is negative", "\"30m\"", "‸\"-30m\"", Code::MalformedDuration, "30m"),
    ("a length of time beyond all numbers", "\"30m\"", "‸\"99999999999999999999999d\"", Code::MalformedDuration, "3650d"),
    ("a length of time of full-width digits", "\"30m\"", "‸\"３０m\"", Code::MalformedDuration, "30m"),
    ("a length of time that is not a number", "\"30m\"", "‸nan", Code::WrongType, ""),
    ("a moment without an offset", "2026-01-01T00:00:00Z", "‸2026-01-01T00:00:00", Code::DatetimeWithoutOffset, ""),
    ("a day", "2026-01-01T00:00:00Z", "‸2026-01-01", Code::DatetimeWithoutOffset, ""),
    ("a time of day", "2026-01-01T00:00:00Z", "‸12:00:00", Code::DatetimeWithoutOffset, ""),
    ("a moment that is none", "2026-01-01T00:00:00Z", "‸2026-13-45T00:00:00Z", Code::Syntax, "TOML"),
    ("the day that is not", "2026-01-01T00:00:00Z", "‸2026-02-30T00:00:00Z", Code::Syntax, "TOML"),
    ("a moment that is infinite", "2026-01-01T00:00:00Z", "‸inf", Code::WrongType, ""),
    ("destinations that are one table", "[[families.web.destinations]]", "‸[families.web.destinations]", Code::WrongType, ""),
    ("a key that is a list", "key = \"alias/golden\"", "key = ‸[\"alias/golden\"]", Code::WrongType, ""),
    ("a key with a line end", "key = \"alias/golden\"", "key = ‸\"alias/golden\\n\"", Code::MalformedKmsKey, ""),
    ("a key that turns direction", "key = \"alias/golden\"", "key = ‸\"alias/\\u202egolden\"", Code::MalformedKmsKey, ""),
    ("sharing that is true", "[families.web.sharing]\naccounts = [\"production\"]\nas-source = true", "[families]\n‸web.sharing = true", Code::Syntax, "once"),
    ("a truth value that is a text", "as-source = true", "as-source = ‸\"true\"", Code::WrongType, "as-source"),
    ("a truth value that is a number", "as-source = true", "as-source = ‸1", Code::WrongType, "as-source"),
    ("a truth value in capitals", "as-source = true", "as-source = ‸True", Code::Syntax, "TOML"),
    ("a tag to add that is a number", "{ managed-by = \"amiary\" }", "{ managed-by = ‸7 }", Code::WrongType, ""),
    ("a tag to add with a control character", "{ managed-by = \"amiary\" }", "{ managed-by = ‸\"a\\u0007\" }", Code::MalformedTag, ""),
    ("a tag to add that is reserved", "{ managed-by = \"amiary\" }", "{ ‸\"aws:x\" = \"y\" }", Code::ReservedTag, ""),
    ("a tag to add that is reserved, in capitals", "{ managed-by = \"amiary\" }", "{ ‸\"AMIARY:operation\" = \"y\" }", Code::ReservedTag, ""),
    // Numbers.
    ("a negative cap", "copies-per-run = 50", "copies-per-run = ‸-1", Code::OutOfRange, ""),
    ("a cap beyond 64 bits", "copies-per-run = 50", "copies-per-run = ‸99999999999999999999", Code::OutOfRange, ""),
    ("a cap beyond 128 bits", "copies-per-run = 50", "copies-per-run = ‸999999999999999999999999999999999999999999", Code::OutOfRange, ""),
    ("a cap with a fraction", "copies-per-run = 50", "copies-per-run = ‸50.0", Code::WrongType, ""),
    ("a cap that is not a number", "copies-per-run = 50", "copies-per-run = ‸nan", Code::WrongType, ""),
    ("an infinite cap", "copies-per-run = 50", "copies-per-run = ‸inf", Code::WrongType, ""),
    ("a cap with an exponent", "copies-per-run = 50", "copies-per-run = ‸1e2", Code::WrongType, ""),
    ("a cap that is a text", "copies-per-run = 50", "copies-per-run = ‸\"50\"", Code::WrongType, ""),
    ("a cap that is a date", "copies-per-run = 50", "copies-per-run = ‸2026-01-01", Code::WrongType, ""),
    ("a cap of octal digits that are none", "copies-per-run = 50", "copies-per-run = 0o‸9", Code::Syntax, "TOML"),
    ("a cap with a leading zero", "copies-per-run = 50", "copies-per-run = ‸050", Code::Syntax, "TOML"),
    // Names.
    ("a family's name with an escape sequence", "[families.web]\n", "[families.‸\"\\u001b[31m\"]\n", Code::MalformedName, "letters, digits"),
    ("a family's name of 65 letters", "[caps]", "[families.‸aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]\n[caps]", Code::MalformedName, "letters, digits"),
    ("an account's name with a space", "[accounts.builders]", "[accounts.‸\"build ers\"]", Code::MalformedName, "letters, digits"),
    ("an owner's name that turns direction", "[owners.platform]", "[owners.‸\"\\u202eplatform\"]", Code::MalformedName, "letters, digits"),
    ("a group's name of nothing", "[groups]\n", "[groups]\n‸\"\" = [\"builders\"]\n", Code::MalformedName, "letters, digits"),
    ("a group of itself", "[groups]\n", "[groups]\nx = [‸\"x\"]\n", Code::GroupCycle, ""),
    ("an account named with a character without width", "accounts = [\"builders\"]", "accounts = [‸\"build\\u200bers\"]", Code::UnknownAccount, "builders"),
];

/// A text that is made: what it is, the text, and the code, line and column of its diagnostic.
type Made = (&'static str, String, Option<(Code, usize, usize)>);

#[rustfmt::skip]
fn made() -> Vec<Made> {
    let nested = |depth: usize| format!("{SOUND}x = {}{}\n", "[".repeat(depth), "]".repeat(depth));
    let dotted = |depth: usize| format!("{}x = 1\n{SOUND}", "a.".repeat(depth));
    let families = |count: usize| {
        let end = SOUND.find("[families.web]").unwrap();
        let family = &SOUND[end..SOUND.find("[caps]").unwrap()];
        let all: String = (0..count).map(|n| family.replace("families.web", &format!("families.f{n}")).replace("golden-*", &format!("golden-{n}-*"))).collect();
        format!("{}{all}", &SOUND[..end])
    };
    vec![
        ("as it is", SOUND.to_owned(), None),
        ("nothing", String::new(), Some((Code::NoFamilies, 1, 1))),
        ("a byte order mark alone", "\u{feff}".to_owned(), Some((Code::NoFamilies, 1, 1))),
        ("a byte order mark before it", format!("\u{feff}{SOUND}"), None),
        ("two byte order marks", format!("\u{feff}\u{feff}{SOUND}"), Some((Code::Syntax, 1, 1))),
        ("Windows' line ends", SOUND.replace('\n', "\r\n"), None),
        ("an old Mac's line ends", SOUND.replace('\n', "\r"), Some((Code::Syntax, 1, 21))),
        ("zero bytes", "\0".repeat(100), Some((Code::Syntax, 1, 1))),
        ("HTML", "<!DOCTYPE html><html></html>".to_owned(), Some((Code::Syntax, 1, 1))),
        ("JSON alone", "{\"accounts\": {}}".to_owned(), Some((Code::Syntax, 1, 1))),
        ("a hundred thousand brackets", "[".repeat(100_000), Some((Code::Syntax, 1, 3))),
        ("lists nested fifty deep", nested(50), Some((Code::UnknownKey, 31, 1))),
        ("lists nested a hundred thousand deep", nested(100_000), Some((Code::Syntax, 31, 85))),
        ("a key of a hundred thousand parts", dotted(100_000), Some((Code::Syntax, 1, 1))),
        ("a megabyte of comments", format!("{}{SOUND}", "# nothing at all\n".repeat(60_000)), None),
        ("a megabyte on one line", format!("{SOUND}x = \"{}\"\n", "x".repeat(1 << 20)), Some((Code::UnknownKey, 31, 1))),
        ("a key of a megabyte", format!("{SOUND}{} = 1\n", "k".repeat(1 << 20)), Some((Code::UnknownKey, 31, 1))),
        ("a thousand families", families(1_000), None),
        ("ten thousand Regions that are none", SOUND.replace("[\"us-east-1\"]", &format!("[{}]", regions(10_000))), Some((Code::MalformedRegion, 13, 12))),
        ("a pattern of ten thousand stars", SOUND.replace("golden-*", &"*a".repeat(5_000)), Some((Code::MalformedPattern, 14, 8))),
    ]
}

fn regions(count: usize) -> String {
    let regions: Vec<String> = (0..count).map(|n| format!("\"r{n}\"")).collect();
    regions.join(",")
}

/// How many cases there are.
pub fn count() -> usize {
    ROWS.len() + made().len()
}

/// A text without its caret, and the caret's line and column.
fn without_caret(marked: &str) -> (String, Option<(usize, usize)>) {
    let Some((before, after)) = marked.split_once(CARET) else {
        return (marked.to_owned(), None);
    };
    let line = before.rsplit('\n').next().unwrap_or_default();
    let place = (before.matches('\n').count() + 1, line.chars().count() + 1);
    (format!("{before}{after}"), Some(place))
}

/// What must hold of every rejection; answers what does not.
pub fn unsound(text: &str, rejected: &Rejected) -> Option<String> {
    let errors = rejected
        .diagnostics
        .iter()
        .filter(|d| d.severity == Severity::Error);
    if errors.count() == 0 {
        return Some("it is rejected without an error".to_owned());
    }
    for one in &rejected.diagnostics {
        let place = &one.place;
        if place.start > place.end || place.end > text.len() {
            return Some(format!("its place {place:?} is not within the text"));
        }
        let lines = text.matches('\n').count() + 1;
        if one.line == 0 || one.line > lines || one.column == 0 {
            return Some(format!(
                "its line {} and column {} are not in the text",
                one.line, one.column
            ));
        }
        if one.message.is_empty() || one.help.as_deref().is_none_or(str::is_empty) {
            return Some("it has no message or no mend".to_owned());
        }
    }
    None
}

#[test]
fn each_hostile_policy_has_its_diagnostic_where_it_stands_with_the_mend() {
    let mut problems = Vec::new();
    for (what, from, to, code, mend) in ROWS {
        assert!(SOUND.contains(from), "{what}: nothing to replace");
        let (text, caret) = without_caret(&SOUND.replacen(from, to, 1));
        let Err(rejected) = parse("policy.toml", &text) else {
            problems.push(format!("{what}: it is taken"));
            continue;
        };
        problems.extend(unsound(&text, &rejected).map(|wrong| format!("{what}: {wrong}")));
        rejected.to_string().split('\n').for_each(shows_as_it_is);
        let found = rejected.diagnostics.iter().find(|one| {
            let here = caret.is_none_or(|caret| (one.line, one.column) == caret);
            one.code == *code && here && one.help.as_ref().is_some_and(|help| help.contains(mend))
        });
        if found.is_none() {
            problems.push(format!(
                "{what}: not {code} at {caret:?} with {mend:?}, but\n{rejected}"
            ));
        }
    }
    assert!(
        problems.is_empty(),
        "{} are otherwise:\n{}",
        problems.len(),
        problems.join("\n\n")
    );
}

#[test]
fn policies_of_any_size_and_depth_are_taken_or_refused_where_the_table_says() {
    let mut problems = Vec::new();
    for (what, text, expected) in made() {
        match (parse("policy.toml", &text), expected) {
            (Ok(_), None) => {}
            (Err(rejected), Some((code, line, column))) => {
                problems.extend(unsound(&text, &rejected).map(|wrong| format!("{what}: {wrong}")));
                let first = &rejected.diagnostics[0];
                if (first.code, first.line, first.column) != (code, line, column) {
                    problems.push(format!(
                        "{what}: {} at {}:{}: {:.200}",
                        first.code, first.line, first.column, first.message
                    ));
                }
            }
            (Ok(_), Some(_)) => problems.push(format!("{what}: it is taken")),
            (Err(rejected), None) => {
                problems.push(format!("{what}: {:.500}", rejected.to_string()));
            }
        }
    }
    assert!(
        problems.is_empty(),
        "{} are otherwise:\n{}",
        problems.len(),
        problems.join("\n\n")
    );
}
