/** `/readyz`, the status, the list of components, the metrics and the alerts agree about each component that breaks. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { alertService, ListAlertsRequest } from "@tutti/contracts/insight/v1";
import { ComponentState, componentService } from "@tutti/contracts/registry/v1";
import { type Component, type ComponentStatus, type Health, Orchestrator } from "@tutti/kernel";
import { Installation } from "./installation.ts";

type Level = "degraded" | "unhealthy";

/** A component with a health check, and its position. */
interface Planted {
  readonly path: string;
  /** Names of the orchestrators above it, outermost first. */
  readonly above: readonly string[];
  /** True if every orchestrator above it fails without it. */
  readonly isCritical: boolean;
  readonly component: Component;
}

const reason = "planted by a test";
/** Longer than the interval between health checks of a component and of its orchestrators. */
const noticedMs = 12_000;
const states = {
  degraded: ComponentState.COMPONENT_STATE_DEGRADED,
  unhealthy: ComponentState.COMPONENT_STATE_UNHEALTHY,
};

function plantedIn(
  orchestrator: Orchestrator,
  parts: readonly ComponentStatus[],
  above: readonly string[],
): Planted[] {
  return parts.flatMap(({ name, critical, orchestrator: nested }) => {
    const component = orchestrator.get(name);
    const inner = nested === null ? [] : nested.components;
    if (component instanceof Orchestrator)
      return plantedIn(component, inner, [...above, name]).map((planted) => ({
        ...planted,
        isCritical: planted.isCritical && critical,
      }));
    if (component.health === undefined) return [];
    return [{ path: [...above, name].join("."), above, isCritical: critical, component }];
  });
}

/** Makes a component unhealthy or degraded. Returns a function that restores it. */
function plant({ component }: Planted, level: Level): () => void {
  const own = Object.getOwnPropertyDescriptor(component, "health");
  component.health = (): Health => ({ level, reason });
  return () => {
    Reflect.deleteProperty(component, "health");
    if (own !== undefined) Object.defineProperty(component, "health", own);
  };
}

describe("the health verdict", () => {
  let installation: Installation;
  let all: readonly Planted[];

  before(async () => {
    installation = await Installation.open([], { insight: true });
    await installation.pass(noticedMs);
    const { host } = installation;
    all = plantedIn(host, host.status().components, [host.name]);
  });
  after(() => installation?.[Symbol.asyncDispose]());

  /** Returns the verdict of each source on the whole and on the path. */
  async function verdicts(path: string) {
    const { host } = installation;
    const answer = await fetch(`${host.url}/readyz`);
    const readyz = (await answer.json()) as {
      readonly ready: boolean;
      readonly health: Health;
      readonly problems: readonly { readonly component: string; readonly reason: string }[];
    };
    const { processes } = await host.mesh
      .client(componentService)
      .listComponents({ service: "", own: false });
    const rows = processes.flatMap(({ components }) => components);
    const metrics = await (await fetch(`${host.url}/metrics`)).text();
    const severity = new RegExp(
      `^tutti_orchestrator_health_severity\\{orchestrator="${host.name}"\\} (\\d)`,
      "m",
    );
    return {
      answered: answer.status,
      ready: readyz.ready,
      level: readyz.health.level,
      problems: readyz.problems,
      status: host.status().health.level,
      whole: rows.find(({ depth }) => depth === 0)?.state,
      part: rows.find((row) => row.path === path),
      severity: Number(severity.exec(metrics)?.[1]),
    };
  }

  it("is the same of every component that is degraded or unhealthy, and after it has recovered", async () => {
    assert.ok(all.length >= 25, `${all.length} components`);
    assert.ok(all.some(({ isCritical }) => isCritical) && all.some(({ isCritical }) => !isCritical));
    const wrong: string[] = [];
    for (const target of all)
      for (const level of ["degraded", "unhealthy"] as const) {
        const overall = target.isCritical ? level : "degraded";
        const repair = plant(target, level);
        await installation.pass(noticedMs);
        const { part, ...printed } = await verdicts(target.path);
        repair();
        const isServing = overall !== "unhealthy";
        const expected = {
          ...{ answered: isServing ? 200 : 503, ready: isServing, level: overall, status: overall },
          problems: isServing ? [] : [{ component: target.path, reason }],
          ...{ whole: states[overall], severity: isServing ? 1 : 2 },
        };
        const found = { ...printed, part: [part?.state, part?.reason] };
        const expectedVerdicts = { ...expected, part: [states[level], reason] };
        if (JSON.stringify(sorted(found)) !== JSON.stringify(sorted(expectedVerdicts)))
          wrong.push(`${target.path} ${level}: ${JSON.stringify(found)}`);
      }
    assert.deepEqual(wrong, []);
    await installation.pass(noticedMs);
    const { ready, level, status } = await verdicts("");
    assert.deepEqual({ ready, level, status }, { ready: true, level: "healthy", status: "healthy" });
  });

  it("raises one alert per orchestrator with an unhealthy component, and none for a healthy orchestrator", async () => {
    const { host } = installation;
    const well = "gateway";
    const broken = all.filter(({ above, isCritical }) => isCritical && !above.includes(well));
    const repairs = broken.map((target) => plant(target, "unhealthy"));
    await installation.pass(200_000);
    const { alerts } = await host.mesh
      .client(alertService)
      .listAlerts(ListAlertsRequest.fromPartial({ filter: { ruleId: "unhealthy" } }));
    for (const repair of repairs) repair();
    const named = new Set(alerts.map(({ labels }) => labels["orchestrator"]));
    assert.deepEqual([...named].sort(), [...new Set(broken.flatMap(({ above }) => above))].sort());
    assert.ok(named.size > 1 && !named.has(well), [...named].join());
  });
});

function sorted(value: object): object {
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}
