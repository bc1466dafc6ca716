//! marquee-migrations.
