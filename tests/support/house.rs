//! The door of a house without its tasks: a registry of two properties, and a committer that a test steps by hand.
//!
//! Never starts anything by itself: what happens, happens because the test says so.

use std::sync::Arc;

use nightporter::clock::Clock;
use nightporter::commit::{Attempt, Brakes, Committer, Health, Listening, Lives, Trials};
use nightporter::decide::{Policy, Words};
use nightporter::metrics::Metrics;
use nightporter::model::Timestamp;
use nightporter::registry::Registry;
use nightporter::store::Store;
use tokio::sync::{broadcast, mpsc};

/// Two properties; the first with a riser of two apartments behind one gateway.
pub const REGISTRY: [(&str, &str); 5] = [
    (
        "properties.csv",
        "id,region,name,timezone,locale,manager_phone,country,lat,lon\n\
         oak,east,Oak Court,Asia/Shanghai,zh-CN,+8613900000000,CN,31.2,121.5\n\
         elm,west,Elm House,Europe/Berlin,en,+4915112345678,DE,,\n",
    ),
    (
        "units.csv",
        "id,property_id,name,floor,stack\noak-1,oak,0101,1,A\noak-2,oak,0201,2,A\noak-c,oak,Corridor,1,\nelm-1,elm,1A,1,\n",
    ),
    (
        "tenants.csv",
        "id,unit_id,name,phone,locale,from,to,consent\n\
         t-old,oak-1,Li Wei,+8613912345601,zh-CN,2025-01-01,2025-12-31,\n\
         t1,oak-1,Ann Lee,+14155550101,en,2026-01-01,,\n\
         t2,oak-2,Wang Fang,+8613912345602,zh-CN,2025-06-01,,\n\
         t3,elm-1,Eva Stein,+14155550103,en,2025-06-01,,safety;reminder\n",
    ),
    (
        "devices.csv",
        "key,unit_id,kind,name,model,valve_for,chemistry,cells,gateway\n\
         hub,oak-c,gateway,Hub,,,,,\n\
         lock1,oak-1,lock,Front door,,,alkaline,4 AA,hub\n\
         leak1,oak-1,leak_sensor,Kitchen,,,lithium,1 CR2450,hub\n\
         leak2,oak-2,leak_sensor,Bath,,,lithium,1 CR2450,hub\n\
         lock3,elm-1,lock,Front door,,,,,\n",
    ),
    (
        "housekeepers.csv",
        "id,name,phone,locale,properties,skills,shift\n\
         h1,Chen,+8613800008001,zh-CN,oak;elm,lock;plumbing,08:00-20:00\n\
         h2,Sam,+8613800008002,en,oak,lock;plumbing,20:00-08:00\n",
    ),
];

/// Reads files as the importer does.
pub fn registry(files: &[(impl AsRef<str>, impl AsRef<str>)]) -> Registry {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name.as_ref()), text.as_ref()).expect("own folder");
    }
    Registry::read(folder.path()).expect("a sound registry")
}

/// A door on a database, and the attempts that committed batches lead to.
pub fn committer(store: &Store, clock: &Clock, owner: &str) -> (Committer, mpsc::Receiver<Attempt>) {
    let (attempts, outgoing) = mpsc::channel(64);
    let listening = Listening::default();
    listening.begin(clock.now());
    let committer = Committer {
        store: store.clone(),
        policy: Arc::new(Policy::default()),
        words: Words::new(),
        clock: clock.clone(),
        listening,
        owner: owner.to_owned(),
        attempts,
        changes: broadcast::channel(1_024).0,
        health: Arc::new(Health::default()),
        metrics: Arc::new(Metrics::default()),
        lives: Lives::default(),
        trials: Trials::default(),
        brakes: Brakes::default(),
    };
    (committer, outgoing)
}

/// An instant as RFC 3339 writes it.
pub fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).expect("a well-formed instant")
}
