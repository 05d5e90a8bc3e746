// Rebuilds src/catalogue/models.csv: locks and leak sensors as Zigbee2MQTT reports them.
//
//   npm install --prefix /tmp/zhc zigbee-herdsman-converters@26.112.0
//   node tools/catalogue.mjs ../shared/fixtures/payloads/zigbee_devices.csv \
//     /tmp/zhc/node_modules/zigbee-herdsman-converters > src/catalogue/models.csv
//
// With a third argument, a copy of Battery Notes' library.json, it writes no CSV: it lists where that library and
// src/catalogue/facts.toml disagree about a battery, and which models it knows that we do not. Facts are then taken over
// by hand, each with its source.
import fs from "node:fs";
import path from "node:path";

const [devicesFile, converters, library] = process.argv.slice(2);
if (!converters) throw new Error("usage: node tools/catalogue.mjs zigbee_devices.csv CONVERTERS [library.json]");

// Locks that tell who opened them, but not whether they are locked.
const OTHER_LOCKS = new Set(["Aqara ZNMS12LM", "JAVIS JS-SLK2-ZB"]);
// Water meters that also know a leak.
const METERS = new Set(["Slacky-DIY Watermeter_TLSR8258"]);
// Ids that many makers use, or plain words: they name no model.
const GENERIC = new Set(["water", "watersensor", "smartcode", "ford", "multisensor", "multir", "overflow", "leaksensor", "ts0601", "ts0207"]);

const plain = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");

function rows(text) {
  const [head, ...lines] = text.trim().split(/\r?\n/).map(cells);
  return lines.map((line) => Object.fromEntries(head.map((name, n) => [name, line[n]])));
}

function cells(line) {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map((m) => (m[1] ?? m[2]).replaceAll('""', '"'));
}

async function definitions() {
  const folder = path.resolve(converters, "dist/devices");
  const found = new Map();
  for (const file of fs.readdirSync(folder).filter((f) => f.endsWith(".js"))) {
    const { definitions: all = [] } = await import(path.join(folder, file));
    for (const d of all) found.set(`${d.vendor} ${d.model}`, d);
  }
  return found;
}

function kind(row) {
  const name = `${row.vendor} ${row.model}`;
  if (METERS.has(name)) return "meter";
  return row.is_lock || OTHER_LOCKS.has(name) ? "lock" : "leak_sensor";
}

// How Zigbee2MQTT comes to the percentage: from a voltage, from half percents (the Zigbee standard), or from whole ones.
function gauge(row, battery) {
  const curve = battery?.voltageToPercentage;
  if (typeof curve === "object") return `voltage ${curve.min}-${curve.max}`;
  if (row.battery_unit === "%") return battery?.dontDividePercentage ? "percent 1" : "percent 0.5";
  return row.has_battery_low ? "flag" : "";
}

function names(row, definition) {
  const ids = [...(definition?.zigbeeModel ?? []), ...(definition?.whiteLabel ?? []).map((w) => w.model)];
  const kept = ids.filter((id) => id && /^[\x20-\x7e]+$/.test(id) && !GENERIC.has(plain(id)) && plain(id) !== plain(row.model));
  return [...new Set(kept)];
}

const quoted = (cell) => (/[",]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

const known = await definitions();
const listed = rows(fs.readFileSync(devicesFile, "utf8")).filter(
  (row) => (row.is_lock || row.leak_properties || OTHER_LOCKS.has(`${row.vendor} ${row.model}`)) && / ?battery/.test(row.properties),
);
if (library) {
  compare(JSON.parse(fs.readFileSync(library, "utf8")).devices);
} else {
  console.log("maker,model,kind,names,gauge,source");
  for (const row of listed) {
    const definition = known.get(`${row.vendor} ${row.model}`);
    const source = `https://www.zigbee2mqtt.io/devices/${encodeURIComponent(row.model.replaceAll("/", "_"))}.html`;
    const reads = gauge(row, definition?.meta?.battery);
    if (!reads) continue; // it has no battery that tells of itself: a valve, a controller on mains
    const line = [row.vendor, row.model, kind(row), names(row, definition).join(";"), reads, source];
    console.log(line.map(quoted).join(","));
  }
}

function compare(devices) {
  const facts = fs.readFileSync(new URL("../src/catalogue/facts.toml", import.meta.url), "utf8");
  const ours = new Map();
  for (const family of facts.split("[[family]]").slice(1)) {
    const battery = /cells = "([^"]+)"/.exec(family)?.[1];
    const models = /models = \[([\s\S]*?)\]\n(?=\w)/.exec(family)?.[1] ?? "";
    for (const [, name] of models.matchAll(/"([^"]+)"/g)) ours.set(plain(name), battery);
  }
  for (const row of listed) {
    for (const name of [row.model, ...names(row, known.get(`${row.vendor} ${row.model}`))]) {
      if (!ours.has(plain(name))) ours.set(plain(name), ours.get(plain(row.model)));
    }
  }
  for (const d of devices) {
    const id = [d.model_id, /\(([^()]+)\)$/.exec(d.model)?.[1], d.model].filter(Boolean).map(plain).find((n) => ours.has(n));
    if (!id) continue;
    const theirs = `${d.battery_quantity ?? 1} ${d.battery_type}`;
    if (theirs !== ours.get(id)) console.log(`${d.manufacturer} ${d.model_id ?? d.model}: theirs ${theirs}, ours ${ours.get(id) ?? "none"}`);
  }
}
