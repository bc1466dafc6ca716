//! marquee-stripe.
