//! `nightporter token` and `nightporter user`: what they check, what they keep, and that no secret is shown.

use sha2::{Digest, Sha256};
use sqlx::Row;

use super::{Home, Outcome, nightporter};

/// A house with its registry.
fn home() -> Home {
    let home = Home::new("");
    assert_eq!(home.call(&["import", "DIR", "--config", "FILE"]).code, Some(0));
    home
}

#[test]
fn the_token_of_a_phone_comes_with_the_address_of_its_page() {
    let home = home();
    let user = ["user", "add", "--role", "tenant", "--scope", "t1", "--name", "x", "--config", "FILE"];
    let refused = home.call(&user);
    assert!(
        refused.code == Some(2) && refused.stderr.contains("a tenant has a page and no password"),
        "{}",
        refused.stderr
    );
    let tenant = ["token", "create", "--role", "tenant", "--scope", "t1", "--name", "home", "--config", "FILE"];
    let made = home.call(&tenant);
    assert!(made.stderr.ends_with(&format!("/t/{}\n", made.stdout.trim_end())), "{}", made.stderr);
    let create = ["token", "create", "--role", "housekeeper", "--scope", "h1", "--name", "phone", "--config", "FILE"];
    let made = home.call(&create);
    assert_eq!((made.code, made.stdout.lines().count()), (Some(0), 1), "the token stays alone: {}", made.stderr);
    let page = format!("http://127.0.0.1:8080/h/{}\n", made.stdout.trim_end());
    assert!(made.stderr.ends_with(&page), "{}", made.stderr);
}

#[tokio::test]
async fn a_token_is_shown_once_and_kept_as_its_hash() {
    let home = home();
    let create = ["token", "create", "--role", "manager", "--scope", "oak", "--name", "desk", "--config", "FILE"];
    let made = home.call(&create);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let token = made.stdout.trim_end();
    assert_eq!((made.stdout.lines().count(), token.len()), (1, 3 + 64));
    assert!(!made.stderr.contains(token));

    let database = home.database().await;
    let rows =
        sqlx::query("SELECT role, scope, hash, revoked_at FROM tokens").fetch_all(&database).await.expect("rows");
    let hash: String = Sha256::digest(token.as_bytes()).iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!((rows[0].get::<String, _>(0), rows[0].get::<String, _>(1)), ("manager".to_owned(), "oak".to_owned()));
    assert_eq!((rows[0].get::<String, _>(2), rows[0].get::<Option<i64>, _>(3)), (hash, None));

    let twice = home.call(&create);
    let told = "a live token is called \"desk\" already: choose another name, or revoke it first\n";
    assert_eq!((twice.code, twice.stdout.as_str(), twice.stderr.as_str()), (Some(1), "", told));
    assert_eq!(home.call(&["token", "revoke", "--name", "desk", "--config", "FILE"]).code, Some(0));
    let live: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM tokens WHERE revoked_at IS NULL")
        .fetch_one(&database)
        .await
        .expect("a count");
    assert_eq!(live, 0);
    let again = home.call(&["token", "revoke", "--name", "desk", "--config", "FILE"]);
    assert_eq!((again.code, again.stderr.as_str()), (Some(1), "nothing revoked: no live token is called \"desk\"\n"));
    assert_eq!(home.call(&create).code, Some(0), "the name is free again");
}

#[tokio::test]
async fn a_token_that_could_not_be_shown_is_none() {
    let home = home();
    let full = std::fs::File::options().write(true).open("/dev/full").expect("a device of Linux");
    let file = home.path().join("np.toml");
    let made = std::process::Command::new(env!("CARGO_BIN_EXE_nightporter"))
        .args(["token", "create", "--role", "operator", "--name", "dashboard", "--config"])
        .arg(&file)
        .env_clear()
        .stdout(full)
        .output()
        .expect("it ends");
    let told = String::from_utf8_lossy(&made.stderr);
    assert_eq!(made.status.code(), Some(1), "{told}");
    assert!(told.contains("no token was made: it could not be shown (No space left on device"), "{told}");
    let kept: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM tokens").fetch_one(&home.database().await).await.expect("a count");
    assert_eq!(kept, 0, "nobody has it");
    let create = ["token", "create", "--role", "operator", "--name", "dashboard", "--config", "FILE"];
    assert_eq!(home.call(&create).code, Some(0), "the name is free");
}

