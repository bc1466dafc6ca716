use marquee_core::http::IdempotencyKey;

/// A call under an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Which call, of which resource.
    pub scope: String,
    /// The caller's key.
    pub key: IdempotencyKey,
    /// SHA-256 of the body.
    pub fingerprint: [u8; 32],
}

/// An answer as it is stored and replayed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status: 2xx or 402.
    pub status: u16,
    /// The body, JSON.
    pub body: String,
}

/// Proof that a key was begun or taken over; a holder of an older one can write nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fence(pub(super) i64);

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Nothing: the call is new.
    New,
    /// It came with another body.
    Mismatch,
    /// Its call ended with this answer.
    Answered(Answer),
    /// Its call is running.
    InFlight,
    /// Its call was begun, and nobody works on it now.
    Open,
}

/// What a stored row says about a call, given its body's fingerprint.
pub(super) fn judge(stored: &[u8], fingerprint: &[u8; 32], answer: Option<Answer>, locked: bool) -> Standing {
    match answer {
        _ if stored != fingerprint => Standing::Mismatch,
        Some(answer) => Standing::Answered(answer),
        None if locked => Standing::InFlight,
        None => Standing::Open,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_body_is_a_mismatch_whatever_became_of_the_first() {
        let answer = || Some(Answer { status: 201, body: "{}".to_owned() });
        for (answer, locked) in [(None, false), (None, true), (answer(), false), (answer(), true)] {
            assert_eq!(judge(&[1; 32], &[2; 32], answer, locked), Standing::Mismatch);
        }
    }

    #[test]
    fn an_answer_outlives_the_lock() {
        let answer = Answer { status: 402, body: "{}".to_owned() };
        assert_eq!(judge(&[1; 32], &[1; 32], Some(answer.clone()), true), Standing::Answered(answer));
        assert_eq!(judge(&[1; 32], &[1; 32], None, true), Standing::InFlight);
        assert_eq!(judge(&[1; 32], &[1; 32], None, false), Standing::Open);
    }

    #[test]
    fn a_row_of_another_length_is_a_mismatch() {
        assert_eq!(judge(&[], &[0; 32], None, false), Standing::Mismatch);
    }
}
