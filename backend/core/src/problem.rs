//! Errors as people and programs meet them: `application/problem+json` (RFC 9457) with a stable `code`.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use serde_json::{Map, Value, json};

macro_rules! codes {
    ($($variant:ident = $status:literal $text:literal $title:literal),+ $(,)?) => {
        /// The stable codes of the contract, each with its status.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[allow(missing_docs)]
        pub enum Code { $($variant),+ }

        impl Code {
            /// Every code, in the order of the contract.
            pub const ALL: &'static [Code] = &[$(Code::$variant),+];

            /// The code as written in answers.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $text),+ }
            }

            /// The HTTP status it goes with.
            pub fn status(self) -> StatusCode {
                let status: u16 = match self { $(Code::$variant => $status),+ };
                StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }

            /// A short sentence for people, the same at each occurrence.
            pub fn title(self) -> &'static str {
                match self { $(Code::$variant => $title),+ }
            }
        }
    };
}

codes! {
    MalformedBody = 400 "malformed_body" "The body is not readable JSON.",
    IdempotencyKeyMissing = 400 "idempotency_key_missing" "This call needs an Idempotency-Key header of 8 to 255 printable characters.",
    BadRequest = 400 "bad_request" "The request is not well formed.",
    InvalidSignature = 400 "invalid_signature" "The signature does not match.",
    Unauthorized = 401 "unauthorized" "Sign in or send a valid token.",
    PaymentDeclined = 402 "payment_declined" "The card was declined. Nothing was charged.",
    Forbidden = 403 "forbidden" "This is not yours to do.",
    NotAdmitted = 403 "not_admitted" "The waiting room has not let you in yet.",
    UnknownHost = 404 "unknown_host" "There is no site at this address.",
    NotFound = 404 "not_found" "There is nothing here.",
    MethodNotAllowed = 405 "method_not_allowed" "This address does not take that method.",
    SeatTaken = 409 "seat_taken" "Somebody else has at least one of these seats.",
    SoldOut = 409 "sold_out" "There are not enough places left.",
    NoAdjacent = 409 "no_adjacent" "There are not that many places side by side.",
    LimitPerBuyer = 409 "limit_per_buyer" "That is more than one buyer may have.",
    NotOnSale = 409 "not_on_sale" "These tickets are not on sale now.",
    OrderState = 409 "order_state" "The order is not in a state for that.",
    OrderDisputed = 409 "order_disputed" "The buyer's bank decides about this payment.",
    IdempotencyInFlight = 409 "idempotency_in_flight" "The first call with this key is still running.",
    HoldExpired = 410 "hold_expired" "The time for these seats has run out.",
    PayloadTooLarge = 413 "payload_too_large" "The body is too large.",
    UnsupportedMediaType = 415 "unsupported_media_type" "Send the body as application/json.",
    ValidationFailed = 422 "validation_failed" "Something in the request is not right.",
    UnknownSeat = 422 "unknown_seat" "The plan has no such seat on sale.",
    DuplicateSeat = 422 "duplicate_seat" "A seat is named twice.",
    UnknownTicketType = 422 "unknown_ticket_type" "There is no such ticket type at this price level.",
    UnknownPriceLevel = 422 "unknown_price_level" "There is no such price level.",
    LimitPerOrder = 422 "limit_per_order" "That is more than one order may have.",
    RefundExceedsCapture = 422 "refund_exceeds_capture" "That is more than can still be paid back.",
    IdempotencyMismatch = 422 "idempotency_mismatch" "This Idempotency-Key was used with another body.",
    RateLimited = 429 "rate_limited" "Too many requests. Try again in a moment.",
    TooManyAttempts = 429 "too_many_attempts" "Too many attempts.",
    Internal = 500 "internal" "Something went wrong on our side.",
    Overloaded = 503 "overloaded" "Too many people at once. Try again in a moment.",
    Unavailable = 503 "unavailable" "This is out of reach for a moment. Try again shortly.",
}

/// A fault of one field.
#[derive(Debug, Clone, Serialize)]
pub struct FieldError {
    /// JSON pointer into the body.
    pub pointer: String,
    /// Stable code of the fault.
    pub code: &'static str,
    /// A sentence for people.
    pub detail: String,
}

/// One occurrence of an error on its way to the caller.
#[derive(Debug, Clone)]
pub struct Problem {
    code: Code,
    detail: Option<String>,
    retry_after: Option<u32>,
    members: Map<String, Value>,
}

impl Problem {
    /// A problem with the code's own title.
    pub fn new(code: Code) -> Self {
        let retry_after = (code.status() == StatusCode::SERVICE_UNAVAILABLE).then_some(1);
        Self { code, detail: None, retry_after, members: Map::new() }
    }

    /// The code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// A sentence about this occurrence.
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Sets `Retry-After`, in seconds.
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Adds an extension member.
    pub fn with(mut self, name: &str, value: impl Serialize) -> Self {
        self.members.insert(name.to_owned(), serde_json::to_value(value).unwrap_or(Value::Null));
        self
    }

    /// `validation_failed` at one field.
    pub fn field(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self::fields(vec![FieldError { pointer: pointer.into(), code, detail: detail.into() }])
    }

    /// `validation_failed` at several fields.
    pub fn fields(errors: Vec<FieldError>) -> Self {
        Self::new(Code::ValidationFailed).with("errors", errors)
    }

    /// The body.
    pub fn body(&self) -> Value {
        let mut body = json!({
            "type": "about:blank",
            "title": self.code.title(),
            "status": self.code.status().as_u16(),
            "code": self.code.as_str(),
        });
        if let Value::Object(map) = &mut body {
            if let Some(detail) = &self.detail {
                map.insert("detail".to_owned(), json!(detail));
            }
            for (name, value) in &self.members {
                map.insert(name.clone(), value.clone());
            }
        }
        body
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.detail.as_deref().unwrap_or(self.code.title()))
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.content_type("application/problem+json").insert_header(("cache-control", "no-store"));
        if let Some(seconds) = self.retry_after {
            response.insert_header((RETRY_AFTER, HeaderValue::from(seconds)));
        }
        response.body(self.body().to_string())
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Problem::new(code)
    }
}
