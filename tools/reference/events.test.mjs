// @ts-check

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseSync } from "oxc-parser";
import { publishedIn, refuseUnpublished } from "./events.mjs";

/** @param {string} path @param {string} text */
const source = (path, text) => ({
  path,
  program: parseSync(path, text).program,
  isTest: /\.test\./.test(path),
});

describe("which events are published", () => {
  const isPublished = publishedIn([
    source("apps/swarm/src/a.ts", 'publish("tutti.swarm.agent.joined"); other(`tutti.swarm.pool.${state}`);'),
    source("apps/swarm/src/b.ts", "// tutti.swarm.task.failed in a comment"),
    source("apps/swarm/src/c.test.ts", 'publish("tutti.swarm.hook.failed");'),
    source("apps/cli/src/d.ts", 'subscribe("tutti.swarm.vote.opened");'),
  ]);
  for (const [type, expected] of /** @type {const} */ ([
    ["tutti.swarm.agent.joined", true],
    ["tutti.swarm.pool.moved", true],
    ["tutti.swarm.task.failed", false],
    ["tutti.swarm.hook.failed", false],
    ["tutti.swarm.vote.opened", false],
  ]))
    it(`${type}: ${expected}`, () => assert.equal(isPublished(type), expected));

  it("refuses a page with an event without a publisher", () => {
    refuseUnpublished(["tutti.swarm.agent.joined"], isPublished);
    assert.throws(
      () => refuseUnpublished(["tutti.swarm.agent.joined", "tutti.swarm.task.failed"], isPublished),
      /No service publishes tutti\.swarm\.task\.failed\./,
    );
  });
});
