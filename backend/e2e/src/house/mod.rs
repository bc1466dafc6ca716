//! A whole house for one test: servers, worker, simulator, mail, over a database of its own.

mod opening;

use std::path::PathBuf;
use std::process::Output;

use marquee_demo::environment::{self, Variables};
use marquee_demo::layout::Layout;
use marquee_demo::ports::Ports;
use marquee_demo::probe::Probe;
use marquee_demo::process::Service;
use marquee_demo::{mail, stripe};
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::client::Client;
use crate::cluster::{cluster, described, program};
use crate::crash::Points;
use crate::database::Database;
use crate::fixtures::{Fixtures, TenantFixture};
use crate::mail::Mailbox;
use crate::money::Money;
use crate::running::Running;
use crate::site::Fan;
use crate::skew::Skew;
use crate::wait::until;

pub use opening::{OLD_WEBHOOK_SECRET, Plan, plan};

/// Everything of one test. What it started ends with it.
#[derive(Debug)]
pub struct House {
    /// Its database.
    pub database: Database,
    /// The servers; the first gets the provider's events.
    pub servers: Vec<Running>,
    /// The worker; `None` where the test has none.
    pub worker: Option<Running>,
    /// The payment simulator.
    pub simulator: Running,
    /// The mail catcher; `None` where the test has none.
    pub catcher: Option<Running>,
    /// What the database had in it at the start.
    pub fixtures: &'static Fixtures,
    /// The first server's clock; `None` where the test leaves it alone.
    pub skew: Option<Skew>,
    /// The crash points of the servers, and of the worker last; empty where the test lets none die by itself.
    pub points: Vec<Points>,
    number: usize,
    relief: Option<Running>,
    http: reqwest::Client,
    layout: Layout,
    ports: Ports,
    addresses: Vec<u16>,
    variables: Variables,
}

impl House {
    /// A house with a server and a worker.
    pub async fn open() -> Self {
        plan().open().await
    }

    fn server(&self, at: usize) -> Service {
        let port = self.addresses[at];
        let mut env = environment::with_addresses(
            &self.variables,
            &format!("127.0.0.1:{port}"),
            if at == 0 { self.ports.server_metrics } else { 0 },
        );
        env.extend(self.skew.iter().filter(|_| at == 0).flat_map(Skew::variables));
        env.extend(self.points.get(at).into_iter().flat_map(Points::variables));
        self.service("server", "serve", env, Probe::Page(port, "/readyz"), &format!("server-{at}"))
    }

    fn background(&self) -> Service {
        let metrics = self.ports.worker_metrics;
        let mut env = environment::with_addresses(&self.variables, "127.0.0.1:0", metrics);
        env.extend(self.points.last().into_iter().flat_map(Points::variables));
        self.service("worker", "worker", env, Probe::Port(metrics), "worker")
    }

    fn service(&self, name: &'static str, command: &str, env: Variables, probe: Probe, log: &str) -> Service {
        let program = described(name, program("marquee"), &[command], env, &self.layout, log);
        Service { program, stop: Signal::SIGTERM, hurry: Signal::SIGKILL, probe, exclusive: None }
    }

    /// Waits until a server knows its tenants: it starts without asking its database anything.
    pub async fn knows_its_tenants(&self, server: usize) {
        let client = self.client_of(server, self.fixtures.a.host);
        until("the server to know its tenants", 20, async || {
            client.get("/api/v1/events").try_send().await.ok().filter(|answer| answer.status == 200)
        })
        .await;
    }

    /// Starts a server again after it was killed, and waits until it serves.
    pub async fn restart(&mut self, server: usize) {
        self.servers[server].start_again().await;
        self.knows_its_tenants(server).await;
    }

    /// A client of a host on a server.
    pub fn client_of(&self, server: usize, host: &str) -> Client {
        Client::new(self.http.clone(), &format!("http://127.0.0.1:{}", self.addresses[server]), host)
    }

    /// A client of a host on the first server.
    pub fn client(&self, host: &str) -> Client {
        self.client_of(0, host)
    }

    /// The port of a server.
    pub fn port(&self, server: usize) -> u16 {
        self.addresses[server]
    }

