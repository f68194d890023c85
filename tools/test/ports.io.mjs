import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { PortsTaken, withPorts } from "../ports.mjs";

const ports = new URL("../ports.mjs", import.meta.url).href;
const servers = [];
const taken = async () => {
  const server = createServer().listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  return server.address().port;
};
after(() => {
  for (const server of servers) server.close();
});

describe("the ports of npm start", () => {
  it("names all ports that are taken, and a free pair", async () => {
    const [http, mesh] = [await taken(), await taken()];
    const words = [`--operations.port=${http}`, `--mesh.listen=127.0.0.1:${mesh}`];
    await assert.rejects(withPorts(words, {}), (error) => {
      assert.ok(error instanceof PortsTaken);
      assert.match(
        error.message,
        new RegExp(`^ports ${http} \\(dashboard and CLI\\) and ${mesh} \\(gRPC\\) in use`),
      );
      assert.match(
        error.message,
        /npm start -- --port \d+, or let the start choose: npm start -- --port auto$/,
      );
      return true;
    });
    const one = { TUTTI_OPERATIONS_PORT: "0", TUTTI_MESH_LISTEN: `127.0.0.1:${mesh}` };
    await assert.rejects(withPorts([], one), new RegExp(`^Error: port ${mesh} \\(gRPC\\) in use`));
  });

  it("takes the ports of the last start in the folder, unless a setting has others", async () => {
    const [folder, before] = [mkdtempSync(join(tmpdir(), "ports-")), process.cwd()];
    try {
      process.chdir(folder);
      mkdirSync(".tutti");
      writeFileSync(".tutti/lock.json", '{"url": "http://127.0.0.1:27410", "isLeaving": true}');
      const last = ["--operations.port=27410", "--mesh.listen=127.0.0.1:27411"];
      assert.deepEqual(await withPorts(["--paused"], {}), ["--paused", ...last]);
      const given = ["--operations.port=27420"];
      assert.deepEqual(await withPorts(given, { TUTTI_MESH_LISTEN: "127.0.0.1:27421" }), given);
      writeFileSync("tutti.yaml", "");
      assert.deepEqual(await withPorts([], {}), []);
    } finally {
      process.chdir(before);
      rmSync(folder, { recursive: true });
    }
  });

  it("takes a free pair with --port auto, and N and N + 1 with --port N", async () => {
    const [http = "", mesh = ""] = await withPorts(["--port", "auto"], {});
    const [, port] = /^--operations\.port=(\d+)$/.exec(http) ?? [];
    assert.equal(mesh, `--mesh.listen=127.0.0.1:${Number(port) + 1}`);
    assert.deepEqual(await withPorts(["--empty", `--port=${port}`], {}), ["--empty", http, mesh]);
    await assert.rejects(
      withPorts(["--port", "many"], {}),
      /expected auto or a number from 1 to 65534, got `many`/,
    );
  });

  it("chooses different pairs in processes that start at the same moment", async () => {
    const script = `const { withPorts } = await import(${JSON.stringify(ports)});
      const [first] = await withPorts(["--port", "auto"], {});
      const [again] = await withPorts(["--port", "auto"], {});
      console.log(first === again ? first : "moved from " + first);
      process.stdin.resume();`;
    const starts = Array.from({ length: 4 }, () =>
      spawn(process.execPath, ["--input-type=module", "--eval", script], {
        stdio: ["pipe", "pipe", "inherit"],
      }),
    );
    const chosen = await Promise.all(
      starts.map(async ({ stdout }) => String((await once(stdout, "data"))[0])),
    );
    for (const start of starts) start.stdin.end();
    await Promise.all(starts.map((start) => once(start, "exit")));
    assert.equal(new Set(chosen).size, starts.length, chosen.join());
    assert.doesNotMatch(chosen.join(), /moved/);
  });

  it("leaves ports alone that the system chooses", async () => {
    const words = ["--operations.port=0", "--mesh.listen=127.0.0.1:0"];
    assert.deepEqual(await withPorts(words, {}), words);
  });

  it("names a platform of the folder only while it lives and has the port", async () => {
    const [http, mesh] = [await taken(), await taken()];
    const before = process.cwd();
    const folder = mkdtempSync(join(tmpdir(), "tutti-ports-"));
    process.chdir(folder);
    mkdirSync(".tutti");
    const started = (port, pid) => {
      writeFileSync(".tutti/lock.json", JSON.stringify({ pid, url: `http://127.0.0.1:${port}` }));
      return withPorts([`--operations.port=${port}`, `--mesh.listen=127.0.0.1:${mesh}`], {});
    };
    try {
      await assert.rejects(started(http, process.pid), /^Error: Tutti already runs in this folder: process /);
      const killed = 2 ** 30;
      await assert.rejects(started(http, killed), /^Error: ports \d+ .* in use by another process/);
      const [free] = await withPorts(["--port", "auto"], {});
      const port = free.split("=")[1];
      await assert.rejects(started(port, process.pid), /^Error: port \d+ \(gRPC\) in use by another process/);
    } finally {
      process.chdir(before);
      rmSync(folder, { recursive: true });
    }
  });
});
