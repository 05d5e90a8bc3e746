//! A device or a service as the broker sees it: an MQTT 5 client that acknowledges only when told to.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{ConnAck, Packet, PubAckReason, Publish, SubscribeReasonCode};
use rumqttc::v5::{AsyncClient, ConnectionError, Event, EventLoop, MqttOptions};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(10);

pub struct Client {
    client: AsyncClient,
    packets: mpsc::UnboundedReceiver<Packet>,
    inbox: VecDeque<Publish>,
    connection: JoinHandle<ConnectionError>,
    /// Whether the broker still knew this client id.
    pub session_present: bool,
}

/// A session that outlives its connection; acknowledgements by hand.
pub fn options(addr: SocketAddr, client_id: &str) -> MqttOptions {
    let mut options = MqttOptions::new(client_id, addr.ip().to_string(), addr.port());
    options.set_clean_start(false).set_session_expiry_interval(Some(3600)).set_manual_acks(true);
    options.set_max_packet_size(Some(1 << 20));
    options
}

impl Client {
    pub async fn connect(addr: SocketAddr, client_id: &str) -> Self {
        Self::with(options(addr, client_id)).await.expect("connects")
    }

    /// Connects as `options` say; the broker's refusal is the error.
    pub async fn with(options: MqttOptions) -> Result<Self, ConnectionError> {
        let (client, mut eventloop) = AsyncClient::new(options, 20_000);
        let connected = tokio::time::timeout(ANSWER, first_answer(&mut eventloop)).await;
        let session_present = connected.expect("an answer to CONNECT")?.session_present;
        let (sender, packets) = mpsc::unbounded_channel();
        let connection = tokio::spawn(async move {
            loop {
                match eventloop.poll().await {
                    Ok(Event::Incoming(packet)) => drop(sender.send(packet)),
                    Ok(Event::Outgoing(_)) => {}
                    Err(error) => return error,
                }
            }
        });
        Ok(Self { client, packets, inbox: VecDeque::new(), connection, session_present })
    }

    /// The next packet, or none when the connection has ended.
    async fn packet(&mut self) -> Option<Packet> {
        tokio::time::timeout(ANSWER, self.packets.recv()).await.expect("a packet in time")
    }

    /// The first packet that `wanted` takes; messages that come before it wait in the inbox.
    async fn answer<T>(&mut self, wanted: impl Fn(Packet) -> Option<T>) -> T {
        loop {
            match self.packet().await.expect("the connection holds") {
                Packet::Publish(publish) => self.inbox.push_back(publish),
                packet => {
                    if let Some(answer) = wanted(packet) {
                        return answer;
                    }
                }
            }
        }
    }

    /// Publishes at QoS 1 and returns the broker's acknowledgement.
    pub async fn publish_as(&mut self, topic: &str, payload: &str, retain: bool) -> PubAckReason {
        self.send(topic, payload, retain);
        self.acknowledged().await
    }

    pub async fn publish(&mut self, topic: &str, payload: &str) {
        self.publish_as(topic, payload, false).await;
    }

    /// Without waiting for the acknowledgement, which [`Self::acknowledged`] does.
    pub fn send(&self, topic: &str, payload: &str, retain: bool) {
        self.client.try_publish(topic, QoS::AtLeastOnce, retain, payload.to_owned()).expect("queued");
    }

    pub async fn acknowledged(&mut self) -> PubAckReason {
        self.answer(|packet| if let Packet::PubAck(ack) = packet { Some(ack.reason) } else { None }).await
    }

    pub async fn subscribe(&mut self, filter: &str) -> SubscribeReasonCode {
        self.client.subscribe(filter, QoS::AtLeastOnce).await.expect("queued");
        self.answer(|packet| if let Packet::SubAck(ack) = packet { ack.return_codes.first().copied() } else { None })
            .await
    }

    /// The next message, not acknowledged.
    pub async fn receive(&mut self) -> Publish {
        if let Some(publish) = self.inbox.pop_front() {
            return publish;
        }
        loop {
            if let Packet::Publish(publish) = self.packet().await.expect("the connection holds") {
                return publish;
            }
        }
    }

    /// The next message as text, acknowledged.
    pub async fn take(&mut self) -> String {
        let publish = self.receive().await;
        self.client.try_ack(&publish).expect("queued");
        text(&publish)
    }

    /// The next `count` messages as text, acknowledged, sorted.
    pub async fn take_many(&mut self, count: usize) -> Vec<String> {
        let mut texts = Vec::new();
        for _ in 0..count {
            texts.push(self.take().await);
        }
        texts.sort();
        texts
    }

    /// Says goodbye and waits until it was said.
    pub async fn disconnect(self) {
        self.client.disconnect().await.expect("queued");
        tokio::time::timeout(ANSWER, self.connection).await.expect("the connection ends").expect("no panic");
    }

    /// Gone without a word, as a device whose battery fell out.
    pub async fn vanish(self) {
        self.connection.abort();
        assert!(self.connection.await.is_err(), "the connection had ended before");
    }

    /// Waits until the broker has ended the connection.
    pub async fn cut(mut self) {
        while self.packet().await.is_some() {}
    }
}

pub fn text(publish: &Publish) -> String {
    String::from_utf8_lossy(&publish.payload).into_owned()
}

async fn first_answer(eventloop: &mut EventLoop) -> Result<ConnAck, ConnectionError> {
    loop {
        if let Event::Incoming(Packet::ConnAck(ack)) = eventloop.poll().await? {
            return Ok(ack);
        }
    }
}
