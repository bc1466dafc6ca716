//! The answer of `GET …/availability`, made of what is open at a moment.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use data_encoding::HEXLOWER;
use marquee_core::ids::PriceLevelId;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::board::Snapshot;
use crate::sheet::Sheet;

/// However much changes, an answer is good for so long: that, and the way of a notice, stay far below a second.
const GOOD_FOR: Duration = Duration::from_millis(100);
/// An answer that nothing made wrong is dated anew after so long.
const DATED_FOR: Duration = Duration::from_millis(500);

/// The answer of `GET …/availability`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The JSON.
    pub body: Bytes,
    /// Names what is free, the same on every instance; a weak validator, as `version` and `as_of` go on meanwhile.
    pub etag: String,
}

/// An answer given before.
#[derive(Debug)]
pub(super) struct Given {
    version: u64,
    rendered: Rendered,
    /// When it was compared with the board.
    checked: Instant,
    dated: Instant,
}

#[derive(Serialize)]
struct Body<'a> {
    version: u64,
    as_of: String,
    price_levels: Vec<LevelBody>,
    sections: Vec<SectionBody<'a>>,
}

/// Open units of a price level.
#[derive(Serialize)]
pub(super) struct LevelBody {
    pub(super) id: PriceLevelId,
    pub(super) free: usize,
}

#[derive(Serialize)]
struct SectionBody<'a> {
    id: &'a str,
    free: String,
}

impl Given {
    /// The answer, if it was made or compared a moment ago.
    pub(super) fn still_good(&self, now: Instant) -> Option<Rendered> {
        (now.saturating_duration_since(self.checked) < GOOD_FOR).then(|| self.rendered.clone())
    }

    /// The answer if the board has not changed since.
    pub(super) fn unchanged(&mut self, version: u64, now: Instant) -> Option<Rendered> {
        let same = version == self.version && now.saturating_duration_since(self.dated) < DATED_FOR;
        same.then(|| {
            self.checked = now;
            self.rendered.clone()
        })
    }

    pub(super) fn rendered(&self) -> &Rendered {
        &self.rendered
    }

    /// A new answer; what the one before says about the same version is taken from it.
    pub(super) fn new(sheet: &Sheet, snapshot: &Snapshot, before: Option<&Self>, now: Instant) -> Self {
        let known = before.filter(|before| before.version == snapshot.version);
        let etag = known.map_or_else(|| etag(snapshot), |before| before.rendered.etag.clone());
        let rendered = Rendered { body: body(sheet, snapshot).into(), etag };
        Self { version: snapshot.version, rendered, checked: now, dated: now }
    }
}

/// The JSON of a snapshot.
pub(super) fn body(sheet: &Sheet, snapshot: &Snapshot) -> Vec<u8> {
    let as_of = chrono::DateTime::from_timestamp_millis(snapshot.at).unwrap_or_default();
    let body = Body {
        version: snapshot.version,
        as_of: as_of.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        price_levels: levels(sheet, snapshot),
        sections: sheet
            .sections()
            .iter()
            .map(|section| SectionBody {
                id: &section.id,
                free: STANDARD.encode(snapshot.map.get(section.bytes.clone()).unwrap_or_default()),
            })
            .collect(),
    };
    serde_json::to_vec(&body).unwrap_or_default()
}

/// Open units of every price level.
pub(super) fn levels(sheet: &Sheet, snapshot: &Snapshot) -> Vec<LevelBody> {
    sheet.levels().iter().zip(&snapshot.open).map(|(id, free)| LevelBody { id: *id, free: *free }).collect()
}

/// A hash of what is open: equal wherever the same is open.
fn etag(snapshot: &Snapshot) -> String {
    let mut hash = Sha256::new();
    for open in &snapshot.open {
        hash.update((*open as u64).to_be_bytes());
    }
    hash.update(&snapshot.map);
    let hash = hash.finalize();
    format!("W/\"{}\"", HEXLOWER.encode(hash.get(..12).unwrap_or(&hash)))
}
