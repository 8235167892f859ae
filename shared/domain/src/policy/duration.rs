//! Owns how a length of time is written: a whole number and a unit, such as `30m`.

use jiff::SignedDuration;

/// The longest length of time that a policy may name.
const LONGEST_DAYS: i64 = 3650;

/// A text that is not a length of time, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(super) struct InvalidDuration {
    /// What is wrong.
    pub(super) message: String,
    /// How to mend it.
    pub(super) help: String,
}

/// Reads a length of time: `45s`, `30m`, `2h` or `7d`, more than nothing and at most ten years.
pub(super) fn parse(text: &str) -> Result<SignedDuration, InvalidDuration> {
    let refuse = |message: &str, help: String| InvalidDuration {
        message: message.to_owned(),
        help,
    };
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    if text.starts_with('-') {
        return Err(refuse(
            "a length of time can't be negative",
            "say \"30m\", \"2h\" or \"7d\"".to_owned(),
        ));
    }
    if !number.is_empty() && unit.is_empty() {
        let help = match number.len() {
            1..=4 => format!("say \"{number}m\" for minutes or \"{number}s\" for seconds"),
            _ => "say \"30m\" for minutes or \"30s\" for seconds".to_owned(),
        };
        return Err(refuse("the length of time has no unit", help));
    }
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => 0,
    };
    if number.is_empty() || seconds == 0 {
        let help =
            "write a whole number and s, m, h or d, such as \"30m\", \"2h\" or \"7d\"".to_owned();
        return Err(refuse("this is not a length of time", help));
    }
    match number
        .parse::<i64>()
        .ok()
        .and_then(|count| count.checked_mul(seconds))
    {
        Some(0) => Err(refuse(
            "a length of time of nothing",
            "leave it out, or say \"30m\"".to_owned(),
        )),
        Some(total) if total <= LONGEST_DAYS * 86_400 => Ok(SignedDuration::from_secs(total)),
        _ => Err(refuse(
            "the length of time is too long",
            format!("at most \"{LONGEST_DAYS}d\" can be said"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_a_unit_are_read() {
        for (text, seconds) in [
            ("1s", 1),
            ("30m", 1800),
            ("2h", 7200),
            ("7d", 604_800),
            ("3650d", 315_360_000),
        ] {
            assert_eq!(
                parse(text).unwrap(),
                SignedDuration::from_secs(seconds),
                "{text}"
            );
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let bad = [
            "",
            "30",
            "m",
            "0m",
            "-5m",
            "1.5h",
            "30 m",
            "30min",
            "3651d",
            "99999999999999999999d",
            "1h30m",
            "３m",
        ];
        for text in bad {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_missing_unit_is_offered() {
        assert_eq!(
            parse("12345").unwrap_err().help,
            "say \"30m\" for minutes or \"30s\" for seconds"
        );
        assert_eq!(
            parse("m").unwrap_err().message,
            "this is not a length of time"
        );
        assert_eq!(
            parse("").unwrap_err().message,
            "this is not a length of time"
        );
        assert_eq!(
            parse("-").unwrap_err().message,
            "a length of time can't be negative"
        );
        assert_eq!(
            parse("1234").unwrap_err().help,
            "say \"1234m\" for minutes or \"1234s\" for seconds"
        );
        assert_eq!(
            parse("30").unwrap_err().help,
            "say \"30m\" for minutes or \"30s\" for seconds"
        );
    }
}
