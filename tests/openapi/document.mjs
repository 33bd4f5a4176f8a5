// docs/openapi.yaml, and what of it decides whether a value is as it says.
import { readFileSync } from "node:fs";
import { parseYaml } from "@redocly/openapi-core";
import Ajv from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

export const document = parseYaml(readFileSync(process.env.OPENAPI, "utf8"));

const ajv = new Ajv({ strict: false, allErrors: true });
addFormats(ajv);
ajv.addSchema(document, "openapi");

/** A part of a JSON pointer. */
export const part = (text) => String(text).replaceAll("~", "~0").replaceAll("/", "~1");

/** Follows each $ref on the way: [pointer, value] of what is really there. */
export function resolve(pointer) {
    const names = pointer.split("/").slice(1);
    let value = document;
    for (let i = 0; i < names.length; i++) {
        value = value?.[names[i].replaceAll("~1", "/").replaceAll("~0", "~")];
        if (value?.$ref) return resolve([value.$ref.slice(1), ...names.slice(i + 1)].join("/"));
    }
    return [pointer, value];
}

/** What is wrong with the value by the schema at the pointer, as lines of text; none when it is right. */
export function faults(pointer, value) {
    const [place, schema] = resolve(pointer);
    const validate = schema && ajv.getSchema(`openapi#${encodeURI(place)}`);
    if (!validate) return [`there is no schema at ${pointer}`];
    if (validate(value)) return [];
    return validate.errors.map((error) => `${error.instancePath || "(whole)"} ${error.message} ${JSON.stringify(error.params)}`);
}

const METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/** All operations: {method, path, pointer}. */
export const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.keys(item)
        .filter((method) => METHODS.includes(method))
        .map((method) => ({ method: method.toUpperCase(), path, pointer: `/paths/${part(path)}/${method}` })));

/** Ends the process: with what is wrong, or with one line that says what was looked at. */
export function finish(wrong, text) {
    for (const line of wrong) console.log(line);
    console.log(wrong.length ? `${wrong.length} wrong` : text);
    process.exit(wrong.length ? 1 : 0);
}
