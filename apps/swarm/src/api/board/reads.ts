/** Reads a board, page by page. */
import type * as swarm from "@tutti/contracts/swarm/v1";
import type { PageRequest } from "@tutti/contracts/types/v1";
import { placeOfToken, sizeOf, tokenOfPlace } from "@tutti/host/serving";
import { type CallContext, kernelErrors } from "@tutti/kernel";
import {
  listEntries as entriesWanted,
  showBoardTasks,
  showBudget,
  showMessages,
  showVotes,
} from "@tutti/machine-mission";
import { type MissionDependencies, queryMission } from "../missions/dependencies.ts";
import { missionIn } from "./operations.ts";

const noAgent = { agentId: "" };

export async function listTasks(
  dependencies: MissionDependencies,
  request: swarm.ListTasksRequest,
  context: CallContext,
): Promise<swarm.ListTasksReply> {
  const { missionId, statuses, claimedBy, parentTaskId, text, page } = missionIn({ ...request, ...noAgent });
  const from = placeOfToken(page?.token ?? "");
  const body = { statuses, claimedBy, parentTaskId, text, from, size: sizeOf(page) };
  const { tasks, next } = await queryMission(
    dependencies,
    missionId,
    { query: showBoardTasks, body },
    context,
  );
  return { tasks: [...tasks], page: { nextToken: next < 0 ? "" : tokenOfPlace(next), total: undefined } };
}

export async function listEntries(
  dependencies: MissionDependencies,
  request: swarm.ListEntriesRequest,
  context: CallContext,
): Promise<swarm.ListEntriesReply> {
  const { missionId, prefix, page } = missionIn({ ...request, ...noAgent });
  const body = { prefix, afterKey: keyOfToken(page), size: sizeOf(page) };
  const { entries, isMore } = await queryMission(
    dependencies,
    missionId,
    { query: entriesWanted, body },
    context,
  );
  const last = entries.at(-1);
  const nextToken = !isMore || last === undefined ? "" : tokenOfKey(last.key);
  return { entries: [...entries], page: { nextToken, total: undefined } };
}

export async function listMessages(
  dependencies: MissionDependencies,
  request: swarm.ListMessagesRequest,
  context: CallContext,
): Promise<swarm.ListMessagesReply> {
  const { missionId, agentId, afterNumber, taskId, page } = missionIn(request);
  const after = Math.max(afterNumber, placeOfToken(page?.token ?? ""));
  const size = sizeOf(page);
  const body = { agentId, afterNumber: after, taskId, size };
  const { messages, number } = await queryMission(
    dependencies,
    missionId,
    { query: showMessages, body },
    context,
  );
  const nextToken = messages.length < size ? "" : tokenOfPlace(number);
  return { messages: [...messages], page: { nextToken, total: undefined } };
}

export async function listVotes(
  dependencies: MissionDependencies,
  request: swarm.ListVotesRequest,
  context: CallContext,
): Promise<swarm.ListVotesReply> {
  const { missionId, openOnly, voteIds, page } = missionIn({ ...request, ...noAgent });
  const from = placeOfToken(page?.token ?? "");
  const body = { openOnly, voteIds, from, size: sizeOf(page) };
  const { votes, isMore } = await queryMission(dependencies, missionId, { query: showVotes, body }, context);
  const nextToken = isMore ? tokenOfPlace(from + votes.length) : "";
  return { votes: [...votes], page: { nextToken, total: undefined } };
}

export async function getBudget(
  dependencies: MissionDependencies,
  request: swarm.GetBudgetRequest,
  context: CallContext,
): Promise<swarm.GetBudgetReply> {
  const { missionId } = missionIn({ ...request, ...noAgent });
  return {
    budget: await queryMission(dependencies, missionId, { query: showBudget, body: undefined }, context),
  };
}

// The leading letter is the version of the token's form.
const tokenOfKey = (key: string): string => `a${Buffer.from(key).toString("base64url")}`;

function keyOfToken(page: PageRequest | undefined): string {
  const { token = "" } = page ?? {};
  if (token === "") return "";
  if (/^a[\w-]+$/.test(token)) return Buffer.from(token.slice(1), "base64url").toString();
  const message = `expected the token of the page before, got ${token}`;
  throw kernelErrors.pageTokenInvalid(undefined, { violations: [{ field: "page.token", message }] });
}
