import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Configuration, memorySources } from "@tutti/kernel";
import { operationsSection } from "../configuration.ts";
import { operationsErrors } from "./errors.ts";
import { type GuessWatch, operationsAccess } from "./operations-access.ts";

const key = "b6d4".repeat(16);

function accessWith(host: string, environment: Record<string, string>, guesses?: GuessWatch) {
  const variables = { ...environment, TUTTI_OPERATIONS_HOST: host };
  const isSet = Object.hasOwn(environment, "SCRAPES");
  const sources = memorySources({
    environment: isSet ? { ...variables, TUTTI_OPERATIONS_KEY: "env:SCRAPES" } : variables,
  });
  return operationsAccess(
    Configuration.load({ sections: [operationsSection], sources }).read(operationsSection),
    guesses,
  );
}

describe("access to metrics and state of a process", () => {
  it("is open to all callers if only this machine reaches the port", async () => {
    for (const host of ["127.0.0.1", "::1", "localhost"]) {
      await (await accessWith(host, {}))({});
      await (await accessWith(host, { SCRAPES: key }))({});
    }
  });

  it("requires the key if other machines reach the port", async () => {
    const access = await accessWith("0.0.0.0", { SCRAPES: key });
    await access({ authorization: `Bearer ${key}` });
    await access({ authorization: `bearer  ${key}` });
    for (const authorization of [undefined, "", "Basic YTpi", "Bearer", "Bearer "])
      await assert.rejects(access({ authorization }), {
        code: "operations.key_needed",
        status: "UNAUTHENTICATED",
      });
    for (const credential of [key.slice(1), `${key}0`, key.toUpperCase(), "tutti_live_x_y", "a.b.c"])
      await assert.rejects(
        access({ authorization: `Bearer ${credential}` }),
        { code: "operations.key_wrong" },
        credential,
      );
  });

  it("passes during a lock-out, while a wrong key gets the lock-out, and a call without a key is no failed attempt", async () => {
    const guesses: string[] = [];
    const out = operationsErrors.keyNeeded();
    const access = await accessWith(
      "0.0.0.0",
      { SCRAPES: key },
      {
        recordFailure(address, account, error) {
          guesses.push(`${address} ${account} ${error.code}`);
          return address === "10.0.0.9" ? out : error;
        },
      },
    );
    const address = "10.0.0.8";
    await access({ authorization: `Bearer ${key}`, address });
    await assert.rejects(access({ address }));
    assert.deepEqual(guesses, []);
    await assert.rejects(access({ authorization: "Bearer open sesame", address }));
    assert.deepEqual(guesses, ["10.0.0.8 operations.key operations.key_wrong"]);
    await assert.rejects(access({ authorization: "Bearer open sesame", address: "10.0.0.9" }), out);
    await access({ authorization: `Bearer ${key}`, address: "10.0.0.9" });
  });

  it("is closed to other machines without a configured key, and the refusal names the setting", async () => {
    const access = await accessWith("10.0.0.7", {});
    for (const authorization of [undefined, `Bearer ${key}`])
      await assert.rejects(access({ authorization }), {
        code: "operations.key_not_set",
        message:
          "`operations.key` is not set, and other machines can reach 10.0.0.7 (`operations.host`). Set it to `env:NAME` or `file:/path`, and send it as `Authorization: Bearer`.",
      });
  });

  it("is known at the start: a key short enough to be guessed is refused", async () => {
    await assert.rejects(accessWith("0.0.0.0", { SCRAPES: "k".repeat(31) }), {
      code: "operations.key_short",
    });
  });

  it("follows a key that was changed", async () => {
    const environment = {
      SCRAPES: key,
      TUTTI_OPERATIONS_HOST: "0.0.0.0",
      TUTTI_OPERATIONS_KEY: "env:SCRAPES",
    };
    const sources = { ...memorySources({}), environment };
    const settings = Configuration.load({ sections: [operationsSection], sources }).read(operationsSection);
    const access = await operationsAccess(settings);
    environment.SCRAPES = key.toUpperCase();
    await assert.rejects(access({ authorization: `Bearer ${key}` }), { code: "operations.key_wrong" });
    await access({ authorization: `Bearer ${key.toUpperCase()}` });
  });
});
