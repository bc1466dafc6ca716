//! marquee-tenants.
