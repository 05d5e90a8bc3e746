// Twilio's own Node library: a JSON list of [token, address, [[name, value] …]] on stdin, a JSON list of signatures on stdout.
const { getExpectedTwilioSignature } = require(`${process.env.NIGHTPORTER_NODE_MODULES}/twilio/lib/webhooks/webhooks`);
const cases = JSON.parse(require("fs").readFileSync(0, "utf8"));
const signed = cases.map(([token, url, pairs]) => {
  const fields = Object.create(null);
  for (const [name, value] of pairs) (fields[name] ??= []).push(value);
  return getExpectedTwilioSignature(token, url, fields);
});
console.log(JSON.stringify(signed));
