//! Walks a plan's JSON without stopping at what is wrong: each value that has another shape than wanted is noted with its
//! pointer, and read as missing. What the format has where is in `parse.rs`.

use serde_json::{Map, Value};

use super::fault::{Fault, FaultKind};
use super::types::Point;

/// After so many faults of shape the rest of the file tells nothing new.
const MAX_SHAPE_FAULTS: usize = 1000;

/// Walks the JSON and keeps where it is.
#[derive(Debug, Default)]
pub(super) struct Reader {
    pointer: String,
    pub(super) faults: Vec<Fault>,
    pub(super) zone: Option<String>,
    pub(super) row: Option<String>,
}

impl Reader {
    pub(super) fn fault(&mut self, detail: impl Into<String>) {
        if self.faults.len() < MAX_SHAPE_FAULTS {
            self.faults.push(Fault {
                zone: self.zone.clone(),
                row: self.row.clone(),
                ..Fault::at(FaultKind::Malformed, self.pointer.clone(), detail)
            });
        }
    }

    /// Runs `work` with the pointer one step deeper.
    pub(super) fn within<T>(&mut self, step: impl std::fmt::Display, work: impl FnOnce(&mut Self) -> T) -> T {
        use std::fmt::Write;
        let length = self.pointer.len();
        // Writing to a string cannot fail.
        let _ = write!(self.pointer, "/{step}");
        let result = work(self);
        self.pointer.truncate(length);
        result
    }

    pub(super) fn object<'v>(&mut self, value: &'v Value) -> Option<&'v Map<String, Value>> {
        let object = value.as_object();
        if object.is_none() {
            self.fault(format!("must be an object, is {}", kind_of(value)));
        }
        object
    }

    /// The elements of a list, each read by `item`; what `item` cannot read is left out.
    pub(super) fn list<T>(
        &mut self,
        object: &Map<String, Value>,
        name: &'static str,
        needed: bool,
        mut item: impl FnMut(&mut Self, &Value) -> Option<T>,
    ) -> Vec<T> {
        match object.get(name) {
            Some(Value::Array(values)) => self.within(name, |reader| {
                let read = |(at, value)| reader.within(at, |reader| item(reader, value));
                values.iter().enumerate().filter_map(read).collect()
            }),
            None | Some(Value::Null) if !needed => Vec::new(),
            None => {
                self.fault(format!("has no \"{name}\""));
                Vec::new()
            }
            Some(other) => {
                self.within(name, |reader| reader.fault(format!("must be a list, is {}", kind_of(other))));
                Vec::new()
            }
        }
    }

    /// A text that may be missing.
    pub(super) fn text(&mut self, object: &Map<String, Value>, name: &'static str) -> Option<String> {
        match object.get(name)? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            other => {
                self.within(name, |reader| reader.fault(format!("must be text, is {}", kind_of(other))));
                None
            }
        }
    }

    /// A number that may be missing.
    pub(super) fn number(&mut self, object: &Map<String, Value>, name: &'static str) -> Option<f64> {
        let value = object.get(name).filter(|value| !value.is_null())?;
        let number = value.as_f64();
        if number.is_none() {
            self.within(name, |reader| reader.fault(format!("must be a number, is {}", kind_of(value))));
        }
        number
    }

    /// A number that must be there.
    pub(super) fn measure(&mut self, object: &Map<String, Value>, name: &'static str) -> f64 {
        if object.get(name).is_none_or(Value::is_null) {
            self.fault(format!("has no \"{name}\""));
        }
        self.number(object, name).unwrap_or_default()
    }

    /// A word out of a closed list, or none.
    pub(super) fn word<T>(
        &mut self,
        object: &Map<String, Value>,
        name: &'static str,
        meaning: fn(&str) -> Option<T>,
    ) -> Option<T> {
        let word = self.text(object, name).filter(|word| !word.is_empty())?;
        let value = meaning(&word);
        if value.is_none() {
            self.within(name, |reader| reader.fault("is a word the format does not have"));
        }
        value
    }

    /// A point; coordinates that are missing or no numbers are unknown.
    pub(super) fn point(&mut self, object: &Map<String, Value>, name: &str) -> Option<Point> {
        let value = object.get(name).filter(|value| !value.is_null())?;
        Some(coordinates(value))
    }
}

pub(super) fn coordinates(value: &Value) -> Point {
    let coordinate = |axis: &str| value.get(axis).and_then(Value::as_f64).unwrap_or(f64::NAN);
    Point::new(coordinate("x"), coordinate("y"))
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
