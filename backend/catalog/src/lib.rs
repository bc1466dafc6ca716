//! marquee-catalog.
