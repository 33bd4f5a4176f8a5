// The compiled client against a real daemon, FETCHPOOLD, and an origin on the loopback.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { run } from "./dist/client.js";

const origin = createServer((request, response) => {
    if (request.url === "/hello") response.writeHead(200, { "Content-Type": "text/plain" }).end("hello");
    else response.writeHead(302, { Location: "/hello" }).end();
});
origin.listen(0, "127.0.0.1");
await once(origin, "listening");

const daemon = spawn(process.env.FETCHPOOLD, ["--listen", "127.0.0.1:0", "--set", "guard.allow=127.0.0.0/8"],
    { stdio: ["ignore", "ignore", "pipe"] });
const ended = once(daemon, "exit");
try {
    let address;
    for await (const line of createInterface({ input: daemon.stderr }))
        if ((address = /listening.*address="?([^\s"]+)/.exec(line)?.[1])) break;
    daemon.stderr.resume();
    await run(`http://${address}`, `http://127.0.0.1:${origin.address().port}`);
    console.log("the client got what its types say");
} finally {
    daemon.kill();
    await ended;
    origin.close();
    origin.closeAllConnections();
}
