// docs/openapi.yaml by the recommended rules of Redocly's linter, all of them as errors.
import { createConfig, formatProblems, lint } from "@redocly/openapi-core";

const config = await createConfig({ extends: ["recommended-strict"] });
const problems = await lint({ ref: process.env.OPENAPI, config });
formatProblems(problems, { totals: { errors: problems.length, warnings: 0, ignored: 0 }, version: "", format: "codeframe" });
console.log(`${problems.length} problems`);
process.exit(problems.length ? 1 : 0);
