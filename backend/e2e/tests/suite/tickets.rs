//! Tickets on the order's page and in the mail, whether or not the mail server is there.

use marquee_e2e::fixtures::seat;
use marquee_e2e::house::plan;
use marquee_e2e::mail::qr_codes;
use marquee_e2e::site::codes;
use marquee_e2e::wait::until;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mail_waits_for_its_server_and_comes_once() {
    let mut house = plan().with_mail().open().await;
    house.catcher.as_mut().unwrap().kill().await;
    let fan = house.fan();
    let (order, bought) = fan.buy(&fan.hold_seats(&[seat('A', 1), seat('A', 2)]).await).await;
    let codes = codes(&bought);
    assert_eq!(codes.len(), 2, "the order's page has the tickets without any mail");
    let paper = fan
        .client
        .get(&format!("/api/v1/orders/{}/tickets.pdf", order.id))
        .header("order-token", &order.token);
    let paper = paper.send().await;
    assert_eq!((paper.status, paper.header("content-type")), (200, Some("application/pdf")));
    until("a first try to have failed", 20, async || {
        (house.database.number("select coalesce(max(attempts), 0) from outbox").await > 0).then_some(())
    })
    .await;

    house.catcher.as_mut().unwrap().start_again().await;
    let mailbox = house.mailbox();
    let mail = mailbox.wait_for(&fan.email, 20).await;
    until("the outbox to be empty", 20, async || {
        (house.database.number("select count(*) from outbox").await == 0).then_some(())
    })
    .await;
    assert_eq!(mailbox.to(&fan.email).await.len(), 1, "once");

    let text = mail.body["text"].as_str().unwrap_or_default();
    let html = mail.body["html"].as_str().unwrap_or_default();
    let link = format!("/orders/{}", order.id);
    assert!(text.contains(&link) && html.contains(&link), "both parts lead to the order's page: {text}");
    assert_eq!(mail.body["from"][0]["address"], format!("tickets@{}", fan.tenant.host));
    // All that is the mail's own; where the mailbox keeps it is not.
    let own = ["headers", "from", "subject", "text", "html"].map(|part| mail.body[part].to_string());
    let files = mail.body["attachments"].as_array().into_iter().flatten();
    let names = files.map(|file| file["fileName"].to_string());
    let whole = own.into_iter().chain(names).collect::<String>().to_lowercase();
    for foreign in ["marquee", house.fixtures.b.name, house.fixtures.b.host, "stripe"] {
        assert!(!whole.contains(&foreign.to_lowercase()), "the mail names {foreign}");
    }
    let mut printed = qr_codes(&mailbox.pdf(&mail).await, &house.folder("mailed"));
    let mut expected = codes.clone();
    printed.sort();
    expected.sort();
    assert_eq!(printed, expected, "the mailed PDF's QR codes are the tickets' codes");
    house.audited().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mail_of_a_suspended_tenant_waits_for_it() {
    let mut house = plan().with_mail().open().await;
    house.catcher.as_mut().unwrap().kill().await;
    let fan = house.fan();
    fan.buy(&fan.hold_seats(&[seat('A', 1)]).await).await;
    assert!(house.marquee(&["tenant", "suspend", fan.tenant.slug]).await.status.success());
    let waits = "select count(*) from outbox where last_error = 'the tenant is suspended'";
    until("the mail to wait for its tenant", 30, async || {
        (house.database.number(waits).await == 1).then_some(())
    })
    .await;
    // However often it was tried, and however long it waits.
    let long_ago =
        "update outbox set attempts = 1000, created_at = created_at - interval '30 days', last_error = null,
                        available_at = marquee_now()";
    house.database.run(long_ago).await;
    until("the mail to wait again", 30, async || {
        (house.database.number(&format!("{waits} and attempts = 1000")).await == 1).then_some(())
    })
    .await;
    house.database.run("update outbox set attempts = 1").await;

    house.catcher.as_mut().unwrap().start_again().await;
    assert!(house.marquee(&["tenant", "suspend", fan.tenant.slug, "--lift"]).await.status.success());
    until("the mail", 30, async || {
        house
            .database
            .run(&format!(
                "update outbox set available_at = marquee_now() where id in ({})",
                waits.replace("count(*)", "id")
            ))
            .await;
        (house.mailbox().to(&fan.email).await.len() == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_ticket_is_its_orders_alone() {
    let house = plan().without_worker().open().await;
    let fan = house.fan();
    let (order, bought) = fan.buy(&fan.hold_seats(&[seat('A', 1)]).await).await;
    let (other, _) = fan.buy(&fan.hold_seats(&[seat('A', 2)]).await).await;
    let ticket = bought["tickets"][0]["ticket_id"].as_str().unwrap();
    let path = |order: &str| format!("/api/v1/orders/{order}/tickets/{ticket}/qr.svg");
    let own = fan.client.get(&path(&order.id)).header("order-token", &order.token).send().await;
    assert_eq!(own.status, 200);
    fan.client.get(&path(&order.id)).send().await.refused(404, "not_found");
    fan.client
        .get(&path(&order.id))
        .header("order-token", &other.token)
        .send()
        .await
        .refused(404, "not_found");
    fan.client
        .get(&path(&other.id))
        .header("order-token", &other.token)
        .send()
        .await
        .refused(404, "not_found");
    let code = &codes(&bought)[0];
    assert!(
        code.bytes().all(|byte| byte.is_ascii_uppercase() || b"0123456789 $%*+-./:".contains(&byte)),
        "{code}"
    );
    assert!(code.len() <= 180, "short enough for a phone's QR: {}", code.len());
}
