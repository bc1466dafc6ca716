//! Scans at the door.

use crate::text_enum::text_enum;

text_enum! {
    /// What the door staff are told.
    Verdict {
        /// Let them through.
        Admit = "admit",
        /// Somebody is in on this ticket.
        Duplicate = "duplicate",
        /// The ticket was withdrawn.
        Revoked = "revoked",
        /// Not one of this tenant's tickets.
        Fake = "fake",
        /// A ticket for another performance.
        WrongPerformance = "wrong_performance",
        /// This gate does not take that ticket.
        WrongGate = "wrong_gate",
        /// This gate is not open yet.
        TooEarly = "too_early",
    }
}

text_enum! {
    /// Which way somebody goes.
    Direction {
        /// Into the venue.
        In = "in",
        /// Out of it.
        Out = "out",
    }
}
