//! marquee-payments.
