//! In which tone routine words are said: one for a matter and a person, nothing urgent, nothing that a carrier approved.

use std::sync::Arc;

use nightporter::decide::tones::{Loss, Lost};
use nightporter::model::*;

use super::stage::Stage;

const LOW: [&str; 3] =
    ["05 08:00 lock1 battery=60 boots=1", "05 09:00 lock1 battery=20 boots=1", "05 09:10 lock1 battery=19 boots=1"];

/// The first words of each text to the tenant of a lock whose battery runs low and is replaced.
fn story(stage: &mut Stage) -> Vec<String> {
    LOW.iter().for_each(|line| stage.act(line));
    for day in 6..=12 {
        stage.act(&format!("{day:02} 09:00 lock1 battery=18 boots=1"));
    }
    for hour in 10..16 {
        stage.act(&format!("12 {hour}:00 lock1 battery=100 boots=2"));
    }
    stage.act("13 12:00 wait");
    bodies(stage, "battery")
}

fn bodies(stage: &Stage, of: &str) -> Vec<String> {
    let tenant = |m: &&NewMessage| matches!(m.recipient, Recipient::Tenant(_)) && m.template.starts_with(of);
    stage.messages.iter().filter(tenant).map(|m| m.body.clone()).collect()
}

fn in_tones(tones: &[Tone]) -> Stage {
    let mut stage = Stage::new();
    stage.policy.property_tones.insert("oak".into(), tones.to_vec());
    stage
}

#[test]
fn a_matter_has_one_tone_from_the_first_word_to_the_thanks() {
    for (tone, first, last) in [
        (Tone::Plain, "is running low", "Thank you"),
        (Tone::Warm, "I hope you are well", "good to have you"),
        (Tone::Playful, "is hungry", "Yum!"),
        (Tone::Rhyming, "is the way to go", "fresh and bright"),
    ] {
        let said = story(&mut in_tones(&[tone]));
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].contains(first) && said[1].contains(last), "{tone:?}: {said:?}");
    }
}

#[test]
fn of_several_tones_a_tenant_hears_the_same_again_and_a_lost_one_no_more() {
    let mut stage = in_tones(&Tone::ALL);
    let said = story(&mut stage);
    let ticket = stage.facts.tickets.values().next().expect("a battery");
    let (locale, tone) = ticket.tone.expect("several are tried");
    assert!(ticket.is_heeded(), "it was replaced before anybody came");
    assert_eq!(story(&mut in_tones(&Tone::ALL)), said, "the same tenant, the same tone");
    assert_eq!(story(&mut in_tones(&[tone])), said);
    let loss = Loss { to: Tone::Plain, measure: "heeded", difference: 0.2, z: 5.0 };
    let mut stage = in_tones(&Tone::ALL);
    stage.facts.lost_tones = Arc::new(Lost::from([((locale, tone), loss)]));
    assert_ne!(story(&mut stage), said, "what has lost is not said any more");
}

#[test]
fn what_is_urgent_and_what_a_carrier_approved_is_said_plainly() {
    let leak = |tones: &[Tone]| {
        let mut stage = in_tones(tones);
        stage.act("05 03:00 leak1 wet");
        bodies(&stage, "leak")
    };
    assert_eq!(leak(&[Tone::Rhyming]), leak(&[Tone::Plain]));
    let approved = |tones: &[Tone]| {
        let mut stage = in_tones(tones);
        stage.policy.routes.provider = CarrierName::Aliyun;
        story(&mut stage)
    };
    assert_eq!(approved(&[Tone::Rhyming]), approved(&[Tone::Plain]));
}

#[test]
fn who_writes_back_has_heeded() {
    let mut stage = in_tones(&[Tone::Plain, Tone::Warm]);
    LOW.iter().for_each(|line| stage.act(line));
    let heeded = |stage: &Stage| stage.facts.tickets.values().next().expect("a battery").is_heeded();
    assert!(!heeded(&stage));
    stage.act("05 10:00 tenant:t1 I will do it tonight");
    assert!(heeded(&stage));
}
