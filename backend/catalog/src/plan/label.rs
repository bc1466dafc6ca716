//! What a fan reads: names of sections and seats.

use std::collections::{HashMap, HashSet};

use super::types::{Row, Seat, Zone};

/// A seat in words, for example `Ground floor, block 3 · Row A · Seat 1`. Parts that are empty are left out.
pub fn seat_label(section: &str, row: &str, seat: &str) -> String {
    let mut label = String::with_capacity(section.len() + row.len() + seat.len() + 8);
    for part in [section, row, seat] {
        if !part.is_empty() {
            if !label.is_empty() {
                label.push_str(" · ");
            }
            label.push_str(part);
        }
    }
    label
}

impl Zone {
    /// The zone's name, or its id where it has none.
    pub fn display_name(&self) -> &str {
        match self.zone_id.as_deref() {
            Some(id) if self.name.trim().is_empty() => id.trim(),
            _ => self.name.trim(),
        }
    }
}

impl Row {
    /// The row in words: its own label, or `Row A`.
    pub fn label(&self) -> String {
        match self.row_label.as_deref().map(str::trim).filter(|label| !label.is_empty()) {
            Some(label) => label.to_owned(),
            None => prefixed("Row", &self.row_number),
        }
    }

    /// One of its seats in words: by the row's pattern, or `Seat 1`.
    pub fn label_seat(&self, seat: &Seat) -> String {
        match self.seat_label.as_deref().map(str::trim).filter(|label| !label.is_empty()) {
            Some(pattern) => pattern.replace("%s", seat.seat_number.trim()),
            None => prefixed("Seat", &seat.seat_number),
        }
    }
}

fn prefixed(word: &str, number: &str) -> String {
    match number.trim() {
        "" => String::new(),
        number => format!("{word} {number}"),
    }
}

/// What two labels have in common that nobody could tell apart: case and spacing do not count.
pub(super) fn fold(label: &str) -> String {
    let mut folded = String::with_capacity(label.len());
    for word in label.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.extend(word.chars().flat_map(char::to_lowercase));
    }
    folded
}

/// Names already given, so that new ones differ from all of them, also to the eye (see [`fold`]).
#[derive(Default)]
pub(super) struct Names {
    taken: HashSet<String>,
    next: HashMap<String, usize>,
}

impl Names {
    /// Marks a name as given; false where it already was.
    pub fn take(&mut self, name: &str) -> bool {
        self.taken.insert(fold(name))
    }

    /// Takes the first free spelling: `spell(1)` is the wanted name, `spell(2)` and on are its variants.
    /// Returns which one it was.
    pub fn claim(&mut self, spell: impl Fn(usize) -> String) -> usize {
        let wanted = fold(&spell(1));
        if self.taken.insert(wanted.clone()) {
            return 1;
        }
        let counter = self.next.entry(wanted).or_insert(1);
        loop {
            *counter += 1;
            if self.taken.insert(fold(&spell(*counter))) {
                return *counter;
            }
        }
    }
}

/// The longest part of a name that is kept where something is added to it.
const MAX_STEM: usize = 60;

/// A name's stem, short enough to be added to.
pub(super) fn stem(name: &str) -> String {
    let mut stem: String = name.trim().chars().take(MAX_STEM).collect();
    stem.truncate(stem.trim_end().len());
    stem
}

/// The n-th of several things of one name: `Balcony`, `Balcony (2)`.
pub(super) fn numbered(name: &str, n: usize) -> String {
    if n == 1 { name.to_owned() } else { format!("{} ({n})", stem(name)) }
}

/// The n-th of several things of one id: `A-1`, `A-1-2`.
pub(super) fn hyphened(id: &str, n: usize) -> String {
    if n == 1 { id.to_owned() } else { format!("{}-{n}", stem(id)) }
}

/// What can stand in an id: letters and digits of any script, points, underscores and hyphens.
pub(super) fn id_part(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric() || "._-".contains(*c)).take(MAX_STEM).collect()
}

/// Compares names as people sort them: `A2` before `A10`, `B` before `AA`.
pub(super) fn natural_order(a: &str, b: &str) -> std::cmp::Ordering {
    /// Runs of digits and of other characters, digits first and by value.
    fn keys(text: &str) -> impl Iterator<Item = (bool, usize, &str)> {
        let mut rest = text.trim();
        std::iter::from_fn(move || {
            let digit = rest.chars().next()?.is_ascii_digit();
            let end = rest.find(|c: char| c.is_ascii_digit() != digit).unwrap_or(rest.len());
            let (run, tail) = rest.split_at(end);
            rest = tail;
            // Without leading zeros the longer number is the larger one, and the longer letters come later.
            let run = if digit { run.trim_start_matches('0') } else { run };
            Some((!digit, run.chars().count(), run))
        })
    }
    keys(a).cmp(keys(b)).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_read_like_sentences() {
        assert_eq!(
            seat_label("Ground floor, block 3", "Row A", "Seat 1"),
            "Ground floor, block 3 · Row A · Seat 1"
        );
        assert_eq!(seat_label("", "Row A", "Seat 1"), "Row A · Seat 1");
        let row =
            Row { row_label: Some("Box 4".into()), seat_label: Some("Chair %s".into()), ..Row::default() };
        let seat = Seat { seat_number: "2".into(), ..Seat::default() };
        assert_eq!((row.label(), row.label_seat(&seat)), ("Box 4".into(), "Chair 2".into()));
        assert_eq!(Row::default().label(), "");
    }

    #[test]
    fn rows_sort_as_people_sort_them() {
        let mut rows = vec!["10", "AA", "2", "B", "A10", "A2", "Z", "A", "02"];
        rows.sort_by(|a, b| natural_order(a, b));
        assert_eq!(rows, ["02", "2", "10", "A", "A2", "A10", "B", "Z", "AA"]);
    }

    #[test]
    fn names_are_given_once() {
        let mut names = Names::default();
        names.take("A-2");
        let mut claim = || names.claim(|n| if n == 1 { "a".into() } else { format!("a-{n}") });
        assert_eq!([claim(), claim(), claim()], [1, 3, 4]);
    }

    #[test]
    fn labels_fold_to_what_the_eye_keeps() {
        assert_eq!(fold("  Row  A "), fold("row a"));
        assert_ne!(fold("Row A"), fold("Row AA"));
    }
}
