//! Everything the simulator knows, and the changes it can undergo.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::idempotency::StoredAnswer;
use super::table::Table;
use crate::accounts::Account;
use crate::application_fees::{ApplicationFee, FeeRefund};
use crate::balance::BalanceTransaction;
use crate::charges::Charge;
use crate::confirmation_tokens::ConfirmationToken;
use crate::customers::Customer;
use crate::events::Event;
use crate::payment_intents::PaymentIntent;
use crate::payment_methods::PaymentMethod;
use crate::refunds::Refund;
use crate::webhook_endpoints::WebhookEndpoint;
use crate::webhooks::queue::{Delivery, Queue};

/// Everything the simulator knows.
#[derive(Debug, Default)]
pub struct State {
    /// Payment intents.
    pub intents: Table<PaymentIntent>,
    /// Charges.
    pub charges: Table<Charge>,
    /// Refunds.
    pub refunds: Table<Refund>,
    /// Confirmation tokens.
    pub tokens: Table<ConfirmationToken>,
    /// Payment methods.
    pub methods: Table<PaymentMethod>,
    /// Customers.
    pub customers: Table<Customer>,
    /// Balance transactions.
    pub transactions: Table<BalanceTransaction>,
    /// Application fees (the platform's).
    pub fees: Table<ApplicationFee>,
    /// Refunded application fees.
    pub fee_refunds: Table<FeeRefund>,
    /// Connected accounts.
    pub accounts: Table<Account>,
    /// Events.
    pub events: Table<Event>,
    /// Webhook endpoints.
    pub endpoints: Table<WebhookEndpoint>,
    /// Answers kept under idempotency keys, by account and key.
    pub answers: HashMap<(Option<String>, String), StoredAnswer>,
    /// Events on their way to endpoints.
    pub queue: Queue,
}

/// One row as it is from now on. The journal is a list of these.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "t", content = "v", rename_all = "snake_case")]
pub enum Change {
    /// A payment intent.
    Intent(Box<PaymentIntent>),
    /// A charge.
    Charge(Box<Charge>),
    /// A refund.
    Refund(Refund),
    /// A confirmation token.
    Token(ConfirmationToken),
    /// A payment method.
    Method(PaymentMethod),
    /// A customer.
    Customer(Customer),
    /// A balance transaction.
    Transaction(BalanceTransaction),
    /// An application fee.
    Fee(ApplicationFee),
    /// A refunded application fee.
    FeeRefund(FeeRefund),
    /// A connected account.
    Account(Account),
    /// An event.
    Event(Event),
    /// A webhook endpoint.
    Endpoint(WebhookEndpoint),
    /// An answer under its idempotency key.
    Answer(StoredAnswer),
    /// An event is to be delivered.
    Deliver(Delivery),
    /// An event has been delivered, or given up.
    Delivered {
        /// The event.
        event: String,
        /// The endpoint.
        endpoint: String,
    },
}

impl State {
    /// Takes a change in.
    pub fn apply(&mut self, change: Change) {
        match change {
            Change::Intent(row) => self.intents.put(*row),
            Change::Charge(row) => self.charges.put(*row),
            Change::Refund(row) => self.refunds.put(row),
            Change::Token(row) => self.tokens.put(row),
            Change::Method(row) => self.methods.put(row),
            Change::Customer(row) => self.customers.put(row),
            Change::Transaction(row) => self.transactions.put(row),
            Change::Fee(row) => self.fees.put(row),
            Change::FeeRefund(row) => self.fee_refunds.put(row),
            Change::Account(row) => self.accounts.put(row),
            Change::Event(row) => self.events.put(row),
            Change::Endpoint(row) => self.endpoints.put(row),
            Change::Answer(row) => {
                self.answers.insert((row.account.clone(), row.key.clone()), row);
            }
            Change::Deliver(row) => self.queue.add(row),
            Change::Delivered { event, endpoint } => self.queue.remove(&event, &endpoint),
        }
    }
}

macro_rules! changes {
    ($($row:ty => $variant:ident),* $(,)?) => {
        $(impl From<$row> for Change {
            fn from(row: $row) -> Self {
                Self::$variant(row.into())
            }
        })*
    };
}

changes! {
    PaymentIntent => Intent,
    Charge => Charge,
    Refund => Refund,
    ConfirmationToken => Token,
    PaymentMethod => Method,
    Customer => Customer,
    BalanceTransaction => Transaction,
    ApplicationFee => Fee,
    FeeRefund => FeeRefund,
    Account => Account,
    Event => Event,
    WebhookEndpoint => Endpoint,
    StoredAnswer => Answer,
    Delivery => Deliver,
}
