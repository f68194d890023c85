import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Missions } from "../missions/index.ts";
import { Sessions, type SessionsParts } from "../sessions/sessions.ts";
import { Tutti, type TuttiParts } from "../tutti.ts";

interface Started {
  readonly existed: boolean;
}

/** The clients over services that record the keys of starts, and reply as to a retried start. */
function clients() {
  const keys: string[] = [];
  const record = async ({ idempotencyKey }: { readonly idempotencyKey: string }) => {
    keys.push(idempotencyKey);
    const [runId, missionId, sessionId] = ["r", "m", "s"];
    return { run: { runId }, mission: { missionId }, session: { sessionId }, existed: true };
  };
  const ports = { contents: { stored: async (payload: unknown) => payload } };
  const missions = new Missions({ missions: { startMission: record }, ports, namespace: "shop" } as never);
  const sessions = new Sessions({
    sessions: { executeSession: record },
    ports,
    namespace: "shop",
  } as unknown as SessionsParts);
  const parts = { runs: { startRun: record }, missions, sessions, ports, namespace: "shop" };
  const tutti = new Tutti(parts as unknown as TuttiParts);
  const starts: Readonly<Record<string, (options: object) => Promise<Started>>> = {
    run: (options) => tutti.run("order", options),
    mission: (options) => tutti.missions.start({ goal: "g", ...options } as never),
    session: (options) => tutti.sessions.start({ tasks: [], ...options } as never),
  };
  return { keys, starts };
}

for (const kind of ["run", "mission", "session"])
  describe(`the start of a ${kind}`, () => {
    const { keys, starts } = clients();
    const start = async (options: object): Promise<Started> => {
      keys.length = 0;
      return (await starts[kind]?.(options)) as Started;
    };

    it("without an id or a key has a new key, so that it can be retried if its outcome is unknown", async () => {
      const { existed } = await start({});
      const [first = ""] = keys;
      await start({});
      assert.match(first, /^[0-9a-f-]{36}$/);
      assert.notEqual(keys[0], first);
      assert.equal(existed, false, "only this start can have created it");
    });

    it("keeps the key or the id of its caller, which may name earlier work", async () => {
      assert.equal((await start({ idempotencyKey: "mine" })).existed, true);
      assert.deepEqual(keys, ["mine"]);
      assert.equal((await start({ id: "order-1" })).existed, true);
      assert.deepEqual(keys, [""]);
    });
  });
