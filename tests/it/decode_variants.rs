//! Messages beyond the fixtures: other topics, other firmware, older interfaces, batches, quoted values. Each row names
//! what its project documents. Facts are written as in a JSON answer, one a line; never taken from the decoder's output.

use nightporter::decode::{Routes, decode};
use serde_json::json;

/// What a message says, as `key kind=value[@ms][#channel]` lines; a rejection as its code.
pub(crate) fn said(topic: &str, payload: &[u8], routes: &Routes) -> String {
    let decoded = match decode(topic, payload, routes) {
        Ok(decoded) => decoded,
        Err(rejection) => return rejection.code.to_owned(),
    };
    let mut lines = vec![decoded.format.to_owned()];
    for device in decoded.devices {
        let key = device.device_key.map_or("-".to_owned(), |key| key.0);
        if device.readings.is_empty() {
            lines.push(key.clone());
        }
        for reading in device.readings {
            let at = reading.at.map_or(String::new(), |at| format!("@{}", at.0));
            let channel = reading.channel.map_or(String::new(), |channel| format!("#{channel}"));
            let fact = json!(reading.fact);
            let value = fact["value"].as_f64().map_or(fact["value"].to_string(), |n| n.to_string());
            lines.push(format!(
                "{key} {}={}{at}{channel}",
                fact["kind"].as_str().unwrap_or(""),
                value.replace('"', "")
            ));
        }
    }
    lines.join("\n")
}

pub(crate) fn check(rows: &[(&str, &str, &[&str])]) {
    for (topic, payload, expected) in rows {
        assert_eq!(said(topic, payload.as_bytes(), &Routes::default()), expected.join("\n"), "{topic} {payload}");
    }
}

