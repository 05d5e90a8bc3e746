//! Webhook signatures: Twilio's own vectors pass, and nothing else does.

use nightporter::web::twilio_signature::{Secrets, Signed, requested_url, sign, verify};
use proptest::prelude::*;
use serde_json::Value;

use crate::fake_carrier::{AUTH_TOKEN, Callback};

const SHA256: &str = "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256";

struct Vector {
    name: String,
    url: String,
    params: Vec<(String, String)>,
    token: String,
    signatures: [(Option<&'static str>, String); 2],
}

fn vectors() -> Vec<Vector> {
    let file: Vec<Value> = serde_json::from_str(include_str!("../fixtures/twilio/signatures.json")).expect("vectors");
    file.iter().map(vector).collect()
}

fn vector(value: &Value) -> Vector {
    let text = |name: &str| value[name].as_str().expect("text").to_owned();
    let params = value["params"].as_object().expect("a map").iter().flat_map(|(name, value)| {
        let values = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
        values.into_iter().map(move |value| (name.clone(), value.as_str().expect("text").to_owned()))
    });
    Vector {
        name: text("name"),
        url: text("url"),
        params: params.collect(),
        token: text("token"),
        signatures: [(None, text("sha1")), (Some(SHA256), text("sha256"))],
    }
}

fn accepted(tokens: &[&str], url: &str, params: &[(String, String)], signature: &str, settings: Option<&str>) -> bool {
    let secrets = Secrets::new(tokens.iter().map(|&token| token.to_owned()));
    verify(&secrets, Signed { url, params, signature: Some(signature), settings })
}

#[test]
fn all_of_twilios_vectors_pass() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 9);
    for Vector { name, url, params, token, signatures } in vectors {
        assert_eq!(sign(&token, &url, &params), signatures[0].1, "{name}");
        for (settings, signature) in signatures {
            assert!(accepted(&[&token], &url, &params, &signature, settings), "{name} {settings:?}");
            assert!(accepted(&["new", &token], &url, &params, &signature, settings), "{name}: in rotation");
            assert!(!accepted(&["new", ""], &url, &params, &signature, settings), "{name}: after rotation");
            assert!(!accepted(&[], &url, &params, &signature, settings), "{name}: nobody's");
        }
    }
}

#[test]
fn the_named_algorithm_is_the_only_one_that_counts() {
    for Vector { url, params, token, signatures: [(_, sha1), (_, sha256)], .. } in vectors() {
        let passes = |signature: &str, settings| accepted(&[&token], &url, &params, signature, settings);
        for settings in
            [None, Some(""), Some("key=k"), Some("algorithm="), Some("algorithm=HMAC_SHA1"), Some("nonsense")]
        {
            assert!(passes(&sha1, settings) && !passes(&sha256, settings), "{settings:?}");
        }
        for settings in [Some(SHA256), Some(" algorithm = hmac_sha256 , key = k ")] {
            assert!(passes(&sha256, settings) && !passes(&sha1, settings), "{settings:?}");
        }
        for settings in [Some("algorithm=none"), Some("algorithm=HMAC_MD5"), Some("algorithm=HMAC_SHA2567")] {
            assert!(!passes(&sha1, settings) && !passes(&sha256, settings), "{settings:?}");
        }
    }
}

#[test]
fn a_port_may_be_there_or_not() {
    let params = [("Body".to_owned(), "x".to_owned())];
    let table = [
        ("https://h.example/s?a=1", "https://h.example:443/s?a=1", true),
        ("http://h.example/s", "http://h.example:80/s", true),
        ("https://h.example:8443/s", "https://h.example/s", true),
        ("https://[::1]/s", "https://[::1]:443/s", true),
        ("https://[::1]:443/s", "https://[::1]/s", true),
        ("https://h.example?x=http://y:9/", "https://h.example:443?x=http://y:9/", true),
        ("https://h.example/s", "https://h.example:80/s", false),
        ("https://h.example/s", "http://h.example/s", false),
        ("https://h.example/s", "https://h.example.evil/s", false),
        ("https://h.example/s", "https://h.example/s/", false),
        ("https://h.example/s?a=1", "https://h.example/s?a=2", false),
        ("https://h.example/s?a=1", "https://h.example/s", false),
    ];
    for (received, signed_for, expected) in table {
        let signature = sign("t", signed_for, &params);
        assert_eq!(accepted(&["t"], received, &params, &signature, None), expected, "{received} {signed_for}");
    }
}

fn bare(signature: Option<&str>) -> Signed<'_> {
    Signed { url: "https://h.example/s", params: &[], signature, settings: None }
}

