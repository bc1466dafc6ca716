//! The order of things: lock, clean up, boot, seed, serve, watch, stop.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::app::App;
use crate::cli::Cli;
use crate::error::DemoError;
use crate::layout::Layout;
use crate::leftovers::{self, Registry};
use crate::lock::Lock;
use crate::manifest::{Database, Mail, Manifest, Pids, SeedReport, Show, Stripe};
use crate::ports::{self, Ports};
use crate::postgres::Postgres;
use crate::print::Console;
use crate::process::Service;
use crate::secrets::Secrets;
use crate::signals::Signals;
use crate::supervise::{Event, Kept, SharedRegistry};
use crate::{environment, files, logs, mail, postgres, redis, stripe};

/// Runs the demo until a signal ends it.
///
/// # Errors
/// Why it could not start; by then everything it had started is stopped again.
pub async fn run(cli: Cli, console: &Console) -> Result<(), DemoError> {
    let system = |source| DemoError::System { what: "cannot start", source };
    let mut signals = Signals::listen().map_err(system)?;
    let root = std::env::current_dir().map_err(system)?;
    let layout = Layout::new(&root, cli.port, cli.state_dir.as_deref());
    let lock = Lock::take(&layout, cli.port)?;
    files::remove_file(&layout.manifest())?;
    let ended = leftovers::end_recorded(&layout.pids()).await?;
    if !ended.is_empty() {
        console.step("clean-up", format!("ended what a killed demo had left: {}", ended.join(", ")));
    }
    leftovers::end_postgres(&layout.data("postgres")).await;
    if cli.fresh {
        lock.wipe(&layout)?;
        console.step("fresh", format!("{} is empty", layout.shown(layout.dir())));
    }
    if !cli.infra_only {
        ports::require_free(cli.port)?;
    }
    files::make_private_folder(&layout.logs())?;

    let (events, mut reports) = unbounded_channel();
    let mut demo = Demo {
        cli: &cli,
        layout: &layout,
        console,
        bin: built_programs(&root)?,
        ports: Ports::load_or_draw(&layout)?,
        secrets: Secrets::load_or_draw(&layout)?,
        registry: Arc::new(Mutex::new(Registry::new(layout.pids()))),
        events,
        kept: Vec::new(),
        seen_ready: 0,
    };
    let booted = tokio::select! {
        booted = demo.boot() => booted,
        () = signals.next() => Err(DemoError::Interrupted),
    };
    let outcome = match booted {
        Ok(mut ready) => {
            ready.manifest.write(&layout)?;
            console.summary(&ready.manifest, &ready.show, cli.port);
            let log_folder = layout.logs();
            tokio::select! {
                watched = demo.watch(&mut ready.manifest, &mut reports) => watched,
                () = logs::keep_short(&log_folder) => Ok(()),
                () = signals.next() => Ok(()),
            }
        }
        Err(error) => Err(error),
    };
    files::remove_file(&layout.manifest())?;
    demo.stop(&mut signals).await;
    files::remove_file(&layout.pids())?;
    outcome
}

/// The folder of the built programs: where this one lies.
fn built_programs(root: &Path) -> Result<PathBuf, DemoError> {
    let own = std::env::current_exe()
        .map_err(|source| DemoError::System { what: "cannot find the built programs", source })?;
    Ok(own.parent().unwrap_or(root).to_owned())
}

struct Demo<'a> {
    cli: &'a Cli,
    layout: &'a Layout,
    console: &'a Console,
    bin: PathBuf,
    ports: Ports,
    secrets: Secrets,
    registry: SharedRegistry,
    events: UnboundedSender<Event>,
    /// In the order of their start.
    kept: Vec<Kept>,
    /// How many of them have been seen ready.
    seen_ready: usize,
}

struct Ready {
    manifest: Manifest,
    show: Show,
}

