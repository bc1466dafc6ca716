//! The rules without which money could be lost track of: a record is written under the newest fence alone, and what a
//! payment has come to is asked of the provider before anything is done about it.
//!
//! They can be switched off only in builds that carry the `negative-control` feature, by `MARQUEE_WITHOUT=fence` or
//! `refetch`. Tests prove that they would see what happens without either.

/// Is this rule switched off?
#[cfg(feature = "negative-control")]
pub fn is_off(rule: &str) -> bool {
    std::env::var("MARQUEE_WITHOUT").is_ok_and(|off| off == rule)
}

/// Is this rule switched off? Never, in this build.
#[cfg(not(feature = "negative-control"))]
#[inline(always)]
pub fn is_off(_rule: &str) -> bool {
    false
}

/// The condition under which a record may be written, over a row named as `row` says: its `fence` is the one in `value`, a
/// parameter.
pub(crate) fn fence(row: &str, value: &str) -> String {
    if is_off("fence") { format!("{value}::bigint is not null") } else { format!("{row}.fence = {value}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fence_is_part_of_the_condition() {
        assert_eq!(fence("p", "$3"), "p.fence = $3");
        assert!(!is_off("refetch"));
    }
}
