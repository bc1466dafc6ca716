//! marquee-door.
