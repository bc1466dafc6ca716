//! Staff take tenants on and down by the command line.

use marquee_e2e::house::{House, plan};
use serde_json::Value;

async fn statuses(house: &House) -> Vec<(String, String)> {
    let listed = house.marquee(&["tenant", "list", "--json"]).await;
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let text = |one: &Value, field: &str| one[field].as_str().unwrap().to_owned();
    listed["data"].as_array().unwrap().iter().map(|one| (text(one, "slug"), text(one, "status"))).collect()
}

#[tokio::test]
async fn a_suspended_tenant_stays_in_the_list() {
    let house = plan().without_worker().open().await;
    let slug = house.fixtures.a.slug;
    let before = statuses(&house).await;
    assert!(before.len() >= 2 && before.iter().all(|(_, status)| status == "active"), "{before:?}");
    for (lift, status) in [(None, "suspended"), (Some("--lift"), "active")] {
        let arguments: Vec<&str> = ["tenant", "suspend", slug].into_iter().chain(lift).collect();
        assert!(house.marquee(&arguments).await.status.success());
        let mut expected = before.clone();
        expected.iter_mut().filter(|(one, _)| one == slug).for_each(|(_, was)| *was = status.to_owned());
        assert_eq!(statuses(&house).await, expected);
    }
}

#[tokio::test]
async fn a_tenant_that_could_not_be_served_is_not_taken_on() {
    let house = plan().without_worker().open().await;
    let before = statuses(&house).await;
    let create = "tenant create --slug other --name Other --currency EUR --timezone UTC";
    for (host, email, why) in [
        ("other.localhost", "boxoffice", "no mail address"),
        ("Platform.localhost", "a@other.example", "the platform's own"),
        ("not a host", "a@other.example", "is no host"),
    ] {
        let arguments = create.split(' ').chain(["--host", host, "--support-email", email]);
        let refused = house.marquee(&arguments.collect::<Vec<_>>()).await;
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(refused.status.code() == Some(1) && said.contains(why), "{host} {email}: {said}");
    }
    let add =
        house.marquee(&["domain", "add", "--tenant", house.fixtures.a.slug, "platform.localhost"]).await;
    assert_eq!(add.status.code(), Some(1));
    assert_eq!(statuses(&house).await, before);
}
