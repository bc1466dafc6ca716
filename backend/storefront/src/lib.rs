//! marquee-storefront.
