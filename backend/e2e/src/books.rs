//! What must be true of money after any storm: the provider's word, our own rows and the seats agree. Asked of the rows by
//! their owner, and of the simulator, which is the judge of what was charged.

use std::collections::HashMap;

use serde_json::Value;

use crate::house::House;

/// The books of a house at one moment.
#[derive(Debug)]
pub struct Books {
    orders: HashMap<String, Value>,
    intents: HashMap<String, Vec<Value>>,
    refunds: HashMap<String, Vec<Value>>,
}

/// An order with what hangs on it. `cash` is what the ledger has of it at the provider, fees aside.
const ORDERS: &str = "
    select json_build_object('id', o.id, 'status', o.status, 'total', o.total, 'hold', h.state,
        'payment', p.state, 'held_until', o.expires_at > marquee_now(),
        'lines', (select count(*) from order_lines l where l.tenant_id = o.tenant_id and l.order_id = o.id),
        'sold', (select count(*) from order_lines l join units u on u.tenant_id = l.tenant_id and u.id = l.unit_id
            where l.tenant_id = o.tenant_id and l.order_id = o.id and u.state = 'sold' and u.hold_id = o.hold_id),
        'valid', (select count(*) from tickets t
            where t.tenant_id = o.tenant_id and t.order_id = o.id and t.status <> 'void'),
        'void', (select count(*) from tickets t
            where t.tenant_id = o.tenant_id and t.order_id = o.id and t.status = 'void'),
        'refunded', (select coalesce(sum(r.amount), 0) from refunds r
            where r.tenant_id = o.tenant_id and r.order_id = o.id and r.state = 'succeeded'),
        'refunding', (select count(*) from refunds r
            where r.tenant_id = o.tenant_id and r.order_id = o.id and r.state in ('requested', 'pending')),
        'cash', (select coalesce(sum(case e.direction when 'debit' then e.amount else -e.amount end), 0)
            from ledger_transactions t
            join ledger_entries e on e.tenant_id = t.tenant_id and e.transaction_id = t.id
            join ledger_accounts a on a.tenant_id = e.tenant_id and a.id = e.account_id
            where t.tenant_id = o.tenant_id and t.order_id = o.id and a.kind = 'stripe_pending'
              and t.kind in ('capture', 'refund', 'refund_failed')))::text
    from orders o
    join holds h on h.tenant_id = o.tenant_id and h.id = o.hold_id
    left join payments p on p.tenant_id = o.tenant_id and p.order_id = o.id";

/// Work that is not done: payments, refunds and events that somebody still has to look at.
const OPEN: &str = "
    select concat_ws(' ', 'payment', p.state, 'of', p.order_id) from payments p
     where p.state not in ('declined', 'captured', 'cancelled', 'requires_action')
    union all
    select concat_ws(' ', 'refund', r.state, 'of', r.order_id) from refunds r where r.state in ('requested', 'pending')
    union all
    select concat_ws(' ', 'event', e.kind, e.event_id) from provider_events e where e.processed_at is null";

/// Transactions of the ledger that are not sealed or do not balance.
const UNBALANCED: &str = "
    select t.source_ref from ledger_transactions t
    left join ledger_entries e on e.tenant_id = t.tenant_id and e.transaction_id = t.id
    group by t.tenant_id, t.id, t.source_ref, t.sealed_at
    having t.sealed_at is null
        or sum(case e.direction when 'debit' then e.amount else -e.amount end) is distinct from 0";

