//! Who is let in, what is theirs, and TLS.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use nightporter::broker::{Broker, BrokerError, BrokerOptions, RunningBroker, Tls, User};
use nightporter::config::Secret;
use rumqttc::v5::mqttbytes::v5::{ConnectReturnCode, PubAckReason, SubscribeReasonCode};
use rumqttc::v5::{ConnectionError, MqttOptions};
use rumqttc::{TlsConfiguration, Transport};

use super::client::{Client, options};
use super::start;

fn everywhere() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0))
}

async fn refusal(options: BrokerOptions) -> BrokerError {
    Broker::start(options).await.err().expect("refused")
}

#[tokio::test]
async fn strangers_are_let_in_from_elsewhere_only_when_that_is_said() {
    let open = BrokerOptions { listen: everywhere(), ..BrokerOptions::default() };
    let refused = refusal(open.clone()).await;
    assert!(refused.to_string().contains("allow_anonymous"), "{refused}");
    let broker = start(BrokerOptions { allow_anonymous: true, ..open }).await;
    Client::connect(broker.own_addr(), "device").await;
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let broker = start(BrokerOptions::default()).await;
    let refused = refusal(BrokerOptions { listen: broker.addr(), ..BrokerOptions::default() }).await;
    assert!(refused.to_string().contains(&broker.addr().to_string()), "{refused}");
}

fn house() -> Vec<User> {
    let user = |name: &str| User::new(name, &Secret::new(format!("{name}-password")));
    vec![user("service"), user("lock-7").only(["home/lock-7/#".to_owned()])]
}

async fn guarded() -> RunningBroker {
    start(BrokerOptions { listen: everywhere(), users: house(), ..BrokerOptions::default() }).await
}

fn login(addr: SocketAddr, name: &str, password: &str, client_id: &str) -> MqttOptions {
    let mut options = options(addr, client_id);
    options.set_credentials(name, password);
    options
}

async fn refused(options: MqttOptions) -> ConnectReturnCode {
    match Client::with(options).await.err().expect("refused") {
        ConnectionError::ConnectionRefused(code) => code,
        other => unreachable!("{other}"),
    }
}

#[tokio::test]
async fn nobody_without_a_name_a_password_and_an_id_of_its_own() {
    let broker = guarded().await;
    let addr = broker.own_addr();
    let [nobody, wrong, thief] = tokio::join!(
        async { refused(options(addr, "service")).await },
        async { refused(login(addr, "lock-7", "lock-8-password", "lock-7")).await },
        async { refused(login(addr, "lock-7", "lock-7-password", "service")).await },
    )
    .into();
    assert_eq!(nobody, ConnectReturnCode::BadUserNamePassword);
    assert_eq!(wrong, ConnectReturnCode::BadUserNamePassword);
    assert_eq!(thief, ConnectReturnCode::ClientIdentifierNotValid);
}

#[tokio::test]
async fn a_device_speaks_and_listens_for_itself_only() {
    let broker = guarded().await;
    let addr = broker.own_addr();
    let mut service = Client::with(login(addr, "service", "service-password", "any")).await.expect("connects");
    assert!(matches!(service.subscribe("$share/nightporter/home/#").await, SubscribeReasonCode::Success(_)));
    let mut lock = Client::with(login(addr, "lock-7", "lock-7-password", "lock-7")).await.expect("connects");
    assert_eq!(lock.publish_as("home/lock-8/telemetry", "forged", false).await, PubAckReason::NotAuthorized);
    assert_eq!(lock.subscribe("home/#").await, SubscribeReasonCode::NotAuthorized);
    assert!(matches!(lock.subscribe("home/lock-7/command").await, SubscribeReasonCode::Success(_)));
    assert_eq!(lock.publish_as("home/lock-7/telemetry", "own", false).await, PubAckReason::Success);
    assert_eq!(service.take().await, "own");
}

fn tls_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/broker/tls")
}

fn tls() -> Tls {
    Tls { cert_file: tls_folder().join("cert.pem"), key_file: tls_folder().join("key.pem"), client_ca_file: None }
}

fn by_tls(options: &mut MqttOptions) {
    let ca = std::fs::read(tls_folder().join("ca.pem")).expect("there");
    options.set_transport(Transport::Tls(TlsConfiguration::Simple { ca, alpn: None, client_auth: None }));
}

#[tokio::test]
async fn tls_works_while_another_client_keeps_silent() {
    let broker = start(BrokerOptions { tls: Some(tls()), users: house(), ..BrokerOptions::default() }).await;
    let silent = tokio::net::TcpStream::connect(broker.addr()).await.expect("connects");
    let mut options = login(broker.addr(), "lock-7", "lock-7-password", "lock-7");
    by_tls(&mut options);
    let mut lock = Client::with(options).await.expect("connects");
    assert_eq!(lock.publish_as("home/lock-7/telemetry", "sealed", false).await, PubAckReason::Success);
    drop(silent);
    let plain = login(broker.addr(), "lock-7", "lock-7-password", "lock-7");
    assert!(Client::with(plain).await.is_err(), "plain text on the TLS port");
}

#[tokio::test]
async fn without_the_required_certificate_nobody_passes() {
    let tls = Tls { client_ca_file: Some(tls_folder().join("ca.pem")), ..tls() };
    let broker = start(BrokerOptions { tls: Some(tls), ..BrokerOptions::default() }).await;
    let mut options = options(broker.addr(), "stranger");
    by_tls(&mut options);
    assert!(Client::with(options).await.is_err());
}

#[tokio::test]
async fn an_unusable_certificate_is_named() {
    let tls = Tls { cert_file: tls_folder().join("README.md"), ..tls() };
    let refused = refusal(BrokerOptions { tls: Some(tls), ..BrokerOptions::default() }).await;
    assert!(refused.to_string().contains("README.md"), "{refused}");
}
