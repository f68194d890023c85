/** Every kind, compared with the machine contract and its golden histories. */
import assert from "node:assert/strict";
import { type ConformanceOptions, MachineDriver, machineConformance } from "@tutti/kernel/testing";
import { advice, isOnTrial } from "../src/advice/index.ts";
import { anchor } from "../src/anchor/index.ts";
import { cache } from "../src/cache/index.ts";
import { decisions } from "../src/decisions/index.ts";
import { definition } from "../src/definition/index.ts";
import { experience } from "../src/experience/index.ts";
import { findings } from "../src/findings/index.ts";
import { ledger } from "../src/ledger/index.ts";
import { spanOf } from "../src/ledger/state.ts";
import { pool } from "../src/pool/index.ts";
import { refusal } from "../src/refusal/index.ts";
import { secrets } from "../src/secrets/index.ts";
import { policiesAt, tenant, versionOf } from "../src/tenant/index.ts";
import { operations as adviceCalls, adviceKey } from "../src/testing/advice.ts";
import { operations as anchorCalls } from "../src/testing/anchor.ts";
import { asker, operations as cacheCalls } from "../src/testing/cache.ts";
import { operations as decisionsCalls } from "../src/testing/decisions.ts";
import { operations as definitionCalls } from "../src/testing/definition.ts";
import { operations as experienceCalls, experienceKey } from "../src/testing/experience.ts";
import { operations as findingsCalls } from "../src/testing/findings.ts";
import { operations as ledgerCalls, ledgerKey } from "../src/testing/ledger.ts";
import { operations as poolCalls } from "../src/testing/pool.ts";
import { operations as refusalCalls } from "../src/testing/refusal.ts";
import { operations as secretsCalls } from "../src/testing/secrets.ts";
import { operations as tenantCalls } from "../src/testing/tenant.ts";

const kinds: Readonly<Record<string, Omit<ConformanceOptions, "golden">>> = {
  advice: {
    machines: [advice],
    service: "master",
    commands: adviceCalls(),
    invariant(driver) {
      const { recommendations } = driver.state(adviceKey, advice);
      const onTrial = [...recommendations.values()].filter(isOnTrial).map(({ subject }) => subject);
      assert.equal(new Set(onTrial).size, onTrial.length, "one of each workflow is tried");
    },
  },
  anchor: {
    machines: [anchor],
    service: "governance",
    commands: anchorCalls(),
    invariant(driver) {
      for (const key of driver.keys) assert.deepEqual(driver.state(key, anchor).checkpoint.heads, []);
    },
  },
  cache: {
    machines: [cache, asker([])],
    service: "workflow",
    commands: cacheCalls(),
    rare: ["answer_cache", "check_computing"],
  },
  decisions: {
    machines: [decisions],
    service: "governance",
    commands: decisionsCalls(),
  },
  definition: {
    machines: [definition],
    service: "workflow",
    commands: definitionCalls(),
  },
  experience: {
    machines: [experience],
    service: "master",
    commands: experienceCalls(),
    invariant(driver) {
      const { outcomes, count } = driver.state(experienceKey, experience);
      assert.ok(outcomes.length <= count);
      assert.ok(outcomes.every(({ capability }) => capability !== ""));
    },
  },
  findings: {
    machines: [findings],
    service: "governance",
    commands: findingsCalls(),
  },
  ledger: {
    machines: [ledger],
    service: "master",
    commands: ledgerCalls(),
    pauseMaxMs: 40_000,
    invariant(driver) {
      const { reservations, pools, dueMs } = driver.state(ledgerKey, ledger);
      for (const { value } of reservations.values()) {
        const { fromMs, toMs } = spanOf(value);
        assert.ok(toMs > fromMs);
        let reserved = 0;
        for (const { value: other } of reservations.values()) {
          const span = spanOf(other);
          if (span.fromMs <= fromMs && span.toMs > fromMs) reserved += other.amounts["gpu"] ?? 0;
        }
        assert.ok(reserved <= 3, "never is more reserved than there is");
      }
      for (const { dueMs: leaseDueMs } of pools.values())
        assert.ok(dueMs > 0 && dueMs <= leaseDueMs, "every lease ends by itself");
    },
  },
  pool: {
    machines: [pool],
    service: "swarm",
    commands: poolCalls(),
    sequences: 150,
    stepsMax: 60,
    invariant(driver) {
      for (const key of driver.keys) {
        const { changes, limits, hooks, scalers, holds } = driver.state(key, pool);
        const items = [limits, hooks, scalers, holds].flatMap((all) => [...all.values()]);
        const revisions = items.map(({ revision }) => revision);
        assert.equal(new Set(revisions).size, revisions.length, "each change has a number of its own");
        for (const { revision, createMs, updateMs } of items) {
          assert.ok(revision >= 1 && revision <= changes);
          assert.ok(createMs <= updateMs);
        }
      }
    },
  },
  refusal: {
    machines: [refusal],
    service: "governance",
    commands: refusalCalls(),
  },
  secrets: {
    machines: [secrets],
    service: "governance",
    commands: secretsCalls(),
  },
  tenant: {
    machines: [tenant],
    service: "governance",
    commands: tenantCalls(new MachineDriver({ machines: [tenant], service: "governance" }).nowMs),
    sequences: 200,
    pauseMaxMs: 3 * 3_600_000,
    stepsMax: 80,
    invariant(driver) {
      for (const key of driver.keys) {
        const state = driver.state(key, tenant);
        const { changes, principals, roles, bindings, limits, rules, tokens, policies } = state;
        const items = [principals, roles, bindings, limits, rules].flatMap((all) => [...all.values()]);
        const revisions = items.map(({ revision }) => revision);
        assert.equal(new Set(revisions).size, revisions.length, "each change has a number of its own");
        for (const { revision, createMs, updateMs } of items)
          assert.ok(revision >= 1 && revision <= changes && createMs <= updateMs);
        const now = policiesAt(state, versionOf(state));
        assert.deepEqual([...(now ?? [])].sort(), [...policies].map(([id, { value }]) => [id, value]).sort());
        for (const { token, revokeMs } of tokens.values())
          assert.ok(revokeMs >= 0 && token.expireTime !== undefined, "the record of a token ends");
      }
    },
  },
};

for (const [kind, options] of Object.entries(kinds))
  machineConformance({ ...options, golden: new URL(`../golden/${kind}/`, import.meta.url) });