impl Books {
    /// Reads them. What the simulator knows is read last, so that nothing of ours is newer.
    ///
    /// # Panics
    /// When either cannot be asked.
    pub async fn read(house: &House) -> Self {
        let orders = house.database.texts(ORDERS).await.into_iter().map(|text| {
            let order: Value = serde_json::from_str(&text).unwrap();
            (text_of(&order, "id"), order)
        });
        let orders = orders.collect();
        let (mut intents, mut refunds): (HashMap<String, Vec<Value>>, HashMap<String, Vec<Value>>) =
            Default::default();
        for one in house.money().everything().await {
            match one["kind"].as_str() {
                Some("payment_intent") => {
                    let order = one["metadata"]["order_id"].as_str().unwrap_or_default().to_owned();
                    intents.entry(order).or_default().push(one);
                }
                Some("refund") => {
                    refunds.entry(text_of(&one, "payment_intent")).or_default().push(one);
                }
                _ => {}
            }
        }
        Self { orders, intents, refunds }
    }

    /// The status of an order.
    ///
    /// # Panics
    /// When there is no such order.
    pub fn status(&self, order: &str) -> &str {
        self.orders[order]["status"].as_str().unwrap()
    }

    /// What is wrong with an order that has come to rest; nothing of one that nobody knows.
    pub fn faults(&self, id: &str) -> Vec<String> {
        let Some(order) = self.orders.get(id) else { return Vec::new() };
        let number = |name: &str| order[name].as_i64().unwrap_or_else(|| panic!("{name} of {order}"));
        let intents = self.intents.get(id).map(Vec::as_slice).unwrap_or_default();
        let taken: Vec<&Value> = intents.iter().filter(|one| one["status"] == "succeeded").collect();
        let captured: i64 = taken.iter().map(|one| captured(one)).sum();
        let refunded: i64 = taken
            .iter()
            .filter_map(|one| self.refunds.get(&text_of(one, "id")))
            .flatten()
            .filter(|refund| refund["status"] == "succeeded")
            .map(|refund| refund["amount"].as_i64().unwrap())
            .sum();
        let (status, total, lines) = (order["status"].as_str().unwrap(), number("total"), number("lines"));
        let (sold, valid, void) = (number("sold"), number("valid"), number("void"));
        let mut faults = Vec::new();
        let mut check = |holds: bool, what: &str| {
            if !holds {
                faults
                    .push(format!("{what}: {order}, captured {captured}, refunded {refunded}, {intents:?}"));
            }
        };
        check(taken.len() <= 1, "charged more than once");
        check(captured == 0 || captured == total, "another amount than the order's was taken");
        check(
            !intents.iter().any(|one| one["status"] == "requires_capture"),
            "money stays reserved and nobody looks after it",
        );
        check(refunded <= captured, "more went back than was taken");
        check(number("refunded") == refunded, "our refunds are not the provider's");
        check(number("refunding") == 0, "a refund is not done");
        check(number("cash") == captured - refunded, "the ledger has another sum than the provider");
        match status {
            "paid" => {
                check(captured == total && refunded == 0, "paid without the money");
                check(sold == lines && valid == lines, "paid without seats or tickets");
            }
            "partially_refunded" => {
                check(captured == total && (1..total).contains(&refunded), "refunded in part");
                check(valid + void == lines && valid <= sold, "tickets of a refund in part");
            }
            "refunded" => {
                check(captured == total && refunded == total, "refunded without the money gone back");
                check(valid == 0, "refunded, and tickets are valid");
            }
            "pending" | "cancelled" | "expired" => {
                check(captured == 0, "money was taken for an order that is not paid");
                check(sold == 0 && valid == 0, "seats or tickets of an order that is not paid");
            }
            _ => check(false, "it does not come to rest"),
        }
        faults
    }

    /// What is wrong with every order there is.
    pub fn all_faults(&self) -> Vec<String> {
        self.orders.keys().flat_map(|id| self.faults(id)).collect()
    }
}

/// Work that somebody still has to do.
pub async fn open(house: &House) -> Vec<String> {
    house.database.texts(OPEN).await
}

/// Transactions of the ledger that do not balance.
pub async fn unbalanced(house: &House) -> Vec<String> {
    house.database.texts(UNBALANCED).await
}

fn text_of(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

fn captured(intent: &Value) -> i64 {
    intent["amount_received"].as_i64().unwrap()
}
