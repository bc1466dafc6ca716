//! marquee-entity.
