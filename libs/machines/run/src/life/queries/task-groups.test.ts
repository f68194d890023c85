import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Explanation, Wait, WaitCause } from "@tutti/contracts/types/v1";
import { explanationOf } from "./task-groups.ts";

describe("the summary of a run", () => {
  it("names the requirements of tasks that no agent matches", () => {
    const wait = Wait.fromPartial({
      cause: WaitCause.WAIT_CAUSE_NO_MATCH,
      subject: "demo.charge",
      message: "agents offer demo.charge, but none has gpu=h100",
      present: true,
    });
    const { summary } = explanationOf({
      lead: "The run is running",
      explanation: Explanation.fromPartial({}),
      taskGroups: [{ count: 1, taskIds: ["pay"], wait, first: undefined }],
    });
    assert.match(summary, /1 waits because no agent for demo\.charge matches the requirements \(`pay`\)/);
  });

  it("names each paused pool with the reason of its pause", () => {
    const paused = (subject: string, message: string) =>
      Wait.fromPartial({ cause: WaitCause.WAIT_CAUSE_PAUSED, subject, message, present: true });
    const { summary } = explanationOf({
      lead: "The run is running",
      explanation: Explanation.fromPartial({}),
      taskGroups: [
        {
          count: 2,
          taskIds: [],
          wait: paused("gpu", "the pool gpu is paused: maintenance"),
          first: undefined,
        },
        { count: 1, taskIds: [], wait: paused("mail", "the pool mail is paused"), first: undefined },
      ],
    });
    assert.match(
      summary,
      /2 wait because the pool gpu is paused: maintenance, 1 waits because the pool mail is paused/,
    );
  });
});
