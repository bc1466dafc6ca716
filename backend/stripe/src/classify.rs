//! What a failed call means: did it have its effect?

use marquee_payments::{ProviderError, Refusal};
use stripe_shared::{ApiErrors, ApiErrorsType};

use crate::client::CallError;
use crate::convert::fingerprint;

/// Sorts an error into the ways a call may fail. In doubt its outcome is unknown.
pub(crate) fn classify(error: CallError) -> ProviderError {
    match error {
        CallError::Answered { status: 500.., error, replayed: true, .. } => {
            let message = error.and_then(|error| error.message).unwrap_or_default();
            ProviderError::Unanswered(message)
        }
        CallError::Answered { status, error, .. } => answered(status, error),
        CallError::NotConnected(reason) => Refusal::Unreachable(reason).into(),
        CallError::Unsendable(reason) => invalid("request", None, reason),
        CallError::Broken(reason) => ProviderError::Unknown(reason),
        CallError::Timeout => ProviderError::Unknown("time-out".to_owned()),
    }
}

fn answered(status: u16, error: Option<Box<ApiErrors>>) -> ProviderError {
    let Some(error) = error else { return unexplained(status) };
    let code = error.code.as_ref().map(|code| code.as_str().to_owned());
    let message = error.message.unwrap_or_default();
    if status == 402 || error.type_ == ApiErrorsType::CardError {
        return ProviderError::Declined {
            decline_code: error.decline_code.or(code).unwrap_or_else(|| "generic_decline".to_owned()),
            message,
            fingerprint: error.payment_method.as_ref().and_then(fingerprint),
        };
    }
    match status {
        // Nothing is decided about a call whose caller is not known, nor for one that the provider has no time for.
        401 => Refusal::Unreachable(message).into(),
        429 => Refusal::Busy(message).into(),
        // The first call with this key is still running; or the key was used for another call, which may have had its effect.
        409 => ProviderError::Unknown(message),
        _ if error.type_ == ApiErrorsType::IdempotencyError => ProviderError::Unknown(message),
        400..=499 => invalid(code.as_deref().unwrap_or(error.type_.as_str()), error.param, message),
        _ => ProviderError::Unknown(format!("status {status}: {message}")),
    }
}

/// An answer that is not in Stripe's words: somebody on the way may have given it.
fn unexplained(status: u16) -> ProviderError {
    match status {
        429 => Refusal::Busy("status 429".to_owned()).into(),
        _ => ProviderError::Unknown(format!("status {status} without an explanation")),
    }
}

/// How a call ended, in metrics.
pub(crate) fn outcome(error: Option<&ProviderError>) -> &'static str {
    match error {
        None => "ok",
        Some(ProviderError::Declined { .. }) => "declined",
        Some(ProviderError::Unknown(_) | ProviderError::Unanswered(_)) => "unknown",
        Some(ProviderError::Refused(Refusal::Busy(_))) => "busy",
        Some(ProviderError::Refused(Refusal::Unreachable(_))) => "unreachable",
        Some(ProviderError::Refused(Refusal::Invalid { .. })) => "invalid",
    }
}

fn invalid(code: &str, param: Option<String>, message: String) -> ProviderError {
    Refusal::Invalid { code: code.to_owned(), param, message }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(kind: ApiErrorsType, decline_code: Option<&str>, param: Option<&str>) -> Box<ApiErrors> {
        Box::new(ApiErrors {
            advice_code: None,
            charge: None,
            code: None,
            decline_code: decline_code.map(str::to_owned),
            doc_url: None,
            message: Some("said so".to_owned()),
            network_advice_code: None,
            network_decline_code: None,
            param: param.map(str::to_owned),
            payment_intent: None,
            payment_method: None,
            payment_method_type: None,
            request_log_url: None,
            setup_intent: None,
            source: None,
            type_: kind,
        })
    }

    fn stripe(kind: ApiErrorsType, status: u16) -> ProviderError {
        told(status, Some(api(kind, None, None)))
    }

    fn told(status: u16, error: Option<Box<ApiErrors>>) -> ProviderError {
        classify(CallError::Answered { status, error, busy: None, replayed: false })
    }

    fn replayed(status: u16) -> ProviderError {
        let error = Some(api(ApiErrorsType::ApiError, None, None));
        classify(CallError::Answered { status, error, busy: None, replayed: true })
    }

    #[test]
    fn only_what_surely_did_nothing_is_refused() {
        for nothing in [
            classify(CallError::NotConnected("refused".to_owned())),
            stripe(ApiErrorsType::InvalidRequestError, 429),
            stripe(ApiErrorsType::InvalidRequestError, 401),
            told(429, None),
        ] {
            assert!(nothing.never_arrived(), "{nothing:?}");
        }
        for unknown in [
            classify(CallError::Broken("connection closed before message completed".to_owned())),
            classify(CallError::Timeout),
            stripe(ApiErrorsType::ApiError, 500),
            stripe(ApiErrorsType::ApiError, 503),
            stripe(ApiErrorsType::IdempotencyError, 409),
            stripe(ApiErrorsType::IdempotencyError, 400),
            told(400, None),
            told(402, None),
            told(502, None),
        ] {
            assert!(matches!(unknown, ProviderError::Unknown(_)), "{unknown:?}");
        }
        let unsendable = classify(CallError::Unsendable("no header".to_owned()));
        assert!(!unsendable.never_arrived() && matches!(unsendable, ProviderError::Refused(_)));
    }

    #[test]
    fn only_a_kept_error_of_the_providers_is_no_answer_for_good() {
        let unanswered = |error: &ProviderError| matches!(error, ProviderError::Unanswered(_));
        assert!(unanswered(&replayed(500)) && unanswered(&replayed(503)));
        assert!(replayed(500).is_unknown());
        for may_still_be_decided in [
            stripe(ApiErrorsType::ApiError, 500),
            stripe(ApiErrorsType::IdempotencyError, 409),
            replayed(409),
            classify(CallError::Timeout),
            told(502, None),
        ] {
            assert!(
                may_still_be_decided.is_unknown() && !unanswered(&may_still_be_decided),
                "{may_still_be_decided:?}"
            );
        }
    }

    #[test]
    fn a_card_error_is_a_decline_with_its_code() {
        let error = told(402, Some(api(ApiErrorsType::CardError, Some("insufficient_funds"), None)));
        assert_eq!(
            error,
            ProviderError::Declined {
                decline_code: "insufficient_funds".to_owned(),
                message: "said so".to_owned(),
                fingerprint: None,
            }
        );
    }

    #[test]
    fn the_parameter_at_fault_is_kept() {
        let error =
            told(404, Some(api(ApiErrorsType::InvalidRequestError, None, Some("confirmation_token"))));
        assert!(error.is_about("confirmation_token") && !error.is_about("amount"));
    }
}
