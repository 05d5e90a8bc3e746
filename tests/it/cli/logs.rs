//! A log that nobody can write or read any more costs nothing but its lines.

use super::*;

fn full() -> std::fs::File {
    std::fs::File::options().write(true).open("/dev/full").expect("a device of Linux")
}

#[tokio::test]
async fn a_full_disk_of_logs_stops_no_service() {
    let (broker, http) = (free_port(), free_port());
    let home = Home::new(&format!(
        "[broker]\nenabled = true\nlisten = '127.0.0.1:{broker}'\n[http]\nlisten = '127.0.0.1:{http}'\n"
    ));
    let mut child = Command::new(env!("CARGO_BIN_EXE_nightporter"))
        .args(["run", "--config"])
        .arg(home.path().join("np.toml"))
        .env_clear()
        .stdout(Stdio::null())
        .stderr(full())
        .spawn()
        .expect("the program starts");
    let deadline = Duration::from_secs(30);
    nightporter::deliver::carrier::twilio::install_tls_provider();
    let alive = format!("http://127.0.0.1:{http}/healthz");
    eventually(deadline, "it serves", async || reqwest::get(&alive).await.is_ok_and(|a| a.status() == 200)).await;
    let kill = Command::new("kill").arg(child.id().to_string()).status().expect("kill exists");
    assert!(kill.success());
    eventually(deadline, "it stops", async || child.try_wait().expect("a child").is_some()).await;
    assert_eq!(child.wait().expect("ended").code(), Some(0), "it stopped because it was told to");
}

#[test]
fn a_complaint_that_nobody_can_read_is_still_exit_1() {
    let home = Home::new("");
    let mut import = Command::new(env!("CARGO_BIN_EXE_nightporter"));
    import.args(["import", "nowhere", "--config"]).arg(home.path().join("np.toml"));
    let ended = import.env_clear().stdout(Stdio::null()).stderr(full()).status().expect("it ends");
    assert_eq!(ended.code(), Some(1));
}
