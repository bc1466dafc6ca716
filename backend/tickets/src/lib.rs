//! marquee-tickets.
