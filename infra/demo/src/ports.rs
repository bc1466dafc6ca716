//! Which port each process listens on: drawn once, kept as long as nobody else took it.

use std::net::{Ipv4Addr, TcpListener};

use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use crate::error::DemoError;
use crate::files;
use crate::layout::Layout;

/// Below the range from which the kernel serves outgoing connections (32768 on Linux): under load one of those could
/// sit on a process's port just when that process is started again.
const RANGE: std::ops::Range<u16> = 20_000..32_000;
const TRIES: u32 = 2_000;

/// The ports of one demo besides the sites' own. All on 127.0.0.1.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ports {
    /// Postgres.
    pub postgres: u16,
    /// Redis.
    pub redis: u16,
    /// The payment simulator.
    pub stripe: u16,
    /// The mail catcher's SMTP.
    pub smtp: u16,
    /// The mail catcher's pages.
    pub mail_web: u16,
    /// The server's metrics.
    pub server_metrics: u16,
    /// The worker's metrics.
    pub worker_metrics: u16,
}

impl Ports {
    /// Reads the folder's ports and replaces those that are new or that another program took meanwhile.
    ///
    /// # Errors
    /// [`DemoError::NoFreePort`], or the file's own.
    pub fn load_or_draw(layout: &Layout) -> Result<Self, DemoError> {
        let mut ports: Self = files::read_json(&layout.ports())?.unwrap_or_default();
        // Kept open until all are found, so that no two get the same.
        let mut taken = Vec::new();
        for port in ports.all() {
            let listener = match listen(*port) {
                Some(kept) => kept,
                None => draw()?,
            };
            if let Ok(address) = listener.local_addr() {
                *port = address.port();
            }
            taken.push(listener);
        }
        files::write_json(&layout.ports(), &ports)?;
        Ok(ports)
    }

    fn all(&mut self) -> [&mut u16; 7] {
        [
            &mut self.postgres,
            &mut self.redis,
            &mut self.stripe,
            &mut self.smtp,
            &mut self.mail_web,
            &mut self.server_metrics,
            &mut self.worker_metrics,
        ]
    }
}

/// Whether the sites' port can be listened on.
///
/// # Errors
/// [`DemoError::PortTaken`] when it cannot.
pub fn require_free(port: u16) -> Result<(), DemoError> {
    listen(port).map(drop).ok_or(DemoError::PortTaken { port })
}

/// Where to serve: browsers look `*.localhost` up as `::1` too, so that address is served where it is to be had.
pub fn addresses(port: u16) -> String {
    match TcpListener::bind((std::net::Ipv6Addr::LOCALHOST, port)) {
        Ok(_) => format!("127.0.0.1:{port},[::1]:{port}"),
        Err(_) => format!("127.0.0.1:{port}"),
    }
}

/// A port that nobody listens on, for a process beside the demo's own.
///
/// # Errors
/// When none is free.
pub fn free() -> Result<u16, DemoError> {
    let listener = draw()?;
    listener.local_addr().map(|address| address.port()).map_err(|_| DemoError::NoFreePort)
}

fn listen(port: u16) -> Option<TcpListener> {
    if port == 0 {
        return None;
    }
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()
}

fn draw() -> Result<TcpListener, DemoError> {
    let mut random = rand::rng();
    (0..TRIES).find_map(|_| listen(random.random_range(RANGE))).ok_or(DemoError::NoFreePort)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::path::Path;

    use super::*;

    fn folder(name: &str) -> Layout {
        let dir = std::env::temp_dir().join(format!("marquee-ports-{name}-{}", std::process::id()));
        files::make_private_folder(&dir).unwrap();
        Layout::new(Path::new("/"), 8080, Some(&dir))
    }

    #[test]
    fn ports_differ_stay_and_yield_to_another_program() {
        let layout = folder("stay");
        let mut first = Ports::load_or_draw(&layout).unwrap();
        let distinct: HashSet<u16> = first.all().into_iter().map(|port| *port).collect();
        assert_eq!(distinct.len(), 7);
        assert!(distinct.iter().all(|port| RANGE.contains(port)));
        assert_eq!(Ports::load_or_draw(&layout).unwrap(), first);

        let _other = listen(first.redis).unwrap();
        let second = Ports::load_or_draw(&layout).unwrap();
        assert_ne!(second.redis, first.redis);
        assert_eq!(second.postgres, first.postgres);
        std::fs::remove_dir_all(layout.dir()).unwrap();
    }
}
