//! marquee-e2e.
