//! What a person and a program are shown.

use super::super::{Code, parse};
use super::replaced;
use crate::notice::printable;

#[test]
fn a_program_is_told_line_column_code_and_mend() {
    let rejected = parse(
        "policy.toml",
        &replaced("owner = \"platform\"", "owner = \"platfrom\""),
    )
    .unwrap_err();
    let json = serde_json::to_value(&rejected.diagnostics).unwrap();
    assert_eq!(json[0]["code"], Code::UnknownOwner.as_str());
    assert_eq!(json[0]["severity"], "error");
    assert_eq!(json[0]["line"], 14);
    assert_eq!(json[0]["column"], 9);
    assert_eq!(json[0]["message"], "there is no owner \"platfrom\"");
    assert_eq!(json[0]["help"], "did you mean `platform`?");
}

#[test]
fn colour_is_given_only_where_it_is_asked_for() {
    let rejected = parse("policy.toml", "").unwrap_err();
    assert!(!rejected.to_string().contains('\u{1b}'));
    assert_eq!(rejected.render(false), rejected.to_string());
    assert!(rejected.render(true).contains('\u{1b}'));
}

#[test]
fn no_character_of_the_text_acts_on_the_terminal_it_is_shown_on() {
    let odd = "\u{1b}[31m \u{85}\u{9b}31m\u{7f} \u{202e}\u{2066}\u{2028}é🦀";
    let text = replaced("\"111111111111\"", "111111111111 # é");
    let text = text.replace("# é", &format!("# {odd}"));
    let rejected = parse("policy\u{1b}[2J\u{9b}.toml", &text).unwrap_err();
    let shown = rejected.to_string();
    for line in shown.split('\n') {
        assert_eq!(line, printable(line));
    }
    assert!(shown.contains("é🦀"), "{shown}");
    assert_eq!(rejected.diagnostics[0].line, 2);
}

#[test]
fn a_person_is_shown_every_mistake_with_its_place() {
    let text = replaced("\"111111111111\"", "111111111111")
        .replace("regions = [\"us-east-1\"]", "regoins = [\"us-east-1\"]")
        .replace("key = \"alias/golden\"", "key = \"alias/aws/ebs\"");
    let rejected = parse("policy.toml", &text).unwrap_err();
    assert_eq!(rejected.to_string(), EXPECTED, "{rejected}");
}

const EXPECTED: &str = r#"error[malformed-account-id]: an account id is a string: as a number it would lose its leading zeros
 --> policy.toml:2:6
  |
2 | id = 111111111111
  |      ^^^^^^^^^^^^
  |
  = help: put it in quotes: "111111111111"

error[unknown-key]: unknown key "regoins"
  --> policy.toml:16:1
   |
16 | regoins = ["us-east-1"]
   | ^^^^^^^
   |
   = help: did you mean `regions`?

error[aws-managed-key-shared]: what is encrypted under a key that AWS manages can't be shared
  --> policy.toml:24:7
   |
24 | key = "alias/aws/ebs"
   |       ^^^^^^^^^^^^^^^
25 | [families.web.sharing]
26 | accounts = ["workloads"]
   |            ------------- shared here
   |
   = help: name a key of your own, such as "alias/golden", or share nothing"#;
