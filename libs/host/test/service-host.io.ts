import assert from "node:assert/strict";
import { createServer } from "node:net";
import { describe, it } from "node:test";
import { type Health, isTuttiError, type Readiness } from "@tutti/kernel";
import { latch, until } from "@tutti/kernel/testing";
import { note, noteHandlers, noteService } from "@tutti/mesh/testing";
import type { ServiceHost, ServiceModule } from "../src/index.ts";
import { ask, notes, openHost, registryThatNotes, serviceOf, startHost } from "./fixture.ts";

const namesOf = (host: ServiceHost) => host.status().components.map(({ name }) => name);

describe("ServiceHost", () => {
  it("starts operations first and tells the registry last, and stops in reverse", async () => {
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

  it("starts what uses it as outsiders do when it can be called, and drains that while it still can", async () => {
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

  it("answers probes while it starts: alive, not ready, and what it is at", async () => {
    const doors = latch();
    const slow = serviceOf("slow", () => ({ start: () => doors.opened }));
    await using host = await openHost({ services: [slow] });
    const reached = new Promise<void>((resolve) =>
      host.on("componentStarted", ({ component }) => component === "discovery" && resolve()),
    );
    const started = host.start();
    await reached;
    const [liveStatus] = await ask(host, "/livez");
    const [readyStatus, { problems }] = await ask<Readiness>(host, "/readyz");
    doors.open();
    await started;
    const [finallyStatus] = await ask(host, "/readyz");
    assert.deepEqual([liveStatus, readyStatus, finallyStatus], [200, 503, 200]);
    assert.deepEqual(problems, [{ component: "test", reason: "it is starting, just now `slow`" }]);
  });

  it("answers probes while it stops: alive and not ready", async () => {
    const doors = latch();
    const draining = latch();
    const drain = () => {
      draining.open();
      return doors.opened;
    };
    const host = await startHost({ services: [serviceOf("slow", () => ({ drain }))] });
    const stopped = host.stop();
    await draining.opened;
    const [liveStatus] = await ask(host, "/livez");
    const [readyStatus, { problems }] = await ask<Readiness>(host, "/readyz");
    doors.open();
    await stopped;
    assert.deepEqual([liveStatus, readyStatus], [200, 503]);
    assert.deepEqual(problems, [{ component: "test", reason: "it is draining" }]);
    assert.equal(host.url, "");
  });

  it("names the service whose component breaks", async () => {
    let level: Health["level"] = "unhealthy";
    const health = () => ({ level, reason: "it rains in" });
    await using host = await startHost({ services: [serviceOf("roof", () => ({ health }))] });
    const [status, { problems }] = await ask<Readiness>(host, "/readyz");
    assert.equal(status, 503);
    assert.deepEqual(problems, [{ component: "test.roof", reason: "it rains in" }]);
    assert.equal(host.mesh.healthService.isServing, false);
    level = "healthy";
    await until("it is ready", async () => (await ask(host, "/readyz"))[0] === 200);
    assert.equal(host.mesh.healthService.isServing, true);
  });

  it("lets two services of a process call each other without a connection", async () => {
    const shelf = notes("shelf", ({ text }) => note({ text: `${text} from the shelf` }));
    let answer = "";
    const desk = serviceOf("desk", ({ mesh }) => ({
      start: async () => {
        const client = mesh.client(noteService, { service: "shelf" });
        answer = (await client.get(note({ text: "a book" }))).text;
      },
    }));
    await using host = await startHost({ services: [shelf, desk], flags: ["--mesh.transport=in-process"] });
    assert.equal(answer, "a book from the shelf");
    assert.equal(host.mesh.address, "");
  });

  it("lets a service call one of another process by its configured address", async () => {
    const shelf = notes("shelf", ({ text }) => note({ text: `${text} from the shelf` }));
    await using one = await startHost({ services: [shelf] });
    const peers = `--mesh.peers=${JSON.stringify({ shelf: [one.mesh.address] })}`;
    await using other = await startHost({ flags: [peers] });
    const reply = await other.mesh.client(noteService, { service: "shelf" }).get(note({ text: "a book" }));
    assert.equal(reply.text, "a book from the shelf");
  });

  it("tells the registry of its services once all serve, and takes its leave before anything stops", async () => {
    const told: string[] = [];
    const services = [registryThatNotes(told), serviceOf("quiet"), notes("desk", (request) => request)];
    const host = await openHost({ services });
    host.on("componentStarted", ({ component }) => component === "mesh" && told.push("open"));
    host.on("componentStopped", ({ component }) => component === "mesh" && told.push("closed"));
    await host.start();
    const { url } = host;
    await until("both registered", () => told.filter((line) => line.startsWith("+")).length === 2);
    await host.stop();
    const address = url.slice("http://".length);
    assert.deepEqual(told, [
      "open",
      `+registry 1.2.3 ${address}`,
      `+desk 1.2.3 ${address}`,
      "-drained",
      "-drained",
      "closed",
    ]);
  });

  it("tells others and this machine addresses they can reach if its operations listen on all", async () => {
    const told: string[] = [];
    const flags = ["--operations.host=0.0.0.0", "--mesh.advertise=desk.example:7401"];
    await using host = await startHost({ services: [registryThatNotes(told)], flags });
    await until("a registration", () => told.length > 0);
    const port = host.operations.address?.port;
    assert.equal(told[0], `+registry 1.2.3 desk.example:${port}`);
    assert.equal(host.url, `http://127.0.0.1:${port}`);
  });

  it("has no connection to NATS if no service asks for one", async () => {
    await using host = await startHost({ services: [serviceOf("desk")] });
    assert.equal(namesOf(host).includes("nats"), false);
  });

  it("refuses a service that asks for NATS when it is too late to start it", async () => {
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

  it("gives the error of a service that cannot be made, and leaves nothing running", async () => {
    const broken = serviceOf("broken", () => {
      throw new Error("no paper");
    });
    await assert.rejects(openHost({ services: [serviceOf("desk"), broken] }), {
      code: "host.service_not_made",
      message: /^Service broken could not be created: Error: no paper at .*service-host\.io\.ts:\d+/,
    });
  });

  it("refuses two services of one name, and a service that has the name of a part of the host", async () => {
    for (const names of [["desk", "desk"], ["mesh"]]) {
      await assert.rejects(openHost({ services: names.map((name) => serviceOf(name)) }), {
        code: "lifecycle.component_twice",
      });
    }
  });

  it("undoes a start that fails, frees its ports, and says which service it was", async () => {
    let address = "";
    const noted: string[] = [];
    const first = serviceOf("first", () => ({ stop: () => void noted.push("first stopped") }));
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
    assert.deepEqual(noted, ["first stopped"]);
    assert.equal(host.state, "failed");
    await listenOn(Number(new URL(address).port));
  });

  it("stops while a service still starts, and frees what had been taken", async () => {
    const reached = latch();
    const slow = serviceOf("slow", () => ({
      start: ({ signal }) => {
        reached.open();
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      },
    }));
    const host = await openHost({ services: [slow] });
    const started = host.start();
    started.catch(() => {});
    await reached.opened;
    const port = Number(new URL(host.url).port);
    await host.stop();
    assert.equal(host.state, "stopped");
    await listenOn(port);
  });

  it("names every mistake in its configuration, and what was meant", async () => {
    const flags = ["--bus.transport=kafka", "--mesh.lisen=127.0.0.1:1"];
    const environment = { TUTTI_NATS_SERVER: "nats.example:4222" };
    await assert.rejects(openHost({ flags, environment }), (error) => {
      assert.ok(isTuttiError(error));
      assert.deepEqual(error.violations.map(({ message }) => message).sort(), [
        "`bus.transport` at --bus.transport: expected one of `memory`, `nats`, found `kafka`",
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
