//! Requests of buyers, made cheaply: each with a key that was never used before.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use rand::RngExt as _;
use rand::seq::SliceRandom as _;

use crate::http;
use crate::load::Source;
use crate::seed::Show;
use crate::stage::HOST;

/// Draws keys: a random part for the run, then a number.
#[derive(Debug)]
pub struct Keys {
    run: u64,
    next: u64,
}

impl Keys {
    /// Of a new run.
    pub fn new() -> Self {
        Self { run: rand::random(), next: 0 }
    }

    /// The header's line with the next key.
    pub fn line(&mut self) -> String {
        self.next += 1;
        format!("idempotency-key: {:016x}-{:x}\r\n", self.run, self.next)
    }
}

/// What buyers ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wish {
    /// A seat that they chose.
    ChosenSeat,
    /// Any place of the price level.
    AnyPlace,
}

impl Wish {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::ChosenSeat => "chosen seat",
            Self::AnyPlace => "any place",
        }
    }
}

/// Holds, each of other units than all before, in random order over all performances, until every unit was asked for.
#[derive(Debug)]
pub struct Holds {
    shows: Vec<Asked>,
    /// Performance, and the place of its first unit; taken from the end.
    order: Vec<(u32, u32)>,
    /// Units of one hold.
    each: u32,
    keys: Keys,
    body: String,
}

#[derive(Debug)]
struct Asked {
    path: String,
    level: String,
    seats: Arc<Vec<String>>,
}

impl Holds {
    /// Of `each` units a time.
    pub fn of(shows: &[Show], wish: Wish, each: u32) -> Self {
        let mut order: Vec<(u32, u32)> = Vec::new();
        for (show, of) in (0..).zip(shows) {
            let count = match wish {
                Wish::ChosenSeat => of.seats.len(),
                Wish::AnyPlace => of.units,
            };
            order
                .extend((0..u32::try_from(count).unwrap_or(u32::MAX) / each).map(|hold| (show, hold * each)));
        }
        order.shuffle(&mut rand::rng());
        let asked = |show: &Show| Asked {
            path: format!("/api/v1/performances/{}/holds", show.id),
            level: show.level.clone(),
            seats: if wish == Wish::ChosenSeat { Arc::clone(&show.seats) } else { Arc::default() },
        };
        Self { shows: shows.iter().map(asked).collect(), order, each, keys: Keys::new(), body: String::new() }
    }
}

impl Source for Holds {
    fn next(&mut self, out: &mut Vec<u8>) -> bool {
        let Some((show, first)) = self.order.pop() else { return false };
        let Some(show) = self.shows.get(show as usize) else { return false };
        self.body.clear();
        match show.seats.get(first as usize..(first + self.each) as usize) {
            Some(seats) => seats_body(&mut self.body, seats),
            None => places_body(&mut self.body, &show.level, self.each),
        }
        http::post(out, HOST, &show.path, &self.keys.line(), &self.body);
        true
    }
}

/// The same, for several loads.
#[derive(Debug, Clone)]
pub struct SharedHolds(Arc<Mutex<Holds>>);

impl SharedHolds {
    /// Shares these.
    pub fn of(holds: Holds) -> Self {
        Self(Arc::new(Mutex::new(holds)))
    }
}

impl Source for SharedHolds {
    fn next(&mut self, out: &mut Vec<u8>) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).next(out)
    }
}

fn seats_body(out: &mut String, seats: &[String]) {
    out.push_str("{\"seats\":[");
    for (place, seat) in seats.iter().enumerate() {
        let comma = if place == 0 { "" } else { "," };
        // The ids are the benchmark's own: letters, digits and hyphens.
        let _ = write!(out, "{comma}{{\"seat\":\"{seat}\"}}");
    }
    out.push_str("]}");
}

fn places_body(out: &mut String, level: &str, quantity: u32) {
    let _ = write!(out, "{{\"places\":[{{\"price_level\":\"{level}\",\"quantity\":{quantity}}}]}}");
}

