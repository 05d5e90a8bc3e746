"""Home Assistant's own code: a JSON list of [prefix, topic, discovery payload, state payload] on stdin, a JSON list of what it
makes of each on stdout: {"component", "dropped", "state", "warnings"}, or {"error"}. `dropped` are keys that its schema does not
know, `warnings` what it would write into its log."""

import asyncio
import json
import logging
import sys
import tempfile
import warnings
from datetime import datetime, timezone

warnings.simplefilter("ignore")

from homeassistant.components.mqtt import binary_sensor, sensor
from homeassistant.components.mqtt.discovery import MQTT_ORIGIN_INFO_SCHEMA, TOPIC_MATCHER
from homeassistant.components.mqtt.models import MqttData, ReceiveMessage
from homeassistant.core import HomeAssistant

ENTITIES = {
    "binary_sensor": (binary_sensor.DISCOVERY_SCHEMA, binary_sensor.MqttBinarySensor),
    "sensor": (sensor.DISCOVERY_SCHEMA, sensor.MqttSensor),
}


class Warnings(logging.Handler):
    """Collects what is logged."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.said = []

    def emit(self, record):
        self.said.append(record.getMessage())


def unknown(said, kept, path=""):
    """Keys of what was said that the schema has not kept, at any depth."""
    for key, value in said.items():
        if key not in kept:
            yield path + key
        elif isinstance(value, dict):
            yield from unknown(value, kept[key], f"{path}{key}.")


def judged(hass, warnings, prefix, topic, payload, state):
    warnings.said = []
    match = TOPIC_MATCHER.fullmatch(topic.removeprefix(prefix + "/"))
    component = match["component"]
    schema, entity_class = ENTITIES[component]
    said = json.loads(payload)
    MQTT_ORIGIN_INFO_SCHEMA(said["origin"])
    config = schema(json.loads(payload))
    dropped = list(unknown(said, config))
    entity = entity_class(hass, config, None, None)
    entity.hass, entity.entity_id, entity.platform = hass, f"{component}.x", None
    entity.async_write_ha_state = lambda: None
    entity._prepare_subscribe_topics()
    heard = ReceiveMessage(config["state_topic"], state, 0, True, config["state_topic"], datetime.now(timezone.utc))
    entity._sub_state["state_topic"].message_callback(heard)
    state = entity.state
    return {"component": component, "dropped": dropped, "state": state, "warnings": warnings.said}


async def main():
    hass = HomeAssistant(tempfile.mkdtemp())
    hass.data["mqtt"] = MqttData(client=None, config=[])
    log = Warnings()
    logging.getLogger().addHandler(log)
    answers = []
    for case in json.load(sys.stdin):
        try:
            answers.append(judged(hass, log, *case))
        except Exception as error:  # whatever it says is the answer
            answers.append({"error": f"{type(error).__name__}: {error}"})
    print(json.dumps(answers))


asyncio.run(main())
