//! Topics as operators arrange them: other base topics, options that move a device's name between topic and payload. Each
//! row names what its project documents; never taken from the decoder's output.

use nightporter::decode::Routes;

use crate::decode_variants::{check, said};

/// Base topics that others chose: each as its project documents it, one or two levels deeper.
#[test]
fn other_base_topics() {
    let ring = "home/ring/3f1c1b6e-7d0a-4a55-9c0f-0a1b2c3d4e5f/alarm/b0a1";
    let flood = format!("{ring}/flood/state");
    check(&[
        // zigbee2mqtt.io, configuration `mqtt.base_topic`.
        ("home/zigbee2mqtt/sink", r#"{"water_leak":true}"#, &["zigbee2mqtt", "sink leak=true"]),
        ("zigbee2mqtt/floor1/sink", r#"{"water_leak":true}"#, &["zigbee2mqtt", "floor1/sink leak=true"]),
        ("home/zigbee2mqtt/lock/front/lock_state", "locked", &["zigbee2mqtt", "lock/front lock_state=locked"]),
        ("home/zigbee2mqtt/lock/front/state", "LOCK", &["zigbee2mqtt", "lock/front lock_state=locked"]),
        ("homeassistant/sensor/zigbee2mqtt/state", "1", &["ha_statestream", "sensor.zigbee2mqtt"]),
        ("house/update/zigbee2mqtt/state", "off", &["ha_statestream", "update.zigbee2mqtt"]),
        // technyon/nuki_hub, MqttTopics.h: "MQTT path" is free.
        ("frontdoor/lock/battery/level", "44", &["nuki_hub", "frontdoor/lock battery_percent=44"]),
        ("flat/7/lock/battery/critical", "1", &["nuki_hub", "flat/7/lock battery_low=true"]),
        ("frontdoor/lock/battery/keypadCritical", "0", &["nuki_hub", "frontdoor/lock battery_low=false#keypad"]),
        ("frontdoor/lock/state", "unlatched", &["nuki_hub", "frontdoor/lock lock_state=open"]),
        ("frontdoor/lock/state", "{}", &["unknown_format"]),
        ("front/lock/front_door/state", "LOCKED", &["esphome", "front lock_state=locked"]),
        // Nuki's own API below a level of one's own.
        ("flat/nuki/1A2B3C4D/state", "1", &["nuki", "1A2B3C4D lock_state=locked"]),
        ("flat/nuki/readme/state", "1", &["unknown_format"]),
        // tsightler/ring-mqtt: a location is a UUID.
        (&flood, "ON", &["ring_mqtt", "b0a1 leak=true"]),
        ("home/ring/doorbell/state", "ON", &["unknown_format"]),
        // merbanan/rtl_433, DATA_FORMAT.md and `-F mqtt://…,events=…`.
        (
            "oak/rtl_433/gw/events",
            r#"{"model":"Govee-Water","id":12562,"event":"Water Leak"}"#,
            &["rtl_433", "Govee-Water/12562 leak=true"],
        ),
        ("oak/rtl_433/gw/devices/Acurite-Leak/5543/leak_detected", "1", &["rtl_433", "Acurite-Leak/5543 leak=true"]),
        (
            "garage/433",
            r#"{"time":"2024-02-03 04:05:06","model":"Acurite-Leak","id":1,"leak_detected":1,"mic":"CRC"}"#,
            &["rtl_433", "Acurite-Leak/1 leak=true"],
        ),
        ("garage/robot", r#"{"model":"X","id":1,"battery":50}"#, &["unknown_format"]),
        // homieiot.github.io, base topic of version 3 and 4; domain of version 5.
        ("iot/homie/leak-1/sensor/leak", "true", &["homie", "leak-1 leak=true"]),
        ("iot/homie/leak-1/$state", "lost", &["homie", "leak-1 online=false"]),
        ("building/5/leak-1/sensor/water-leak", "true", &["homie", "leak-1 leak=true"]),
        ("building/5/leak-1/$state", "ready", &["homie", "leak-1 online=true"]),
        ("building/5/leak-1/sensor/water-leak/set", "true", &["unknown_format"]),
        ("floor/5/12/sensor/leak", "true", &["unknown_format"]),
        ("iot/shellies/shellyflood-1/sensor/flood", "true", &["shelly_gen1", "shellyflood-1 leak=true"]),
        ("iot/homie/front/lock/state", "locked", &["homie", "front lock_state=locked"]),
        ("iot/wyzesense2mqtt/77AB/status", "online", &["wyzesense", "77AB online=true"]),
    ]);
}

/// The Things Stack, data formats: `last_battery_percentage` has its own `received_at`; `simulated` is no device.
/// The envelope names the device where the topic is the operator's own.
#[test]
fn network_servers_on_any_topic() {
    let at = "@1672125687078";
    let status =
        r#"{"deviceInfo":{"devEui":"24e124136b502217","deviceProfileName":"WS303"},"margin":7,"batteryLevel":85.5}"#;
    check(&[
        // Milesight support, article 73000600064: the built-in network server, without a codec and with one.
        (
            "/mqtttest",
            r#"{"applicationID":"1","data":"A2fqAARoTwUAAA==","devEUI":"24e124136b502217","deviceName":"EM300-TH","fCnt":128,
                "fPort":85,"rxInfo":[{"altitude":0,"loRaSNR":13.8,"mac":"24e124fffef54092","name":"Local Gateway","rssi":-51,
                "time":"2022-12-27T07:21:27.078763Z"}],"time":"2022-12-27T07:21:27.078763Z","metadata":{"mqtt_topic":"/mqtttest"}}"#,
            &[
                "chirpstack",
                &format!("24e124136b502217 signal_dbm=-51{at}"),
                &format!("24e124136b502217 message_counter=128{at}"),
            ],
        ),
        (
            "oak/uplinks",
            r#"{"devEUI":"24e124136b502217","deviceName":"sink","fPort":85,"battery":92,"leakage_status":"leak"}"#,
            &["chirpstack", "24e124136b502217 battery_percent=92", "24e124136b502217 leak=true"],
        ),
        // chirpstack.toml: [integration.mqtt] event_topic.
        (
            "lora/24e124136b502217/up",
            r#"{"deviceInfo":{"devEui":"24e124136b502217"},"fCnt":3,"object":{"leakage_status":"normal"}}"#,
            &["chirpstack", "24e124136b502217 leak=false", "24e124136b502217 message_counter=3"],
        ),
        ("lora/24e124136b502217/status", status, &["chirpstack", "24e124136b502217 battery_percent=85.5"]),
        ("lora/x/up", r#"{"devEUI":"JOEkAEuxLLk=","fPort":85,"leak":true}"#, &["chirpstack"]),
        ("lora/x/up", r#"{"devEUI":"24e124136b502217","leak":true}"#, &["unknown_format"]),
    ]);
}

#[test]
fn what_the_network_server_remembers_or_invents() {
    let up = |more: &str| {
        format!(
            r#"{{"received_at":"2025-01-02T03:04:05Z"{more},"uplink_message":{{"decoded_payload":{{"leak":true}},
            "last_battery_percentage":{{"f_cnt":14,"value":90.5,"received_at":"2025-01-01T00:00:00Z"}}}}}}"#
        )
    };
    check(&[
        ("v3/a/devices/d/up", &up(""), &["tts", "d leak=true@1735787045000", "d battery_percent=90.5@1735689600000"]),
        (
            "v3/a/devices/d/up",
            &up(r#","simulated":false"#).replace("90.5", "300"),
            &["tts", "d leak=true@1735787045000"],
        ),
        ("v3/a/devices/d/up", &up(r#","simulated":true"#), &["tts"]),
    ]);
}

/// arendst/Tasmota, xdrv_23_zigbee_2a_devices_impl.ino, `Z_Device::jsonPublishAttrList`: every combination of the
/// options that shape topic and payload says the same leak of the same device.
#[test]
fn tasmota_zigbee_options() {
    let attributes = r#""Device":"0x8F20","Name":"Bath","Water":1,"BatteryPercentage":97"#;
    let radio = r#","Endpoint":1,"LinkQuality":40"#;
    // 83: name for address; 89: a topic each, 112 by name, 125 without the bridge, 120 with the endpoint; 100 and 118:
    // no wrapper; 119: no address; 144: with its local time, which names no instant.
    for options in 0..1 << 9_u32 {
        let on = |bit: u32| options & 1 << bit != 0;
        let (so83, so89, so100, so112, so118, so119, so120, so125, so144) =
            (on(0), on(1), on(2), on(3), on(4), on(5), on(6), on(7), on(8));
        for attributes in [format!("{{{attributes}{radio}}}"), format!("{{{attributes}}}")] {
            let keyed =
                if so83 { format!(r#"{{"Bath":{attributes}}}"#) } else { format!(r#"{{"0x8F20":{attributes}}}"#) };
            let inner = if so119 { attributes } else { keyed };
            let time = if so144 { r#""Time":"2024-03-02T10:11:12","# } else { "" };
            let payload = if so100 || so118 { inner } else { format!(r#"{{{time}"ZbReceived":{inner}}}"#) };
            let name = if so112 { "Bath" } else { "8F20" };
            let name = if so120 { format!("{name}_1") } else { name.to_owned() };
            let device = if so125 { name } else { format!("zb/{name}") };
            let device = if so89 { device } else { "zb".to_owned() };
            let leaf = if so89 && so118 { "ZbReceived" } else { "SENSOR" };
            for topic in [
                format!("tele/{device}/{leaf}"),
                format!("{device}/tele/{leaf}"),
                format!("tasmota/hall/{device}/tele/{leaf}"),
                format!("home/tele/{device}/{leaf}"),
            ] {
                let answer = said(&topic, payload.as_bytes(), &Routes::default());
                let mut lines: Vec<&str> = answer.lines().collect();
                lines.sort_unstable();
                assert_eq!(lines, ["Bath battery_percent=97", "Bath leak=true", "tasmota"], "{topic} {payload}");
            }
        }
    }
}

#[test]
fn tasmota_bridges() {
    check(&[
        // Zigbee.md, SetOption101: the endpoint behind the attribute.
        (
            "tele/zb/SENSOR",
            r#"{"ZbReceived":{"0x8F20":{"Device":"0x8F20","Water1":0,"Water2":1,"Endpoint":2,"LinkQuality":60}}}"#,
            &["tasmota", "0x8F20 leak=false", "0x8F20 leak=true#endpoint_2"],
        ),
        // Zigbee.md: what the bridge answers to a command is of no device.
        (
            "tele/zb/SENSOR",
            r#"{"ZbResponse":{"Device":"0x5ADF","Command":"0004!04","Status":0,"Endpoint":1,"LinkQuality":80}}"#,
            &["tasmota", "zb"],
        ),
        // `ZbInfo`: what the bridge remembers is as old as it says.
        (
            "tele/zb/SENSOR",
            r#"{"ZbInfo":{"0x8F20":{"Device":"0x8F20","Name":"Bath","Water":1,"Reachable":true,"LastSeenEpoch":1735787045,"LinkQuality":60}}}"#,
            &["tasmota", "Bath leak=true@1735787045000"],
        ),
        ("tele/zb/8F20/ZbInfo", r#"{"0x8F20":{"Device":"0x8F20","Name":"Bath","Water":1}}"#, &["tasmota", "Bath"]),
        // LoRaWan-Bridge.md, and berry/lorawan/decoders/LwDecode.be: an address behind the leaf with SetOption89.
        (
            "tele/core2/SENSOR",
            r#"{"LwReceived":{"LDS01":{"Node":1,"Device":"0x4AD6","Name":"LDS01","RSSI":-49.0,"SNR":9.8,"DoorOpen":1,"Battery":3.006}}}"#,
            &["tasmota", "LDS01 battery_millivolts=3006", "LDS01 signal_dbm=-49"],
        ),
        (
            "tele/core2/LwReceived",
            r#"{"Node":1,"Device":"0x4AD6","RSSI":-49.0,"Battery":3.006}"#,
            &["tasmota", "0x4AD6 battery_millivolts=3006", "0x4AD6 signal_dbm=-49"],
        ),
        (
            "tele/core2/SENSOR/A840410E71894AD6",
            r#"{"LwDecoded":{"sink":{"Device":"Dragino LWL02","Battery_mV":3012,"WaterLeak":true,"Node":1,"RSSI":-70}}}"#,
            &["tasmota", "sink battery_millivolts=3012", "sink signal_dbm=-70", "sink leak=true"],
        ),
        (
            "tele/core2/SENSOR",
            r#"{"sink":{"Device":"Dragino LWL02","WaterLeak":false,"Node":1,"RSSI":-70}}"#,
            &["tasmota", "sink signal_dbm=-70", "sink leak=false"],
        ),
    ]);
    // `Prefix3 telemetry`: a pin tells it.
    let mut routes = Routes::default();
    routes.pin("telemetry/#", "tasmota").expect("known");
    let payload = br#"{"ZbReceived":{"0x8F20":{"Name":"Bath","Water":1,"Endpoint":1}}}"#;
    assert_eq!(said("telemetry/zb/SENSOR", payload, &routes), "tasmota\nBath leak=true");
    assert_eq!(said("telemetry/zb/LWT", b"Online", &routes), "tasmota\nzb online=true");
}
