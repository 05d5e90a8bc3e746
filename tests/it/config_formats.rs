//! Formats of the operator's own in the configuration: what is listened to, and what is told of mistakes.

use std::path::Path;

use nightporter::config::{Config, ConfigErrors};

fn parse(text: &str) -> Result<Config, ConfigErrors> {
    Config::parse(text, Path::new("np.toml"), std::iter::empty())
}

#[test]
fn a_format_is_listened_to() {
    let topics = |subscriptions: &str| {
        let format = "[[format]]\nname = 'acme'\ntopic = 'acme/{unit}/report'\njq = 'empty'";
        let config = parse(&format!("[mqtt]\nsubscriptions = [{subscriptions}]\n{format}")).expect("sound");
        config.mqtt.subscriptions.into_iter().map(|s| s.topic).collect::<Vec<_>>()
    };
    assert_eq!(topics("'zigbee2mqtt/#'"), ["zigbee2mqtt/#", "acme/+/report"]);
    assert_eq!(topics("'acme/#'"), ["acme/#"]);
    assert_eq!(topics("'acme/12B/#'"), ["acme/12B/#"], "only one unit is wanted");
}

#[test]
fn a_subscription_may_belong_to_a_property() {
    let subscriptions = |entry: &str| {
        let config =
            parse(&format!("[mqtt]\nsubscriptions = ['zigbee2mqtt/#', {entry}]")).map_err(|e| e.to_string())?;
        let last = config.mqtt.subscriptions.last().expect("two");
        Ok::<_, String>((last.format.is_some(), last.property.clone().map(|p| p.0)))
    };
    assert_eq!(subscriptions("{ topic = 'elm/#', property = 'elm' }"), Ok((false, Some("elm".to_owned()))));
    let both = "{ topic = 'elm/#', format = 'shelly_gen1', property = 'elm' }";
    assert_eq!(subscriptions(both), Ok((true, Some("elm".to_owned()))));
    assert_eq!(subscriptions("{ topic = 'elm/#', format = 'shelly_gen1' }"), Ok((true, None)));
    for (wrong, why) in [
        ("{ topic = 'elm/#' }", "expected a format, a property or both beside the topic"),
        (
            "{ topic = 'elm/#', property = ' ' }",
            "property is empty; expected the id of a property, as in properties.csv",
        ),
        ("{ topic = 'elm/#', propety = 'elm' }", r#"unknown key; did you mean "property"?"#),
    ] {
        let told = subscriptions(wrong).expect_err("wrong");
        assert!(told.contains(why), "{wrong}: {told}");
    }
}

/// `[[format]]` lines behind a subscription to everything of acme.
fn with_format(format: &str) -> String {
    format!(
        "[mqtt]\nsubscriptions = ['acme/#', {{ topic = 'x/#', format = 'pinned' }}]\n[[format]]\nname = 'pinned'\ntopic = 'y'\njq = '.'\n[[format]]\n{format}"
    )
}

#[test]
fn every_bad_format_is_told_with_its_place_and_how_to_mend_it() {
    let cases: &[(&str, &str)] = &[
        (
            "name = 'native'\ntopic = 'acme/+'\njq = '.'",
            r#"np.toml:8:8: format.1.name: a built-in format has this name; choose another, e.g. "native_own""#,
        ),
        (
            "name = 'pinned'\ntopic = 'acme/+'\njq = '.'",
            r#"np.toml:8:8: format.1.name: another format has this name; choose another, e.g. "pinned_own""#,
        ),
        (
            "name = 'A b'\ntopic = 'acme/+'\njq = '.'",
            "np.toml:8:8: format.1.name: expected a name of a-z, 0-9 and _, at most 32 long",
        ),
        (
            "name = 'a'\ntopic = 'acme/#/b'\njq = '.'",
            "np.toml:9:9: format.1.topic: `acme/#/b` is no topic filter: `+`, `{name}` and `#` stand alone in a level, `#` only at the end",
        ),
        (
            "name = 'a'\ntopic = 'acme/+'\njq = '.payload | (1 +'",
            r#"np.toml:10:6: format.1.jq: format "a": line 1, column 16 of the program: expected closing parenthesis"#,
        ),
        (
            "name = 'a'\ntopic = 'acme/+'\njq = '''\n.payload |\n  nwo'''",
            r#"np.toml:10:6: format.1.jq: format "a": line 2, column 3 of the program: there is no filter `nwo/0` here"#,
        ),
        (
            "name = 'a'\ntopic = 'acme/+'\njq = 'now'",
            r#"np.toml:10:6: format.1.jq: format "a": line 1, column 1 of the program: there is no filter `now/0` here: the time is passed in: `.received_at`, as text for `fromdate`"#,
        ),
        (
            "name = 'a'\ntopic = 'acme/+'\njq = '$ENV'",
            r#"np.toml:10:6: format.1.jq: format "a": line 1, column 1 of the program: there is no variable `$ENV` here: a format sees its message and nothing else"#,
        ),
        ("name = 'a'\ntopic = 'acme/+'", "np.toml:7:1: format.1: the key \"jq\" is missing"),
    ];
    for (format, line) in cases {
        assert_eq!(parse(&with_format(format)).map_err(|e| e.to_string()), Err((*line).to_owned()), "{format}");
    }
}