    /// A fan of a tenant on a server.
    pub fn fan_on(&self, server: usize, tenant: &TenantFixture) -> Fan {
        Fan {
            client: self.client_of(server, tenant.host),
            tenant: tenant.clone(),
            money: self.money(),
            email: format!("fan-{}@example.com", uuid::Uuid::new_v4().simple()),
        }
    }

    /// A fan of the first tenant.
    pub fn fan(&self) -> Fan {
        self.fan_on(0, &self.fixtures.a)
    }

    /// The payment simulator's controls.
    pub fn money(&self) -> Money {
        let base = stripe::api_base(&self.ports);
        let host = base.trim_start_matches("http://").to_owned();
        let key = self.variable("MARQUEE_STRIPE_SECRET_KEY");
        Money::new(Client::new(self.http.clone(), &base, &host), &key)
    }

    /// The mailbox.
    pub fn mailbox(&self) -> Mailbox {
        let base = mail::web_url(&self.ports);
        let host = base.trim_start_matches("http://").to_owned();
        Mailbox::new(Client::new(self.http.clone(), &base, &host))
    }

    /// The address of the page on which mail is shown.
    pub fn mail_url(&self) -> String {
        mail::web_url(&self.ports)
    }

    /// A setting of the programs.
    pub fn variable(&self, name: &str) -> String {
        self.variables.iter().find(|(one, _)| one == name).map(|(_, value)| value.clone()).unwrap()
    }

    /// A folder of the test's own.
    pub fn folder(&self, name: &str) -> PathBuf {
        let folder = self.layout.data(name);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// What the first server tells its operators.
    pub async fn metrics(&self) -> String {
        let base = format!("http://127.0.0.1:{}", self.ports.server_metrics);
        Client::new(self.http.clone(), &base, "127.0.0.1").get("/metrics").send().await.text()
    }

    /// The folders and files of the house.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Has everybody's tries forgotten: a campaign declines more cards in a minute than a shop in a day.
    pub async fn forget_limits(&self) {
        cluster().await.clear_redis(self.number).await;
    }

    /// A second worker, for as long as the first stands still.
    pub async fn relieve_worker(&mut self) {
        let cluster = cluster().await;
        let metrics = cluster.port();
        let env = environment::with_addresses(&self.variables, "127.0.0.1:0", metrics);
        let service = self.service("worker", "worker", env, Probe::Port(metrics), "relief");
        self.relief = Some(Running::start(&cluster.keeper, service).await);
    }

    /// Ends the second worker.
    pub async fn dismiss_relief(&mut self) {
        if let Some(mut relief) = self.relief.take() {
            relief.kill().await;
        }
    }

    /// Runs `marquee` with arguments beside the house.
    pub async fn marquee(&self, args: &[&str]) -> Output {
        self.command(args).output().await.unwrap()
    }

    /// `marquee` with arguments beside the house, to be run.
    pub fn command(&self, args: &[&str]) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(program("marquee"));
        command.args(args).env_clear().envs(self.variables.iter().cloned()).kill_on_drop(true);
        command
    }

    /// Runs the audit: whether it passed, and the kinds of what it found.
    pub async fn audit(&self) -> (bool, Vec<Value>) {
        let output = self.marquee(&["audit", "--json"]).await;
        let report: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("no report: {}", String::from_utf8_lossy(&output.stderr)));
        (output.status.success(), report["breaches"].as_array().unwrap().clone())
    }

    /// Runs the audit, which may not even come to a report: whether it passed, and what it said.
    pub async fn audit_or_failure(&self) -> (bool, String) {
        let output = self.marquee(&["audit", "--json"]).await;
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    }

    /// Checks that money, seats and tickets agree.
    ///
    /// # Panics
    /// When they do not.
    pub async fn audited(&self) {
        let (passed, breaches) = self.audit().await;
        assert!(passed && breaches.is_empty(), "the audit found {breaches:#?}");
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let all = self.servers.iter().chain(&self.worker).chain([&self.simulator]).chain(&self.catcher);
            for one in all {
                eprintln!("--- the end of {}\n{}", one.log_path().display(), one.log());
            }
        }
    }
}
