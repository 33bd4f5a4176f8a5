// A client whose types are generated from docs/openapi.yaml, as a user would write one. It has to compile, lines that
// are marked as errors have to be errors, and what it is answered has to be what its types say.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

type Result = components["schemas"]["Result"];

function must(condition: unknown, text: string): asserts condition {
    if (!condition) throw new Error(text);
}

const describe = (result: Result): string =>
    "error_code" in result ? `failed: ${result.error_code}` : `answered: ${result.status}, ${result.size} bytes`;

export async function run(daemon: string, origin: string): Promise<void> {
    const client = createClient<paths, "application/json" | "application/problem+json">({ baseUrl: daemon });

    const list = await client.POST("/fetch", { body: [`${origin}/hello`, "ftp://nowhere.invalid/"] });
    must(list.data && !list.error, "a list is taken");
    must(list.data.map(describe).join() === "answered: 200, 5 bytes,failed: unsupported_scheme", JSON.stringify(list.data));

    const full = await client.POST("/fetch", {
        params: { query: { max_concurrent: 2, include: ["headers"] } },
        body: {
            urls: [{ url: `${origin}/moved`, id: "m", include: ["body", "headers", "redirects", "timings", "connection"] }],
            timeout: 5,
        },
    });
    const [moved] = full.data ?? [];
    must(moved && !("error_code" in moved), JSON.stringify(full.error ?? moved));
    must(moved.body === "hello" && moved.body_encoding === "utf-8", "the body is there");
    must(moved.redirects?.[0]?.status === 302 && moved.final_url === `${origin}/hello`, "so is the way to it");
    must(moved.headers?.["content-type"]?.[0] === "text/plain", "and its header");
    must(moved.id === "m" && moved.connection?.remote_port && moved.timings?.total, "and the rest");

    // @ts-expect-error a time is a number
    const refused = await client.POST("/fetch", { body: { urls: [], timeout: "5" } });
    must(refused.response.status === 422 && refused.error?.status === 422, "what is wrong is refused");
    must("errors" in refused.error && refused.error.errors?.[0]?.pointer === "/timeout", "with a pointer at it");

    const changed = await client.PATCH("/hosts/{host}", {
        params: { path: { host: "example.com" } },
        body: { pause: 60, max_concurrent: null },
    });
    must(changed.data?.paused && typeof changed.data.paused_until === "string", "a host is paused");

    const nowhere = await client.GET("/hosts/{host}", { params: { path: { host: "not a host" } } });
    must(nowhere.response.status === 404 && nowhere.error, "what is no host is not found");

    // @ts-expect-error a delay is a number
    const wrong: components["schemas"]["HostChange"] = { paused: true, delay: "a second" };
    must((await client.PATCH("/hosts/{host}", { params: { path: { host: "a" } }, body: wrong })).response.status === 422, "nor is that taken");

    const drill = await client.POST("/drill", { body: { tasks: [[0, "A"], [0, "B"]], mode: "sequential" } });
    must(drill.data?.results.join() === "A,B", "a drill returns its labels");

    const [version, pressure, ready] = [await client.GET("/version"), await client.GET("/pressure"), await client.GET("/readyz")];
    must(version.data?.name === "fetchpool" && ready.data?.status === "ready", "it says what it is, and how it fares");
    must(pressure.data && pressure.data.max_running > 0 && pressure.data.connections.opened > 0, "and how busy it is");
}
