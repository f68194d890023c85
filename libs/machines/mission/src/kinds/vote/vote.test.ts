import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  CastVoteRequest,
  CloseVoteRequest,
  DecideMissionQuestion,
  OpenVoteRequest,
  TieRule,
  VoteRule,
} from "@tutti/contracts/swarm/v1";
import { castVote, closeVote, decideQuestion, openVote, showVotes } from "../../index.ts";
import { accepted, codeOf, json, MissionScene } from "../../testing/index.ts";

type Ballots = Readonly<Record<string, readonly string[]>>;
interface VoteInput {
  readonly rule?: VoteRule;
  readonly tie?: TieRule;
  readonly quorum?: number;
  readonly weights?: Readonly<Record<string, number>>;
  readonly timeoutMs?: number;
  readonly secret?: boolean;
}

function opened(input: VoteInput = {}): MissionScene {
  const scene = MissionScene.of({
    stopConditions: [{ name: "never", condition: "board.never == 1" }],
    leadership: { enabled: true },
  });
  for (const agent of ["anna", "ben", "carl", "dora"]) {
    scene.join(agent);
    scene.driver.advance(1);
  }
  const vote = {
    voteId: "v",
    question: "Which?",
    options: [{ option: "x" }, { option: "y" }, { option: "z" }],
    ...input,
  };
  accepted(scene.driver.execute(scene.key, openVote, OpenVoteRequest.fromPartial({ vote })));
  return scene;
}

function cast(scene: MissionScene, agentId: string, ranking: readonly string[]) {
  return scene.driver.execute(
    scene.key,
    castVote,
    CastVoteRequest.fromPartial({ agentId, voteId: "v", ranking: [...ranking] }),
  );
}

function closed(scene: MissionScene) {
  return accepted(scene.driver.execute(scene.key, closeVote, CloseVoteRequest.fromPartial({ voteId: "v" })))
    .vote?.outcome;
}

function outcomeOf(input: VoteInput, ballots: Ballots) {
  const scene = opened(input);
  for (const [agent, ranking] of Object.entries(ballots)) accepted(cast(scene, agent, ranking));
  return closed(scene);
}

describe("a vote", () => {
  const table: readonly [string, VoteInput, Ballots, string, boolean][] = [
    ["majority: more than half", {}, { anna: ["x"], ben: ["x"], carl: ["y"] }, "x", false],
    ["majority: half is not enough", {}, { anna: ["x"], ben: ["x"], carl: ["y"], dora: ["z"] }, "", false],
    [
      "plurality: the greatest",
      { rule: VoteRule.VOTE_RULE_PLURALITY },
      { anna: ["x"], ben: ["x"], carl: ["y"], dora: ["z"] },
      "x",
      false,
    ],
    ["unanimous: all", { rule: VoteRule.VOTE_RULE_UNANIMOUS }, { anna: ["x"], ben: ["x"] }, "x", false],
    [
      "unanimous: not all",
      { rule: VoteRule.VOTE_RULE_UNANIMOUS },
      { anna: ["x"], ben: ["x"], carl: ["y"] },
      "",
      false,
    ],
    [
      "two thirds: two of three",
      { rule: VoteRule.VOTE_RULE_TWO_THIRDS },
      { anna: ["x"], ben: ["x"], carl: ["y"] },
      "x",
      false,
    ],
    [
      "weights outweigh heads",
      { weights: { carl: 5 } },
      { anna: ["x"], ben: ["x"], carl: ["y"] },
      "y",
      false,
    ],
    ["quorum: too few", { quorum: 0.75 }, { anna: ["x"], ben: ["x"] }, "", false],
    ["quorum: enough", { quorum: 0.5 }, { anna: ["x"], ben: ["x"] }, "x", false],
    ["nobody voted", {}, {}, "", false],
    ["tie: undecided", {}, { anna: ["x"], ben: ["y"] }, "", true],
    ["tie: the first", { tie: TieRule.TIE_RULE_FIRST }, { anna: ["y"], ben: ["x"] }, "x", true],
    ["tie: the leader", { tie: TieRule.TIE_RULE_LEADER }, { anna: ["y"], ben: ["x"] }, "y", true],
    [
      "ranked: the weakest goes, and its ballot to the next",
      { rule: VoteRule.VOTE_RULE_RANKED },
      { anna: ["x"], ben: ["x"], carl: ["y"], dora: ["z", "y"] },
      "",
      true,
    ],
    [
      "ranked: until one has more than half",
      { rule: VoteRule.VOTE_RULE_RANKED },
      { anna: ["x"], ben: ["y"], carl: ["y"], dora: ["z", "y"] },
      "y",
      false,
    ],
  ];
  for (const [name, input, ballots, winner, tie] of table)
    it(name, () => {
      const outcome = outcomeOf(input, ballots);
      assert.deepEqual([outcome?.winner, outcome?.tie], [winner, tie]);
    });

  it("counts one ballot per agent: a later ballot replaces the first while the vote is open", () => {
    const scene = opened();
    for (const ranking of [["x"], ["y"], ["y"]]) accepted(cast(scene, "anna", ranking));
    const outcome = closed(scene);
    assert.deepEqual([outcome?.winner, outcome?.weights["y"], outcome?.weights["x"]], ["y", 1, 0]);
    assert.equal(codeOf(cast(scene, "ben", ["x"])), "mission.vote_closed");
    assert.deepEqual(closed(scene), outcome, "closed again it is the same");
  });

  it("closes when its time is over", () => {
    const scene = opened({ timeoutMs: 5_000 });
    accepted(cast(scene, "anna", ["z"]));
    scene.driver.advance(5_000);
    const [vote] = accepted(
      scene.driver.query(scene.key, showVotes, { openOnly: false, voteIds: [], from: 0, size: 9 }),
    ).votes;
    assert.equal(vote?.outcome?.winner, "z");
  });

  it("with a tie is decided by a person, if configured", () => {
    const scene = opened({ tie: TieRule.TIE_RULE_APPROVAL });
    accepted(cast(scene, "anna", ["x"]));
    accepted(cast(scene, "ben", ["y"]));
    assert.equal(closed(scene)?.winner, "");
    const decide = (winner: string) =>
      scene.driver.execute(
        scene.key,
        decideQuestion,
        DecideMissionQuestion.fromPartial({ approvalId: "q1", approved: true, data: json({ winner }) }),
      );
    assert.equal(codeOf(decide("nobody")), "mission.approval_invalid");
    accepted(decide("y"));
    assert.equal(closed(scene)?.winner, "y");
  });

  it("hides its ballots while it is open, if it is secret", () => {
    const scene = opened({ secret: true });
    assert.deepEqual(
      accepted(cast(scene, "anna", ["x"])).vote?.ballots.map(({ ranking }) => ranking),
      [[]],
    );
  });

  it("rejects invalid ballots, ballots of agents outside the mission, and another vote with its id", () => {
    const scene = opened();
    assert.equal(codeOf(cast(scene, "anna", ["x", "y"])), "mission.ballot_invalid");
    assert.equal(codeOf(cast(scene, "anna", ["q"])), "mission.ballot_invalid");
    assert.equal(codeOf(cast(scene, "eve", ["x"])), "mission.not_taking_part");
    const other = { voteId: "v", question: "Else?", options: [{ option: "x" }, { option: "y" }] };
    assert.equal(
      codeOf(scene.driver.execute(scene.key, openVote, OpenVoteRequest.fromPartial({ vote: other }))),
      "mission.vote_exists",
    );
  });
});
