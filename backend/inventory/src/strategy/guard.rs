/// The condition under which a unit may be claimed.
///
/// It can be switched off only in builds that carry the `negative-control` feature: there a concurrency test
/// proves that it would see an oversold seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Guard {
    /// Free, or held and expired at this moment.
    #[default]
    On,
    /// Anything goes.
    #[cfg(any(test, feature = "negative-control"))]
    Off,
}

impl Guard {
    /// The condition in SQL, over a row of `units` named `u`.
    pub(super) fn sql(self) -> &'static str {
        match self {
            Self::On => "(u.state = 'free' or (u.state = 'held' and u.expires_at <= marquee_now()))",
            #[cfg(any(test, feature = "negative-control"))]
            Self::Off => "(u.state is not null)",
        }
    }
}
