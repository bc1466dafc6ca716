//! Rows of one kind, found by id and walked in the order they were made.

use std::collections::HashMap;

/// What a row tells about itself.
pub trait Row {
    /// Its id.
    fn id(&self) -> &str;
    /// The connected account it belongs to; `None`: the platform itself.
    fn account(&self) -> Option<&str>;
    /// When it was made, in seconds since the Unix epoch.
    fn created(&self) -> i64;
}

/// Rows of one kind.
#[derive(Debug)]
pub struct Table<T> {
    rows: Vec<T>,
    index: HashMap<String, usize>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), index: HashMap::new() }
    }
}

impl<T: Row> Table<T> {
    /// Adds a row, or replaces the one with its id.
    pub fn put(&mut self, row: T) {
        match self.index.get(row.id()).and_then(|at| self.rows.get_mut(*at)) {
            Some(slot) => *slot = row,
            None => {
                self.index.insert(row.id().to_owned(), self.rows.len());
                self.rows.push(row);
            }
        }
    }

    /// The row called `id`, whoever owns it.
    pub fn get(&self, id: &str) -> Option<&T> {
        self.index.get(id).and_then(|at| self.rows.get(*at))
    }

    /// The row called `id`, if it belongs to `account`.
    pub fn scoped(&self, id: &str, account: Option<&str>) -> Option<&T> {
        self.get(id).filter(|row| row.account() == account)
    }

    /// All rows, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.rows.iter()
    }

    /// The rows of `account`, newest first.
    pub fn newest<'a>(&'a self, account: Option<&'a str>) -> impl Iterator<Item = &'a T> {
        self.rows.iter().rev().filter(move |row| row.account() == account)
    }
}

/// Implements [`Row`] for a record with `id`, `created` and `account`, or for one that is always the platform's.
#[macro_export]
macro_rules! row {
    (platform $name:ty) => {
        impl $crate::engine::table::Row for $name {
            fn id(&self) -> &str {
                &self.id
            }
            fn account(&self) -> Option<&str> {
                None
            }
            fn created(&self) -> i64 {
                self.created
            }
        }
    };
    ($name:ty) => {
        impl $crate::engine::table::Row for $name {
            fn id(&self) -> &str {
                &self.id
            }
            fn account(&self) -> Option<&str> {
                self.account.as_deref()
            }
            fn created(&self) -> i64 {
                self.created
            }
        }
    };
}
