// What clients of the end-to-end tests were answered, against docs/openapi.yaml: paths, methods, statuses, headers,
// media types and bodies; and what they asked when that was taken. The files in the folder are written by
// tests/e2e/rig/record.py. Archives that the command line wrote are held against HAR's schema. With "whole" all tests have run: then each answer that is documented must have been seen.
import { readFileSync, readdirSync } from "node:fs";
import { faultsOfArchive } from "./archive.mjs";
import { document, faults, finish, operations, part, resolve } from "./document.mjs";

// Headers that any answer may have: HTTP's own, and those for browsers.
const GENERAL = ["connection", "content-length", "content-type", "date", "transfer-encoding", "cache-control", "vary",
    "x-content-type-options", "access-control-allow-origin", "access-control-expose-headers",
    "access-control-allow-methods", "access-control-allow-headers", "access-control-max-age"];
const PROBLEM = "application/problem+json";
const ARCHIVE = "application/har+json";

const wrong = new Map(); // what, and how often
const seen = new Set(); // operation and status
const details = new Set(); // of refusals, with their status

const value = (pointer) => resolve(pointer)[1];
const mediaType = (text) => (text ?? "").split(";")[0].trim().toLowerCase();
const withoutNumbers = (text) => text.replace(/[0-9.]+/g, "0");

function fault(entry, text) {
    const what = `${entry.method} ${entry.target.slice(0, 100)} ${entry.status}: ${text}`.slice(0, 600);
    wrong.set(what, (wrong.get(what) ?? 0) + 1);
}

function fits(pattern, path) {
    const parts = pattern.split("/");
    const given = path.split("/");
    return parts.length === given.length && parts.every((one, i) => one === given[i] || (one.startsWith("{") && given[i] !== ""));
}

function findOperation(entry, path) {
    const method = entry.method === "HEAD" ? "GET" : entry.method;
    return operations.find((one) => one.method === method && fits(one.path, path));
}

// ---- bodies ----

function parse(entry, text) {
    try {
        return JSON.parse(text);
    } catch (error) {
        fault(entry, `not JSON: ${error.message}`);
    }
}

function checkBody(entry, pointer, type, text) {
    const schema = `${pointer}/content/${part(type)}/schema`;
    if (!value(schema)) return fault(entry, `${pointer} has no ${type || "body without a media type"}`);
    const lines = /ndjson$|jsonl$/.test(type) ? text.split("\n").filter((line) => line.trim()) : [text];
    for (const line of lines) {
        const body = /json/.test(type) ? parse(entry, line) : line;
        if (body === undefined) continue;
        for (const text of faults(schema, body)) fault(entry, text);
        if (type === PROBLEM) checkProblem(entry, body);
        if (type === ARCHIVE) for (const text of faultsOfArchive(body)) fault(entry, text);
    }
}

function checkProblem(entry, problem) {
    if (problem.status !== entry.status) fault(entry, `the problem has status ${problem.status}`);
    details.add(`${entry.status} ${withoutNumbers(problem.detail)}`);
}

// ---- answers ----

function checkHeaders(entry, pointer) {
    const documented = value(`${pointer}/headers`) ?? {};
    const given = new Map(entry.headers.map(([name, text]) => [name.toLowerCase(), text]));
    for (const name of Object.keys(documented)) {
        const text = given.get(name.toLowerCase());
        given.delete(name.toLowerCase());
        if (text !== undefined) for (const one of faults(`${pointer}/headers/${part(name)}/schema`, text)) fault(entry, `${name}: ${one}`);
        else if (value(`${pointer}/headers/${part(name)}`).required) fault(entry, `there is no ${name}`);
    }
    for (const name of given.keys()) if (!GENERAL.includes(name)) fault(entry, `${name} is not documented`);
}

function checkAnswer(entry, operation) {
    const responses = operation && entry.status !== 505 ? `${operation.pointer}/responses` : "/x-other-responses";
    const pointer = `${responses}/${entry.status}`;
    if (!value(pointer)) return fault(entry, `${responses} has no such status`);
    seen.add(pointer);
    checkHeaders(entry, pointer);
    const type = mediaType(entry.headers.find(([name]) => name.toLowerCase() === "content-type")?.[1]);
    if (entry.method !== "HEAD" && (value(`${pointer}/content`) || entry.answer)) checkBody(entry, pointer, type, entry.answer);
}

// ---- requests that were taken ----

// A text as the type of its schema has it; one that cannot be stays a text.
function typed(schema, text) {
    const { type } = value(schema);
    if (type === "array") return text.split(",");
    if (type === "boolean") return text === "true" || (text === "false" ? false : text);
    if (type === "integer" || type === "number") return Number(text);
    return text;
}

// Only where there are parameters: who has none does not look at the query.
function checkQuery(entry, operation, query) {
    const lists = [`${operation.pointer}/parameters`, `${operation.pointer.slice(0, operation.pointer.lastIndexOf("/"))}/parameters`];
    const known = new Map(lists.flatMap((list) => (value(list) ?? []).map((_, i) => [value(`${list}/${i}`).name, `${list}/${i}/schema`])));
    for (const [name, text] of known.size ? new URLSearchParams(query) : []) {
        if (!known.has(name)) fault(entry, `?${name} is not documented`);
        else for (const one of faults(known.get(name), typed(known.get(name), text))) fault(entry, `?${name}: ${one}`);
    }
}

function checkRequest(entry, operation, query) {
    checkQuery(entry, operation, query);
    if (value(`${operation.pointer}/requestBody`)) checkBody(entry, `${operation.pointer}/requestBody`, mediaType(entry.type), entry.body);
}

// ---- all of them ----

function checkArchive(text) {
    const entry = { method: "fetchpool", target: "-o", status: "har" };
    const archive = parse(entry, text);
    for (const one of archive ? faultsOfArchive(archive) : []) fault(entry, one);
}

function checkEntry(entry) {
    if (entry.archive !== undefined) return checkArchive(entry.archive);
    const [path, query] = entry.target.split(/\?(.*)/s);
    const operation = findOperation(entry, path);
    checkAnswer(entry, operation);
    if (operation && entry.status < 300) checkRequest(entry, operation, query ?? "");
}

/** What is documented and was never seen: answers, and the texts of refusals that stand as examples. */
function unseen() {
    const lists = operations.map((one) => `${one.pointer}/responses`).concat("/x-other-responses");
    const pointers = lists.flatMap((list) => Object.keys(value(list)).map((status) => `${list}/${status}`));
    const examples = pointers.map((pointer) => value(`${pointer}/content/${part(PROBLEM)}/example`)).filter(Boolean);
    const texts = new Set(examples.map((one) => `${one.status} ${withoutNumbers(one.detail)}`));
    return [...pointers.filter((pointer) => !seen.has(pointer)).map((pointer) => `${pointer}: no test was answered so`),
        ...[...texts].filter((text) => !details.has(text)).map((text) => `${text}: no test was refused in these words`)];
}

const [folder, whole] = process.argv.slice(2);
let count = 0;
for (const name of readdirSync(folder))
    for (const line of readFileSync(`${folder}/${name}`, "utf8").split("\n").filter(Boolean)) {
        checkEntry(JSON.parse(line));
        count++;
    }
const found = [...wrong].map(([what, times]) => `${times} x ${what}`);
if (whole === "whole") found.push(...unseen());
if (count === 0) found.push("there are no answers");
finish(found, `${count} answers are as the document says; ${seen.size} of its answers were seen`);
