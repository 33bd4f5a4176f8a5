// HTTP Archives against the schema of HAR 1.2 that viewers and validators share.
import Ajv from "ajv";
import addFormats from "ajv-formats";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const schemas = require("har-schema");

const ajv = new Ajv({ strict: false, allErrors: true });
ajv.addMetaSchema(require("ajv/dist/refs/json-schema-draft-06.json"));
addFormats(ajv);
for (const schema of Object.values(schemas)) ajv.addSchema(schema);
const validate = ajv.getSchema("har.json");

// An entry's time is the sum of its parts; TLS is a part of connecting.
function faultsOfTime({ time, timings }, i) {
    const spent = ["blocked", "dns", "connect", "send", "wait", "receive"].map((name) => Math.max(timings[name] ?? -1, 0));
    const sum = spent.reduce((all, one) => all + one, 0);
    if (Math.abs(sum - time) > 0.01) return [`entry ${i}: its parts take ${sum} ms, and all ${time} ms`];
    return (timings.ssl ?? -1) > (timings.connect ?? -1) ? [`entry ${i}: TLS takes longer than connecting`] : [];
}

/** What is wrong with an archive, as lines of text; none when it is right. */
export function faultsOfArchive(archive) {
    if (validate(archive)) return archive.log.entries.flatMap(faultsOfTime);
    return validate.errors.map((error) => `HAR 1.2: ${error.instancePath} ${error.message}`);
}
