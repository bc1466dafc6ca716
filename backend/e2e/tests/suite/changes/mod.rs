//! Performances that are cancelled or postponed: every order is reached once, whoever dies in between.

mod both;
mod cancelled;
mod postponed;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use marquee_e2e::client::{Answer, Call};
use marquee_e2e::house::House;
use marquee_e2e::mail::Mail;
use marquee_e2e::site::{Fan, Order};
use marquee_e2e::wait::until;
use serde_json::{Value, json};

/// In well under a minute, in a debug build on a busy machine.
const PATIENCE: u64 = 60;

fn said(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&[output.stdout.clone(), output.stderr.clone()].concat()).into_owned()
}

/// Runs `marquee performance …` and answers its JSON.
async fn performance(house: &House, args: &[&str]) -> Value {
    let output = house.marquee(&[&["performance"], args, &["--json"]].concat()).await;
    assert!(output.status.success(), "{args:?}: {}", said(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The newest change of a performance.
async fn change(house: &House, id: &str) -> Value {
    let all = performance(house, &["changes", id]).await;
    all["changes"].as_array().unwrap().last().unwrap().clone()
}

/// Waits until the worker is done with the newest change.
async fn done(house: &House, id: &str) -> Value {
    let sql =
        format!("select count(*) from performance_changes where performance_id = '{id}' and state = 'open'");
    until("the change to be done", PATIENCE, async || (house.database.number(&sql).await == 0).then_some(()))
        .await;
    change(house, id).await
}

/// Every performance's date, and how often one was changed.
async fn dates(house: &House) -> Vec<String> {
    let sql = "select concat_ws(' ', p.id, p.starts_at, p.doors_at, p.cancelled_at,
                   (select count(*) from performance_changes)) from performances p order by p.id";
    house.database.texts(sql).await
}

fn rfc(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn days(days: i64) -> String {
    rfc(Utc::now() + TimeDelta::days(days))
}

/// The link of a letter, which is the only one it has.
fn link(mail: &Mail) -> String {
    let part = |name: &str| mail.body[name].as_str().unwrap_or_default().to_owned();
    let (text, html) = (part("text"), part("html"));
    let links: Vec<&str> = text.split_whitespace().filter(|word| word.contains("://")).collect();
    let [link] = links.as_slice() else { panic!("one link: {text}") };
    assert_eq!(html.matches("href=").count(), 1, "{html}");
    (*link).to_owned()
}

/// Waits for a mail whose subject begins so.
async fn letter(house: &House, fan: &Fan, subject: &str) -> Mail {
    let mailbox = house.mailbox();
    until(&format!("a mail `{subject}…`"), 30, async || {
        let is_it = |mail: &Mail| mail.body["subject"].as_str().is_some_and(|text| text.starts_with(subject));
        mailbox.to(&fan.email).await.into_iter().find(is_it)
    })
    .await
}

fn choose(fan: &Fan, order: &Order, choice: &Value) -> Call {
    let path = format!("/api/v1/orders/{}/postponement", order.id);
    fan.client.post(&path, &json!({ "choice": choice })).header("order-token", &order.token)
}

async fn chooses(fan: &Fan, order: &Order, choice: &str) -> Answer {
    choose(fan, order, &json!(choice)).send().await
}
