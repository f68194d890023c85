import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { makeFolder, start } from "../support/services.ts";

const rounds = 12;
const kills = 4;

describe("a lock whose owner is killed with -9, again and again", () => {
  it("is held by one at a time, under tokens that only grow, and everybody gets it in the end", async () => {
    await using folder = await makeFolder();
    const startOn = (port: number) =>
      start("platform", [`--platform.dataDirectory=${folder.path}`, `--operations.port=${port}`], {
        directory: folder.path,
      });
    let platform = await startOn(0);
    const { http } = platform;
    const ask = async (verb: string, body: object): Promise<Readonly<Record<string, unknown>>> => {
      // Whoever does not know what came of a call says it again: the same holder is the same wish.
      for (;;) {
        try {
          const response = await fetch(`${http}/v1/locks/door/${verb}`, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify(body),
          });
          const answer = (await response.json()) as Readonly<Record<string, unknown>>;
          if (response.ok) return answer;
          assert.ok([408, 409, 429, 503, 504].includes(response.status), JSON.stringify(answer));
        } catch (error) {
          if (error instanceof assert.AssertionError) throw error;
        }
        await pause(20);
      }
    };
    const tokens: number[] = [];
    let inside = 0;
    const visitor = async (name: string): Promise<void> => {
      for (let round = 0; round < rounds; round++) {
        const holder = `${name}-${round}`;
        const { token } = await ask("acquire", { holder, waitMs: 30_000, leaseMs: 300_000 });
        assert.equal(inside++, 0, `${holder} is alone`);
        tokens.push(Number(token));
        await pause(30);
        inside--;
        await ask("release", { holder });
      }
    };
    try {
      const visitors = Promise.all(["ada", "bea", "cleo"].map(visitor));
      for (let kill = 1; kill <= kills; kill++) {
        while (tokens.length < (kill * 3 * rounds) / (kills + 1)) await pause(5);
        await platform.kill();
        platform = await startOn(Number(new URL(http).port));
      }
      await visitors;
    } finally {
      await platform.stop();
    }
    assert.equal(tokens.length, 3 * rounds);
    assert.deepEqual(
      tokens,
      tokens.toSorted((one, other) => one - other),
    );
    assert.equal(new Set(tokens).size, tokens.length);
  });
});
