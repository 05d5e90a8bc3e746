//! Whether a change comes from a page of our own. Must never decide who somebody is.

use axum::http::HeaderMap;

/// Whether a browser says that its page came from this service: the cookie alone would also come with a forged form.
pub fn is_own_page(headers: &HeaderMap, base_url: &str) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = text("origin") else { return false };
    let Some((_, from)) = origin.split_once("://") else { return false };
    let own = text("host") == Some(from) || origin_of(base_url).as_deref() == Some(origin);
    own && text("sec-fetch-site").is_none_or(|site| site == "same-origin")
}

/// The origin of an address as browsers write it: in lower case, without the path and the port that its scheme has anyway.
fn origin_of(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split_once('/').map_or(rest, |(host, _)| host);
    let host = host.strip_suffix(if scheme == "https" { ":443" } else { ":80" }).unwrap_or(host);
    Some(format!("{scheme}://{host}").to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use axum::http::header;

    use super::*;

    #[test]
    fn only_our_own_page_changes_something_with_a_session() {
        let asked = |pairs: &[(&'static str, &str)]| is_own(pairs, "https://care.example.com");
        let (host, own) = (("host", "hub.local:8080"), ("origin", "http://hub.local:8080"));
        assert!(asked(&[host, own]) && asked(&[host, own, ("sec-fetch-site", "same-origin")]));
        assert!(asked(&[("host", "10.0.0.9"), ("origin", "https://care.example.com")]), "behind a proxy");
        for foreign in [
            "http://evil.example",
            "null",
            "http://hub.local:8081",
            "hub.local:8080",
            "http://hub.local:8080.evil.example",
        ] {
            assert!(!asked(&[host, ("origin", foreign)]), "{foreign}");
        }
        assert!(!asked(&[host]), "what is no page says nothing");
        assert!(
            !asked(&[host, own, ("sec-fetch-site", "cross-site")])
                && !asked(&[host, own, ("sec-fetch-site", "same-site")])
        );
    }

    fn is_own(pairs: &[(&'static str, &str)], base_url: &str) -> bool {
        let pair = |(name, value): &(&'static str, &str)| {
            (header::HeaderName::from_static(name), value.parse().expect("a value"))
        };
        is_own_page(&pairs.iter().map(pair).collect(), base_url)
    }

    #[test]
    fn the_public_address_is_known_with_a_path_and_with_its_usual_port_and_nothing_like_it() {
        let asked = |origin: &str, base_url: &str| is_own(&[("host", "10.0.0.9"), ("origin", origin)], base_url);
        for (origin, base_url) in [
            ("https://care.example.com", "https://care.example.com/hub"),
            ("https://care.example.com", "https://care.example.com:443"),
            ("https://care.example.com", "https://Care.example.com:443/hub/oak"),
            ("http://care.example.com", "http://care.example.com:80/hub"),
            ("https://care.example.com:8443", "https://care.example.com:8443/hub"),
            ("http://[::1]", "http://[::1]:80"),
        ] {
            assert!(asked(origin, base_url), "{origin} {base_url}");
        }
        for (origin, base_url) in [
            ("https://care.example.com.evil.example", "https://care.example.com/hub"),
            ("https://evil.example/care.example.com", "https://care.example.com/hub"),
            ("https://hub", "https://care.example.com/hub"),
            ("https://care.example.com:44", "https://care.example.com:443"),
            ("https://care.example.com", "https://care.example.com:80"),
            ("https://care.example.com:8443", "https://care.example.com:443"),
            ("http://care.example.com", "http://care.example.com:443"),
            ("http://care.example.com", "https://care.example.com:443/hub"),
            ("http://care.example.com", "https://care.example.com"),
        ] {
            assert!(!asked(origin, base_url), "{origin} {base_url}");
        }
    }
}
