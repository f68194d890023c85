/**
 * Impossible sessions are rejected immediately, with the same message for every caller: over gRPC, over REST, and by the
 * CLI.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  ExecuteSessionRequest,
  resourceService,
  SetQuotaRequest,
  sessionService,
} from "@tutti/contracts/session/v1";
import { Client, RestError } from "@tutti/rest/client";
import type { Worker } from "@tutti/sdk";
import { commandProgram } from "../../../../tools/fronts.mjs";
import { failureOf, OutsideClient } from "../support/outside-client.ts";
import { makeFolder } from "../support/services.ts";
import { Installation } from "./installation.ts";

const command = commandProgram();

interface Task {
  readonly uses: string;
  readonly placement?: { readonly pool: string };
  readonly needs?: readonly string[];
  readonly resources?: Readonly<Record<string, number>>;
}

interface Refused {
  readonly title: string;
  readonly tasks: Readonly<Record<string, Task>>;
  readonly limits?: Readonly<Record<string, number>>;
  /** Pattern of the message in every rejection. */
  readonly pattern: RegExp;
}

const uses = "tea.brew";
const table: readonly Refused[] = [
  {
    title: "tasks that need each other in a circle",
    tasks: { boil: { uses, needs: ["steep"] }, steep: { uses, needs: ["boil"] } },
    pattern: /boil\b.*cycle: boil → steep → boil/,
  },
  {
    title: "a task that needs one that is not there",
    tasks: { boil: { uses }, steep: { uses, needs: ["pour"] } },
    pattern: /steep\b.*pour/,
  },
  {
    title: "a capability without workers",
    tasks: { boil: { uses }, juggle: { uses: "cups.juggle" } },
    pattern: /No worker offers `cups\.juggle` for task `juggle`\. Start such a worker/,
  },
  {
    title: "a pool without workers for it",
    tasks: { boil: { uses, placement: { pool: "attic" } } },
    pattern: /No worker offers `tea\.\w+` in pool `attic` for task `boil`\. Start such a worker/,
  },
  {
    title: "more of a resource than any agent has",
    tasks: { boil: { uses }, feast: { uses, resources: { kettle: 3 } } },
    pattern: /Task `feast` requests 3 kettle, and no agent has more than 2\. Request less/,
  },
  {
    title: "slots as if they were a resource",
    tasks: { boil: { uses }, feast: { uses, resources: { slots: 2 } } },
    pattern: /each task takes exactly one slot\. Omit slots/,
  },
  {
    title: "more than a quota allows",
    tasks: { boil: { uses }, press: { uses, resources: { sugar: 2 } } },
    pattern: /Task `press` requests 2 sugar, and quota `rations` allows at most 1 sugar\. Request less/,
  },
  {
    title: "more of a resource than its own limits allow",
    tasks: { boil: { uses }, feast: { uses, resources: { kettle: 2 } } },
    limits: { kettle: 1 },
    pattern: /Task `feast` requests 2 kettle, and the limits of the session allow at most 1 kettle/,
  },
  {
    title: "a limit of its own under which nothing could be done",
    tasks: { boil: { uses } },
    limits: { slots: 0.5 },
    pattern: /`limits`: expected at least 1 slot, got 0\.5/,
  },
];

describe("a session that could never be done is refused", () => {
  let installation: Installation;
  let worker: Worker;
  let outside: OutsideClient;

  before(async () => {
    installation = await Installation.open([], { time: "real" });
    const { address, host } = installation;
    worker = installation.worker({ agentId: "anna", slots: 1, resources: { kettle: 2, sugar: 9 } });
    worker.handle(uses, () => "tea");
    await worker.start();
    outside = new OutsideClient(address);
    const resources = host.mesh.client(resourceService, { service: "master" });
    await resources.setQuota(
      SetQuotaRequest.fromPartial({ quota: { quotaId: "rations", limits: { sugar: 1 } } }),
    );
  });
  after(async () => {
    outside[Symbol.dispose]();
    await worker?.stop();
    await installation?.[Symbol.asyncDispose]();
  });

  async function overGrpc({ tasks, limits = {} }: Refused): Promise<string> {
    const specs = Object.entries(tasks).map(
      ([id, { uses: value, placement = { pool: "" }, needs = [], resources = {} }]) => ({
        ...{ id, resources: { ...resources }, needs: needs.map((task) => ({ task })), placement },
        work: { $case: "capability" as const, value },
      }),
    );
    const work = { $case: "tasks" as const, value: { tasks: specs } };
    const request = ExecuteSessionRequest.fromPartial({ spec: { work, limits: { ...limits } } });
    const { error } = await failureOf(outside.call(sessionService.methods.executeSession, request));
    return [error.message, ...error.violations.map(({ message }) => message)].join("\n");
  }

  async function overRest({ tasks, limits = {} }: Refused): Promise<string> {
    const specs = Object.entries(tasks).map(
      ([id, { uses: capability, placement = { pool: "" }, needs = [], resources = {} }]) => ({
        ...{ id, capability, resources, needs: needs.map((task) => ({ task })), placement },
      }),
    );
    const client = new Client({ url: installation.host.url });
    const refused = client.call("sessions.start", { body: { tasks: { tasks: specs }, limits } });
    const error = await refused.then(
      () => assert.fail("it was started"),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof RestError && error.status >= 400 && error.status < 500, String(error));
    return [error.detail, ...error.fields.map(({ message }) => message)].join("\n");
  }

  async function byCommand({ tasks, limits = {} }: Refused): Promise<string> {
    await using folder = await makeFolder();
    const file = join(folder.path, "tea.json");
    await writeFile(file, JSON.stringify({ session: "tea", limits, tasks }));
    const environment = { ...process.env, TUTTI_SERVER: installation.host.url, NO_COLOR: "1" };
    return await new Promise((resolve, fail) => {
      execFile(process.execPath, [command, "run", file], { env: environment }, (error, output, errors) => {
        if (error === null) fail(new Error(`expected it to be refused, got ${output}`));
        else if (error.code !== 3) fail(new Error(`expected the exit code 3, got ${error.code}: ${errors}`));
        else resolve(errors);
      });
    });
  }

  for (const refused of table)
    it(`for ${refused.title}, by gRPC, REST and CLI`, async () => {
      const messages = [await overGrpc(refused), await overRest(refused), await byCommand(refused)];
      for (const message of messages) assert.match(message.replaceAll(/\s+/g, " "), refused.pattern);
      const { sessions } = await new Client({ url: installation.host.url }).call("sessions.list");
      assert.deepEqual(sessions, [], "nothing was begun");
    });

  it("but a repeated start returns the started session, though the rules have changed since", async () => {
    const { mesh } = installation.host;
    const resources = mesh.client(resourceService, { service: "master" });
    const start = async (sugar: number) => {
      const press = {
        id: "press",
        resources: { sugar },
        work: { $case: "capability" as const, value: uses },
      };
      const work = { $case: "tasks" as const, value: { tasks: [press] } };
      const request = ExecuteSessionRequest.fromPartial({ sessionId: "again", spec: { work } });
      return await mesh.client(sessionService, { service: "master" }).executeSession(request);
    };
    assert.equal((await start(1)).existed, false);
    const quota = { quotaId: "rations", limits: { sugar: 0.5 } };
    await resources.setQuota(SetQuotaRequest.fromPartial({ quota }));
    const { existed, session } = await start(1);
    assert.deepEqual([existed, session?.sessionId], [true, "again"]);
    await assert.rejects(start(2), { code: "resource.beyond_quota" });
  });
});
