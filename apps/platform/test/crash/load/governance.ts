/** Acknowledged changes of users: secrets, keys, namespaces, definitions, and the audit log with all of them. */
import assert from "node:assert/strict";
import { until } from "@tutti/kernel/testing";
import { RestError } from "@tutti/rest/client";
import { retryUntilDone } from "../../support/killed.ts";
import type { LoadPart, Stage } from "../load-part.ts";

export function governance(stage: Stage): LoadPart {
  const acknowledged: number[] = [];
  const keys = new Map<number, string>();
  /** Root hashes of checkpoints by their numbers, as kept by an auditor. */
  const roots = new Map<number, string>();

  async function checkRoots(): Promise<void> {
    const query = { size: 1_000 };
    const { checkpoints } = await retryUntilDone(() => stage.rest().call("audit.checkpoints", { query }));
    for (const [number, known] of roots) {
      const found = checkpoints.find((each) => (each.number ?? 0) === number);
      assert.equal(found?.rootHash, known, `checkpoint ${number}`);
    }
    for (const { number = 0, rootHash = "" } of checkpoints) roots.set(number, rootHash);
  }

  return {
    async round(number) {
      const name = `shop-${number}`;
      const key = { idempotencyKey: name };
      await retryUntilDone(() => stage.rest().call("namespaces.create", { body: { name }, ...key }));
      const value = Buffer.from(name).toString("base64");
      await retryUntilDone(() =>
        stage.rest().call("secrets.put", { params: { name }, body: { value }, ...key }),
      );
      const body = { actor: { kind: "person" as const, id: name }, title: name };
      // A repeated call does not show the secret again. If a kill took the first reply, only another key helps.
      for (let attempt = 0; !keys.has(number); attempt++) {
        const idempotencyKey = `${name}-${attempt}`;
        const { secret = "" } = await retryUntilDone(() =>
          stage.rest().call("keys.create", { body, idempotencyKey }),
        );
        if (secret !== "") keys.set(number, secret);
      }
      const text = `workflow: ${name}\ntasks: {note: {set: 1}}\n`;
      await retryUntilDone(() => stage.tutti.workflows.register(text));
      acknowledged.push(number);
      // Each search signs the new records.
      await retryUntilDone(() => stage.rest().call("audit.search", { query: { size: 1 } }));
      await checkRoots();
    },
    always: {
      "governance: the latest secret, key, namespace and definition are there": () =>
        assertThere(stage, acknowledged.slice(-2), keys),
      "audit: a signed checkpoint never changes": checkRoots,
    },
    atEnd: {
      "governance: every secret, key, namespace and definition is there": () =>
        assertThere(stage, acknowledged, keys),
      "audit: every acknowledged action has its record": async () => {
        for (const number of acknowledged) {
          const query = { namespace: `shop-${number}` };
          const { records } = await retryUntilDone(() => stage.rest().call("audit.search", { query }));
          assert.ok(records.length > 0, `shop-${number}`);
        }
      },
      "audit: the log verifies": async () => {
        let [checked, total] = [0, 0];
        for await (const followed of stage.rest().follow("audit.verify")) {
          if (!("value" in followed)) continue;
          const { value } = followed;
          assert.deepEqual(value.faults, []);
          [checked, total] = [value.checked ?? 0, value.total ?? 0];
          if (value.last === true) break;
        }
        assert.ok(checked === total && checked >= acknowledged.length, `${checked} of ${total}`);
        assert.ok(roots.size > 0);
      },
    },
  };
}

async function assertThere(stage: Stage, numbers: readonly number[], keys: ReadonlyMap<number, string>) {
  for (const number of numbers) {
    const name = `shop-${number}`;
    assert.equal(
      (await retryUntilDone(() => stage.rest().call("namespaces.get", { params: { name } }))).name,
      name,
    );
    const { versions } = await retryUntilDone(() => stage.rest().call("secrets.get", { params: { name } }));
    assert.equal(versions.length, 1, `secret ${name}`);
    assert.equal(
      (await retryUntilDone(() => stage.rest().call("workflows.get", { params: { name } }))).name,
      name,
    );
    const key = keys.get(number) ?? "";
    // Another process learns of a new key a moment later.
    await until(`the key of ${name} to be known`, () =>
      stage
        .rest(key)
        .call("whoami")
        .then(
          (caller) => JSON.stringify(caller).includes(name),
          (error: unknown) => !(error instanceof RestError) && Promise.reject(error),
        ),
    );
  }
}
