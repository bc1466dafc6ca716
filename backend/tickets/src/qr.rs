//! QR symbols as vectors: runs of dark modules, for the order's page and for paper.

use std::fmt::Write as _;

use qrcode::{Color, EcLevel, QrCode};

use crate::TicketError;

/// Light modules around a symbol that the standard asks for (ISO/IEC 18004).
pub(crate) const QUIET: usize = 4;

/// A symbol as runs of dark modules.
#[derive(Debug)]
pub(crate) struct Symbol {
    /// Modules of a side, without the quiet zone.
    pub(crate) size: usize,
    /// `(x, y, length)` of each run, in modules.
    pub(crate) runs: Vec<(usize, usize, usize)>,
}

impl Symbol {
    /// The symbol of a text, with error correction M.
    ///
    /// # Errors
    /// When the text is longer than a symbol can be.
    pub(crate) fn of(text: &str) -> Result<Self, TicketError> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M)?;
        let size = code.width();
        let mut runs = Vec::new();
        for (y, row) in code.to_colors().chunks(size).enumerate() {
            let mut x = 0;
            for run in row.chunk_by(|a, b| a == b) {
                if run.first() == Some(&Color::Dark) {
                    runs.push((x, y, run.len()));
                }
                x += run.len();
            }
        }
        Ok(Self { size, runs })
    }
}

/// The symbol of a text as an SVG picture, quiet zone included: dark on white whatever stands around it.
///
/// # Errors
/// When the text is longer than a symbol can be.
pub fn svg(text: &str) -> Result<String, TicketError> {
    let symbol = Symbol::of(text)?;
    let side = symbol.size + 2 * QUIET;
    let mut path = String::with_capacity(symbol.runs.len() * 16);
    for (x, y, length) in &symbol.runs {
        // Writing to a String cannot fail.
        let _ = write!(path, "M{} {}h{length}v1h-{length}z", x + QUIET, y + QUIET);
    }
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path fill=\"#000\" d=\"{path}\"/></svg>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_makes_a_small_symbol() {
        let symbol = Symbol::of(&"A7".repeat(72)).unwrap();
        assert_eq!(symbol.size, 41);
        let svg = svg("HELLO").unwrap();
        assert!(svg.contains("viewBox=\"0 0 29 29\"") && !svg.contains("<?xml"), "{svg}");
        assert!(super::svg(&"x".repeat(5_000)).is_err());
    }
}
