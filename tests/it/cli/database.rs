//! What commands say of a database that cannot be used: what is wrong, where, how to mend it.

use super::Home;
use crate::services::{free_port, server_url};

#[test]
fn check_says_what_is_wrong_with_a_database() {
    let nobody = free_port();
    let postgres = server_url();
    let (server, _) = postgres.rsplit_once('/').expect("a URL");
    let home = Home::new("");
    let file = home.path().join("words.txt");
    std::fs::write(&file, "no database at all, but some words of a letter").expect("written");
    for (url, words) in [
        (format!("postgres://127.0.0.1:{nobody}/np"), "nothing listens there; is PostgreSQL running"),
        (format!("{server}/nowhere"), "there is no database of this name"),
        (format!("sqlite://{}", file.display()), "the file is not an SQLite database"),
    ] {
        let home =
            Home::new(&format!("[broker]\nenabled = true\nlisten = '127.0.0.1:1883'\n[database]\nurl = '{url}'\n"));
        let checked = home.call(&["check", "--config", "FILE"]);
        assert_eq!(checked.code, Some(1), "{url}: {}{}", checked.stdout, checked.stderr);
        let line = checked.stdout.lines().find(|l| l.starts_with("database:")).unwrap_or_default();
        assert!(line.starts_with(&format!("database: WRONG: {words}")), "{url}: {line}{}", checked.stderr);
    }
}

#[test]
fn check_finds_a_database_that_nobody_may_write_to() {
    let home = Home::new("");
    assert_eq!(home.call(&["migrate", "--config", "FILE"]).code, Some(0));
    let file = home.path().join("nightporter.db");
    let database_of = |url: String| {
        home.write(
            "np.toml",
            &format!("[broker]\nenabled = true\nlisten = '127.0.0.1:1883'\n[database]\nurl = '{url}'\n"),
        );
        let checked = home.call(&["check", "--config", "FILE"]);
        checked.stdout.lines().find(|l| l.starts_with("database:")).unwrap_or_default().to_owned()
    };
    let line = database_of(format!("sqlite://{}?mode=ro", file.display()));
    assert!(line.starts_with("database: WRONG: the file or its folder may not be written to by this user"), "{line}");
    let line = database_of("postgres://user:pw@/".to_owned());
    assert!(line.starts_with("database: WRONG: database.url cannot be read (empty host)"), "{line}");
    let line = database_of(format!("sqlite://{}", file.display()));
    assert_eq!(line, "database: reachable, schema ready");
    let before = std::fs::read(&file).expect("read");
    database_of(format!("sqlite://{}", file.display()));
    assert!(std::fs::read(&file).expect("read") == before, "check changes nothing");
}

#[tokio::test]
async fn what_a_database_refuses_is_told_in_words_with_its_key() {
    let home = Home::new("");
    assert_eq!(home.call(&["migrate", "--config", "FILE"]).code, Some(0));
    let database = home.database().await;
    let mut other = database.acquire().await.expect("connected");
    sqlx::query("BEGIN EXCLUSIVE").execute(&mut *other).await.expect("locked");
    let locked = home.call(&["token", "create", "--role", "operator", "--name", "x", "--config", "FILE"]);
    assert_eq!(locked.code, Some(1));
    assert!(
        locked.stderr.contains("another program holds the file of database.url locked; stop it"),
        "{}",
        locked.stderr
    );
}

#[test]
fn an_import_takes_leases_that_overlap_and_says_so() {
    let home = Home::new("");
    let tenants = "id,unit_id,name,phone,locale,from,to\nt1,12a,Li Wei,+8613912345678,zh-CN,2025-03-01,\n\
                   t2,12a,Wang Fang,+8613912345679,zh-CN,2026-01-01,\n";
    home.write("tenants.csv", tenants);
    for more in [&["--dry-run"][..], &[]] {
        let told = home.call(&[&["import", "DIR", "--config", "FILE"], more].concat());
        assert_eq!(told.code, Some(0), "{}", told.stderr);
        assert!(told.stderr.contains("tenants.csv:3: from: the unit is let by line 2 then"), "{}", told.stderr);
    }
}
