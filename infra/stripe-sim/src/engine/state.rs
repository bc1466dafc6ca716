//! Everything the simulator knows, and the changes it can undergo.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::idempotency::StoredAnswer;
use super::jobs::{Job, Jobs};
use super::table::{Row, Table};
use crate::accounts::Account;
use crate::application_fees::{ApplicationFee, FeeRefund};
use crate::balance::BalanceTransaction;
use crate::charges::Charge;
use crate::confirmation_tokens::ConfirmationToken;
use crate::customers::Customer;
use crate::disputes::Dispute;
use crate::events::Event;
use crate::payment_intents::PaymentIntent;
use crate::payment_methods::PaymentMethod;
use crate::refunds::Refund;
use crate::transfers::{Transfer, TransferReversal};
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
    /// Disputes.
    pub disputes: Table<Dispute>,
    /// Transfers (the platform's).
    pub transfers: Table<Transfer>,
    /// What was taken back of them.
    pub reversals: Table<TransferReversal>,
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
    /// What happens by itself later.
    pub jobs: Jobs,
    /// By how much the simulator's clock is moved, in milliseconds.
    pub clock_offset_ms: i64,
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
    /// A dispute.
    Dispute(Box<Dispute>),
    /// A transfer.
    Transfer(Transfer),
    /// A transfer's reversal.
    Reversal(TransferReversal),
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
    /// Something is to happen later.
    Job(Job),
    /// It has happened.
    JobDone {
        /// When it was due.
        due_ms: i64,
        /// Which.
        id: String,
    },
    /// The clock has been moved.
    Clock {
        /// By so many milliseconds in all.
        offset_ms: i64,
    },
}

impl State {
    /// The shortest list of changes that leads here.
    pub fn changes(&self) -> Vec<Change> {
        fn rows<T: Row + Clone + Into<Change>>(table: &Table<T>) -> impl Iterator<Item = Change> {
            table.iter().cloned().map(Into::into)
        }
        let Self {
            intents,
            charges,
            refunds,
            disputes,
            transfers,
            reversals,
            tokens,
            methods,
            customers,
            transactions,
            fees,
            fee_refunds,
            accounts,
            events,
            endpoints,
            answers,
            queue,
            jobs,
            clock_offset_ms,
        } = self;
        let clock = (*clock_offset_ms != 0).then_some(Change::Clock { offset_ms: *clock_offset_ms });
        let mut all: Vec<Change> = clock.into_iter().collect();
        all.extend(rows(accounts).chain(rows(endpoints)).chain(rows(customers)).chain(rows(methods)));
        all.extend(rows(tokens).chain(rows(intents)).chain(rows(charges)).chain(rows(refunds)));
        all.extend(rows(disputes).chain(rows(transfers)).chain(rows(reversals)).chain(rows(transactions)));
        all.extend(rows(fees).chain(rows(fee_refunds)).chain(rows(events)));
        all.extend(answers.values().cloned().map(Change::from));
        all.extend(queue.all().cloned().map(Change::from));
        all.extend(jobs.all().map(Change::from));
        all
    }

    /// Takes a change in.
    pub fn apply(&mut self, change: Change) {
        match change {
            Change::Intent(row) => self.intents.put(*row),
            Change::Charge(row) => self.charges.put(*row),
            Change::Refund(row) => self.refunds.put(row),
            Change::Dispute(row) => self.disputes.put(*row),
            Change::Transfer(row) => self.transfers.put(row),
            Change::Reversal(row) => self.reversals.put(row),
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
            Change::Job(job) => self.jobs.add(job),
            Change::JobDone { due_ms, id } => self.jobs.remove(due_ms, &id),
            Change::Clock { offset_ms } => self.clock_offset_ms = offset_ms,
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
    Dispute => Dispute,
    Transfer => Transfer,
    TransferReversal => Reversal,
    Job => Job,
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
