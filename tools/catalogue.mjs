// Rebuilds src/catalogue/models.csv: locks and leak sensors as Zigbee2MQTT reports them.
//
//   npm install --prefix /tmp/zhc zigbee-herdsman-converters@26.112.0
//   node tools/catalogue.mjs ../shared/fixtures/payloads/zigbee_devices.csv \
//     /tmp/zhc/node_modules/zigbee-herdsman-converters > src/catalogue/models.csv
//
// With a third argument, a copy of Battery Notes' library.json, it lists on stderr where that library and
// src/catalogue/facts.toml disagree about a battery (the facts stay), and writes src/catalogue/battery_notes.csv: the
// locks and leak sensors of the library, each under the name that it has in models.csv or facts.toml, if it has one.
import fs from "node:fs";
import path from "node:path";

const [devicesFile, converters, library] = process.argv.slice(2);
if (!converters) throw new Error("usage: node tools/catalogue.mjs zigbee_devices.csv CONVERTERS [library.json]");

// Locks that tell who opened them, but not whether they are locked.
const OTHER_LOCKS = new Set(["Aqara ZNMS12LM", "JAVIS JS-SLK2-ZB"]);
// Water meters that also know a leak.
const METERS = new Set(["Slacky-DIY Watermeter_TLSR8258"]);
// Valves, and controllers of valves, that also know a leak.
const VALVES = new Set(["CTM Lyng AX_Valve_Controller", "Ensystec Ensystec-Leak-Protect-Zigbee", "FrankEver FK-BV05", "IKEA E1842", "Sprut.device Neptun.Smart"]);
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
  if (VALVES.has(name)) return "valve";
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

// What in the library is a lock or a leak sensor: by its words, else by who makes nothing else with a battery, or almost.
const LEAKS = /leak|water ?(sensor|detect)|flood|moisturev4/i;
const LOCKS = /lock|deadbolt/i;
const LOCK_MAKERS = /^(allegion|august|danalock|id lock|kwikset|level|schlage|tedee|tt lock|u-tec|ultraloq|weiser|yale|poly-control|shenzhen kaadas|onesti)/i;
const OTHER_THINGS = /soil|rain|valve|opener|door sensor|AK-R1|MD-0|TEST|MODEL_NUMBER|doorbell|clock|block|blind/i;
// One maker under several names.
const MAKERS = [[/^august home.*/i, "August"], [/^ikea.*/i, "IKEA"], [/^fibargroup/i, "Fibaro"], [/^yale home.*/i, "Yale"], [/^level home/i, "Level"],
  [/^switchbot/i, "SwitchBot"], [/^shenzhen kaadas.*/i, "Kaadas"], [/^tuya/i, "Tuya"], [/^eufy.*/i, "Eufy"], [/^nuki.*/i, "Nuki"]];
const OTHER_LOCK_MODELS = new Set(["WyzeLabs YD.LO1", "Eufy Security T8506"]);
const SIZES = { CR123: "CR123A", "9v": "9V", Rechargeable: "battery pack", "Nuki Battery Pack": "battery pack" };
const SIZE = /^(AA|AAA|C|D|9V|CR2|CR123A|CR1632|CR2032|CR2450|CR2477|ER14250|ER14505|battery pack)$/;

function libraryKind(d, known) {
  if (OTHER_THINGS.test(d.model) || /solar/i.test(d.battery_type)) return undefined;
  if (known) return known.kind;
  if (LEAKS.test(d.model)) return "leak_sensor";
  return LOCKS.test(d.model) || LOCK_MAKERS.test(d.manufacturer) || OTHER_LOCK_MODELS.has(`${d.manufacturer} ${d.model}`) ? "lock" : undefined;
}

