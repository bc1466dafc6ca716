//! marquee-checkout.
