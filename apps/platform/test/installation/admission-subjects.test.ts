/** Admission rules for subjects other than requests: results of tasks, and agents. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { agentPollService, ClaimTasksRequest } from "@tutti/contracts/agent/v1";
import { AdmissionSubject, FindingResult } from "@tutti/contracts/governance/v1";
import * as swarm from "@tutti/contracts/swarm/v1";
import { boardService, JoinMissionRequest, missionService } from "@tutti/contracts/swarm/v1";
import { errorFromUnknown } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import type { Worker } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";
import { type RuleInput, rulesOf } from "./admission.fixture.ts";
import { Installation } from "./installation.ts";

const { ADMISSION_SUBJECT_RESULT, ADMISSION_SUBJECT_AGENT } = AdmissionSubject;
const namespace = "default";
const deny = (message: string) => ({ $case: "deny" as const, value: { message } });
const definition = (name: string) => `workflow: ${name}
tasks: {do: {uses: ${name}, with: "\${{ input }}"}}
output: "\${{ tasks.do.output }}"
`;

describe("admission rules about results and agents", () => {
  let installation: Installation;
  let tutti: Tutti;
  let worker: Worker;
  const mesh = () => installation.host.mesh;
  const rules = rulesOf(() => installation);
  const set = (ruleId: string, rule: RuleInput) => rules.set(namespace, ruleId, rule);
  const remove = (ruleId: string) => rules.remove(namespace, ruleId);
  const findingsOf = (ruleId: string) => rules.findings(namespace, ruleId);
  const codeOf = (work: Promise<unknown>) =>
    work.then(
      () => "done",
      (thrown: unknown) => errorFromUnknown(thrown).code,
    );

  before(async () => {
    installation = await Installation.open();
    tutti = await installation.client();
    worker = installation.worker({ agentId: "clerk", slots: 4 });
    worker.handle("price.ask", ({ amount }: { readonly amount: number }) => ({ amount, secret: "4711" }));
    worker.handle("tea.brew", () => "tea");
    await worker.start();
    await tutti.workflows.register(definition("price.ask"));
  });
  after(async () => {
    await worker?.stop();
    await tutti?.[Symbol.asyncDispose]();
    await installation?.[Symbol.asyncDispose]();
  });

  const price = async (amount: number) => {
    const run = await tutti.run("price.ask", { input: { amount } });
    return run.result() as Promise<{ readonly amount: number; readonly secret: string }>;
  };

  it("fail the attempt whose result they refuse, with the reason, and record a finding that names the run", async () => {
    await set("dear", {
      subject: ADMISSION_SUBJECT_RESULT,
      when: 'subject.capability == "price.ask"',
      condition: "subject.output.amount <= 1000",
      verdict: deny("at most 1000, got ${{ subject.output.amount }} of ${{ actor.id }}"),
    });
    await until(
      "the rule",
      () => codeOf(price(5_000)),
      (code) => code !== "done",
    );
    await assert.rejects(price(5_000), /default\/dear@\d+: at most 1000, got 5000 of clerk/);
    assert.equal((await price(10)).amount, 10);
    const [found] = await until(
      "the finding",
      () => findingsOf("dear"),
      (some) => some.length > 0,
    );
    assert.equal(found?.result, FindingResult.FINDING_RESULT_DENIED);
    assert.deepEqual([found?.work?.kind, found?.work?.task, found?.cause?.actor?.id], ["run", "do", "clerk"]);
    await remove("dear");
  });

  it("change the output of a task", async () => {
    await set("hidden", {
      subject: ADMISSION_SUBJECT_RESULT,
      condition: "!has(subject.output.secret)",
      verdict: { $case: "change", value: { set: { "output.secret": '"***"' } } },
    });
    const changed = await until(
      "a result that is changed",
      () => price(7),
      ({ secret }) => secret === "***",
    );
    assert.deepEqual(changed, { amount: 7, secret: "***" });
    await remove("hidden");
  });

  it("check results of agents for claimed tasks of a board", async () => {
    const missions = mesh().client(missionService);
    const board = mesh().client(boardService);
    const { mission } = await missions.startMission(
      swarm.StartMissionRequest.fromPartial({
        ...{ namespace, missionId: "judged" },
        what: {
          $case: "spec",
          value: {
            assignment: swarm.Assignment.ASSIGNMENT_CLAIMED,
            tasks: [
              { id: "word", retry: { maxAttempts: 1 }, work: { $case: "capability", value: "word.give" } },
            ],
          },
        },
      }),
    );
    assert.equal(mission?.missionId, "judged");
    await set("polite", {
      subject: ADMISSION_SUBJECT_RESULT,
      condition: 'subject.work.kind == "mission" ? subject.output != "damn" : subject.output.amount < 100',
      verdict: deny("mind your words"),
    });
    const agentId = "talker";
    const offering = { capabilities: [{ name: "word.give", version: "1.0.0" }] };
    await board.joinMission(
      JoinMissionRequest.fromPartial({ namespace, missionId: "judged", agentId, offering }),
    );
    const send = async (text: string) => {
      const place = { namespace, missionId: "judged", agentId };
      const { tasks } = await board.claimTasks(
        swarm.ClaimTasksRequest.fromPartial({ ...place, waitMs: 5_000 }),
      );
      const claimId = tasks[0]?.claim?.claimId ?? "";
      const value = { body: { $case: "inline" as const, value: Buffer.from(JSON.stringify(text)) } };
      const ends = [{ claimId, outcome: { $case: "output" as const, value } }];
      return board.completeTasks(swarm.CompleteTasksRequest.fromPartial({ ...place, ends }));
    };
    await until(
      "the rule",
      () => codeOf(price(5_000)),
      (code) => code !== "done",
    );
    await send("damn");
    const { tasks } = await board.listTasks(
      swarm.ListTasksRequest.fromPartial({ namespace, missionId: "judged" }),
    );
    const outcome = tasks[0]?.outcome?.result;
    assert.ok(outcome?.$case === "failed");
    assert.equal(outcome.value.code, "access.result_refused");
    assert.match(outcome.value.message, /mind your words/);
    await remove("polite");
  });

  it("refuse agents by their offering, when they link and when they poll", async () => {
    await set("labelled", {
      subject: ADMISSION_SUBJECT_AGENT,
      when: 'subject.capabilities.exists(one, one.name.startsWith("money."))',
      condition: "has(subject.labels.owner)",
      verdict: deny("who moves money says whose it is: ${{ subject.agentId }} of ${{ subject.pool }}"),
    });
    const claim = (labels: Record<string, string>) => {
      const offering = { labels, capabilities: [{ name: "money.move", version: "1.0.0" }] };
      return mesh()
        .client(agentPollService, { service: "swarm" })
        .claimTasks(ClaimTasksRequest.fromPartial({ namespace, agentId: "mover", waitMs: 0, offering }));
    };
    await until(
      "the rule",
      () => codeOf(claim({})),
      (code) => code === "access.agent_refused",
    );
    assert.equal(await codeOf(claim({ owner: "bank" })), "done");
    const stranger = installation.worker({ agentId: "stranger" });
    stranger.handle("money.move", () => 1);
    await assert.rejects(stranger.start(), /who moves money says whose it is: stranger of default/);
    await remove("labelled");
  });
});
