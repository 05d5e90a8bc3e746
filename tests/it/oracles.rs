//! Ours against Twilio's own libraries, over thousands of random cases: how many parts a text takes (npm), and who signed a
//! webhook (npm and PyPI); and ours against Alibaba's: how a request is signed (PyPI). Never skips: without the libraries it fails and says how to get them.

use std::io::Write;
use std::process::{Command, Stdio};

use nightporter::deliver::carrier::aliyun::sign::{authorization, canonical_query};
use nightporter::model::segments;
use nightporter::web::twilio_signature::sign;
use serde_json::{Value, json};

/// Random cases of each oracle.
const CASES: usize = 5_000;
const SEED: u64 = 20_261_123;

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }

    fn text(&mut self, alphabet: &[char], length: usize) -> String {
        (0..length).map(|_| alphabet[self.below(alphabet.len())]).collect()
    }
}

/// What `tests/run` tells of where a library lies.
pub fn from_runner(name: &str) -> String {
    let said = std::env::var(name).unwrap_or_default();
    assert!(!said.is_empty(), "{name} is not set: run `tests/run -- cargo test --test it oracles`");
    said
}

/// What a library says about all cases at once.
pub fn ask(program: &str, script: &str, env: &[(&str, &str)], cases: &Value) -> Vec<Value> {
    let path = format!("{}/tests/oracles/{script}", env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(program);
    command.arg(path).envs(env.iter().copied()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program runs");
    let text = cases.to_string();
    let mut input = child.stdin.take().expect("piped");
    let feeder = std::thread::spawn(move || input.write_all(text.as_bytes()).expect("read"));
    let done = child.wait_with_output().expect("it ends");
    feeder.join().expect("fed");
    assert!(done.status.success(), "{script}: {}", String::from_utf8_lossy(&done.stderr));
    let answers: Vec<Value> = serde_json::from_slice(&done.stdout).expect("a list");
    assert_eq!(answers.len(), cases.as_array().expect("a list").len());
    answers
}

#[test]
fn parts_are_counted_as_twilio_counts_them() {
    let mut dice = Dice(SEED);
    let plain: Vec<char> = "abcdefghijklmnopqrstuvwxyz ABCXYZ 0123456789 .,!?-'\"éüñøÄÖ@£\n".chars().collect();
    let extended: Vec<char> = plain.iter().copied().chain("^{}[]~|€\\".chars()).collect();
    let wide: Vec<char> = "漏水了请回复一今晚换电池门锁–“”’…ç😀🚰🔋 ab1".chars().chain("€[]{".chars()).collect();
    let mut texts: Vec<String> = Vec::with_capacity(CASES);
    for n in 0..CASES {
        let alphabet = [&plain, &extended, &wide][n % 3];
        let near = [0, 1, 67, 70, 134, 153, 160, 201, 306, 459][dice.below(10)];
        let length = if dice.below(2) == 0 { near + dice.below(5) } else { dice.below(700) };
        texts.push(dice.text(alphabet, length));
    }
    let modules = from_runner("NIGHTPORTER_NODE_MODULES");
    let theirs = ask("node", "segments.cjs", &[("NIGHTPORTER_NODE_MODULES", &modules)], &json!(texts));
    for (text, theirs) in texts.iter().zip(&theirs) {
        assert_eq!(u64::from(segments(text)), theirs.as_u64().expect("a number"), "seed {SEED}: {text:?}");
    }
}

/// Token, address and form of a webhook.
type Webhook = (String, String, Vec<(String, String)>);

fn webhooks() -> Vec<Webhook> {
    let mut dice = Dice(SEED + 1);
    let letters: Vec<char> = "abcXYZ019 &=+%#?/:;漏水😀é\"'<>\n".chars().collect();
    let names = ["Body", "From", "To", "MessageSid", "a", "A", "ä", "Zz", "ErrorCode", "MediaUrl0"];
    let mut one = |n: usize| {
        let token = dice.text(&"abcdef0123456789".chars().collect::<Vec<_>>(), 32);
        let query = if n.is_multiple_of(2) { String::new() } else { format!("?a=m_{n}.1&l=zh-CN") };
        let url = format!("https://care.example.com/webhooks/twilio/{}{query}", ["inbound", "status", "voice"][n % 3]);
        let pairs = (0..dice.below(9)).map(|_| {
            let length = dice.below(40);
            (names[dice.below(names.len())].to_owned(), dice.text(&letters, length))
        });
        (token, url, pairs.collect())
    };
    (0..CASES).map(&mut one).collect()
}

#[test]
fn signatures_are_those_of_twilios_libraries() {
    let cases = webhooks();
    let asked = json!(cases);
    let modules = from_runner("NIGHTPORTER_NODE_MODULES");
    let node = ask("node", "signatures.cjs", &[("NIGHTPORTER_NODE_MODULES", &modules)], &asked);
    let python =
        ask("python3", "signatures.py", &[("PYTHONPATH", &from_runner("NIGHTPORTER_PYTHON_PACKAGES"))], &asked);
    for (n, (token, url, pairs)) in cases.iter().enumerate() {
        let ours = json!(sign(token, url, pairs));
        assert_eq!((&ours, &ours), (&node[n], &python[n]), "seed {SEED}: {url} {pairs:?}");
    }
}

type Pairs = Vec<(&'static str, String)>;

/// Key, secret, parameters and headers of a request.
fn requests() -> Vec<(String, String, Pairs, Pairs)> {
    let mut dice = Dice(SEED + 2);
    let letters: Vec<char> = "abcXYZ019 &=+%#?/:;~-_.*!'(),漏水😀é\"<>{}$\n".chars().collect();
    // The library takes names as they are; the API has none but letters.
    let names = ["PhoneNumbers", "SignName", "TemplateCode", "TemplateParam", "OutId", "SendDate", "BizId", "x"];
    let signed = ["host", "x-acs-action", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"];
    let hex: Vec<char> = "abcdef0123456789".chars().collect();
    let mut one = |_| {
        let mut params: Pairs = Vec::new();
        for name in names {
            let length = dice.below(60);
            if dice.below(3) > 0 {
                params.push((name, dice.text(&letters, length)));
            }
        }
        let headers = signed.iter().map(|name| (*name, dice.text(&hex, 20))).collect();
        (dice.text(&hex, 16), dice.text(&letters, 30), params, headers)
    };
    (0..CASES).map(&mut one).collect()
}

#[test]
fn requests_are_signed_as_alibabas_library_signs_them() {
    let cases = requests();
    let packages = from_runner("NIGHTPORTER_PYTHON_PACKAGES");
    let theirs = ask("python3", "aliyun.py", &[("PYTHONPATH", &packages)], &json!(cases));
    for ((key, secret, params, headers), theirs) in cases.iter().zip(&theirs) {
        let query = canonical_query(params);
        let ours = json!([query, authorization(key, secret, &query, headers)]);
        assert_eq!(&ours, theirs, "seed {SEED}: {params:?}");
    }
}