// Models by each of their names, as models.csv and facts.toml have them.
function knownModels() {
  const read = (file) => fs.readFileSync(new URL(`../src/catalogue/${file}`, import.meta.url), "utf8");
  const known = new Map();
  const add = (name, model) => known.set(plain(name), known.has(plain(name)) && known.get(plain(name)).model !== model.model ? null : model);
  for (const row of rows(read("models.csv"))) {
    for (const name of [row.model, ...row.names.split(";")].filter((n) => plain(n).length > 3)) add(name, row);
    add(row.maker + row.model, row);
  }
  for (const family of read("facts.toml").split("[[family]]").slice(1)) {
    const word = (key) => new RegExp(`${key} = "([^"]+)"`).exec(family)?.[1];
    const models = /models = \[([\s\S]*?)\]\n(?=\w|$|\n)/.exec(family)?.[1] ?? "";
    for (const [, list] of models.matchAll(/\[([^\]]*)\]?/g)) {
      const all = [...list.matchAll(/"([^"]+)"/g)].map((m) => m[1]);
      const model = { maker: word("maker"), model: all[0], kind: word("kind"), cells: word("cells") };
      for (const name of all) {
        known.set(plain(model.maker + name), model);
        if (/\d/.test(name) && plain(name).length > 3) known.set(plain(name), model);
      }
    }
  }
  return known;
}

function fromLibrary(devices) {
  const known = knownModels();
  const taken = new Map();
  for (const d of devices) {
    const code = (id) => /[a-z]/i.test(id ?? "") && /\d/.test(id) && id;
    const maker = MAKERS.reduce((name, [pattern, better]) => name.replace(pattern, better), d.manufacturer);
    const ids = [code(d.model_id), code(/\(([^()]+)\)$/.exec(d.model)?.[1]), d.model].filter(Boolean);
    const words = d.model.split(/[\s/]+/).filter((word) => plain(word).length > 4 && /\d/.test(word));
    const match = [...ids, maker + d.model, ...words].map(plain).map((id) => known.get(id)).find(Boolean);
    const kind = libraryKind(d, match);
    const type = SIZES[d.battery_type] ?? d.battery_type;
    if (!kind || !["lock", "leak_sensor"].includes(kind) || !SIZE.test(type)) continue;
    const cells = `${d.battery_quantity ?? 1} ${type}`.replace("1 battery pack", "battery pack");
    if (match?.cells && match.cells !== cells) console.error(`${d.manufacturer} ${d.model}: theirs ${cells}, ours ${match.cells}`);
    const model = match ?? { maker, model: ids[0], kind };
    const key = plain(model.maker + model.model);
    const row = taken.get(key) ?? { ...model, kind, names: new Set(), all: new Set() };
    row.all.add(cells);
    for (const name of ids) if (plain(name) !== plain(model.model) && !GENERIC.has(plain(name)) && /^[\x20-\x7e]+$/.test(name) && !/[;()]/.test(name)) row.names.add(name);
    taken.set(key, row);
  }
  console.log("maker,model,kind,names,cells");
  for (const row of taken.values()) {
    const cells = row.all.size === 1 ? [...row.all][0] : ""; // its versions differ
    if (!cells) continue;
    console.log([row.maker, row.model, row.kind, [...row.names].join(";"), cells].map(quoted).join(","));
  }
}

const known = await definitions();
const listed = rows(fs.readFileSync(devicesFile, "utf8")).filter(
  (row) => row.is_lock || row.leak_properties || OTHER_LOCKS.has(`${row.vendor} ${row.model}`),
);
if (library) {
  fromLibrary(JSON.parse(fs.readFileSync(library, "utf8")).devices);
} else {
  console.log("maker,model,kind,names,gauge,source");
  for (const row of listed) {
    const definition = known.get(`${row.vendor} ${row.model}`);
    const source = `https://www.zigbee2mqtt.io/devices/${encodeURIComponent(row.model.replaceAll("/", "_"))}.html`;
    const reads = gauge(row, definition?.meta?.battery);
    // Without a gauge it has no battery that tells of itself: a valve, a controller on mains.
    const line = [row.vendor, row.model, kind(row), names(row, definition).join(";"), reads, source];
    console.log(line.map(quoted).join(","));
  }
}
