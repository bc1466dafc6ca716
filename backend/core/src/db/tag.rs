/// What a transaction is for, as `area.verb`: a claim's begins with `claim`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tag(&'static str);

impl Tag {
    /// Names a piece of work. Lower-case letters, digits, `_` and `.` only, checked when compiled as a constant.
    pub const fn new(name: &'static str) -> Self {
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
        Self(name)
    }

    /// The tag's text.
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// `sql` with the tag as a comment in sqlcommenter's form, so that the server shows it.
    pub(super) fn stamp(self, sql: &str) -> String {
        format!("{sql} /*tag='{}'*/", self.0)
    }
}
