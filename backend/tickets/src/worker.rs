//! Delivers staged mail: at least once, and handed over once unless a server's answer was lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use futures::StreamExt;
use marquee_core::db::outbox::Message;
use marquee_core::db::{DbError, outbox};
use marquee_tenants::Tenant;
use serde::de::DeserializeOwned;

use crate::mail::{self, Envelope};
use crate::service::off_the_loop;
use crate::{LETTER, Letter, MAIL, MailOrder, TicketError, Tickets, pdf};

/// Pause when there is nothing to send.
const POLL: Duration = Duration::from_millis(500);
/// Tenants, and messages of each, that are taken at once: few enough to be done before their lease ends.
const BATCH: i64 = 4;
/// Mails under way at a time.
const AT_ONCE: usize = 8;
/// Longest that one mail may take; two rounds of it end before a lease does.
const LONGEST: Duration = Duration::from_secs(25);
/// Pause between tries in the first ten minutes, in seconds: with the time that a silent server is given there is one every ten.
const EAGER: f64 = 2.0;
/// Tries that fill those ten minutes, even when each fails at once.
const EAGER_TRIES: i32 = 300;
/// Longest pause, in seconds.
const PATIENT: f64 = 900.0;
/// Longest pause after a server's plain no, in seconds: whoever asks again and again what was refused is soon not listened to.
const REFUSED: f64 = 3_600.0;
/// Pause until it is looked again whether a suspended tenant is active, in seconds.
const SUSPENDED: f64 = 300.0;
/// For how long a mail is tried, in seconds: three days.
const GIVEN_UP: f64 = 259_200.0;
/// It is tried so often at least, however long it waited for its tenant, or for a worker.
const LEAST_TRIES: i32 = 20;
/// Tries to note that a mail was taken.
const NOTES: u32 = 20;

/// What is sent.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// An order's tickets.
    Tickets,
    /// Anything else that a buyer is told.
    Letter,
}

impl Kind {
    const ALL: [Self; 2] = [Self::Tickets, Self::Letter];

    /// Its name in the outbox.
    fn name(self) -> &'static str {
        match self {
            Self::Tickets => MAIL,
            Self::Letter => LETTER,
        }
    }
}

/// What became of one delivery.
enum Outcome {
    Done,
    /// It can never be sent.
    Hopeless(String),
    Later(TicketError),
    /// It could not be tried: nothing is sent in the tenant's name.
    Suspended,
}

/// Sends mail for as long as it is polled. Any number of processes may do so.
pub async fn deliver_mail(tickets: Tickets) {
    // Side by side: neither waits while a server is silent about the other.
    futures::future::join_all(Kind::ALL.map(|kind| deliver_kind(&tickets, kind))).await;
}

async fn deliver_kind(tickets: &Tickets, kind: Kind) {
    loop {
        match outbox::lease(&tickets.0.db, kind.name(), BATCH).await {
            Ok(messages) if !messages.is_empty() => deliver(tickets, kind, messages).await,
            Ok(_) => tokio::time::sleep(POLL).await,
            Err(error) => {
                tracing::debug!(%error, "staged mail could not be read");
                tokio::time::sleep(POLL).await;
            }
        }
    }
}

async fn deliver(tickets: &Tickets, kind: Kind, messages: Vec<Message>) {
    let out_of_reach = &AtomicBool::new(false);
    futures::stream::iter(messages)
        .for_each_concurrent(AT_ONCE, |message| async move {
            // A server that just did not answer is not asked for every mail of the batch.
            if out_of_reach.load(Ordering::Relaxed) {
                return postpone(tickets, &message, eager(message.attempts), "the mail server is out of reach").await;
            }
            match attempt(tickets, kind, &message).await {
                Outcome::Done => finish(tickets, &message).await,
                Outcome::Hopeless(why) => {
                    tracing::error!(tenant.id = %message.tenant_id, outbox.id = %message.id, why, "mail given up");
                    finish(tickets, &message).await;
                }
                Outcome::Later(error) => {
                    if matches!(&error, TicketError::Smtp(error) if error.status().is_none()) {
                        out_of_reach.store(true, Ordering::Relaxed);
                    }
                    tracing::warn!(
                        tenant.id = %message.tenant_id, outbox.id = %message.id, message.attempts, %error,
                        "mail not handed over, it will be tried again"
                    );
                    let pause = match &error {
                        TicketError::Smtp(error) if error.is_permanent() => wary(message.attempts),
                        _ => eager(message.attempts),
                    };
                    postpone(tickets, &message, pause, &error.to_string()).await;
                }
                Outcome::Suspended => {
                    let why = TicketError::Suspended.to_string();
                    noted(outbox::put_back(&tickets.0.db, &message, SUSPENDED, &why).await);
                }
            }
        })
        .await;
}

async fn attempt(tickets: &Tickets, kind: Kind, message: &Message) -> Outcome {
    let sent = tokio::time::timeout(LONGEST, async {
        match kind {
            Kind::Tickets => send_tickets(tickets, message).await,
            Kind::Letter => send_letter(tickets, message).await,
        }
    });
    match sent.await.unwrap_or_else(|_| Err(TicketError::Mail("it took too long".to_owned()))) {
        Ok(()) => Outcome::Done,
        Err(error @ (TicketError::UnknownOrder(_) | TicketError::Payload(_))) => {
            Outcome::Hopeless(error.to_string())
        }
        Err(TicketError::Suspended) => Outcome::Suspended,
        Err(error) if is_given_up(message.age, message.attempts) => Outcome::Hopeless(error.to_string()),
        Err(error) => Outcome::Later(error),
    }
}

