//! Messages as makers and projects document them, beyond the fixtures: devices whose water, bolt or battery hides behind
//! another name. Each row names its source; never taken from the decoder's output.

use crate::decode_variants::check;

/// zigbee-herdsman-converters, src/devices, commit df7200535e38: property names and values of each definition's exposes.
#[test]
fn zigbee_devices_with_words_of_their_own() {
    check(&[
        // sonoff.ts, SWV: by the fixtures (zigbee2mqtt-0230) a status of "normal" is no word of a dry floor, so none of its
        // words is one of water, which would never end; water behind a closed valve is found by its flow.
        (
            "zigbee2mqtt/valve",
            r#"{"battery":87,"current_device_status":"water_leakage","flow":0.3,"state":"OFF"}"#,
            &["zigbee2mqtt", "valve battery_percent=87", "valve flow_lpm=5"],
        ),
        ("zigbee2mqtt/valve", r#"{"valve_abnormal_state":"water_leakage,fail_safe"}"#, &["zigbee2mqtt", "valve"]),
        // lincukoo.ts, SZW08: an alarm of water, or of its absence.
        (
            "zigbee2mqtt/sink",
            r#"{"alarm_status":"alarm","battery":90,"mode":"leakage"}"#,
            &["zigbee2mqtt", "sink battery_percent=90", "sink leak=true"],
        ),
        ("zigbee2mqtt/sink", r#"{"mode":"leakage","alarm_status":"normal"}"#, &["zigbee2mqtt", "sink leak=false"]),
        ("zigbee2mqtt/tank", r#"{"alarm_status":"alarm","mode":"shortage"}"#, &["zigbee2mqtt", "tank"]),
        // The same names elsewhere: ctm.ts (a stove guard), a thermostat.
        ("zigbee2mqtt/stove", r#"{"alarm_status":"alarm"}"#, &["zigbee2mqtt", "stove"]),
        ("zigbee2mqtt/stove", r#"{"alarm_status":"battery_alarm","mode":"leakage"}"#, &["zigbee2mqtt", "stove"]),
        ("zigbee2mqtt/thermostat", r#"{"mode":"auto","alarm_mode":"sound"}"#, &["zigbee2mqtt", "thermostat"]),
        // nous.ts, E13: `water_leak` is what the buzzer cries at, which may be a dry tank.
        (
            "zigbee2mqtt/tank",
            r#"{"water":false,"water_leak":true,"alarm_mode":"water_absence","battery":50}"#,
            &["zigbee2mqtt", "tank battery_percent=50"],
        ),
        (
            "zigbee2mqtt/sink",
            r#"{"water":true,"water_leak":true,"alarm_mode":"water_presence"}"#,
            &["zigbee2mqtt", "sink leak=true"],
        ),
        // easyiot.ts, ZB-LOCK: 0 is locked, 1 unlocked.
        ("zigbee2mqtt/door", r#"{"lock_status":0}"#, &["zigbee2mqtt", "door lock_state=locked"]),
        ("zigbee2mqtt/door", r#"{"lock_status":1}"#, &["zigbee2mqtt", "door lock_state=unlocked"]),
        ("zigbee2mqtt/door", r#"{"lock_status":2}"#, &["zigbee2mqtt", "door"]),
    ]);
}

/// lorawan-devices, vendor/sensecap: sensecap210x-codec.yaml (outputs of its examples), and chirpstack-device-profiles,
/// seeed-technology-co-ltd: SenseCAP_LoRaWAN_V2_Decoder.js, SenseCAP-T1000-AB.js (the shapes that they write).
#[test]
fn sensecap() {
    let up = |decoded: &str| format!(r#"{{"uplink_message":{{"decoded_payload":{decoded}}}}}"#);
    let rows = [
        (
            r#"{"valid":true,"err":0,"payload":"0000000101000100070064003C00012001000000002890","messages":[
                {"type":"upload_version","hardwareVersion":"1.0","softwareVersion":"1.1"},
                {"type":"upload_battery","battery":100},{"type":"upload_interval","interval":3600},
                {"type":"report_remove_sensor","channel":1}]}"#,
            vec!["d battery_percent=100"],
        ),
        (
            r#"{"valid":true,"err":0,"payload":"01011098530000010210A87A0000AF51","messages":[
                {"type":"report_telemetry","measurementId":4097,"measurementValue":21.4},
                {"type":"report_telemetry","measurementId":4098,"measurementValue":31.4}]}"#,
            vec!["d temperature_c=21.4"],
        ),
        (
            r#"{"err":0,"valid":true,"messages":[[{"measurementValue":-5.5,"measurementId":"4097","type":"Air Temperature"}],
                [{"Battery(%)":84,"Hardware Version":"1.1"}]]}"#,
            vec!["d temperature_c=-5.5", "d battery_percent=84"],
        ),
        (
            r#"{"valid":true,"messages":[[{"measurementId":"3000","timestamp":1735787045000,"type":"Battery","measurementValue":93}]]}"#,
            vec!["d battery_percent=93@1735787045000"],
        ),
        (r#"{"messages":[{"measurementId":"3000","measurementValue":255},[[{"battery":5}]],7,null]}"#, vec!["d"]),
    ];
    for (decoded, expected) in rows {
        let expected: Vec<&str> = ["tts"].into_iter().chain(expected).collect();
        check(&[("v3/app/devices/d/up", &up(decoded), &expected)]);
    }
}

/// Milesight-IoT/SensorDecoders, ws-series/ws301/README.md: whether it is still where it was put.
#[test]
fn milesight_tells_a_tamper_by_its_place() {
    let up = |decoded: &str| format!(r#"{{"uplink_message":{{"decoded_payload":{decoded}}}}}"#);
    for (status, tamper) in [("installed", "d tamper=false"), ("uninstalled", "d tamper=true")] {
        let decoded = format!(r#"{{"battery":100,"magnet_status":"close","tamper_status":"{status}"}}"#);
        check(&[("v3/a/devices/d/up", &up(&decoded), &["tts", "d battery_percent=100", tamper])]);
    }
}

/// docs.thingpark.com, ThingPark X, "Uplink Message": the example of today, and the one of 2018, whose numbers are text.
#[test]
fn thingpark() {
    let today = r#"{"DevEUI_uplink":{"Time":"2024-12-17T09:16:55.911+00:00","DevEUI":"0018B20000000BEE","FPort":1,"FCntUp":368,
        "payload_hex":"9e184856043000211770baae0bc9","LrrRSSI":-84.0,"LrrSNR":9.75,"LrrESP":-84.437256,
        "Lrrs":{"Lrr":[{"Lrrid":"10001273","Chain":0,"LrrRSSI":-84.0,"LrrSNR":9.75}]},"DevLrrCnt":1,
        "payload":{"triggeredByPushbutton":false,"temperature":24,"uplinkFrameCounter":186,"batteryVoltage":3017},
        "points":{"temperature":{"unitId":"Cel","record":24},"location":{"unitId":"GPS","record":[1.1962,47.934]},
        "batteryVoltage":{"unitId":"mV","record":3017},"batteryLevel":{"unitId":"%","record":81.54}}}}"#;
    let of_2018 = r#"{"DevEUI_uplink":{"Time":"2018-10-03T15:38:46.882+02:00","DevEUI":"0018B20000000B20","FPort":"1","FCntUp":"1174",
        "payload_hex":"9e1c4852512000220020e3831071","LrrRSSI":"-80.000000","LrrSNR":"7.000000",
        "Lrrs":{"Lrr":[{"Lrrid":"004A18E3","LrrRSSI":"-80.000000"},{"Lrrid":"004A18E4","LrrRSSI":"-71.000000"}]}}}"#;
    let (now, then) = ("@1734427015911", "@1538573926882");
    let of_driver =
        |points: &str| format!(r#"{{"DevEUI_uplink":{{"DevEUI":"AB","payload":{{"leak":true}},"points":{points}}}}}"#);
    check(&[
        (
            "mqtt/things/0018B20000000BEE/uplink",
            today,
            &[
                "thingpark",
                &format!("0018B20000000BEE battery_millivolts=3017{now}"),
                &format!("0018B20000000BEE temperature_c=24{now}"),
                &format!("0018B20000000BEE battery_percent=81.54{now}"),
                &format!("0018B20000000BEE signal_dbm=-84{now}"),
                &format!("0018B20000000BEE message_counter=368{now}"),
            ],
        ),
        (
            "any/topic",
            of_2018,
            &[
                "thingpark",
                &format!("0018B20000000B20 signal_dbm=-71{then}"),
                &format!("0018B20000000B20 message_counter=1174{then}"),
            ],
        ),
        // About connections: `sendMetadata`.
        (
            "x",
            r#"{"Time":"2018-10-03T15:38:46.882+02:00","DevEUI":"0018B20000000B20","FPort":"1","payload_hex":"9e1c","payload":{"leak":1}}"#,
            &["thingpark", &format!("0018B20000000B20 leak=true{then}")],
        ),
        ("x", r#"{"DevEUI":"0018B20000000B20","leak":1}"#, &["unknown_format"]),
        ("x", &of_driver("{}"), &["thingpark", "AB leak=true"]),
        ("x", &of_driver(r#"{"temperature":{"unitId":"[degF]","record":75}}"#), &["thingpark", "AB leak=true"]),
        ("x", &of_driver(r#"{"temperature":{"unitId":"Cel","record":[1,2]}}"#), &["thingpark", "AB leak=true"]),
        ("x", r#"{"DevEUI_downlink_Sent":{"DevEUI":"AB","FPort":1}}"#, &["thingpark"]),
        ("x", r#"{ "DevEUI_uplink":{"FPort":1}}"#, &["thingpark"]),
        ("x", r#"{"DevEUI_uplink":"#, &["invalid_json"]),
    ]);
}
