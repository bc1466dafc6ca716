use std::time::Duration;

use lettre::transport::smtp::PoolConfig;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use super::mail;
use crate::TicketError;

/// How long connecting, and each command, may take.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection waits for the next mail.
const IDLE: Duration = Duration::from_secs(10);

/// Hands mail over by SMTP.
#[derive(Debug, Clone)]
pub(crate) struct Mailer(AsyncSmtpTransport<Tokio1Executor>);

impl Mailer {
    /// Reads the address; a connection is made when there is mail.
    ///
    /// # Errors
    /// `Mail` for an address that cannot be read.
    pub(crate) fn new(url: &str) -> Result<Self, TicketError> {
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|error| mail(&error))?;
        let pool = PoolConfig::new().idle_timeout(IDLE);
        Ok(Self(builder.timeout(Some(TIMEOUT)).pool_config(pool).build()))
    }

    /// Hands a mail over; done once the server took it.
    ///
    /// # Errors
    /// `Smtp`.
    pub(crate) async fn send(&self, message: Message) -> Result<(), TicketError> {
        self.0.send(message).await?;
        Ok(())
    }
}
