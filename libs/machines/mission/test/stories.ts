/** Histories that every release must read: recorded once by `npm run golden`. */
import {
  CastVoteRequest,
  CloseVoteRequest,
  DecideMissionQuestion,
  HandOffTaskRequest,
  OpenVoteRequest,
  PauseMission,
  PutEntriesRequest,
  ReserveBudgetRequest,
  ResumeMission,
  SendMessagesRequest,
  SpendBudgetRequest,
  TerminateMission,
} from "@tutti/contracts/swarm/v1";
import { CompleteTask, ConfirmChild, FailTask, NoteAttempt, ReturnTask } from "@tutti/contracts/workflow/v1";
import { type GoldenStories, goldenOf } from "@tutti/kernel/testing";
import {
  castVote,
  closeVote,
  completeTask,
  confirmChild,
  decideQuestion,
  failTask,
  handOffTask,
  mission,
  noteAttempt,
  openVote,
  pauseMission,
  putEntries,
  reserveBudget,
  resumeMission,
  returnTask,
  sendMessages,
  spendBudget,
  terminateMission,
} from "../src/index.ts";
import { accepted, json, MissionScene, taskSpec } from "../src/testing/index.ts";

/** Stories by the name of the file. */
export const stories: GoldenStories = {
  /** Tasks that are claimed, handed off, lost and ended, with needs between them. */
  claimed: (release) => {
    const scene = MissionScene.of({
      assignment: 2,
      roles: [{ name: "editor" }],
      tasks: [
        taskSpec("a", { retry: { maxAttempts: 2, initialMs: 100 } }),
        taskSpec("b", { needs: [{ task: "a" }], input: json({ n: "${{ tasks.a.output }}" }) }),
        taskSpec("c", { needs: [{ task: "a", condition: 2 }] }),
      ],
    });
    scene.join("anna");
    scene.join("ben", { role: "editor" });
    scene.claim("anna", { leaseMs: 1_000 });
    scene.driver.advance(1_000);
    scene.fail("ben", scene.claim("ben"));
    scene.driver.advance(100);
    const [a] = scene.claim("anna");
    const to = { $case: "toRole" as const, value: "editor" };
    const body = HandOffTaskRequest.fromPartial({ agentId: "anna", claimId: a?.claim?.claimId ?? "", to });
    accepted(scene.driver.execute(scene.key, handOffTask, body));
    scene.complete("ben", scene.claim("ben"), 7);
    scene.claim("anna");
    return goldenOf(scene.driver, mission, scene.key, release);
  },

  /** Rules require approval of outputs: by two, then by another, and once without a decision in time. */
  held: (release) => {
    const scene = MissionScene.of({ tasks: [taskSpec("a"), taskSpec("b", { needs: [{ task: "a" }] })] });
    const { driver, key } = scene;
    const rule = { rule: "shop/dear@3", message: "May it?", deciders: ["anna", "ben"], approvalsNeeded: 2 };
    const other = { rule: "system/odd@1", message: "Is it odd?", approvalsNeeded: 1, timeoutMs: 5_000 };
    const complete = (taskId: string, ...questions: object[]) => {
      const output = new TextEncoder().encode("1");
      const body = CompleteTask.fromPartial({ output, agent: "carl", questions } as never);
      accepted(driver.settle(scene.offer(taskId), completeTask, body));
    };
    const decide = (approvalId: string, person: string) => {
      const body = DecideMissionQuestion.fromPartial({ approvalId, approved: true, roles: [person] });
      accepted(driver.execute(key, decideQuestion, body));
    };
    complete("a", rule, other);
    decide("q1", "anna");
    decide("q1", "ben");
    decide("q2", "eve");
    complete("b", other);
    driver.advance(6_000);
    return goldenOf(driver, mission, key, release);
  },

  /** Offers, a child, a budget that is used up and raised, a pause. */
  offered: (release) => {
    const scene = MissionScene.of({
      tasks: [
        taskSpec("a", { estimate: { tokens: 5 } }),
        taskSpec("b", { estimate: { tokens: 6 } }),
        taskSpec("kid", { work: { $case: "workflow", value: { name: "flow" } }, needs: [{ task: "a" }] }),
      ],
      budget: { amounts: { tokens: 10 } },
    });
    const { driver, key } = scene;
    accepted(driver.settle(scene.offer("a"), noteAttempt, NoteAttempt.fromPartial({ agent: "anna" })));
    const used = { tokens: 5 };
    accepted(
      driver.settle(scene.offer("a"), completeTask, CompleteTask.fromPartial({ agent: "anna", used })),
    );
    accepted(driver.settle(scene.effect(), confirmChild, ConfirmChild.fromPartial({ hash: "h" })));
    accepted(
      driver.execute(key, reserveBudget, ReserveBudgetRequest.fromPartial({ amounts: { tokens: 90 } })),
    );
    const decision = DecideMissionQuestion.fromPartial({
      approvalId: "q1",
      approved: true,
      data: json({ tokens: 20 }),
    });
    accepted(driver.execute(key, decideQuestion, decision));
    accepted(
      driver.settle(scene.offer("b"), returnTask, ReturnTask.fromPartial({ message: "busy", lost: true })),
    );
    driver.advance(10);
    accepted(driver.execute(key, pauseMission, PauseMission.fromPartial({ reason: "look" })));
    accepted(driver.execute(key, resumeMission, ResumeMission.create()));
    accepted(
      driver.settle(
        scene.offer("b"),
        failTask,
        FailTask.fromPartial({ agent: "anna", error: { code: "x" } }),
      ),
    );
    return goldenOf(driver, mission, key, release);
  },

  /** Blackboard, messages, votes, a leader, reservations, trouble. Terminated at the end. */
  shared: (release) => {
    const scene = MissionScene.of({
      stopConditions: [{ name: "never", condition: "board.never == 1" }],
      leadership: { enabled: true, leaseMs: 9_000 },
      loopThreshold: 1,
    });
    const { driver, key } = scene;
    scene.join("anna", { topics: ["news"] });
    scene.join("ben");
    const writes = [{ key: "x", value: json(1) }, { key: "x", ifVersion: 1, value: json(2) }, { key: "y" }];
    accepted(driver.execute(key, putEntries, PutEntriesRequest.fromPartial({ agentId: "anna", writes })));
    const messages = [{ to: { target: { $case: "topic" as const, value: "news" } }, body: json("hello") }];
    for (let times = 0; times < 2; times++)
      accepted(
        driver.execute(key, sendMessages, SendMessagesRequest.fromPartial({ agentId: "ben", messages })),
      );
    const vote = { voteId: "v", question: "Which?", options: [{ option: "x" }, { option: "y" }] };
    accepted(driver.execute(key, openVote, OpenVoteRequest.fromPartial({ vote })));
    accepted(
      driver.execute(
        key,
        castVote,
        CastVoteRequest.fromPartial({ agentId: "ben", voteId: "v", ranking: ["y"] }),
      ),
    );
    accepted(driver.execute(key, closeVote, CloseVoteRequest.fromPartial({ voteId: "v" })));
    accepted(
      driver.execute(
        key,
        reserveBudget,
        ReserveBudgetRequest.fromPartial({ amounts: { money: 1.5 }, leaseMs: 500 }),
      ),
    );
    accepted(
      driver.execute(
        key,
        spendBudget,
        SpendBudgetRequest.fromPartial({ reservationId: "r1", amounts: { money: 0.25 } }),
      ),
    );
    driver.advance(10_000);
    accepted(driver.execute(key, terminateMission, TerminateMission.fromPartial({ reason: "over" })));
    return goldenOf(driver, mission, key, release);
  },
};
