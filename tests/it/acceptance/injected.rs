//! S11: what people write comes back as they wrote it from the database, the API's JSON and a call's TwiML, and is never
//! a statement, a tag or a new line of its own.

use nightporter::clock::Clock;
use nightporter::commit::Cause;
use nightporter::decide::Reply;
use nightporter::deliver::carrier::Console;
use nightporter::deliver::carrier::twilio::say;
use nightporter::model::{E164, Locale};

use super::count;
use super::mill::{Mill, NOON};
use crate::simulation::dice::Dice;

const PIECES: [&str; 24] = [
    "'; DROP TABLE messages; --",
    "\" OR 1=1",
    "</Say><Dial>+1900</Dial><Say>",
    "<script>alert(1)</script>",
    "&amp;",
    "&lt;",
    "<",
    ">",
    "\"",
    "'",
    "\\",
    "\r\n",
    "\n",
    "\t",
    "=cmd|' /C calc'!A0",
    "@SUM(1)",
    "${jndi:ldap://x}",
    "{{7*7}}",
    "%00",
    "%s",
    "漏水",
    "🚰",
    "\u{202e}",
    "]]>",
];

/// What a reader of XML makes of the text in an element.
fn read_back(xml: &str) -> Option<String> {
    let inner = xml.strip_prefix("<Say language=\"en-US\">")?.strip_suffix("</Say>")?;
    if inner.contains(['<', '>']) {
        return None;
    }
    let pairs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    Some(pairs.iter().fold(inner.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain)))
}

#[tokio::test]
async fn nothing_that_is_written_is_anything_but_words() {
    let texts = count(200, 1_000);
    let clock = Clock::manual(NOON);
    let mill = Mill::new(std::sync::Arc::new(Console::new(clock.clone(), |_| Ok(()))), &clock).await;
    let mut dice = Dice::new(11, 111);
    let mut written = std::collections::HashMap::new();
    for n in 0..texts {
        let body: String = (0..1 + dice.below(8)).map(|_| *dice.pick(&PIECES)).collect();
        let spoken = read_back(&say(Locale::En, &body)).expect("no tag of its own");
        let flat = body.replace(['\t', '\n', '\r'], " ");
        assert_eq!(spoken.replace('\u{202e}', ""), flat.replace('\u{202e}', ""));
        let sid = format!("IN{n}");
        let from = E164::parse("+14155550101").expect("a number");
        let reply = Reply { from, body: body.clone(), sid: sid.clone(), about: None };
        mill.commit(vec![Cause::Inbound(Box::new(reply), "+15005550006".to_owned())]).await;
        written.insert(sid, body);
    }
    let rows = mill.rows().await;
    let inbound: Vec<_> = rows.iter().filter(|m| m.direction == "inbound").collect();
    assert_eq!(inbound.len(), texts);
    for row in inbound {
        assert_eq!(Some(&row.body), written.get(row.sid.as_deref().expect("an id")), "as it was written");
    }
    println!("S11: {texts} texts of hostile pieces: each came back as it was");
}
