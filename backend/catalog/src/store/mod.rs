//! The only place for the catalog's queries. None of them touches units, holds or claims, but for the one
//! question whether a performance has live holds.

pub(crate) mod read;
pub(crate) mod write;
