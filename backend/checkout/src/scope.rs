//! Whose the idempotency keys of calls to pay are: an order's, in two scopes.
//!
//! A call that begins a try, or goes on with one that it has no other card for, is in the order's own scope: however the try
//! ends is its answer. A call that comes with another card while a try is under way joins it, in a scope beside: that the
//! order is paid, or that the bank asks, is its answer as well, but the decline of a card that is not its own is none.

use marquee_core::ids::OrderId;
use marquee_payments::idempotency::Call;

/// How both begin.
pub(crate) const SCOPES: &str = "pay:";

const JOINED: &str = ":joined";

/// The scope of the keys of one order's calls to pay.
pub(crate) fn scope(order: OrderId) -> String {
    format!("{SCOPES}{order}")
}

/// Both scopes of an order.
pub(crate) fn both(order: OrderId) -> [String; 2] {
    let own = scope(order);
    let joined = format!("{own}{JOINED}");
    [own, joined]
}

/// The call as one that joins somebody else's try.
pub(crate) fn joined(call: &Call) -> Call {
    Call { scope: format!("{}{JOINED}", call.scope), ..call.clone() }
}

/// Are its calls such that joined somebody else's try?
pub(crate) fn is_joined(scope: &str) -> bool {
    scope.ends_with(JOINED)
}

/// Whose keys a scope has.
pub(crate) fn order_of(scope: &str) -> Option<OrderId> {
    let order = scope.strip_prefix(SCOPES)?;
    order.strip_suffix(JOINED).unwrap_or(order).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_names_its_order() {
        let order = OrderId::generate();
        for scope in both(order) {
            assert_eq!(order_of(&scope), Some(order));
        }
        assert_eq!(both(order).map(|scope| is_joined(&scope)), [false, true]);
        assert_eq!(order_of("orders"), None);
        assert_eq!(order_of("pay:x"), None);
    }
}
