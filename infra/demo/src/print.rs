//! What the person at the terminal sees.

use std::fmt::Display;
use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::manifest::{Manifest, Show};

/// The terminal, or a file that takes its place: plain lines, and colours where they can be seen.
#[derive(Debug)]
pub struct Console {
    started: Instant,
    colours: bool,
}

impl Default for Console {
    fn default() -> Self {
        Self::new()
    }
}

impl Console {
    /// Starts the clock that the lines show.
    pub fn new() -> Self {
        let colours = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self { started: Instant::now(), colours }
    }

    /// How long the supervisor has been running.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Something is done, or begins.
    pub fn step(&self, name: &str, what: impl Display) {
        let at = format!("{:6.1} s", self.elapsed().as_secs_f64());
        self.line(&format!("{}  {}  {what}", self.paint("2", &at), self.paint("1", &format!("{name:<9}"))));
    }

    /// Something went wrong; on standard error.
    pub fn problem(&self, what: &str) {
        // A terminal that is gone is no reason to fail.
        let _ = writeln!(std::io::stderr(), "demo: {what}");
    }

    /// The closing summary: addresses, sign-ins, cards, and how to go on from there.
    pub fn summary(&self, manifest: &Manifest, show: &Show, port: u16) {
        for line in summary(manifest, show, port) {
            match line {
                Line::Title(text) => self.line(&format!("\n{}", self.paint("1", &text))),
                Line::Entry(name, text) => {
                    self.line(&format!("  {}  {text}", self.paint("2", &format!("{name:<14}"))));
                }
            }
        }
        self.line(&format!(
            "\nReady in {:.1} s. Ctrl-C stops everything; the data stay.\n",
            manifest.ready_in_s
        ));
    }

    fn line(&self, text: &str) {
        // As above.
        let _ = writeln!(std::io::stdout().lock(), "{text}");
    }

    fn paint(&self, style: &str, text: &str) -> String {
        if self.colours { format!("\x1b[{style}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Line {
    Title(String),
    Entry(String, String),
}

fn summary(manifest: &Manifest, show: &Show, port: u16) -> Vec<Line> {
    let mut lines = Vec::new();
    let entry = |name: &str, text: String| Line::Entry(name.to_owned(), text);
    let title = |text: &str| Line::Title(text.to_owned());

    let tenants: Vec<(&String, &Value)> =
        manifest.house.tenants.as_object().map(|all| all.iter().collect()).unwrap_or_default();
    if !tenants.is_empty() {
        lines.push(title("Sites"));
        for (slug, tenant) in &tenants {
            lines.push(entry(slug, format!("http://{}:{port}/", text(tenant, "/host"))));
        }
        for page in &show.pages {
            lines.push(entry("", format!("{}  {}", page.url, page.title)));
        }
        lines.push(title(
            "Sign-ins, for the API alone (POST /api/admin/v1/sessions, or /api/platform/v1/sessions)",
        ));
        for (slug, tenant) in &tenants {
            let (email, password) = (text(tenant, "/owner/email"), text(tenant, "/owner/password"));
            lines.push(entry(slug, format!("{email}  {password}")));
        }
        let platform = &manifest.house.platform;
        lines.push(entry(
            "platform",
            format!(
                "{}  {}  (at http://{}:{port})",
                text(platform, "/email"),
                text(platform, "/password"),
                text(platform, "/host")
            ),
        ));
        lines.push(title("Pay with (any date to come, any CVC)"));
        for (card, effect) in CARDS {
            lines.push(entry(effect, (*card).to_owned()));
        }
        lines.push(title("At the door"));
        if let Some(code) = &show.ticket_code {
            lines.push(entry("a ticket", code.clone()));
        }
        if let (Some(bin), Some((slug, tenant))) = (&manifest.bin, tenants.first()) {
            let performance = first_performance(tenant);
            lines.push(entry(
                "a scanner",
                format!(
                    "(set -a; . {}; {bin} device invite --tenant {slug} --performance {performance})",
                    manifest.env
                ),
            ));
            lines.push(title("From a shell"));
            let host = text(tenant, "/host");
            lines.push(entry(
                "curl",
                format!("curl --resolve {host}:{port}:127.0.0.1 http://{host}:{port}/api/v1/events"),
            ));
        }
    }
    lines.push(title("Behind the scenes"));
    lines.push(entry("mail", manifest.mail.web.clone()));
    lines.push(entry("payments", format!("{}/_sim/money", manifest.stripe.api_base)));
    if manifest.bin.is_some() {
        lines.push(entry("metrics", manifest.metrics.clone()));
    }
    lines.push(entry("database", manifest.database.owner.clone()));
    lines.push(entry("redis", manifest.redis.clone()));
    lines.push(entry("for programs", format!("{} and demo.json beside it", manifest.env)));
    lines
}

/// Stripe's own test cards.
const CARDS: &[(&str, &str)] = &[
    ("4242 4242 4242 4242", "succeeds"),
    ("4000 0025 0000 3155", "asks the bank"),
    ("4000 0000 0000 0002", "is declined"),
];

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or("?")
}

fn first_performance(tenant: &Value) -> &str {
    let all = tenant.get("performances").and_then(Value::as_object);
    all.and_then(|all| all.values().next()).and_then(Value::as_str).unwrap_or("?")
}
