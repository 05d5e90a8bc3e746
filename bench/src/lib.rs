//! What the three programs share: the monotonic clock, a small random number
//! generator, and just enough MQTT 3.1.1/5 over blocking TCP.

use std::io::{self, Read, Write};
use std::net::TcpStream;

/// CLOCK_MONOTONIC in nanoseconds: comparable between processes of one machine
/// (Python's time.monotonic_ns() reads the same clock).
pub fn now_ns() -> u64 {
    let mut ts = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut ts) };
    ts.tv_sec as u64 * 1_000_000_000 + ts.tv_nsec as u64
}

/// splitmix64: seedable, good enough for payloads and fault injection.
pub struct Rng(pub u64);

impl Rng {
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    /// Uniform in [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }
    pub fn below(&mut self, n: u64) -> u64 {
        self.next_u64() % n
    }
}

pub const PUBLISH: u8 = 3;
pub const PUBACK: u8 = 4;

fn put_str(out: &mut Vec<u8>, s: &[u8]) {
    out.extend_from_slice(&(s.len() as u16).to_be_bytes());
    out.extend_from_slice(s);
}

fn put_packet(out: &mut Vec<u8>, first: u8, body: &[u8]) {
    out.push(first);
    let mut n = body.len();
    loop {
        let b = (n % 128) as u8;
        n /= 128;
        out.push(if n > 0 { b | 0x80 } else { b });
        if n == 0 {
            break;
        }
    }
    out.extend_from_slice(body);
}

/// Appends a QoS 1 PUBLISH (MQTT 3.1.1).
pub fn put_publish(out: &mut Vec<u8>, topic: &[u8], payload: &[u8], pid: u16) {
    let mut n = 2 + topic.len() + 2 + payload.len();
    out.push(0x32);
    loop {
        let b = (n % 128) as u8;
        n /= 128;
        out.push(if n > 0 { b | 0x80 } else { b });
        if n == 0 {
            break;
        }
    }
    put_str(out, topic);
    out.extend_from_slice(&pid.to_be_bytes());
    out.extend_from_slice(payload);
}

pub fn put_puback(out: &mut Vec<u8>, pid: u16) {
    out.extend_from_slice(&[0x40, 2, (pid >> 8) as u8, pid as u8]);
}

pub fn put_subscribe(out: &mut Vec<u8>, filter: &str, v5: bool) {
    let mut b = vec![0, 1];
    if v5 {
        b.push(0);
    }
    put_str(&mut b, filter.as_bytes());
    b.push(1);
    put_packet(out, 0x82, &b);
}

/// Connects and waits for CONNACK. `receive_max` needs `v5`.
pub fn connect(addr: &str, client_id: &str, clean: bool, v5: bool, receive_max: u16) -> io::Result<TcpStream> {
    let mut s = TcpStream::connect(addr)?;
    s.set_nodelay(true)?;
    let mut b = Vec::new();
    put_str(&mut b, b"MQTT");
    b.extend_from_slice(&[if v5 { 5 } else { 4 }, if clean { 2 } else { 0 }, 0, 60]);
    if v5 {
        let mut p = vec![0x11, 0xff, 0xff, 0xff, 0xff]; // session never expires
        if receive_max > 0 {
            p.push(0x21);
            p.extend_from_slice(&receive_max.to_be_bytes());
        }
        b.push(p.len() as u8);
        b.extend_from_slice(&p);
    }
    put_str(&mut b, client_id.as_bytes());
    let mut out = Vec::new();
    put_packet(&mut out, 0x10, &b);
    s.write_all(&out)?;
    let mut r = PacketReader::new();
    loop {
        if let Some(p) = r.next() {
            let ok = p.first >> 4 == 2 && r.bytes(&p)[1] == 0;
            return if ok && r.is_empty() { Ok(s) } else { Err(io::Error::other("CONNACK refused")) };
        }
        if r.fill(&mut s)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

pub struct Packet {
    pub first: u8,
    start: usize,
    end: usize,
}

/// Reads from a socket into one buffer and cuts packets out of it without copying.
pub struct PacketReader {
    buf: Vec<u8>,
    pos: usize,
    len: usize,
}

impl PacketReader {
    #[expect(clippy::new_without_default, reason = "it allocates")]
    pub fn new() -> Self {
        PacketReader { buf: vec![0; 256 * 1024], pos: 0, len: 0 }
    }
    pub fn is_empty(&self) -> bool {
        self.pos == self.len
    }
    /// One read(2); returns its byte count (0 at end of file).
    pub fn fill(&mut self, s: &mut TcpStream) -> io::Result<usize> {
        if self.pos > 0 {
            self.buf.copy_within(self.pos..self.len, 0);
            self.len -= self.pos;
            self.pos = 0;
        }
        let n = s.read(&mut self.buf[self.len..])?;
        self.len += n;
        Ok(n)
    }
    /// The next whole packet in the buffer, if any.
    #[expect(clippy::should_implement_trait, reason = "cuts packets, is no iterator")]
    pub fn next(&mut self) -> Option<Packet> {
        let b = &self.buf[self.pos..self.len];
        let (mut n, mut i) = (0usize, 1usize);
        loop {
            let d = *b.get(i)?;
            n |= ((d & 0x7f) as usize) << (7 * (i - 1));
            i += 1;
            if d & 0x80 == 0 {
                break;
            }
        }
        if b.len() < i + n {
            return None;
        }
        let p = Packet { first: b[0], start: self.pos + i, end: self.pos + i + n };
        self.pos = p.end;
        Some(p)
    }
    pub fn bytes(&self, p: &Packet) -> &[u8] {
        &self.buf[p.start..p.end]
    }
}

/// Waits until `s` is readable, or `ms` have passed.
pub fn readable(s: &TcpStream, ms: i32) -> bool {
    use std::os::fd::AsRawFd;
    let mut p = libc::pollfd { fd: s.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    unsafe { libc::poll(&mut p, 1, ms) > 0 }
}
