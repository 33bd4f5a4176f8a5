// Every example in docs/openapi.yaml against the schema beside it.
import { document, faults, finish, part, resolve } from "./document.mjs";

const wrong = [];
let looked = 0;

function check(pointer, value, where) {
    looked++;
    wrong.push(...faults(pointer, value).map((fault) => `${where}: ${fault}`));
}

// Media types, parameters and headers have a schema and, beside it, one example or several. A media type whose values
// stand on lines has one of them as its example.
function visit(value, pointer) {
    if (typeof value !== "object" || value === null) return;
    if (value.schema && "example" in value) check(`${pointer}/schema`, value.example, `${pointer}/example`);
    if (value.schema)
        for (const [name, example] of Object.entries(value.examples ?? {}))
            check(`${pointer}/schema`, example.value, `${pointer}/examples/${name}`);
    for (const [name, child] of Object.entries(value))
        if (name !== "example" && name !== "examples") visit(child, `${pointer}/${part(name)}`);
}

// A refusal is an example of an answer, too, and says the status that it comes with.
function visitResponses(responses, pointer) {
    for (const status of Object.keys(responses)) {
        const problem = resolve(`${pointer}/${status}/content/application~1problem+json/example/status`)[1];
        if (problem !== undefined && String(problem) !== status) wrong.push(`${pointer}/${status}: the example has status ${problem}`);
    }
}

visit(document, "");
visitResponses(document["x-other-responses"], "/x-other-responses");
for (const [path, item] of Object.entries(document.paths))
    for (const [method, operation] of Object.entries(item))
        if (operation.responses) visitResponses(operation.responses, `/paths/${part(path)}/${method}/responses`);
if (looked === 0) wrong.push("there are no examples");
finish(wrong, `${looked} examples are as their schemas say`);