#[test]
fn zigbee2mqtt() {
    check(&[
        // Attribute output (configuration `output: attribute`), quoted by some clients.
        ("zigbee2mqtt/a/lock_state", "locked", &["zigbee2mqtt", "a lock_state=locked"]),
        ("zigbee2mqtt/a/battery", "\"55\"", &["zigbee2mqtt", "a battery_percent=55"]),
        ("zigbee2mqtt/a/water_leak", "null", &["zigbee2mqtt", "a"]),
        ("zigbee2mqtt/a/set/lock_state", "locked", &["zigbee2mqtt"]),
        // Neptun Smart: wires and zones.
        (
            "zigbee2mqtt/n",
            r#"{"water_leak_wire_1":true,"water_leak_zone_2":false,"water_leak_buzzer":true}"#,
            &["zigbee2mqtt", "n leak=true#wire_1", "n leak=false#zone_2"],
        ),
        // Nimly locks tell volts.
        (
            "zigbee2mqtt/l",
            r#"{"voltage":5.9,"battery":80}"#,
            &["zigbee2mqtt", "l battery_percent=80", "l battery_millivolts=5900"],
        ),
        ("zigbee2mqtt/l", r#"{"lock_state":"jammed","state":"LOCK"}"#, &["zigbee2mqtt", "l lock_state=jammed"]),
        ("zigbee2mqtt/l", r#"{"battery":"67 %","child_lock":"LOCK"}"#, &["zigbee2mqtt", "l battery_percent=67"]),
        ("zigbee2mqtt/x", r#"{"battery":-1,"tamper":"","water_leak":"unknown"}"#, &["zigbee2mqtt", "x"]),
        ("zigbee2mqtt/x", "\u{feff}{\"water_leak\":true}", &["zigbee2mqtt", "x leak=true"]),
        ("zigbee2mqtt/x", "null", &["zigbee2mqtt", "x"]),
        ("zigbee2mqtt/x", "{\"battery\":NaN}", &["invalid_json"]),
        ("zigbee2mqtt/x", "{\"battery\":5,}", &["invalid_json"]),
        ("zigbee2mqtt/bridge/state", r#"{"state":"offline"}"#, &["zigbee2mqtt", "bridge online=false"]),
        ("home/zb2/a/b", r#"{"linkquality":1,"water_leak":true}"#, &["zigbee2mqtt", "zb2/a/b leak=true"]),
    ]);
}

#[test]
fn lorawan() {
    let tts = |decoded: &str| {
        format!(
            r#"{{"end_device_ids":{{"device_id":"d"}},"uplink_message":{{"f_port":10,"decoded_payload":{decoded}}}}}"#
        )
    };
    let rows = [
        // Dragino's newer codecs write words; the word for dry contains the word for wet.
        (r#"{"BatV":3.3,"Water_leak_status":"NO LEAK"}"#, "d battery_millivolts=3300\nd leak=false"),
        (
            r#"{"event":"heartbeat,water_leak_alert","battery":90,"waterLeakLevel":80}"#,
            "d battery_percent=90\nd leak=true",
        ),
        (r#"{"battery":3216,"leak":2}"#, "d battery_millivolts=3216"),
        // Sensative wraps each value, Decentlab adds units.
        (
            r#"{"batteryReport":{"value":95},"floodAlarm":{"value":true},"floodReport":{"value":40}}"#,
            "d battery_percent=95\nd leak=true",
        ),
        (r#"{"leak":{"value":true,"time":"2025-01-02T03:04:05Z"}}"#, "d leak=true@1735787045000"),
        // Milesight sends stored measurements behind the present one.
        (
            r#"{"leakage_status":"normal","history":[{"timestamp":1735787045,"leakage_status":"leak"}]}"#,
            "d leak=false\nd leak=true@1735787045000",
        ),
        // Radio Bridge RBS301-WAT (lorawan-devices, vendor/radio-bridge/radio_bridge_packet_decoder.js).
        (r#"{"Protocol":1,"Counter":5,"Type":"WATER","Water":{"Event":"Water Present","Relative":12}}"#, "d leak=true"),
        (r#"{"Type":"WATER","Water":{"Event":"Water Not Present","Relative":200}}"#, "d leak=false"),
        (r#"{"Type":"TAMPER","Tamper":{"Event":"Open"}}"#, "d tamper=true"),
        (
            r#"{"Type":"SUPERVISORY","Supervisory":{"Accumulation":3,"BatteryLow":1,"Battery":"3.0V"}}"#,
            "d battery_millivolts=3000\nd battery_low=true",
        ),
        // Dragino WL03A-LB's status message: volts, and whole ones are no percent (vendor/dragino/wl03a-lb.js).
        (r#"{"SENSOR_MODEL":"WL03A-LB","FIRMWARE_VERSION":"1.0.0","battery":3}"#, "d battery_millivolts=3000"),
        // Aqua-Scope BVS (vendor/aquascope/bvs.js) and Quandify CubicMeter (vendor/quandify/cubicmeter-1-1-uplink.js).
        (r#"{"leak":"Y","valve":"On"}"#, "d leak=true"),
        (r#"{"leak":"N","valve":"Off"}"#, "d leak=false"),
        (r#"{"leakState":"medium","batteryActive":3600}"#, "d leak=true"),
        (r#"{"leakState":"","batteryActive":3600}"#, "d"),
        // Decentlab DLR2-005: the voltage is what it measures (chirpstack-device-profiles, test_decode_dl-dlr2-005.json).
        (
            r#"{"battery_voltage":{"value":3.181,"unit":"V"},"voltage":{"value":2.08,"unit":"V"}}"#,
            "d battery_millivolts=3181",
        ),
        (r#"{"waterLeakAlertThreshold":1,"leakTimes":3,"config":{"leak":true},"childLock":true}"#, "d"),
    ];
    for (decoded, expected) in rows {
        let answer = said("v3/app/devices/d/up", tts(decoded).as_bytes(), &Routes::default());
        assert_eq!(answer, format!("tts\n{expected}"), "{decoded}");
    }
    check(&[
        // The Things Network version 2.
        (
            "app/devices/d/up",
            r#"{"dev_id":"d","hardware_serial":"AB","counter":7,"payload_raw":"","payload_fields":{"bat":2.9,"water":"wet"},
                "metadata":{"time":"2020-01-02T03:04:05Z","gateways":[{"rssi":-90},{"rssi":-70}]}}"#,
            &[
                "tts",
                "AB battery_millivolts=2900@1577934245000",
                "AB leak=true@1577934245000",
                "AB signal_dbm=-70@1577934245000",
                "AB message_counter=7@1577934245000",
            ],
        ),
        // ChirpStack 3: the object as text, the time at the gateway.
        (
            "application/1/device/ab/event/up",
            r#"{"objectJSON":"{\"leak\":1}","rxInfo":[{"rssi":-50,"loRaSNR":7,"time":"2020-01-02T03:04:05Z"}],"fCnt":3}"#,
            &[
                "chirpstack",
                "ab leak=true@1577934245000",
                "ab signal_dbm=-50@1577934245000",
                "ab message_counter=3@1577934245000",
            ],
        ),
        // ChirpStack 2: the raw byte of DevStatusAns; 0 and 255 are no levels.
        (
            "application/1/device/ab/event/status",
            r#"{"battery":127,"margin":10}"#,
            &["chirpstack", "ab battery_percent=50"],
        ),
        ("application/1/device/ab/event/status", r#"{"battery":255,"margin":10}"#, &["chirpstack", "ab"]),
        ("eu868/gateway/01/state/conn", r#"{"gatewayId":"01","state":"OFFLINE"}"#, &["chirpstack", "01 online=false"]),
    ]);
}

#[test]
fn esphome_and_home_assistant() {
    check(&[
        ("home/leak/binary_sensor/water_leak_2/state", "ON", &["esphome", "home/leak leak=true"]),
        ("n/sensor/supply_voltage/state", "3.3", &["esphome", "n"]),
        ("n/sensor/uptime/state", "120", &["esphome", "n uptime_s=120"]),
        ("n/binary_sensor/soil_moisture/state", "ON", &["esphome", "n"]),
        ("n/binary_sensor/smoke_leak/state", "ON", &["esphome", "n"]),
        ("base/lock/front/state", "unlocking", &["ha_statestream", "lock.front lock_state=unlocking"]),
        (
            "homeassistant/sensor/door_battery/state",
            "67.5",
            &["ha_statestream", "sensor.door_battery battery_percent=67.5"],
        ),
        (
            "homeassistant/binary_sensor/leak_battery/state",
            "on",
            &["ha_statestream", "binary_sensor.leak_battery battery_low=true"],
        ),
        ("homeassistant/sensor/leak_battery/config", "{}", &["ha_discovery"]),
        ("homeassistant/status", "online", &["ha_discovery"]),
    ]);
}

#[test]
fn zwave() {
    check(&[
        // Named topics, with and without an endpoint; numeric node ids.
        ("zwave/hall/door/door_lock/endpoint_0/currentMode", "255", &["zwave_js_ui", "hall/door lock_state=locked"]),
        ("zwave/leak/notification/Water_Alarm/Sensor_status", "2", &["zwave_js_ui", "leak leak=true"]),
        (
            "zwave/leak/notification/endpoint_1/Water_Alarm/Sensor_status",
            "0",
            &["zwave_js_ui", "leak leak=false#endpoint_1"],
        ),
        ("zwave/36/128/0/level", "64", &["zwave_js_ui", "36 battery_percent=64"]),
        ("zwave/36/112/0/128/0", "64", &["zwave_js_ui", "36"]),
        ("zwave/36/113/2/Water_Alarm/Sensor_status", "1", &["zwave_js_ui", "36 leak=true#endpoint_2"]),
        // The entire value object.
        (
            "zwave/4/49/0/Air_temperature",
            r#"{"id":"49-0-Air temperature","commandClass":49,"unit":"°F","value":68,"lastUpdate":1604044675644}"#,
            &["zwave_js_ui", "4 temperature_c=20@1604044675644"],
        ),
        ("zwave/4/status", r#"{"time":1706933300000,"value":true,"status":"Asleep"}"#, &["zwave_js_ui", "4"]),
        ("house/4/48/0/Water", r#"{"time":1706933300000,"value":true}"#, &["zwave_js_ui", "4 leak=true@1706933300000"]),
        ("zwave/4/50/0/value/196609", "1.5", &["zwave_js_ui", "4 volume_l=1500"]),
        ("zwave/4/50/0/value/65537", "1.5", &["zwave_js_ui", "4"]),
        ("zwave/4/156/0/state/5", "255", &["zwave_js_ui", "4 leak=true"]),
    ]);
}

#[test]
fn tasmota() {
    check(&[
        ("door/tele/LWT", "Online", &["tasmota", "door online=true"]),
        ("tele/zb/SENSOR", r#"{"ZbReceived":{"Bath":{"Device":"0x1","Water":1}}}"#, &["tasmota", "Bath leak=true"]),
        (
            "tele/zb/8F20/SENSOR",
            r#"{"0x8F20":{"Device":"0x8F20","Name":"Bath","Water":0,"Endpoint":1}}"#,
            &["tasmota", "Bath leak=false"],
        ),
        ("tele/d/STATE", r#"{"BatteryPercentage":60}"#, &["tasmota", "d battery_percent=60"]),
        (
            "stat/d/STATUS10",
            r#"{"StatusSNS":{"Time":"2021-06-27T15:03:44+02:00","DS18B20":{"Temperature":68.0},"TempUnit":"F"}}"#,
            &["tasmota", "d temperature_c=20@1624799024000#DS18B20"],
        ),
        (
            "stat/d/STATUS11",
            r#"{"StatusSTS":{"UptimeSec":60,"Wifi":{"RSSI":80,"Signal":-60}}}"#,
            &["tasmota", "d uptime_s=60", "d signal_dbm=-60"],
        ),
        ("tele/d/SENSOR", r#"{"ESP32":{"Temperature":52.1},"ENERGY":{"Voltage":230}}"#, &["tasmota", "d"]),
        ("tasmota/discovery/AABB/config", r#"{"t":"d"}"#, &["tasmota"]),
    ]);
}

#[test]
fn shelly() {
    check(&[
        (
            "shellies/shellyflood-1/info",
            r#"{"wifi_sta":{"rssi":-60},"flood":true,"rain_sensor":false,"bat":{"value":80,"voltage":2.9},"tmp":{"tC":999,"is_valid":false}}"#,
            &[
                "shelly_gen1",
                "shellyflood-1 leak=true",
                "shellyflood-1 battery_percent=80",
                "shellyflood-1 battery_millivolts=2900",
                "shellyflood-1 signal_dbm=-60",
            ],
        ),
        (
            "attic/status/devicepower:0",
            r#"{"battery":{"V":6,"percent":0},"external":{"present":true}}"#,
            &["shelly_gen2", "attic"],
        ),
        ("attic/online", "false", &["shelly_gen2", "attic online=false"]),
        (
            "me/rpc",
            r#"{"id":1,"src":"shellyfloodg4-1","dst":"me","result":{"flood:0":{"id":0,"alarm":true},"sys":{"uptime":5}}}"#,
            &["shelly_gen2", "shellyfloodg4-1 leak=true", "shellyfloodg4-1 uptime_s=5"],
        ),
        (
            "x/events/rpc",
            r#"{"src":"x","method":"NotifyEvent","params":{"ts":1,"events":[{"component":"flood:0","event":"alarm"}],"flood:0":{"alarm":true}}}"#,
            &["shelly_gen2", "x"],
        ),
    ]);
    let mut routes = Routes::default();
    routes.pin("flat7/#", "shelly_gen1").expect("valid");
    let pinned = |topic| said(topic, b"true", &routes);
    assert_eq!(pinned("flat7/shellyflood-1/sensor/flood"), "shelly_gen1\nshellyflood-1 leak=true");
    assert_eq!(pinned("flat7/sensor/flood"), "shelly_gen1\nflat7 leak=true");
}

#[test]
fn other_gateways() {
    check(&[
        ("homie/5/door/lock/state", "jammed", &["homie", "door lock_state=jammed"]),
        ("homie/5/door/lock/state/$target", "locked", &["homie"]),
        ("homie/door/$online", "true", &["homie", "door online=true"]),
        ("nuki/45B1C2D3/state", "7", &["nuki", "45B1C2D3 lock_state=opening"]),
        ("nukihub/opener/state", "locked", &["nuki_hub", "nukihub/opener"]),
        (
            "house/hub/lock/json",
            r#"{"lock_state":"unlatching","last_lock_action":"Lock"}"#,
            &["nuki_hub", "house/hub/lock lock_state=opening"],
        ),
        ("house/hub/lock/hastate", "unlocking", &["nuki_hub", "house/hub/lock lock_state=unlocking"]),
        (
            "nukihub/lock/battery/advancedJson",
            r#"{"batteryVoltage":5.5,"critical":false,"lowestVoltage":4.9}"#,
            &["nuki_hub", "nukihub/lock battery_millivolts=5500", "nukihub/lock battery_low=false"],
        ),
        ("rtl_433/h/devices/Acurite-Leak/A/5543/leak_detected", "1", &["rtl_433", "Acurite-Leak/A/5543 leak=true"]),
        (
            "home/omg/RTL_433toMQTT/Kerui-Security/7",
            r#"{"model":"Kerui-Security","id":7,"water":1,"rssi":-65,"time":"2024-02-03T04:05:06+0100"}"#,
            &["rtl_433", "Kerui-Security/7 leak=true@1706929506000", "Kerui-Security/7 signal_dbm=-65@1706929506000"],
        ),
        ("rtl_433/h/events", r#"{"model":"Vaillant-VRT340f","id":1,"water":"ON"}"#, &["rtl_433", "Vaillant-VRT340f/1"]),
        ("rtl_433/h/events", r#"{"model":"Neptune-R900","id":1,"leak":3,"leaknow":1}"#, &["rtl_433", "Neptune-R900/1"]),
        ("ring/l/alarm/d/lock/state", "LOCKING", &["ring_mqtt", "d lock_state=locking"]),
        ("ring/l/alarm/d/lock/command", "LOCK", &["ring_mqtt"]),
        ("smartthings/Door/lock", "unlocked with timeout", &["smartthings", "Door lock_state=unlocked"]),
        ("wyzesense2mqtt/sensor/AB/status", "offline", &["wyzesense", "AB online=false"]),
        ("home/gw/BTtoMQTT", r#"{"id":"AA","tempf":68,"unlocked":true}"#, &["theengs", "AA temperature_c=20"]),
        (
            "v1/devices/me/telemetry",
            r#"[{"ts":1735787045000,"values":{"leak":"true"}},{"ts":1735787046000,"values":{"leak":false}}]"#,
            &["thingsboard", "- leak=true@1735787045000", "- leak=false@1735787046000"],
        ),
        (
            "spBv1.0/g/DDATA/n/d",
            r#"{"metrics":[{"name":"Inputs/Water Leak","value":true}]}"#,
            &["sparkplug_b", "g/n/d leak=true"],
        ),
        ("spBv1.0/STATE/scada", r#"{"online":true}"#, &["sparkplug_b"]),
        // A device without a usable name is dropped; its neighbour is not.
        ("v1/gateway/telemetry", r#"{"":[{"leak":true}],"b":[{"leak":true}]}"#, &["thingsboard", "b leak=true"]),
        ("v1/gateway/telemetry", r#"{"":[{"leak":true}]}"#, &["invalid_device_key"]),
        ("teslamate/cars/1/battery_level", "80", &["unknown_format"]),
    ]);
}

#[test]
fn witnesses_of_a_restart_and_of_use() {
    check(&[
        // tasmota.github.io/docs/JSON-Status-Responses: version 5.12, and the answer to `Status 1` of today.
        (
            "stat/sonoff/STATUS1",
            r#"{"StatusPRM":{"GroupTopic":"sonoffs","Uptime":"1 02:33:26","Sleep":150,"BootCount":32,"SaveCount":72}}"#,
            &["tasmota", "sonoff uptime_s=95606", "sonoff boot_count=32"],
        ),
        (
            "stat/r710_1/STATUS1",
            r#"{"StatusPRM":{"RestartReason":"Software/System restart","Uptime":"0T00:03:29","BootCount":17}}"#,
            &["tasmota", "r710_1 uptime_s=209", "r710_1 boot_count=17"],
        ),
        (
            "tele/tasmota_9CF9D1/STATE",
            r#"{"Time":"2024-02-24T22:20:38","Uptime":"0T00:10:11","UptimeSec":611,"Wifi":{"RSSI":44,"Signal":-78}}"#,
            &["tasmota", "tasmota_9CF9D1 uptime_s=611", "tasmota_9CF9D1 signal_dbm=-78"],
        ),
        ("tele/d/STATE", r#"{"Uptime":"soon"}"#, &["tasmota", "d"]),
        // technyon/nuki_hub: NukiNetwork.cpp publishes whole minutes, and the strength of its own network.
        ("nukihub/maintenance/uptime", "90", &["nuki_hub", "nukihub uptime_s=5400"]),
        ("nukihub/maintenance/wifiRssi", "-61", &["nuki_hub", "nukihub signal_dbm=-61"]),
        ("nukihub/maintenance/freeHeap", "90000", &["nuki_hub"]),
        // zwave-js-ui with topics by name: a water meter's total in m³, and one of energy.
        ("zwave/cellar/water/meter/endpoint_0/value/196609", "1.5", &["zwave_js_ui", "cellar/water volume_l=1500"]),
        ("zwave/cellar/power/meter/endpoint_0/value/65537", "1.5", &["zwave_js_ui", "cellar/power"]),
        // ChirpStack and The Things Stack count a session's frames.
        (
            "application/1/device/ab/event/up",
            r#"{"fCnt":7,"fPort":1,"object":{}}"#,
            &["chirpstack", "ab message_counter=7"],
        ),
        ("v3/a/devices/d/up", r#"{"uplink_message":{"f_cnt":8}}"#, &["tts", "d message_counter=8"]),
        ("zigbee2mqtt/x", r#"{"power_outage_count":3}"#, &["zigbee2mqtt", "x boot_count=3"]),
        // Zigbee2MQTT's `uptime` is seconds, minutes or hours and `water_consumed` litres or m³, by model: no guess.
        ("zigbee2mqtt/x", r#"{"uptime":12,"water_consumed":4.2}"#, &["zigbee2mqtt", "x"]),
        (
            "shellies/shellyflood-1/info",
            r#"{"uptime":39,"flood":false}"#,
            &["shelly_gen1", "shellyflood-1 leak=false", "shellyflood-1 uptime_s=39"],
        ),
        ("shellyplus1-a/status/sys", r#"{"uptime":11,"unixtime":1}"#, &["shelly_gen2", "shellyplus1-a uptime_s=11"]),
        (
            "home/gw/SYStoMQTT",
            r#"{"uptime":155478,"rssi":-71}"#,
            &["theengs", "gw uptime_s=155478", "gw signal_dbm=-71"],
        ),
        ("homie/d/$stats/uptime", "120", &["homie", "d uptime_s=120"]),
    ]);
}
