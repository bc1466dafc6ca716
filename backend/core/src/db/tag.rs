use std::fmt;

use serde::Serialize;

/// What a transaction is for, as `area.verb`: a claim's begins with `claim`. Its class says whose connections it may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tag {
    name: &'static str,
    class: Class,
    manner: Manner,
}

/// How the transactions of a tag differ from others of its class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Manner {
    Plain,
    Hasty,
    ByKey,
    Patient,
}

/// Classes of work, each with its own budget of connections: none but buyers may use a whole pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// What somebody waits for: a purchase, a page, a scan at the door.
    Buyers,
    /// What happens anyway: mail, expiry, recovery, filling memory. At most a third of a pool.
    Background,
    /// Long reads: audits, reports. At most a sixth of a pool, with more time for each statement.
    Report,
}

/// A claim that runs keeps its rows for some milliseconds, and a few may queue for one. Who keeps a row longer has stopped.
const HASTY: &str = "set local lock_timeout = '400ms'; ";
/// A statement by key has one good plan: without this, arrays of one element are planned anew for each.
const BY_KEY: &str = "set local plan_cache_mode = force_generic_plan; ";
/// What reads a whole house may take longer than what buyers wait for.
const PATIENT: &str = "set local statement_timeout = '60s'; ";
/// Beyond this, `pg_stat_activity` (1,024 bytes by default) would cut a comment at a statement's end off.
const SHOWN: usize = 960;

impl Tag {
    /// Names a piece of work that somebody waits for. Lower-case letters, digits, `_` and `.` only, checked when compiled as
    /// a constant.
    pub const fn new(name: &'static str) -> Self {
        Self::of(name, Class::Buyers)
    }

    /// Names a claim: it does not wait long for a row that another transaction keeps, for a whole batch would wait with it.
    pub const fn claim(name: &'static str) -> Self {
        Self { manner: Manner::Hasty, ..Self::of(name, Class::Buyers) }
    }

    /// Names a step of a purchase whose statements reach a few rows by key: they are planned once for each connection. Not for
    /// what takes long arrays or looks far and wide.
    pub const fn by_key(name: &'static str) -> Self {
        Self { manner: Manner::ByKey, ..Self::of(name, Class::Buyers) }
    }

    /// Names a long read without which nobody can buy: it has a report's time and a buyer's connections.
    pub const fn patient(name: &'static str) -> Self {
        Self { manner: Manner::Patient, ..Self::of(name, Class::Buyers) }
    }

    /// Names a piece of work that nobody waits for.
    pub const fn background(name: &'static str) -> Self {
        Self::of(name, Class::Background)
    }

    /// Names a long read.
    pub const fn report(name: &'static str) -> Self {
        Self::of(name, Class::Report)
    }

    const fn of(name: &'static str, class: Class) -> Self {
        let bytes = name.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            #[allow(clippy::indexing_slicing, reason = "the loop stays below the length")]
            let byte = bytes[at];
            assert!(
                matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.'),
                "a tag has lower-case letters, digits, _ and ."
            );
            at += 1;
        }
        Self { name, class, manner: Manner::Plain }
    }

    /// The tag's text.
    pub fn as_str(self) -> &'static str {
        self.name
    }

    /// Whose connections it may use.
    pub fn class(self) -> Class {
        self.class
    }

    /// Settings of its transactions that differ from the session's.
    pub(super) fn settings(self) -> &'static str {
        match (self.class, self.manner) {
            (_, Manner::Hasty) => HASTY,
            (_, Manner::ByKey) => BY_KEY,
            (_, Manner::Patient) => PATIENT,
            (Class::Buyers | Class::Background, Manner::Plain) => "",
            (Class::Report, Manner::Plain) => {
                "set local statement_timeout = '60s'; set local enable_seqscan = on; "
            }
        }
    }

    /// `sql` with the tag as a comment in sqlcommenter's form, where the server shows it.
    pub(super) fn stamp(self, sql: &str) -> String {
        if sql.len() <= SHOWN {
            format!("{sql} /*tag='{}'*/", self.name)
        } else {
            format!("/*tag='{}'*/ {sql}", self.name)
        }
    }
}

impl Class {
    /// Connections of a pool of `size` that work of this class may hold at a time.
    pub(super) fn budget(self, size: usize) -> usize {
        match self {
            Self::Buyers => size,
            Self::Background => (size / 3).max(1),
            Self::Report => (size / 6).max(1),
        }
    }

    /// Its name, as JSON and metrics have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Buyers => "buyers",
            Self::Background => "background",
            Self::Report => "report",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_stands_where_the_server_shows_it() {
        let tag = Tag::new("claim.ttl");
        assert_eq!(tag.stamp("select 1"), "select 1 /*tag='claim.ttl'*/");
        let long = format!("select '{}'", "x".repeat(2_000));
        assert!(tag.stamp(&long).starts_with("/*tag='claim.ttl'*/ select"));
    }

    #[test]
    fn only_buyers_may_use_a_whole_pool() {
        let budgets = |size| [Class::Buyers, Class::Background, Class::Report].map(|one| one.budget(size));
        assert_eq!(budgets(12), [12, 4, 2]);
        assert_eq!(budgets(6), [6, 2, 1]);
        assert_eq!(budgets(1), [1, 1, 1]);
    }
}
