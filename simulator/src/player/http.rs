//! GET over plain HTTP/1.1, as much as reading the service's API on the same machine needs. No TLS, no redirects.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(10);
const BODY_BYTES_MAX: u64 = 64 << 20;

/// The body of a 200, or what went wrong in plain words.
pub(crate) fn get(base: &str, path: &str, token: &str) -> Result<Vec<u8>, String> {
    request(base, path, token).map_err(|error| format!("GET {base}{path}: {error}"))
}

fn request(base: &str, path: &str, token: &str) -> Result<Vec<u8>, String> {
    let host = base.strip_prefix("http://").ok_or("only http:// is spoken here")?.trim_end_matches('/');
    let text = |error: std::io::Error| error.to_string();
    let authority = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
    let address = authority.to_socket_addrs().map_err(text)?.next().ok_or("no such host")?;
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT).map_err(text)?;
    stream.set_read_timeout(Some(TIMEOUT)).and_then(|()| stream.set_write_timeout(Some(TIMEOUT))).map_err(text)?;
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nAccept: application/json\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).map_err(text)?;
    answer(BufReader::new(stream)).map_err(text)?
}

fn answer(mut reader: impl BufRead) -> std::io::Result<Result<Vec<u8>, String>> {
    let status = line(&mut reader)?;
    let (mut length, mut chunked) = (None, false);
    loop {
        let header = line(&mut reader)?.to_ascii_lowercase();
        match header.split_once(':') {
            None => break,
            Some(("content-length", value)) => length = value.trim().parse().ok(),
            Some(("transfer-encoding", value)) => chunked = value.contains("chunked"),
            Some(_) => {}
        }
    }
    let body = if chunked { chunks(&mut reader)? } else { exactly(&mut reader, length.unwrap_or(BODY_BYTES_MAX))? };
    let ok = status.split(' ').nth(1) == Some("200");
    Ok(if ok { Ok(body) } else { Err(format!("{status} {}", String::from_utf8_lossy(&body))) })
}

fn line(reader: &mut impl BufRead) -> std::io::Result<String> {
    let mut line = String::new();
    reader.take(16_384).read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}

fn exactly(reader: &mut impl BufRead, length: u64) -> std::io::Result<Vec<u8>> {
    let mut body = Vec::new();
    reader.take(length.min(BODY_BYTES_MAX)).read_to_end(&mut body)?;
    Ok(body)
}

fn chunks(reader: &mut impl BufRead) -> std::io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let size = u64::from_str_radix(line(reader)?.split(';').next().unwrap_or_default(), 16);
        match size {
            Ok(size @ 1..) if body.len() as u64 + size <= BODY_BYTES_MAX => body.extend(exactly(reader, size)?),
            Ok(0) => return Ok(body),
            _ => return Err(std::io::Error::other("a chunk of no sound length")),
        }
        line(reader)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read() {
        for (raw, want) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}extra", Ok("{}")),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\n", Ok("abcde")),
            ("HTTP/1.1 200 OK\r\n\r\nuntil the end", Ok("until the end")),
            ("HTTP/1.1 401 Unauthorized\r\nContent-Length: 1\r\n\r\n?", Err("HTTP/1.1 401 Unauthorized ?")),
        ] {
            let got = answer(raw.as_bytes()).expect("memory can be read");
            let want = want.map(|body| body.as_bytes().to_vec()).map_err(str::to_owned);
            assert_eq!(got, want, "{raw}");
        }
        assert!(answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".as_bytes()).is_err());
    }
}