/// A crowd: each of so many buyers asks once, for a random seat or for any place.
pub fn crowd(show: &Show, wish: Wish, buyers: usize) -> Vec<Vec<u8>> {
    let mut keys = Keys::new();
    let mut random = rand::rng();
    let path = format!("/api/v1/performances/{}/holds", show.id);
    let mut body = String::new();
    (0..buyers)
        .map(|_| {
            body.clear();
            match wish {
                Wish::ChosenSeat => {
                    let seat = show.seats.get(random.random_range(0..show.seats.len().max(1)));
                    seats_body(&mut body, seat.map(std::slice::from_ref).unwrap_or_default());
                }
                Wish::AnyPlace => places_body(&mut body, &show.level, 1),
            }
            let mut request = Vec::new();
            http::post(&mut request, HOST, &path, &keys.line(), &body);
            request
        })
        .collect()
}

/// The value of a text field of an answer, found without reading the rest.
pub fn field<'a>(body: &'a [u8], name: &str) -> Option<&'a str> {
    let text = std::str::from_utf8(body).ok()?;
    let (_, rest) = text.split_once(&format!("\"{name}\":\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn show(id: &str, seats: usize) -> Show {
        let seats: Vec<String> = (0..seats).map(|seat| format!("{id}-{seat}")).collect();
        Show { id: id.to_owned(), level: "l1".to_owned(), units: 7, seats: Arc::new(seats) }
    }

    fn all(mut holds: Holds) -> Vec<String> {
        let mut out = Vec::new();
        let mut seen = Vec::new();
        while holds.next(&mut out) {
            seen.push(String::from_utf8(out.clone()).unwrap());
        }
        seen
    }

    #[test]
    fn each_seat_is_asked_for_once_under_a_key_of_its_own() {
        let seen = all(Holds::of(&[show("a", 20), show("b", 3)], Wish::ChosenSeat, 1));
        let bodies: HashSet<&str> = seen.iter().map(|one| one.split_once("\r\n\r\n").unwrap().1).collect();
        let keys: HashSet<&str> = seen.iter().map(|one| one.lines().nth(3).unwrap()).collect();
        assert_eq!((seen.len(), bodies.len(), keys.len()), (23, 23, 23));
        assert!(bodies.contains("{\"seats\":[{\"seat\":\"b-2\"}]}"));
        assert!(seen.iter().all(|one| one.starts_with("POST /api/v1/performances/")));
    }

    #[test]
    fn holds_of_several_never_overlap() {
        let seen = all(Holds::of(&[show("a", 10)], Wish::ChosenSeat, 5));
        assert_eq!(seen.len(), 2);
        assert_eq!(seen.iter().map(|one| one.matches("\"seat\"").count()).sum::<usize>(), 10);
        let places = all(Holds::of(&[show("a", 0)], Wish::AnyPlace, 2));
        assert_eq!(places.len(), 3);
        assert!(places[0].ends_with("{\"places\":[{\"price_level\":\"l1\",\"quantity\":2}]}"));
    }

    #[test]
    fn a_crowd_asks_for_seats_there_are() {
        let requests = crowd(&show("a", 2), Wish::ChosenSeat, 50);
        assert_eq!(requests.len(), 50);
        assert!(requests.iter().all(|one| one.ends_with(b"{\"seats\":[{\"seat\":\"a-0\"}]}")
            || one.ends_with(b"{\"seats\":[{\"seat\":\"a-1\"}]}")));
    }

    #[test]
    fn a_field_is_found_in_an_answer() {
        let body = br#"{"hold_id":"h1","token":"t1","units":[{"unit_id":"u1"}]}"#;
        assert_eq!(field(body, "hold_id"), Some("h1"));
        assert_eq!(field(body, "unit_id"), Some("u1"));
        assert_eq!(field(body, "order_id"), None);
    }
}
