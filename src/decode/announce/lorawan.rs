//! The envelopes of LoRaWAN network servers: ChirpStack 3 and 4, The Things Stack, ThingPark. Every gateway in reach hears a device,
//! so none of them is "its" gateway, and none is told here.

use serde_json::Value;

use super::super::thingpark::event as thingpark_event;
use super::super::{Decoded, Message};
use super::{contradiction, owned, speakers, text, tree};
use crate::model::{Announcement, PowerSource, hardware_id};

/// The topic names the DevEUI, and so does the envelope.
pub(super) fn chirpstack(message: &Message, decoded: &Decoded) -> Vec<Announcement> {
    if decoded.devices.is_empty() || message.topic.ends_with("/state/conn") {
        return Vec::new();
    }
    let Some(event) = tree(message) else { return Vec::new() };
    let said = |a: Announcement| {
        let own = text(&event, "/deviceInfo/devEui").or_else(|| text(&event, "/devEUI"));
        let own = own.filter(|eui| is_eui(eui)).and_then(hardware_id);
        let key = hardware_id(a.device_key.as_str()).filter(|key| is_eui(key));
        Announcement {
            contradiction: contradiction(key.as_deref(), own.as_deref()),
            model: owned(&event, "/deviceInfo/deviceProfileName").or_else(|| owned(&event, "/deviceProfileName")),
            power: power(&event),
            ..a
        }
    };
    speakers(decoded).map(said).collect()
}

/// Sixteen hexadecimal digits. Version 3 may write it in base64, which is not compared.
fn is_eui(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// What the answer to a DevStatusReq says of the supply.
fn power(event: &Value) -> Option<PowerSource> {
    match event.get("externalPowerSource")?.as_bool()? {
        true => Some(PowerSource::External),
        false => event.get("batteryLevel").map(|_| PowerSource::Battery),
    }
}

/// The topic names the device by its id in the application, and so does the envelope; the key is the DevEUI.
pub(super) fn tts(message: &Message, decoded: &Decoded) -> Vec<Announcement> {
    if decoded.devices.is_empty() {
        return Vec::new();
    }
    let topic_id = message.topic.split_once("/devices/").and_then(|(_, rest)| rest.split('/').next());
    let Some(body) = tree(message) else { return Vec::new() };
    let said = |a| Announcement {
        contradiction: contradiction(topic_id, text(&body, "/end_device_ids/device_id")),
        maker: owned(&body, "/uplink_message/version_ids/brand_id"),
        model: owned(&body, "/uplink_message/version_ids/model_id"),
        ..a
    };
    speakers(decoded).map(said).collect()
}

/// The envelope names the device, and so may a level of the topic; the driver is named after maker and model.
pub(super) fn thingpark(message: &Message, decoded: &Decoded) -> Vec<Announcement> {
    let topic_id = message.topic.split('/').find(|level| is_eui(level)).and_then(hardware_id);
    let body = tree(message);
    let Some(event) = body.as_ref().and_then(thingpark_event) else { return Vec::new() };
    let said = |a: Announcement| Announcement {
        contradiction: contradiction(topic_id.as_deref(), hardware_id(a.device_key.as_str()).as_deref()),
        maker: owned(event, "/DriverCfg/mod/pId"),
        model: owned(event, "/DriverCfg/mod/mId"),
        ..a
    };
    speakers(decoded).map(said).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::told;
    use super::*;

    #[test]
    fn chirpstack_tells_the_profile_and_whom_it_speaks_for() {
        let v4 = r#"{"deviceInfo":{"devEui":"24e124004bb12cb9","deviceProfileName":"Milesight EM300"},"object":{"battery":92}}"#;
        let four = told("application/1/device/24e124004bb12cb9/event/up", v4);
        assert_eq!((four[0].model.as_deref(), &four[0].contradiction), (Some("Milesight EM300"), &None));
        let v3 = r#"{"devEUI":"JOEkAEuxLLk=","deviceProfileName":"EM300","objectJSON":"{}"}"#;
        let three = told("application/1/device/24e124004bb12cb9/event/up", v3);
        assert_eq!((three[0].model.as_deref(), &three[0].contradiction), (Some("EM300"), &None));
        assert!(told("application/1/device/24e124004bb12cb0/event/up", v4)[0].contradiction.is_some());
        let status = r#"{"deviceInfo":{"devEui":"24e124004bb12cb9"},"externalPowerSource":true,"batteryLevel":0}"#;
        assert_eq!(
            told("application/1/device/24e124004bb12cb9/event/status", status)[0].power,
            Some(PowerSource::External)
        );
    }

    #[test]
    fn the_things_stack_tells_brand_and_model() {
        let up = r#"{"end_device_ids":{"device_id":"sink-1","dev_eui":"70B3D500210658C6"},
            "uplink_message":{"decoded_payload":{},"version_ids":{"brand_id":"milesight-iot","model_id":"ws303"}}}"#;
        let own = told("v3/apartments@ttn/devices/sink-1/up", up);
        assert_eq!((own[0].maker.as_deref(), own[0].model.as_deref()), (Some("milesight-iot"), Some("ws303")));
        assert_eq!((own[0].device_key.as_str(), &own[0].contradiction), ("70B3D500210658C6", &None));
        assert!(told("v3/apartments@ttn/devices/sink-2/up", up)[0].contradiction.is_some());
    }

    #[test]
    fn thingpark_tells_the_driver_and_whom_it_speaks_for() {
        let up = r#"{"DevEUI_uplink":{"DevEUI":"0018B20000000BEE","FCntUp":3,
            "DriverCfg":{"mod":{"pId":"adeunis","mId":"field-test","ver":"1"}}}}"#;
        let own = told("mqtt/things/0018B20000000BEE/uplink", up);
        assert_eq!((own[0].maker.as_deref(), own[0].model.as_deref()), (Some("adeunis"), Some("field-test")));
        assert_eq!((own[0].device_key.as_str(), &own[0].contradiction), ("0018B20000000BEE", &None));
        assert_eq!(told("oak/uplinks", up)[0].contradiction, None);
        assert!(told("mqtt/things/0018b20000000bef/uplink", up)[0].contradiction.is_some());
    }
}