#[test]
fn a_scope_stands_in_the_registry() {
    let empty = Home::new("");
    let ask = |home: &Home, role: &str, scope: &str| {
        let token =
            home.call(&["token", "create", "--role", role, "--scope", scope, "--name", "x", "--config", "FILE"]);
        let user = home.call(&["user", "add", "--role", role, "--scope", scope, "--name", "x", "--config", "FILE"]);
        assert_eq!((token.code, &token.stderr), (user.code, &user.stderr), "told alike");
        (token.code, token.stderr)
    };
    let told = "--scope: there is no property \"oak\"; the registry holds no property yet: see `nightporter import`\n";
    assert_eq!(ask(&empty, "manager", "oak"), (Some(1), told.to_owned()));
    let home = home();
    for (role, scope, told) in [
        ("manager", "oka", "no property \"oka\"; did you mean \"oak\"? known: oak"),
        ("reader", "12a", "no property \"12a\"; known: oak"),
        ("region", "oak", "no region \"oak\"; known: east"),
        ("housekeeper", "wang", "no housekeeper \"wang\"; known: h1"),
    ] {
        let (code, said) = ask(&home, role, scope);
        assert_eq!((code, said), (Some(1), format!("--scope: there is {told}\n")));
    }
}

fn add(home: &Home, args: &[&str], stdin: &str) -> Outcome {
    let file = home.path().join("np.toml").display().to_string();
    nightporter(&[&["user", "add"], args, &["--config", &file]].concat(), stdin)
}

#[tokio::test]
async fn users_are_added_listed_and_disabled_and_no_secret_is_shown() {
    let home = home();
    let anna = ["--name", "anna", "--role", "manager", "--scope", "oak"];
    let added = add(&home, &anna, "a lamp at night\n");
    assert_eq!((added.code, added.stdout.as_str()), (Some(0), "added anna\n"), "{}", added.stderr);
    home.write("pw", "a bell by day\r\n");
    let file = home.path().join("pw").display().to_string();
    assert_eq!(add(&home, &["--name", "李伟", "--role", "operator", "--password-file", &file], "").code, Some(0));
    let twice = add(&home, &anna, "another password\n");
    let told = "there is a user \"anna\" already: choose another name, or disable them first\n";
    assert_eq!((twice.code, twice.stderr.as_str()), (Some(1), told));

    let hashes: Vec<String> = sqlx::query_scalar("SELECT password FROM users ORDER BY name")
        .fetch_all(&home.database().await)
        .await
        .expect("rows");
    assert!(hashes.len() == 2 && hashes.iter().all(|h| h.starts_with("$argon2id$v=19$")), "{hashes:?}");
    assert_eq!(home.call(&["user", "disable", "--name", "anna", "--config", "FILE"]).code, Some(0));
    let again = home.call(&["user", "disable", "--name", "anna", "--config", "FILE"]);
    let told = "nobody disabled: there is no active user \"anna\"\n";
    assert_eq!((again.code, again.stderr.as_str()), (Some(1), told));
    let table = home.call(&["user", "list", "--config", "FILE"]).stdout;
    let lines: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["NAME", "ROLE", "SCOPE", "SINCE", "STATE"]);
    assert_eq!((lines[1][0], lines[1][2], lines[1][4]), ("anna", "oak", "disabled"), "{table}");
    assert_eq!((lines[2][0], lines[2][2], lines[2][4]), ("李伟", "-", "active"), "{table}");
    let json = home.call(&["user", "list", "--json", "--config", "FILE"]).stdout;
    let rows: Vec<serde_json::Value> = json.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(rows[0]["disabled_at"].is_string() && rows[1]["disabled_at"].is_null(), "{json}");
    assert!(!format!("{table}{json}").contains("argon2"));
    assert_eq!(add(&home, &anna, "a lamp at noon").code, Some(0), "who was disabled can be added again");
}

#[test]
fn a_password_that_will_not_do_is_told_and_nothing_stored() {
    let home = home();
    let reader = ["--name", "anna", "--role", "reader"];
    for (given, told) in [
        ("", "the password is shorter than 8 characters; nothing was stored\n"),
        ("short\n", "the password is shorter than 8 characters; nothing was stored\n"),
        ("two lines\nof it\n", "the password is more than one line, or holds control characters; nothing was stored\n"),
        (&"x".repeat(3_000), "the password is longer than 1024 bytes; nothing was stored\n"),
    ] {
        let refused = add(&home, &reader, given);
        assert_eq!((refused.code, refused.stdout.as_str(), refused.stderr.as_str()), (Some(1), "", told));
    }
    let file = add(&home, &[&reader[..], &["--password-file", "/nowhere/pw"]].concat(), "");
    assert!(file.stderr.starts_with("--password-file /nowhere/pw: "), "{}", file.stderr);
    let name = add(&home, &["--name", " anna", "--role", "reader"], "a lamp at night");
    assert_eq!(name.code, Some(2), "{}", name.stderr);
    assert_eq!(home.call(&["user", "list", "--config", "FILE"]).stdout.lines().count(), 1, "only the head");
}
