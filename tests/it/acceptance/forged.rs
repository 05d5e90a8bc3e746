//! S1: what Twilio signed and somebody changed, in every way one can think of, is not believed; what it signed is.

use nightporter::web::twilio_signature::{Secrets, Signed, sign, verify};

use super::count;
use crate::simulation::dice::Dice;

const TOKEN: &str = "12345678901234567890123456789012";
const NEXT: &str = "abcdefabcdefabcdefabcdefabcdefab";
const OLD: &str = "00000000000000000000000000000000";

#[derive(Clone, Debug, PartialEq)]
struct Request {
    url: String,
    params: Vec<(String, String)>,
    signature: String,
    settings: Option<String>,
}

fn believed(request: &Request) -> bool {
    let secrets = Secrets::new([TOKEN.to_owned(), NEXT.to_owned()]);
    let (signature, settings) = (Some(request.signature.as_str()), request.settings.as_deref());
    verify(&secrets, Signed { url: &request.url, params: &request.params, signature, settings })
}

fn word(dice: &mut Dice) -> String {
    let alphabet: Vec<char> = "abcXYZ019 +&=%漏水🚰\n'\"<".chars().collect();
    (0..1 + dice.below(12)).map(|_| *dice.pick(&alphabet)).collect()
}

fn genuine(dice: &mut Dice, token: &str) -> Request {
    let url = format!("https://care.example.com/webhooks/twilio/status?a=m_{}.1", dice.below(1_000_000));
    let names = ["MessageSid", "MessageStatus", "From", "To", "Body", "ErrorCode", "AccountSid"];
    let params: Vec<_> =
        names.iter().take(1 + dice.below(7) as usize).map(|name| ((*name).to_owned(), word(dice))).collect();
    Request { signature: sign(token, &url, &params), url, params, settings: None }
}

/// One change that a forger might make.
fn forged(dice: &mut Dice, real: &Request) -> Request {
    let mut it = real.clone();
    let some = dice.below(it.params.len() as u64) as usize;
    match dice.below(14) {
        0 => it.params[some].1 = word(dice),
        1 => it.params[some].0.push('x'),
        2 => it.params.push((word(dice), word(dice))),
        3 => drop(it.params.remove(some)),
        // The same field with the same value twice is one, as Twilio signs it.
        4 => it.params.push((it.params[some].0.clone(), format!("{}x", it.params[some].1))),
        5 => it.url = it.url.replace("https://", "http://"),
        6 => it.url = it.url.replace("care.example.com", "care.example.com.example.net"),
        7 => it.url = it.url.replace("care.", "evil."),
        8 => it.url = it.url.replace("status?", "inbound?"),
        9 => it.url.push_str("&b=1"),
        10 => it.signature = sign(OLD, &it.url, &it.params),
        11 => {
            it.settings =
                Some(dice.pick(&["algorithm=HMAC_SHA256", "algorithm=none", "algorithm=HMAC_MD5"]).to_string())
        }
        12 => it.signature = it.signature.chars().rev().collect(),
        _ => {
            let mut bytes = it.signature.into_bytes();
            let at = dice.below(bytes.len() as u64) as usize;
            bytes[at] ^= 1 << dice.below(7);
            it.signature = String::from_utf8_lossy(&bytes).into_owned();
        }
    }
    it
}

#[test]
fn no_forgery_is_believed_and_everything_genuine_is() {
    let cases = count(2_000, 10_000);
    let mut dice = Dice::new(1, 11);
    let mut forgeries = 0;
    for n in 0..cases {
        let real = genuine(&mut dice, if n % 5 == 0 { NEXT } else { TOKEN });
        assert!(believed(&real), "{real:?}");
        let fake = forged(&mut dice, &real);
        if fake != real {
            assert!(!believed(&fake), "{real:?}\n{fake:?}");
            forgeries += 1;
        }
        let unsigned = Request { signature: String::new(), ..real };
        assert!(!believed(&unsigned));
    }
    println!("S1: {cases} genuine requests believed, {forgeries} forgeries not");
}
