//! What a plan's texts, colours and measures may be: the rules of check and repair.

use super::types::{Area, Point, Shape};

/// Characters a name or label may have; pretix's own columns end at 190.
pub(super) const MAX_TEXT: usize = 190;
/// The widest canvas, and the farthest that anything may lie from its origin.
pub(super) const MAX_LENGTH: f64 = 100_000.0;
/// Corners of a polygon.
const MAX_CORNERS: usize = 2000;

/// Whether the canvas is one that can be drawn.
pub(super) fn valid_size(size: Point) -> bool {
    [size.x, size.y].iter().all(|length| (1.0..=MAX_LENGTH).contains(length))
}

/// Whether something may lie there.
pub(super) fn valid_position(point: Point) -> bool {
    point.is_finite() && point.x.abs() <= MAX_LENGTH && point.y.abs() <= MAX_LENGTH
}

/// Whether a text is short and has no control characters.
pub(super) fn valid_text(text: &str) -> bool {
    text.chars().count() <= MAX_TEXT && !text.chars().any(char::is_control)
}

/// Whether a guid can serve as an id (pretix asks the same: no blank ends, at least two characters).
pub(super) fn valid_guid(guid: &str) -> bool {
    guid.trim() == guid && guid.chars().nth(1).is_some() && valid_text(guid)
}

/// Whether a colour is a CSS colour that can stand in a style without escaping: hexadecimal, a name, or
/// `rgb()`/`rgba()`/`hsl()`/`hsla()`.
pub(super) fn valid_color(color: &str) -> bool {
    if let Some(digits) = color.strip_prefix('#') {
        return matches!(digits.len(), 3 | 4 | 6 | 8) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    }
    if let Some((function, rest)) = color.split_once('(') {
        let plain = |byte: u8| byte.is_ascii_digit() || b"., %/-".contains(&byte);
        return matches!(function, "rgb" | "rgba" | "hsl" | "hsla")
            && color.len() <= 40
            && rest.strip_suffix(')').is_some_and(|values| !values.is_empty() && values.bytes().all(plain));
    }
    (3..=24).contains(&color.len()) && color.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// Lettering may run over several lines.
pub(super) fn valid_area_text(text: &str) -> bool {
    valid_text(&text.replace(['\n', '\r'], " "))
}

/// Whether an area can be drawn.
pub(super) fn valid_area(area: &Area, zone: Point) -> bool {
    let length = |value: f64| (0.0..=MAX_LENGTH).contains(&value);
    let measures = match &area.shape {
        Shape::Polygon { points } => {
            (2..=MAX_CORNERS).contains(&points.len()) && points.iter().all(|point| valid_position(*point))
        }
        Shape::Rectangle { width, height } => length(*width) && length(*height),
        Shape::Ellipse { radius } => length(radius.x) && length(radius.y),
        Shape::Circle { radius } => length(*radius),
        Shape::Text => true,
    };
    let text = area.text.as_ref().is_none_or(|text| {
        valid_position(text.position) && text.size.is_none_or(|size| (1.0..=1000.0).contains(&size))
    });
    measures && text && area.rotation.is_finite() && valid_position(zone + area.position)
}

/// Whether a point lies on the canvas.
pub(super) fn within(point: Point, size: Point) -> bool {
    (0.0..=size.x).contains(&point.x) && (0.0..=size.y).contains(&point.y)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_cannot_carry_more_than_a_colour() {
        for good in ["#fff", "#F44336", "#12345678", "white", "rgb(1, 2, 3)", "rgba(0,0,0,.5)"] {
            assert!(valid_color(good), "{good}");
        }
        for bad in ["", "#ff", "#ggg", "F44336", "red;x:y", "url(x)", "rgb()", "rgb(1);}", "#fffé"] {
            assert!(!valid_color(bad), "{bad}");
        }
    }

    #[test]
    fn guids_have_no_blank_ends() {
        assert!(valid_guid("A-1") && valid_guid("座席"));
        for bad in ["", "A", " A-1", "A-1 ", "A\n1"] {
            assert!(!valid_guid(bad), "{bad:?}");
        }
        assert!(!valid_guid(&"x".repeat(191)));
    }
}
