import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type {
  Component,
  ComponentState,
  Incident,
  Instance,
  Pool,
  ProcessComponents,
} from "@tutti/rest/types";
import {
  edgeFindings,
  incidentFindings,
  instanceFindings,
  missingServices,
  poolFindings,
  processFindings,
} from "./doctor-checks.ts";
import { levelOf, worstOf } from "./process-health.ts";

const nowMs = Date.UTC(2026, 10, 26);
const dayMs = 86_400_000;
const textsOf = (found: ReturnType<typeof edgeFindings>) =>
  found.map(({ level, text }) => `${level}: ${text}`);

describe("doctor checks", () => {
  it("the clock by the seconds of the platform", () => {
    const at = (dateMs: number) => textsOf(edgeFindings({ dateMs, validToMs: undefined }, nowMs));
    assert.deepEqual(at(nowMs - 500), ["sound: The clocks of this machine and of the platform agree."]);
    assert.match(at(nowMs - 20_500)[0] ?? "", /^notice: .* differ by 20 s\.$/);
    assert.match(at(nowMs + 99_500)[0] ?? "", /^problem: .* differ by 100 s\.$/);
  });

  it("the certificate by its end", () => {
    const until = (days: number) =>
      textsOf(edgeFindings({ dateMs: undefined, validToMs: nowMs + days * dayMs }, nowMs));
    assert.deepEqual(
      [until(90), until(13), until(-2)],
      [
        ["sound: The certificate of the platform is valid for 90 days."],
        ["notice: The certificate of the platform is valid for 13 days."],
        ["problem: The certificate of the platform expired 2 days ago."],
      ],
    );
  });

  it("versions and leases of the services", () => {
    const instance = (id: string, version: string, renewTimeMs = nowMs) =>
      ({ id, service: "swarm", version, renewTimeMs, labels: {}, offers: [] }) satisfies Instance;
    assert.deepEqual(textsOf(instanceFindings([instance("a", "1.0.0"), instance("b", "1.0.0")], nowMs)), [
      "sound: All services are 1.0.0.",
      "sound: The leases of 2 services are renewed.",
    ]);
    assert.deepEqual(
      textsOf(instanceFindings([instance("a", "1.0.0"), instance("b", "1.1.0", nowMs - 90_000)], nowMs)),
      ["notice: Services have the versions 1.0.0, 1.1.0.", "notice: Not renewed for a minute: swarm (b)."],
    );
    assert.deepEqual(instanceFindings([], nowMs), []);
  });

  it("services without a process, which the registry no longer lists", () => {
    const others = ["registry", "governance", "workflow", "swarm", "gateway"];
    assert.deepEqual(textsOf(missingServices(others)), ["problem: No process of `master` is registered."]);
    assert.deepEqual(missingServices([...others, "master"]), []);
    assert.deepEqual(missingServices([]), [], "without the right to list them");
  });

  it("open incidents, each with the command that shows it", () => {
    const incident = (incidentId: string, status: "open" | "mitigated") =>
      ({ incidentId, namespace: "system", status, title: "Runs fail: 54 of 119" }) as Incident;
    const found = incidentFindings([incident("i1", "open"), incident("i2", "mitigated")]);
    assert.deepEqual(textsOf(found), ["notice: Runs fail: 54 of 119."]);
    assert.equal(found[0]?.advice, "See `tutti incident show i1 -n system`.");
  });

  it("processes: ready, degraded, unhealthy, not reachable and starting", () => {
    const process = (service: string, state: ComponentState, parts: Component[] = [], problem = "") => ({
      ...{ services: [service], address: `${service}:7401`, problem },
      components: problem === "" ? [{ name: service, path: service, state }, ...parts] : [],
    });
    const part = (path: string, state: ComponentState, reason = "") => ({ name: "", path, state, reason });
    const well = process("gateway", "ready");
    const cases = [
      [[well, well], "healthy", ["sound: All 2 processes are ready."]],
      [
        [well, process("swarm", "degraded", [part("swarm.a", "ready"), part("swarm.b", "degraded", "late")])],
        ...["degraded", ["notice: swarm at swarm:7401 is degraded: swarm.b: late."]],
      ],
      [
        [
          process("flow", "unhealthy", [
            part("flow.a", "unhealthy", "x"),
            part("flow.a.b", "unhealthy", "full"),
          ]),
          well,
        ],
        ...["unhealthy", ["problem: flow at flow:7401 is unhealthy: flow.a.b: full."]],
      ],
      [
        [process("flow", "ready", [], "no answer in 2 s"), process("swarm", "starting")],
        "unhealthy",
        [
          "problem: flow at flow:7401 is away: no answer in 2 s.",
          "problem: swarm at swarm:7401 is starting: swarm: starting.",
        ],
      ],
    ] as const;
    for (const [processes, worst, expected] of cases as unknown as [
      ProcessComponents[],
      string,
      string[],
    ][]) {
      assert.deepEqual(textsOf(processFindings(processes)), expected);
      assert.equal(worstOf(processes.map(levelOf)), worst);
    }
  });

  it("queues and workers of each pool", () => {
    const pool = (status: object, more: object = {}) =>
      textsOf(
        poolFindings([{ pool: "gpu", status: { capabilities: [], ...status }, ...more } as unknown as Pool]),
      );
    assert.deepEqual(
      [
        pool({ queued: 3 }),
        pool({ queued: 1, slots: 2 }, { paused: true }),
        pool({ queued: 2, slots: 4, longestWaitMs: 90_000 }),
        pool({ slots: 4, freeSlots: 3 }),
      ],
      [
        ["notice: 3 tasks wait and no worker is connected."],
        ["notice: The pool is paused and 1 task waits."],
        ["notice: 2 tasks in the queue, the longest wait is 90 s."],
        ["sound: 1 pool: no task waits, 3 of 4 slots free."],
      ],
    );
    const late = { pool: "gpu", status: { capabilities: [], queued: 2, slots: 4, longestWaitMs: 90_000 } };
    const [found] = poolFindings([late as unknown as Pool], new Map([["gpu", "order-7"]]));
    assert.equal(found?.advice, "Run `tutti why order-7` for one of its runs, or add workers.");
  });
});
