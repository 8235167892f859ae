//! Owns the guards of the protocol, each of which can be taken out to see what it protects.

/// Which guards are in. All of them, unless a check takes one out.
#[expect(clippy::struct_excessive_bools, reason = "each guard is in or out")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guards {
    /// `CopyImage` carries a token that follows from source, destination and attempt.
    pub token: bool,
    /// Names are unique at a place, and a replica's name follows from its source and attempt.
    pub name: bool,
    /// A record is written only over the version that was read.
    pub version: bool,
    /// A copy's request is written down before the call.
    pub intent: bool,
    /// A loan is written down before it is made.
    pub loan: bool,
    /// Whoever lends writes the source's record, though the loan is written there already.
    pub lending: bool,
    /// A loan is not given back while the record has a copy of that account under way.
    pub borrowing: bool,
    /// A loan is kept while a destination that waits may be about to copy: its next attempt is not
    /// due, or the run did not read the source.
    pub waiting: bool,
    /// An image is taken as a copy only if its operation tag and its source fit.
    pub operation: bool,
    /// An image is taken as a copy only if its name is the one that was asked for.
    pub asked_name: bool,
    /// Tags come with the call, and not after it.
    pub tags: bool,
    /// A notice is stored in the transaction that it tells of.
    pub notice: bool,
    /// `NotFound` is believed only at a second look, ten minutes later.
    pub second_look: bool,
    /// What was seen of an image is forgotten once the record names another.
    pub forget: bool,
    /// After a refusal the next attempt asks with the same token for the same name.
    pub same: bool,
}

impl Guards {
    /// Every guard that the product has.
    pub const ALL: Self = Self {
        token: true,
        name: true,
        version: true,
        intent: true,
        loan: true,
        lending: true,
        borrowing: true,
        waiting: true,
        operation: true,
        asked_name: true,
        tags: true,
        notice: true,
        second_look: true,
        forget: true,
        same: true,
    };
}
