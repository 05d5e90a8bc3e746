//! Links in texts: networks of mainland China drop texts that hold one, and nobody should follow one that a stranger wrote.
//! Pure. It errs on the side of a link only where a known ending of a host stands.

/// Endings of hosts that are taken for a link without anything before or behind them.
const ENDINGS: [&str; 28] = [
    "ai", "app", "biz", "cc", "cn", "co", "com", "de", "dev", "edu", "eu", "fr", "gov", "hk", "info", "io", "link",
    "me", "net", "org", "shop", "site", "top", "tv", "uk", "us", "vip", "xyz",
];

/// Whether a text holds a link.
pub fn has_link(text: &str) -> bool {
    runs(text).any(|(run, plain)| plain && is_link(run))
}

/// A text without its links.
pub fn without_links(text: &str) -> String {
    if !has_link(text) {
        return text.to_owned();
    }
    let kept: String = runs(text).filter(|(run, plain)| !plain || !is_link(run)).map(|(run, _)| run).collect();
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text in pieces, one behind the other: those that a link could be made of, and what stands between them. Chinese
/// words stand close to a link.
fn runs(text: &str) -> impl Iterator<Item = (&str, bool)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let plain = could_be_link(rest.chars().next()?);
        let end = rest.find(|c| could_be_link(c) != plain).unwrap_or(rest.len());
        let (run, behind) = rest.split_at(end);
        rest = behind;
        Some((run, plain))
    })
}

fn could_be_link(c: char) -> bool {
    c.is_ascii_graphic() && !"()<>[]{}\"'`,;".contains(c)
}

fn is_link(run: &str) -> bool {
    let run = run.to_ascii_lowercase();
    if run.contains("://") || run.starts_with("www.") {
        return true;
    }
    let host = run.split(['/', '?', '#', ':']).next().unwrap_or_default().trim_end_matches(['.', '!']);
    let named = host.rsplit_once('.').filter(|(name, _)| name.ends_with(|c: char| c.is_ascii_alphanumeric()));
    !host.contains('@') && named.is_some_and(|(_, ending)| ENDINGS.contains(&ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_in_both_languages_and_nothing_else_is() {
        for text in [
            "see https://a.example/x?y=1",
            "详见http://t.cn/abc。谢谢",
            "请打开care.example.com/h/1查看",
            "www.example.org",
            "Go to EXAMPLE.COM.",
            "(example.io)",
            "example.com:8080",
        ] {
            assert!(has_link(text), "{text}");
            assert!(!has_link(&without_links(text)), "{text}");
        }
        for text in [
            "at 3.30 p.m., e.g. at noon",
            "Mr.Li comes.Thanks",
            "12B/front",
            "写信给 li@example.com",
            "10.50 EUR",
            "好的...马上来",
            "Is it wet? No/yes: both",
            ".com is no name",
            "",
        ] {
            assert!(!has_link(text), "{text}");
            assert_eq!(without_links(text), text);
        }
        assert_eq!(without_links("详见http://t.cn/abc。谢谢"), "详见。谢谢");
        assert_eq!(without_links("see www.x.org now"), "see now");
    }
}
