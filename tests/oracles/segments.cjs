// Twilio's own calculator: a JSON list of texts on stdin, a JSON list of their parts on stdout.
const { SegmentedMessage } = require(`${process.env.NIGHTPORTER_NODE_MODULES}/sms-segments-calculator`);
const texts = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(texts.map((text) => new SegmentedMessage(text).segmentsCount)));
