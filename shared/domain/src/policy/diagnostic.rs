//! Owns what is said about a policy: mistakes and doubts, each with its place in the file.

use super::render;
use serde::{Serialize, Serializer};
use std::fmt;
use std::ops::Range;

/// A range of bytes of the policy's text.
pub type Span = Range<usize>;

/// How grave a [`Diagnostic`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The policy is refused.
    Error,
    /// The policy is taken; the author should look again.
    Warning,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What kind of mistake a [`Diagnostic`] tells of. The names are stable.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its name, such as `unknown-key`.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

codes! {
    /// The text is not TOML.
    Syntax = "syntax",
    /// A key that the schema does not know.
    UnknownKey = "unknown-key",
    /// A key that must be there is not.
    MissingKey = "missing-key",
    /// A value of another type than the key takes.
    WrongType = "wrong-type",
    /// A name of an account, group, owner or family with characters it can't have.
    MalformedName = "malformed-name",
    /// Not twelve digits.
    MalformedAccountId = "malformed-account-id",
    /// Not a Region's code.
    MalformedRegion = "malformed-region",
    /// Neither a role's name nor its ARN.
    MalformedRole = "malformed-role",
    /// Not an ARN of the kind that belongs there.
    MalformedArn = "malformed-arn",
    /// Neither an alias, nor a key id, nor an ARN of either.
    MalformedKmsKey = "malformed-kms-key",
    /// Not an image's id.
    MalformedImageId = "malformed-image-id",
    /// Not a day, a time of day or a time zone.
    MalformedHours = "malformed-hours",
    /// A pattern that nothing can match.
    MalformedPattern = "malformed-pattern",
    /// Not a number and a unit.
    MalformedDuration = "malformed-duration",
    /// A tag that AWS does not take.
    MalformedTag = "malformed-tag",
    /// Not one of the things that make an image ready.
    MalformedReady = "malformed-ready",
    /// A date or time that means another moment in each time zone.
    DatetimeWithoutOffset = "datetime-without-offset",
    /// A number outside the range it may have.
    OutOfRange = "out-of-range",
    /// A name given to an account and to a group.
    NameCollision = "name-collision",
    /// An account id given to two accounts.
    DuplicateAccountId = "duplicate-account-id",
    /// A role in another account than the one it is for.
    RoleAccount = "role-account",
    /// No account and no group has this name.
    UnknownAccount = "unknown-account",
    /// No owner has this name.
    UnknownOwner = "unknown-owner",
    /// No family has this name.
    UnknownFamily = "unknown-family",
    /// A group that contains itself.
    GroupCycle = "group-cycle",
    /// A policy without a family.
    NoFamilies = "no-families",
    /// A list or text that selects nothing.
    EmptySelector = "empty-selector",
    /// A selection without a limit.
    SelectsEverything = "selects-everything",
    /// The same item twice in a list.
    Repeated = "repeated",
    /// The same account and Region twice among a family's destinations.
    DuplicateDestination = "duplicate-destination",
    /// A destination where all of the family's sources already are.
    DestinationIsSource = "destination-is-source",
    /// A destination that does not say how copies are encrypted.
    EncryptionMissing = "encryption-missing",
    /// A destination that says it more than once.
    EncryptionConflict = "encryption-conflict",
    /// A key's ARN of another Region than its destination's.
    KmsKeyRegion = "kms-key-region",
    /// A key id that can't be the key of all the places it is given for.
    KmsKeyNotEverywhere = "kms-key-not-everywhere",
    /// A Region of the destination that `keys` leaves out.
    KmsKeysMissingRegion = "kms-keys-missing-region",
    /// A Region in `keys` that is not the destination's.
    KmsKeysExtraRegion = "kms-keys-extra-region",
    /// Sharing what is encrypted under a key that AWS manages.
    AwsManagedKeyShared = "aws-managed-key-shared",
    /// Publishing what is encrypted.
    PublicAndEncrypted = "public-and-encrypted",
    /// A tag whose key begins with `aws:` or `amiary:`.
    ReservedTag = "reserved-tag",
    /// More tags than a resource can carry.
    TooManyTags = "too-many-tags",
    /// Warning: an account without a role, where another has none already.
    NoRole = "no-role",
    /// Warning: two families that could select the same image.
    FamiliesOverlap = "families-overlap",
    /// Warning: something that changes nothing.
    NoEffect = "no-effect",
}

impl Code {
    /// Whether a syntax error elsewhere, which hides a part of the document, could cause it.
    pub(super) fn tells_of_absence(self) -> bool {
        matches!(
            self,
            Self::MissingKey
                | Self::UnknownAccount
                | Self::UnknownOwner
                | Self::NoFamilies
                | Self::EmptySelector
                | Self::SelectsEverything
                | Self::EncryptionMissing
                | Self::KmsKeysMissingRegion
        )
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One mistake, or one doubt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// How grave it is.
    pub severity: Severity,
    /// What kind it is.
    pub code: Code,
    /// What is wrong, in a sentence without its full stop.
    pub message: String,
    /// The bytes it is about.
    pub place: Span,
    /// The line on which they begin, from 1.
    pub line: usize,
    /// The character of that line at which they begin, from 1.
    pub column: usize,
    /// How to mend it.
    pub help: Option<String>,
    /// Another place that matters for it.
    pub related: Option<Related>,
}

/// Another place that matters for a [`Diagnostic`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Related {
    /// The bytes of it.
    pub place: Span,
    /// The line on which they begin, from 1.
    pub line: usize,
    /// The character of that line at which they begin, from 1.
    pub column: usize,
    /// What is there.
    pub label: String,
}

/// Why a policy was refused: every mistake at once, with the doubts, ordered by place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// The mistakes and doubts.
    pub diagnostics: Vec<Diagnostic>,
    pub(super) file_name: String,
    pub(super) text: String,
}

impl Rejected {
    /// All diagnostics as a person reads them: file, line, caret and mend.
    pub fn render(&self, colour: bool) -> String {
        render::render(&self.file_name, &self.text, &self.diagnostics, colour)
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Rejected {}
