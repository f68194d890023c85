/**
 * An action that cannot be audited does not happen. A platform with a full disk rejects changes, explains the remedy, and
 * continues when there is space. The test uses a disk of its own, which requires the right to mount one.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import * as governance from "@tutti/contracts/governance/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { SmallDisk } from "@tutti/host/testing";
import { until } from "@tutti/kernel/testing";
import { OutsideClient } from "./support/outside-client.ts";
import type { TestProcess } from "./support/process.ts";
import { type Folder, launch, makeFolder, ready } from "./support/services.ts";

const order = "workflow: order\ntasks: {wait: {wait: {signal: go}}}\n";
const diskBytes = 512 * 1024 * 1024;
const attemptsMax = 5_000;
const input = "x".repeat(60_000);

interface Answer {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

describe("a platform whose disk is full", () => {
  let folder: Folder;
  let disk: SmallDisk | undefined;
  let launched: TestProcess | undefined;
  let platform = "";
  let outside: OutsideClient;
  let kim = "";

  async function send(method: string, path: string, body?: unknown, key = ""): Promise<Answer> {
    const answer = await fetch(`${platform}${path}`, {
      method,
      headers: {
        "content-type": "application/json",
        ...(key !== "" && { authorization: `Bearer ${key}` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const { code = "", detail = "" } = (await answer.json().catch(() => ({}))) as Record<string, string>;
    return { status: answer.status, code, message: detail };
  }

  const startRun = (runId: string) =>
    send("POST", "/v1/runs", { definition: { name: "order" }, runId, input });
  const bind = () =>
    send("POST", "/v1/role-bindings", {
      bindingId: "kim",
      role: "viewer",
      actor: { kind: "person", id: "kim" },
    });

  const signIn = () => send("POST", "/v1/sign-in", { token: kim });

  const recordsOf = async (text: string) => {
    const { searchRecords } = governance.auditService.methods;
    const request = governance.SearchRecordsRequest.fromPartial({ namespace: "default", filter: { text } });
    return (await outside.call(searchRecords, request)).records;
  };

  before(async () => {
    folder = await makeFolder();
    const data = join(folder.path, "data");
    disk = await SmallDisk.at(data, diskBytes);
    if (disk === undefined) return;
    launched = launch("platform", [`--platform.dataDirectory=${data}`, "--access.reportMs=50"]);
    const retryReady = () => ready(launched as TestProcess);
    const { http, grpc } = await retryReady().catch(retryReady).catch(retryReady).catch(retryReady);
    platform = http;
    outside = new OutsideClient(grpc);
    assert.equal((await send("POST", "/v1/workflows", { text: order })).status, 201);
    const actor = { kind: ActorKind.ACTOR_KIND_PERSON, id: "kim" };
    const { createKey } = governance.identityService.methods;
    const request = governance.CreateKeyRequest.fromPartial({ namespace: "default", actor, title: "test" });
    kim = (await outside.call(createKey, request)).secret;
    await until(
      "kim to be known",
      async () => (await send("GET", "/v1/runs", undefined, kim)).status === 403,
    );
  });
  after(async () => {
    outside?.[Symbol.dispose]();
    await disk?.empty();
    await launched?.stop();
    await disk?.close();
    await folder?.[Symbol.asyncDispose]();
  });

  it("refuses requests that it cannot record, without effect and with a remedy, and resumes when there is space", async (t) => {
    if (disk === undefined) {
      t.skip("no disk can be mounted here");
      return;
    }
    await disk.fill();
    let last = 0;
    let refused: Answer = { status: 200, code: "", message: "" };
    // First the space that was reserved for the journal fills up.
    while (refused.status < 300 && last < attemptsMax) refused = await startRun(`order-${++last}`);
    assert.equal(refused.code, "journal.full", refused.message);
    assert.match(
      refused.message,
      /^The disk has no space for .*\. Free disk space\. Writing then continues automatically/,
    );
    assert.equal((await send("GET", "/v1/runs/order-1")).status, 200, "a run can be read");
    assert.equal((await send("GET", "/v1/runs")).status, 200, "runs can be listed");
    assert.equal((await send("GET", `/v1/runs/order-${last}`)).status, 404, "what was refused is not there");
    const start = await fetch(`${platform}/v1/runs`, {
      ...{ method: "POST", headers: { "content-type": "application/json" } },
      body: JSON.stringify({ definition: { name: "order" }, runId: "at-once" }),
    });
    assert.equal(((await start.json()) as Record<string, unknown>)["code"], "journal.full");
    assert.equal(start.headers.get("retry-after"), "1");
    const unready = await fetch(`${platform}/readyz`);
    assert.equal(unready.status, 503);
    assert.match(await unready.text(), /disk full: /);
    assert.equal((await fetch(`${platform}/livez`)).status, 200);
    const binding = await until("a right to be refused", bind, ({ status }) => status >= 300);
    assert.equal(binding.code, "journal.full", binding.message);

    assert.equal((await send("GET", "/v1/runs", undefined, kim)).status, 403, "no caller has the right");

    const unrecorded = await until("a sign-in to be refused", signIn, ({ status }) => status >= 300);
    assert.equal(unrecorded.code, "gateway.sign_in_unrecorded", unrecorded.message);
    assert.match(unrecorded.message, /Check governance and its disk with `tutti status`/);
    assert.equal((await send("GET", "/v1/status")).status, 200, "which needs no sign-in");
    const search = await until(
      "the search to name the full disk",
      () => send("GET", "/v1/audit/records?namespace=default"),
      ({ code }) => /^(audit\.book_full|journal\.full)$/.test(code),
    );
    // Either the journal, which anchors checkpoints, or the log of the audit is full first.
    assert.match(search.code, /^(audit\.book_full|journal\.full)$/, search.message);
    assert.match(
      search.message,
      /Free disk space\. (?:Writing then continues automatically|The audit resumes automatically)\.$/,
    );

    await disk.empty();
    const { status } = await until(
      "the stored state to be readable again",
      () => send("GET", `/v1/runs/order-${last}`),
      (answer) => answer.code !== "journal.full",
    );
    assert.equal(status, 404, "what was refused is not done later");
    await until("it to be ready", async () => (await fetch(`${platform}/readyz`)).status === 200);
    await until(
      "the platform to continue",
      () => startRun(`order-${last}`),
      ({ status }) => status < 300,
    );
    await until("a user to be signed in", signIn, ({ status }) => status === 200);
    await until("the right to be given", bind, ({ status }) => status < 300);
    await until(
      "kim to be let in",
      async () => (await send("GET", "/v1/runs", undefined, kim)).status === 200,
    );
    const starts = (await recordsOf(`order-${last}`)).filter(
      ({ work, json }) => work?.id === `order-${last}` && json.includes('"event":1,'),
    );
    assert.equal(starts.length, 1, "refused requests leave no record, completed ones leave one");
    assert.equal((await send("GET", `/v1/runs/order-${last}`)).status, 200);
  });
});
