//! Owns chance, from a seed, and what it does to an input: the same every time.

/// A generator (`SplitMix64`, public domain).
pub struct Draw(u64);

/// Texts that something may stumble over.
#[rustfmt::skip]
const ODD: [&str; 44] = [
    "", " ", "\0", "\u{1b}[31m", "\u{9b}31m", "\u{7f}", "\u{85}", "\u{2028}", "\u{202e}", "\u{feff}",
    "\u{fffe}", "🦀", "é\u{301}", "\r\n", "-1", "0", "1e309", "NaN", "inf", "99999999999999999999",
    "-9223372036854775808", "true", "null", "{}", "[]", "{\"S\":\"x\"}", "\\ud800", "\\u0000", "<x>",
    "</x>", "<item/>", "&amp;", "&#x9b;", "&#0;", "<![CDATA[", "]]>", "<!--", "ami-0123456789abcdef0",
    "111111111111", "us-east-1", "2026-13-45T00:00:00Z", "9999-12-31T23:59:59Z", "\"\"\"", "[[",
];

/// Signs at which inputs have their joints.
const JOINTS: &str = "{}[]<>:,=\"'\n.#&/";

/// The most bytes of an input.
const LONGEST: usize = 1 << 20;

impl Draw {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 where that is 0.
    pub fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).expect("a number");
        usize::try_from(self.next().checked_rem(end).unwrap_or(0)).expect("a number")
    }

    /// One of these.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// A valid input, bent a few times, or, now and then, not at all. Parts come from any of the
    /// valid inputs, and from words that mean something in them.
    pub fn bent(&mut self, corpus: &[&str], words: &[&str]) -> Vec<u8> {
        let mut bytes = self.pick(corpus).as_bytes().to_vec();
        if self.below(50) == 0 {
            return bytes;
        }
        let most = *self.pick(&[1, 1, 1, 2, 4]);
        for _ in 0..most {
            self.bend(&mut bytes, corpus, words);
            bytes.truncate(LONGEST);
        }
        bytes
    }

    fn bend(&mut self, bytes: &mut Vec<u8>, corpus: &[&str], words: &[&str]) {
        let (from, to) = self.range(bytes);
        match self.below(16) {
            0 => bytes.truncate(from),
            1 => drop(bytes.drain(from..to)),
            2 if !bytes.is_empty() => {
                let at = from.min(bytes.len() - 1);
                bytes[at] = self.next().to_le_bytes()[0];
            }
            3 => {
                let part = bytes[from..to].to_vec();
                let times = 1 + self.below(3);
                bytes.splice(from..from, part.repeat(times));
            }
            4 => {
                let other = self.pick(corpus).as_bytes();
                let (start, end) = self.range(other);
                bytes.splice(from..to, other[start..end].iter().copied());
            }
            5 => {
                let odd = self.pick(&ODD);
                let times = if self.below(20) == 0 {
                    self.below(20_000)
                } else {
                    1
                };
                bytes.splice(from..to, odd.repeat(times).into_bytes());
            }
            6 | 7 => {
                let word = self.pick(words);
                bytes.splice(from..to, word.bytes());
            }
            8 | 9 => {
                let odd = self.pick(&ODD);
                bytes.splice(from..from, odd.bytes());
            }
            _ => self.bend_a_text(bytes),
        }
    }

    /// Puts another text between two quotes or two tags, so that the form stays what it is.
    fn bend_a_text(&mut self, bytes: &mut Vec<u8>) {
        let start = self.below(bytes.len() + 1);
        let opens = |at: &usize| matches!(bytes[*at], b'"' | b'>');
        let Some(open) = (start..bytes.len()).find(opens) else {
            return;
        };
        let closes = |at: &usize| matches!(bytes[*at], b'"' | b'<');
        let Some(close) = (open + 1..bytes.len()).find(closes) else {
            return;
        };
        let odd = loop {
            let odd = self.pick(&ODD);
            if !odd.contains(['"', '<', '&', '\\', '\0']) {
                break odd;
            }
        };
        let most = if self.below(10) == 0 { 400 } else { 1 };
        let text = odd.repeat(1 + self.below(most));
        bytes.splice(open + 1..close, text.into_bytes());
    }

    /// A part of an input, mostly from joint to joint.
    fn range(&mut self, bytes: &[u8]) -> (usize, usize) {
        if self.below(4) == 0 {
            let (one, other) = (self.below(bytes.len() + 1), self.below(bytes.len() + 1));
            return (one.min(other), one.max(other));
        }
        let joint = |at: &usize| JOINTS.as_bytes().contains(&bytes[*at]);
        let start = self.below(bytes.len() + 1);
        let from = (start..bytes.len())
            .find(joint)
            .map_or(bytes.len(), |at| at + 1);
        let mut to = from;
        for _ in 0..=self.below(3) {
            to = (to..bytes.len())
                .skip(1)
                .find(joint)
                .unwrap_or(bytes.len())
                .max(to);
        }
        (from, to)
    }
}
