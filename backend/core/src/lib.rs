//! marquee-core.
