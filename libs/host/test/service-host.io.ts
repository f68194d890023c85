import assert from "node:assert/strict";
import { createServer } from "node:net";
import { describe, it } from "node:test";
import { type Health, isTuttiError, type Readiness } from "@tutti/kernel";
import { latch, until } from "@tutti/kernel/testing";
import { note, noteHandlers, noteService } from "@tutti/mesh/testing";
import type { ServiceHost, ServiceModule } from "../src/index.ts";
import { fetchJson, notes, openHost, recordingRegistry, serviceOf, startHost } from "./fixture.ts";

const namesOf = (host: ServiceHost) => host.status().components.map(({ name }) => name);

describe("ServiceHost", () => {
  it("starts operations first and registers last, and stops in reverse order", async () => {
    const services = [serviceOf("desk"), serviceOf("shelf")];
    const host = await openHost({ services });
    const started: string[] = [];
    const stopped: string[] = [];
    host.on("componentStarted", ({ component }) => started.push(component));
    host.on("componentStopped", ({ component }) => stopped.push(component));
    await host.start();
    await host.stop();
    assert.deepEqual(started, [
      "telemetry",
      "configuration",
      "operations",
      "bus",
      "platform-events",
      "discovery",
      "desk",
      "shelf",
      "mesh",
      "ownership",
      "access",
      "delivery",
      "calls",
      "announcer",
    ]);
    assert.deepEqual(stopped, started.toReversed());
  });

  it("starts an outermost service when it can call the others, and drains it while it still can", async () => {
    const calls: string[] = [];
    const guest: ServiceModule = {
      ...serviceOf("guest", ({ mesh }) => ({
        start: async () => {
          const { text } = await mesh.client(noteService, { service: "desk" }).get(note());
          calls.push(`starts: ${text}`);
        },
        drain: () => void calls.push("guest drains"),
      })),
      isOutermost: true,
    };
    const desk: ServiceModule = serviceOf("desk", ({ mesh }) => {
      mesh.serve(noteService, noteHandlers({ get: () => note({ text: "desk answers" }) }), {
        service: "desk",
      });
      return { drain: () => void calls.push("desk drains") };
    });
    const host = await openHost({ services: [guest, desk] });
    const started: string[] = [];
    host.on("componentStarted", ({ component }) => started.push(component));
    await host.start();
    await host.stop();
    assert.equal(started.at(-1), "guest");
    assert.deepEqual(calls, ["starts: desk answers", "guest drains", "desk drains"]);
  });

  it("answers probes during the start: alive, not ready, and the current step", async () => {
    const gate = latch();
    const slow = serviceOf("slow", () => ({ start: () => gate.opened }));
    await using host = await openHost({ services: [slow] });
    const discoveryStarted = new Promise<void>((resolve) =>
      host.on("componentStarted", ({ component }) => component === "discovery" && resolve()),
    );
    const started = host.start();
    await discoveryStarted;
    const [liveStatus] = await fetchJson(host, "/livez");
    const [readyStatus, { problems }] = await fetchJson<Readiness>(host, "/readyz");
    gate.open();
    await started;
    const [finallyStatus] = await fetchJson(host, "/readyz");
    assert.deepEqual([liveStatus, readyStatus, finallyStatus], [200, 503, 200]);
    assert.deepEqual(problems, [{ component: "test", reason: "it is starting, just now `slow`" }]);
  });

  it("answers probes while it stops: alive and not ready", async () => {
    const gate = latch();
    const draining = latch();
    const drain = () => {
      draining.open();
      return gate.opened;
    };
    const host = await startHost({ services: [serviceOf("slow", () => ({ drain }))] });
    const stopped = host.stop();
    await draining.opened;
    const [liveStatus] = await fetchJson(host, "/livez");
    const [readyStatus, { problems }] = await fetchJson<Readiness>(host, "/readyz");
    gate.open();
    await stopped;
    assert.deepEqual([liveStatus, readyStatus], [200, 503]);
    assert.deepEqual(problems, [{ component: "test", reason: "it is draining" }]);
    assert.equal(host.url, "");
  });

  it("names the service with the unhealthy component", async () => {
    let level: Health["level"] = "unhealthy";
    const health = () => ({ level, reason: "it rains in" });
    await using host = await startHost({ services: [serviceOf("roof", () => ({ health }))] });
    const [status, { problems }] = await fetchJson<Readiness>(host, "/readyz");
    assert.equal(status, 503);
    assert.deepEqual(problems, [{ component: "test.roof", reason: "it rains in" }]);
    assert.equal(host.mesh.healthService.isServing, false);
    level = "healthy";
    await until("it is ready", async () => (await fetchJson(host, "/readyz"))[0] === 200);
    assert.equal(host.mesh.healthService.isServing, true);
  });

  it("lets two services of a process call each other without a connection", async () => {
    const store = notes("shelf", ({ text }) => note({ text: `${text} from the shelf` }));
    let answer = "";
    const desk = serviceOf("desk", ({ mesh }) => ({
      start: async () => {
        const client = mesh.client(noteService, { service: "shelf" });
        answer = (await client.get(note({ text: "a book" }))).text;
      },
    }));
    await using host = await startHost({ services: [store, desk], flags: ["--mesh.transport=in-process"] });
    assert.equal(answer, "a book from the shelf");
    assert.equal(host.mesh.address, "");
  });

  it("lets a service call another process at its configured address", async () => {
    const store = notes("shelf", ({ text }) => note({ text: `${text} from the shelf` }));
    await using one = await startHost({ services: [store] });
    const peers = `--mesh.peers=${JSON.stringify({ shelf: [one.mesh.address] })}`;
    await using other = await startHost({ flags: [peers] });
    const reply = await other.mesh.client(noteService, { service: "shelf" }).get(note({ text: "a book" }));
    assert.equal(reply.text, "a book from the shelf");
  });

  it("registers its services once all of them serve, and deregisters before anything stops", async () => {
    const calls: string[] = [];
    const services = [recordingRegistry(calls), serviceOf("quiet"), notes("desk", (request) => request)];
    const host = await openHost({ services });
    host.on("componentStarted", ({ component }) => component === "mesh" && calls.push("open"));
    host.on("componentStopped", ({ component }) => component === "mesh" && calls.push("closed"));
    await host.start();
    const { url } = host;
    await until("both registered", () => calls.filter((line) => line.startsWith("+")).length === 2);
    await host.stop();
    const address = url.slice("http://".length);
    assert.deepEqual(calls, [
      "open",
      `+registry 1.2.3 ${address}`,
      `+desk 1.2.3 ${address}`,
      "-drained",
      "-drained",
      "closed",
    ]);
  });

  it("advertises reachable addresses if its operations endpoints listen on all interfaces", async () => {
    const calls: string[] = [];
    const flags = ["--operations.host=0.0.0.0", "--mesh.advertise=desk.example:7401"];
    await using host = await startHost({ services: [recordingRegistry(calls)], flags });
    await until("a registration", () => calls.length > 0);
    const port = host.operations.address?.port;
    assert.equal(calls[0], `+registry 1.2.3 desk.example:${port}`);
    assert.equal(host.url, `http://127.0.0.1:${port}`);
  });

  it("has no connection to NATS if no service requests one", async () => {
    await using host = await startHost({ services: [serviceOf("desk")] });
    assert.equal(namesOf(host).includes("nats"), false);
  });

  it("rejects a service that requests NATS too late", async () => {
    let late: Promise<unknown> | undefined;
    const desk = serviceOf("desk", ({ nats }) => ({
      start: () => {
        late = nats();
        late.catch(() => {});
      },
    }));
    await using _host = await startHost({ services: [desk] });
    await assert.rejects(late ?? Promise.resolve(), { code: "host.nats_asked_late" });
  });

  it("fails with the error of a service that cannot be created, and leaves nothing running", async () => {
    const broken = serviceOf("broken", () => {
      throw new Error("no paper");
    });
    await assert.rejects(openHost({ services: [serviceOf("desk"), broken] }), {
      code: "host.service_not_made",
      message: /^Service broken could not be created: Error: no paper at .*service-host\.io\.ts:\d+/,
    });
  });

  it("rejects two services with the same name, and a service with the name of a host component", async () => {
    for (const names of [["desk", "desk"], ["mesh"]]) {
      await assert.rejects(openHost({ services: names.map((name) => serviceOf(name)) }), {
        code: "lifecycle.component_twice",
      });
    }
  });

  it("rolls back a failed start, frees its ports, and names the failed service", async () => {
    let address = "";
    const log: string[] = [];
    const first = serviceOf("first", () => ({ stop: () => void log.push("first stopped") }));
    const second = serviceOf("second", () => ({
      start: () => {
        address = host.url;
        throw new Error("no paper");
      },
    }));
    const host: ServiceHost = await openHost({ services: [first, second] });
    await assert.rejects(host.start(), (error) => {
      assert.ok(isTuttiError(error));
      assert.match(error.message, /^test did not start: .*`second`.*no paper/);
      return true;
    });
    assert.deepEqual(log, ["first stopped"]);
    assert.equal(host.state, "failed");
    await listenOn(Number(new URL(address).port));
  });

  it("stops during the start of a service, and frees its port", async () => {
    const entered = latch();
    const slow = serviceOf("slow", () => ({
      start: ({ signal }) => {
        entered.open();
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      },
    }));
    const host = await openHost({ services: [slow] });
    const started = host.start();
    started.catch(() => {});
    await entered.opened;
    const port = Number(new URL(host.url).port);
    await host.stop();
    assert.equal(host.state, "stopped");
    await listenOn(port);
  });

  it("reports every error in its configuration, with suggestions", async () => {
    const flags = ["--bus.transport=kafka", "--mesh.lisen=127.0.0.1:1"];
    const environment = { TUTTI_NATS_SERVER: "nats.example:4222" };
    await assert.rejects(openHost({ flags, environment }), (error) => {
      assert.ok(isTuttiError(error));
      assert.deepEqual(error.violations.map(({ message }) => message).sort(), [
        "`bus.transport` at --bus.transport: expected one of `memory`, `nats`, got `kafka`",
        "unknown key among the flags: --mesh.lisen. Did you mean `--mesh.listen`?",
        "unknown key in the environment: TUTTI_NATS_SERVER. Did you mean `TUTTI_NATS_SERVERS`?",
      ]);
      return true;
    });
  });
});

/** Resolves when the port was free. */
async function listenOn(port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, "127.0.0.1", resolve);
  });
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
