//! marquee-server.