impl Demo<'_> {
    async fn boot(&mut self) -> Result<Ready, DemoError> {
        let shared = environment::shared(self.cli.port, &self.ports, &self.secrets);
        let app =
            if self.cli.infra_only { None } else { Some(App::new(self.layout, &self.bin, shared.clone())?) };
        self.boot_infrastructure().await?;
        files::write_private(&self.layout.env_file(), &environment::render(self.layout, &shared))?;
        let mut report = SeedReport::default();
        if let Some(app) = &app {
            app.migrate().await?;
            self.console.step("schema", "is the newest");
            app.seed(|line| self.console.step("seed", line)).await?;
            report = files::read_json(&self.layout.seed())?.unwrap_or_default();
            let bind = ports::addresses(self.cli.port);
            self.keep(app.server(self.cli.port, &bind, &self.ports));
            self.keep(app.worker(&self.ports));
            self.all_ready().await?;
        }
        let ready_in_s = (self.console.elapsed().as_secs_f64() * 10.0).round() / 10.0;
        let manifest = self.manifest(ready_in_s, app.as_ref(), report.clone());
        Ok(Ready { manifest, show: report.show })
    }

    async fn boot_infrastructure(&mut self) -> Result<(), DemoError> {
        let cluster = Postgres::prepare(self.layout, &self.ports)?;
        self.keep(redis::service(self.layout, &self.ports, &self.secrets)?);
        self.keep(mail::service(self.layout, &self.ports)?);
        let (port, host) = (self.cli.port, environment::PLATFORM_HOST);
        let (events, ports) = (&stripe::EVENTS, &self.ports);
        self.keep(stripe::service(self.layout, &self.bin, port, host, events, ports, &self.secrets)?);
        if !cluster.exists() {
            self.console.step("postgres", "makes its cluster");
            cluster.create().await?;
        }
        self.keep(cluster.service()?);
        self.all_ready().await?;
        cluster.provision(&self.secrets).await
    }

    fn keep(&mut self, service: Service) {
        self.kept.push(Kept::start(service, self.registry.clone(), self.events.clone()));
    }

    async fn all_ready(&mut self) -> Result<(), DemoError> {
        for kept in self.kept.iter().skip(self.seen_ready) {
            kept.ready().await?;
            self.console.step(kept.name(), "is ready");
        }
        self.seen_ready = self.kept.len();
        Ok(())
    }

    fn manifest(&self, ready_in_s: f64, app: Option<&App<'_>>, report: SeedReport) -> Manifest {
        let database = |role, password| postgres::url(self.ports.postgres, role, password);
        Manifest {
            ready_in_s,
            bin: app.map(|app| self.layout.shown(app.path())),
            env: self.layout.shown(&self.layout.env_file()),
            url: format!("http://127.0.0.1:{}", self.cli.port),
            metrics: format!("http://127.0.0.1:{}/metrics", self.ports.server_metrics),
            pids: self.pids(),
            database: Database {
                app: database("marquee_app", &self.secrets.database_app),
                platform: database("marquee_platform", &self.secrets.database_platform),
                owner: database("marquee_owner", &self.secrets.database_owner),
            },
            redis: redis::url(&self.ports, &self.secrets),
            stripe: Stripe {
                api_base: stripe::api_base(&self.ports),
                secret_key: self.secrets.stripe_secret_key.clone(),
            },
            mail: Mail { smtp: mail::smtp_url(&self.ports), web: mail::web_url(&self.ports) },
            house: report.house,
        }
    }

    fn pids(&self) -> Pids {
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        let mut pids = Pids { supervisor: std::process::id(), ..Pids::default() };
        for (name, pid) in registry.pids() {
            pids.set(name, pid);
        }
        pids
    }

    /// Reports deaths, and keeps `demo.json` true.
    async fn watch(
        &self,
        manifest: &mut Manifest,
        reports: &mut UnboundedReceiver<Event>,
    ) -> Result<(), DemoError> {
        let mut died = BTreeMap::new();
        while let Some(event) = reports.recv().await {
            match event {
                Event::Died { name, how, times } => {
                    // A process that keeps dying is reported now and then, not twenty times a minute.
                    if times <= 3 || times % 20 == 0 {
                        let log = self.layout.shown(&self.layout.log(name));
                        self.console
                            .step(name, format!("died ({how}), the {times}. time in a row; see {log}"));
                    }
                    died.entry(name).or_insert_with(std::time::Instant::now);
                }
                Event::Up { name, pid } => {
                    manifest.pids.set(name, pid);
                    manifest.write(self.layout)?;
                    if let Some(since) = died.remove(name) {
                        let after = since.elapsed().as_secs_f64();
                        self.console.step(name, format!("runs again after {after:.1} s"));
                    }
                }
            }
        }
        Ok(())
    }

    /// Stops the program first, then what it stands on, Postgres last. A second signal hurries.
    async fn stop(&mut self, signals: &mut Signals) {
        if self.kept.is_empty() {
            return;
        }
        self.console.step("stop", "everything ends in order; Ctrl-C again hurries");
        let mut hurried = false;
        for group in [&["server", "worker"][..], &["stripe", "mail", "redis"], &["postgres"]] {
            let mut members: Vec<&mut Kept> =
                self.kept.iter_mut().filter(|kept| group.contains(&kept.name())).collect();
            for kept in &members {
                if hurried { kept.hurry() } else { kept.stop() }
            }
            while !members.iter().all(|kept| kept.has_ended()) {
                let ended = async {
                    for kept in members.iter_mut().filter(|kept| !kept.has_ended()) {
                        kept.ended().await;
                    }
                };
                tokio::select! {
                    () = ended => {}
                    () = signals.next() => {
                        hurried = true;
                        members.iter().for_each(|kept| kept.hurry());
                    }
                }
            }
        }
        self.console.step("stop", "done");
    }
}