#[test]
fn no_signature_is_no_signature() {
    let secrets = Secrets::new(["t".to_owned(), String::new()]);
    let by_nobody = sign("", "https://h.example/s", &[]);
    for signature in [None, Some(""), Some("="), Some("0"), Some(by_nobody.as_str()), Some("漏")] {
        assert!(!verify(&secrets, bare(signature)), "{signature:?}");
    }
    let good = sign("t", "https://h.example/s", &[]);
    assert!(verify(&secrets, bare(Some(&good))));
    for longer in [format!("{good} "), format!(" {good}"), format!("{good}="), good.trim_end_matches('=').to_owned()] {
        assert!(!verify(&secrets, bare(Some(&longer))), "{longer:?}");
    }
}

#[test]
fn secrets_do_not_show() {
    assert_eq!(format!("{:?}", Secrets::new(["hidden".to_owned()])), "Secrets(1)");
    assert_eq!(requested_url("https://h.example/", "/s?a=%20"), "https://h.example/s?a=%20");
}

fn params() -> impl Strategy<Value = Vec<(String, String)>> {
    prop::collection::vec(("[A-Za-z]{1,8}", "\\PC{0,12}"), 0..6)
}

/// Flips one bit of one character's code, where that gives another character.
fn flip(text: &str, at: usize, bit: u32) -> Option<String> {
    let at = at.checked_rem(text.chars().count())?;
    let flipped = |c: char| char::from_u32(u32::from(c) ^ (1 << bit));
    text.chars().enumerate().map(|(n, c)| if n == at { flipped(c) } else { Some(c) }).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_flipped_bit_is_a_forgery(
        token in "[a-f0-9]{32}", path in "/[a-z/]{0,12}", query in "[a-z0-9=&%]{0,12}", params in params(),
        sha256 in any::<bool>(), part in 0..5_usize, at in any::<usize>(), bit in 0..7_u32,
    ) {
        let url = format!("https://h.example{path}?{query}");
        let settings = sha256.then_some(SHA256);
        let signature = if sha256 { sign_sha256(&token, &url, &params) } else { sign(&token, &url, &params) };
        prop_assert!(accepted(&[&token], &url, &params, &signature, settings));

        let (mut bad_url, mut bad_params, mut bad_signature, mut bad_token) = (url.clone(), params.clone(), signature.clone(), token.clone());
        let chosen = at.checked_rem(params.len()).unwrap_or(0);
        let flipped = match part {
            0 => flip(&url[17..], at, bit).map(|path| bad_url = format!("{}{path}", &url[..17])),
            1 => flip(&signature, at, bit).map(|text| bad_signature = text),
            2 => flip(&token, at, bit).map(|text| bad_token = text),
            3 => params.get(chosen).and_then(|(name, _)| flip(name, at, bit)).map(|name| bad_params[chosen].0 = name),
            _ => params.get(chosen).and_then(|(_, value)| flip(value, at, bit)).map(|value| bad_params[chosen].1 = value),
        };
        prop_assume!(flipped.is_some());
        prop_assert!(!accepted(&[&bad_token], &bad_url, &bad_params, &bad_signature, settings));
    }

    #[test]
    fn an_added_or_removed_field_is_a_forgery(params in params(), extra in "[A-Za-z]{1,8}", value in "\\PC{1,8}") {
        let extra = (extra, value);
        prop_assume!(!params.contains(&extra));
        let more: Vec<_> = params.iter().cloned().chain([extra]).collect();
        let url = "https://h.example/s?a=1".to_owned();
        let [signed, signed_more] = [&params, &more].map(|fields| Callback::signed(url.clone(), fields.clone()).signature);
        prop_assert!(!accepted(&[AUTH_TOKEN], &url, &more, &signed, None));
        prop_assert!(!accepted(&[AUTH_TOKEN], &url, &params, &signed_more, None));
    }
}

/// SHA-256 by another road than the code under test.
fn sign_sha256(token: &str, url: &str, params: &[(String, String)]) -> String {
    use base64::Engine as _;
    use hmac::{Hmac, KeyInit, Mac};
    let mut sorted = params.to_vec();
    sorted.sort();
    sorted.dedup();
    let mut mac = <Hmac<sha2::Sha256> as KeyInit>::new_from_slice(token.as_bytes()).expect("any key");
    mac.update(url.as_bytes());
    sorted.iter().for_each(|(name, value)| [name, value].into_iter().for_each(|text| mac.update(text.as_bytes())));
    base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes())
}