async fn send_tickets(tickets: &Tickets, message: &Message) -> Result<(), TicketError> {
    let order: MailOrder = payload(message)?;
    let tenant = tenant(tickets, message)?;
    let paper = tickets.paper(tenant.id, order.order_id).await?;
    let parts = Arc::clone(&tickets.0);
    let envelope = Envelope { id: message.id, at: SystemTime::now() };
    let mail = off_the_loop(move || {
        let brand = parts.brands.of(&tenant)?;
        let pdf = pdf::render(&brand, &tenant, &paper)?;
        let link = parts.order_link(&tenant, paper.order.order_id);
        mail::compose(&parts.templates, &brand, &tenant, &paper, &link, pdf, envelope)
    })
    .await?;
    tickets.0.mailer.send(mail).await
}

async fn send_letter(tickets: &Tickets, message: &Message) -> Result<(), TicketError> {
    let letter: Letter = payload(message)?;
    let tenant = tenant(tickets, message)?;
    let Some(facts) = tickets.facts(tenant.id, letter).await? else { return Ok(()) };
    let parts = Arc::clone(&tickets.0);
    let envelope = Envelope { id: message.id, at: SystemTime::now() };
    let mail = off_the_loop(move || {
        let brand = parts.brands.of(&tenant)?;
        let link = parts.order_link(&tenant, facts.order.order_id);
        mail::compose_letter(&parts.templates, &brand, &tenant, &facts, &link, envelope)
    })
    .await?;
    tickets.0.mailer.send(mail).await
}

fn payload<T: DeserializeOwned>(message: &Message) -> Result<T, TicketError> {
    serde_json::from_value(message.payload.clone()).map_err(|error| TicketError::Payload(error.to_string()))
}

/// A suspended tenant's mail waits; so does everybody's until the tenants have been read.
fn tenant(tickets: &Tickets, message: &Message) -> Result<Arc<Tenant>, TicketError> {
    let directory = &tickets.0.directory;
    directory.by_id(message.tenant_id).ok_or_else(|| match directory.is_read() {
        true => TicketError::Suspended,
        false => TicketError::Mail("the tenants have not been read yet".to_owned()),
    })
}

/// Notes that a message is done. Without the note it would be sent again, so this does not give up lightly.
async fn finish(tickets: &Tickets, message: &Message) {
    for _ in 0..NOTES {
        match outbox::finish(&tickets.0.db, message).await {
            Ok(()) => return,
            Err(error) => tracing::debug!(%error, "a sent mail could not be noted"),
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    tracing::error!(tenant.id = %message.tenant_id, outbox.id = %message.id, "a sent mail could not be noted, it may be sent again");
}

async fn postpone(tickets: &Tickets, message: &Message, pause: f64, why: &str) {
    noted(outbox::postpone(&tickets.0.db, message, pause, why).await);
}

fn noted(postponed: Result<(), DbError>) {
    if let Err(error) = postponed {
        tracing::debug!(%error, "a mail could not be postponed, its lease will end");
    }
}

/// Seconds until the next try, after this many that a server out of reach or out of sorts may have failed.
fn eager(attempts: i32) -> f64 {
    let doublings = (attempts - EAGER_TRIES).clamp(0, 10);
    (EAGER * f64::from(1 << doublings)).min(PATIENT)
}

/// Seconds until the next try, after this many, the last of which a server refused for good. It is tried again all the
/// same: the server may refuse everything, for a wrong password of ours.
fn wary(attempts: i32) -> f64 {
    (EAGER * f64::from(1 << attempts.clamp(5, 11))).min(REFUSED)
}

fn is_given_up(age: f64, attempts: i32) -> bool {
    age > GIVEN_UP && attempts >= LEAST_TRIES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_is_tried_often_for_ten_minutes_and_for_three_days() {
        let longest = POLL.as_secs_f64() + mail::TIMEOUT.as_secs_f64() + 1.0;
        let mut passed = 0.0;
        let mut attempts = 1;
        while !is_given_up(passed, attempts) {
            let pause = eager(attempts);
            if passed < 600.0 {
                assert!(pause + longest <= 10.0, "{pause} s after {passed} s");
            }
            assert!(pause <= PATIENT);
            passed += pause;
            attempts += 1;
        }
        assert!((3.0..3.1).contains(&(passed / 86_400.0)), "{passed}");
    }

    #[test]
    fn what_was_refused_is_seldom_tried_again() {
        let (mut passed, mut attempts) = (0.0, 1);
        while !is_given_up(passed, attempts) {
            assert!((60.0..=REFUSED).contains(&wary(attempts)));
            passed += wary(attempts);
            attempts += 1;
        }
        assert!(attempts < 90 && passed / 86_400.0 < 3.1, "{attempts} tries in {passed} s");
    }

    #[test]
    fn mail_that_waited_for_its_tenant_is_tried_before_it_is_given_up() {
        assert!(!is_given_up(30.0 * 86_400.0, 1) && is_given_up(30.0 * 86_400.0, LEAST_TRIES));
    }
}
