//! What a failed call means: did it have its effect?

use marquee_payments::{ProviderError, Refusal};
use stripe::{ApiErrors, ApiErrorsType, StripeError};

use crate::convert::fingerprint;

/// How hyper's client says that no connection was made: nothing was sent.
const NOT_CONNECTED: &str = "client error (Connect)";

/// Sorts an error into the ways a call may fail. In doubt its outcome is unknown.
pub(crate) fn classify(error: StripeError) -> ProviderError {
    match error {
        StripeError::Stripe(answer, status) => answered(*answer, status),
        StripeError::ClientError(reason) if reason == NOT_CONNECTED => Refusal::Unreachable(reason).into(),
        StripeError::ConfigError(reason) => invalid("configuration", None, reason),
        StripeError::ClientError(reason) | StripeError::JSONDeserialize(reason) => {
            ProviderError::Unknown(reason)
        }
        StripeError::Timeout => ProviderError::Unknown("time-out".to_owned()),
    }
}

fn answered(answer: ApiErrors, status: u16) -> ProviderError {
    let code = answer.code.as_ref().map(|code| code.as_str().to_owned());
    let message = answer.message.unwrap_or_default();
    if status == 402 || answer.type_ == ApiErrorsType::CardError {
        return ProviderError::Declined {
            decline_code: answer.decline_code.or(code).unwrap_or_else(|| "generic_decline".to_owned()),
            message,
            fingerprint: answer.payment_method.as_ref().and_then(fingerprint),
        };
    }
    match status {
        // The first call with this key is still running.
        409 => ProviderError::Unknown(message),
        429 => Refusal::Busy(message).into(),
        400..=499 => invalid(code.as_deref().unwrap_or(answer.type_.as_str()), answer.param, message),
        _ => ProviderError::Unknown(format!("status {status}: {message}")),
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
        classify(StripeError::Stripe(api(kind, None, None), status))
    }

    #[test]
    fn only_what_surely_did_nothing_is_refused() {
        assert!(classify(StripeError::ClientError(NOT_CONNECTED.to_owned())).never_arrived());
        assert!(stripe(ApiErrorsType::InvalidRequestError, 429).never_arrived());
        for unknown in [
            classify(StripeError::ClientError("client error (SendRequest)".to_owned())),
            classify(StripeError::Timeout),
            classify(StripeError::JSONDeserialize("no JSON".to_owned())),
            stripe(ApiErrorsType::ApiError, 500),
            stripe(ApiErrorsType::ApiError, 503),
            stripe(ApiErrorsType::IdempotencyError, 409),
        ] {
            assert!(matches!(unknown, ProviderError::Unknown(_)), "{unknown:?}");
        }
    }

    #[test]
    fn a_card_error_is_a_decline_with_its_code() {
        let error = classify(StripeError::Stripe(
            api(ApiErrorsType::CardError, Some("insufficient_funds"), None),
            402,
        ));
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
        let error = classify(StripeError::Stripe(
            api(ApiErrorsType::InvalidRequestError, None, Some("confirmation_token")),
            404,
        ));
        assert!(error.is_about("confirmation_token") && !error.is_about("amount"));
    }
}
