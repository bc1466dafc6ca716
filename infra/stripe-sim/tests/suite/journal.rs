use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::support::{ACCOUNT, Sim, TempDir, config};

/// The real program, killed at the end.
struct Program {
    child: Child,
    url: String,
}

impl Program {
    fn start(dir: &TempDir) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_stripe-sim"))
            .args([
                "--bind",
                "127.0.0.1:0",
                "--print-ready",
                "--account",
                &format!("{ACCOUNT}=Riverside"),
                "--data-dir",
            ])
            .arg(&dir.0)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("ready ").unwrap().to_owned();
        Self { child, url }
    }

    async fn post(&self, path: &str, key: &str, body: &str) -> Result<(u16, String), reqwest::Error> {
        let request = reqwest::Client::new()
            .post(format!("{}{path}", self.url))
            .bearer_auth("sk_test_simulator")
            .header("Idempotency-Key", key)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.to_owned());
        let response = request.send().await?;
        Ok((response.status().as_u16(), response.text().await?))
    }

    async fn money(&self) -> Vec<Value> {
        let text = reqwest::get(format!("{}/_sim/money", self.url)).await.unwrap().text().await.unwrap();
        serde_json::from_str::<Value>(&text).unwrap()["data"].as_array().unwrap().clone()
    }

    fn kill(&mut self) {
        // SIGKILL
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const BODY: &str =
    "amount=500&currency=eur&payment_method_types[]=card&payment_method=pm_card_visa&confirm=true";

#[tokio::test]
async fn killed_in_the_middle_nothing_told_is_lost() {
    let dir = TempDir::new();
    let mut program = Program::start(&dir);
    let mut told: Vec<(String, String)> = Vec::new();
    for round in 0..3 {
        let calls = (0..30).map(|number| {
            let key = format!("{round}-{number}");
            let program = &program;
            async move { program.post("/v1/payment_intents", &key, BODY).await.map(|answer| (key, answer)) }
        });
        let killer = async {
            // Some of the calls are on their way when it is killed.
            while program.money().await.len() < 8 {
                tokio::task::yield_now().await;
            }
        };
        let (answers, ()) = tokio::join!(futures::future::join_all(calls), killer);
        program.kill();
        told.extend(answers.into_iter().flatten().map(|(key, (status, text))| {
            assert_eq!(status, 200);
            (key, text)
        }));
        program = Program::start(&dir);
        for (key, text) in &told {
            let (status, again) = program.post("/v1/payment_intents", key, BODY).await.unwrap();
            assert_eq!((status, &again), (200, text), "the answer to {key} has changed");
        }
    }
    let captured = program.money().await.iter().filter(|line| line["kind"] == "charge").count();
    assert_eq!(captured, 90);
}

#[tokio::test]
async fn killed_at_any_moment_each_call_takes_effect_once() {
    let dir = TempDir::new();
    let mut program = Program::start(&dir);
    for round in 0..6_u64 {
        let key = format!("k{round}");
        // Killed somewhere between before and after the effect.
        let (answer, ()) = tokio::join!(program.post("/v1/payment_intents", &key, BODY), async {
            tokio::time::sleep(std::time::Duration::from_millis(round)).await;
            let _ = Command::new("kill").args(["-9", &program.child.id().to_string()]).status();
        });
        program.kill();
        program = Program::start(&dir);
        let (status, text) = program.post("/v1/payment_intents", &key, BODY).await.unwrap();
        assert_eq!(status, 200);
        if let Ok((_, before)) = answer {
            assert_eq!(text, before);
        }
    }
    assert_eq!(program.money().await.iter().filter(|line| line["kind"] == "charge").count(), 6);
}

#[tokio::test]
async fn a_torn_last_line_is_cut_off_and_a_broken_one_refused() {
    let dir = TempDir::new();
    let setup = || stripe_sim::Config { data_dir: Some(dir.0.clone()), ..config() };
    let path = dir.0.join("journal.jsonl");
    let sim = Sim::with(setup()).await;
    let paid = sim.paid().await;
    sim.running.stop(true).await;
    let append = |bytes: &[u8]| {
        std::fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(bytes).unwrap()
    };
    append(br#"[{"t":"customer","v":{"id":"#);
    let sim = Sim::with(setup()).await;
    let kept = sim.get(&format!("/v1/payment_intents/{}", paid["id"].as_str().unwrap())).await.ok();
    assert_eq!(kept, paid);
    sim.paid().await;
    sim.running.stop(true).await;
    let sim = Sim::with(setup()).await;
    assert_eq!(sim.money("charge").await.len(), 2, "what came after the cut is whole");
    sim.running.stop(true).await;
    append(b"{nonsense}\n");
    append(b"[]\n");
    let error = stripe_sim::start(setup()).await.err().unwrap();
    assert!(error.to_string().contains("cannot be read"), "{error}");
}

#[tokio::test]
async fn sigterm_ends_it_politely() {
    let dir = TempDir::new();
    let mut program = Program::start(&dir);
    program.post("/v1/customers", "k", "").await.unwrap();
    Command::new("kill").args(["-TERM", &program.child.id().to_string()]).status().unwrap();
    assert!(program.child.wait().unwrap().success());
}
