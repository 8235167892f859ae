//! Owns what the tests of the policy share: a sound document, and mistakes put into it.

mod documents;
mod meaning;
mod mistakes;
mod retention;
mod shown;
mod told;

/// A small policy without a mistake or doubt.
const SOUND: &str = r#"[accounts.builders]
id = "111111111111"
[accounts.production]
id = "222222222222"
role = "amiary"
[accounts.staging]
id = "333333333333"
role = "amiary"
[groups]
workloads = ["production", "staging"]
[owners.platform]
topic = "arn:aws:sns:us-east-1:111111111111:images"
[families.web]
owner = "platform"
accounts = ["builders"]
regions = ["us-east-1"]
name = "golden-web-*"
match-tags = { Role = "golden" }
ready = "available"
not-before = 2026-01-01T00:00:00Z
[[families.web.destinations]]
accounts = ["builders", "workloads"]
regions = ["eu-west-1", "ap-southeast-2"]
key = "alias/golden"
[families.web.sharing]
accounts = ["workloads"]
organizations = ["arn:aws:organizations::111111111111:organization/o-a1b2c3d4e5"]
organizational-units = ["arn:aws:organizations::111111111111:ou/o-a1b2c3d4e5/ou-ab12-cd34ef56"]
as-source = true
public = false
snapshots = ["workloads"]
[families.web.tags]
copy = true
drop = ["build:*"]
add = { managed-by = "amiary" }
[caps]
copies-per-run = 50
revocations-per-run = 20
"#;

/// Where a caret is expected in a text; taken out before the text is parsed.
const CARET: char = '‸';

/// The sound policy with one fragment replaced by another. The fragment must be there.
fn replaced(from: &str, to: &str) -> String {
    assert!(SOUND.contains(from), "{from:?} is not in the sound policy");
    SOUND.replacen(from, to, 1)
}

/// A text without its carets, and the line and column of each.
fn without_carets(marked: &str) -> (String, Vec<(usize, usize)>) {
    let (mut text, mut carets) = (String::new(), Vec::new());
    let (mut line, mut column) = (1, 1);
    for c in marked.chars() {
        if c == CARET {
            carets.push((line, column));
            continue;
        }
        text.push(c);
        (line, column) = if c == '\n' {
            (line + 1, 1)
        } else {
            (line, column + 1)
        };
    }
    (text, carets)
}
