import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Missions } from "../missions/index.ts";
import { Sessions, type SessionsParts } from "../sessions/sessions.ts";
import { Tutti, type TuttiParts } from "../tutti.ts";

interface Started {
  readonly existed: boolean;
}

interface StartRequest {
  readonly runId?: string;
  readonly missionId?: string;
  readonly sessionId?: string;
  readonly idempotencyKey: string;
}

/** The clients over services that record the names of starts, and reply as to a retried start. */
function clients() {
  const names: string[] = [];
  const record = (id: string, key: string) => {
    names.push(`${id}/${key}`);
    return { run: { runId: id }, mission: { missionId: id }, session: { sessionId: id }, existed: true };
  };
  let count = 0;
  const ids = { newId: (kind: string) => `${kind}_${++count}` };
  const ports = { ids, contents: { stored: async (payload: unknown) => payload } };
  const startRun = async (at: StartRequest) => record(at.runId ?? "", at.idempotencyKey);
  const startMission = async (at: StartRequest) => record(at.missionId ?? "", at.idempotencyKey);
  const executeSession = async (at: StartRequest) => record(at.sessionId ?? "", at.idempotencyKey);
  const missions = new Missions({ missions: { startMission }, ports, namespace: "shop" } as never);
  const parts = { sessions: { executeSession }, ports, namespace: "shop" };
  const sessions = new Sessions(parts as unknown as SessionsParts);
  const tutti = new Tutti({
    ...{ runs: { startRun }, missions, sessions, ports, namespace: "shop" },
  } as unknown as TuttiParts);
  const starts: Readonly<Record<string, (options: object) => Promise<Started>>> = {
    run: (options) => tutti.run("order", options),
    mission: (options) => tutti.missions.start({ goal: "g", ...options } as never),
    session: (options) => tutti.sessions.start({ tasks: [], ...options } as never),
  };
  return { names, starts };
}

for (const kind of ["run", "mission", "session"])
  describe(`the start of a ${kind}`, () => {
    const { names, starts } = clients();
    const start = async (options: object): Promise<Started> => {
      names.length = 0;
      return (await starts[kind]?.(options)) as Started;
    };

    it("without an id or a key has a new id, so that it can be retried if its outcome is unknown", async () => {
      const { existed } = await start({});
      assert.deepEqual(names, [`${kind}_1/`]);
      assert.equal(existed, false, "only this start can have created it");
      await start({});
      assert.deepEqual(names, [`${kind}_2/`]);
    });

    it("keeps the key or the id of its caller, which may name earlier work", async () => {
      assert.equal((await start({ idempotencyKey: "mine" })).existed, true);
      assert.deepEqual(names, ["/mine"]);
      assert.equal((await start({ id: "order-1" })).existed, true);
      assert.deepEqual(names, ["order-1/"]);
    });
  });
