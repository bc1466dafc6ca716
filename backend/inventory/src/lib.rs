//! marquee-inventory.
