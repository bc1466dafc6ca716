//! marquee-demo.
