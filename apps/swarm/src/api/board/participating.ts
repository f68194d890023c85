/**
 * The operations of an agent in a mission, on one stream. They take effect and are answered in their order.
 * Requested changes are sent in between. Operations are pipelined: the sender of a batch waits once.
 */
import type {
  BoardAnswer,
  BoardInterest,
  BoardOperation,
  ParticipateReply,
  ParticipateRequest,
} from "@tutti/contracts/swarm/v1";
import { lookupsOf } from "@tutti/host/serving";
import { type CallContext, contextWith, errorFromUnknown, Notifier, toErrorDetail } from "@tutti/kernel";
import { missionServiceErrors } from "../../missions/errors.ts";
import { type MissionDependencies, missionWork } from "../missions/dependencies.ts";
import { ChangedEntries, ChangedTasks, ChangedVotes, NewMessages } from "./changes.ts";
import { isJudged } from "./judged-ends.ts";
import * as operations from "./operations.ts";

/** Maximum of operations without an answer. Further ones are read when there is room. */
const unansweredMax = 1_000;
const answersMax = 1_000;

export async function* participate(
  dependencies: MissionDependencies,
  requests: AsyncIterable<ParticipateRequest>,
  context: CallContext,
): AsyncGenerator<ParticipateReply, void> {
  const stream = new Participating(dependencies, context);
  const reading = stream.readAll(requests);
  // The result is awaited at the end. Until then a broken stream is no error here.
  reading.catch(() => {});
  try {
    for (;;) {
      const reply = stream.next();
      if (reply !== undefined) yield reply;
      else if (stream.isOver || context.signal.aborted) break;
      else await stream.bell.notified();
    }
  } finally {
    stream.stop();
  }
  await reading;
}

class Participating {
  readonly bell = new Notifier();
  readonly #dependencies: MissionDependencies;
  readonly #context: CallContext;
  readonly #stopping = new AbortController();
  #place: operations.Acting = { missionId: "", agentId: "" };
  #reply = emptyReply();
  #hasChanges = false;
  #count = 0;
  #unanswered = 0;
  /** Answers have the order of the operations. */
  #last: Promise<void> = Promise.resolve();
  #hasRead = false;
  #room = Promise.withResolvers<void>();
  #watching = new AbortController();

  constructor(dependencies: MissionDependencies, context: CallContext) {
    this.#dependencies = dependencies;
    const signal = AbortSignal.any([context.signal, this.#stopping.signal]);
    this.#context = contextWith(context, { signal });
    signal.addEventListener("abort", () => this.bell.notify(), { once: true });
  }

  get isOver(): boolean {
    return this.#hasRead && this.#unanswered === 0;
  }

  stop(): void {
    this.#watching.abort();
    this.#stopping.abort();
  }

  next(): ParticipateReply | undefined {
    if (!this.#hasChanges) return undefined;
    const reply = this.#reply;
    this.#reply = emptyReply();
    this.#hasChanges = false;
    if (reply.answers.length > answersMax) {
      this.#reply.answers = reply.answers.splice(answersMax);
      this.#hasChanges = true;
    }
    return reply;
  }

  async readAll(requests: AsyncIterable<ParticipateRequest>): Promise<void> {
    try {
      for await (const request of requests) {
        this.#greet(request);
        if (request.interest !== undefined) this.#watch(request.interest);
        for (const operation of request.operations) {
          while (this.#unanswered >= unansweredMax) await this.#room.promise;
          this.#start(operation);
          // The offering is read from the pool first, because later operations may depend on the
          // participation. The same applies to results that rules check.
          const { $case } = operation.operation ?? {};
          if ($case === "join" || ($case === "complete" && isJudged(this.#dependencies))) await this.#last;
        }
      }
    } finally {
      this.#hasRead = true;
      this.bell.notify();
    }
  }

  #greet({ missionId, agentId }: ParticipateRequest): void {
    if (this.#place.missionId !== "") return;
    if (missionId === "" || agentId === "") {
      const found = missionId === "" ? "no mission" : "no agent";
      throw missionServiceErrors.greetingExpected({ found });
    }
    // The right to act for the agent is checked before anything is done.
    operations.actingFor({ agentId }, this.#context);
    this.#place = { missionId, agentId };
  }

  #start(operation: BoardOperation): void {
    const number = ++this.#count;
    this.#unanswered++;
    const done = this.#execute(operation, number).catch((error: unknown): BoardAnswer["answer"] => ({
      $case: "error",
      value: toErrorDetail(errorFromUnknown(error)),
    }));
    const before = this.#last;
    this.#last = done.then(async (answer) => {
      await before;
      this.#reply.answers.push({ number, answer });
      this.#hasChanges = true;
      this.#unanswered--;
      this.#room.resolve();
      this.#room = Promise.withResolvers();
      this.bell.notify();
    });
  }

  async #execute({ operation }: BoardOperation, number: number): Promise<BoardAnswer["answer"]> {
    if (operation === undefined) throw missionServiceErrors.operationMissing({ number });
    const dependencies = this.#dependencies;
    const context = this.#context;
    const at = <Body extends object>(body: Body) => ({ ...body, ...this.#place });
    const { $case } = operation;
    switch ($case) {
      case "join":
        return { $case, value: await operations.join(dependencies, at(operation.value), context) };
      case "add":
        return { $case, value: await operations.add(dependencies, at(operation.value), context) };
      case "claim":
        return { $case, value: await operations.claim(dependencies, at(operation.value), context) };
      case "renew":
        return { $case, value: await operations.renew(dependencies, at(operation.value), context) };
      case "release":
        return { $case, value: await operations.release(dependencies, at(operation.value), context) };
      case "complete":
        return { $case, value: await operations.complete(dependencies, at(operation.value), context) };
      case "handOff":
        return { $case, value: await operations.handOff(dependencies, at(operation.value), context) };
      case "delegate":
        return { $case, value: await operations.delegate(dependencies, at(operation.value), context) };
      case "get":
        return { $case, value: await operations.get(dependencies, at(operation.value), context) };
      case "put":
        return { $case, value: await operations.put(dependencies, at(operation.value), context) };
      case "send":
        return { $case, value: await operations.send(dependencies, at(operation.value), context) };
      case "vote":
        return { $case, value: await operations.cast(dependencies, at(operation.value), context) };
      case "openVote":
        return { $case, value: await operations.open(dependencies, at(operation.value), context) };
      case "closeVote":
        return { $case, value: await operations.close(dependencies, at(operation.value), context) };
      case "reserve":
        return { $case, value: await operations.reserve(dependencies, at(operation.value), context) };
      case "spend":
        return { $case, value: await operations.spend(dependencies, at(operation.value), context) };
      case "giveBack":
        return { $case, value: await operations.returnUnspent(dependencies, at(operation.value), context) };
    }
  }

  /** Replaces the previous request. */
  #watch(interest: BoardInterest): void {
    this.#watching.abort();
    this.#watching = new AbortController();
    const signal = AbortSignal.any([this.#watching.signal, this.#context.signal]);
    this.#streamChanges(interest, { ...this.#context, signal }).catch((error: unknown) => {
      if (!signal.aborted) this.#context.logger.debug("failed to watch a mission", { error });
    });
  }

  async #streamChanges(
    { tasks, entryPrefixes, messagesAfter, votes }: BoardInterest,
    context: CallContext,
  ): Promise<void> {
    const { missionId, agentId } = this.#place;
    const watched = { dependencies: this.#dependencies, missionId, context };
    const ofTasks = tasks ? new ChangedTasks(watched) : undefined;
    const ofEntries = new ChangedEntries(watched, entryPrefixes);
    const ofMessages =
      messagesAfter === undefined ? undefined : new NewMessages(watched, agentId, messagesAfter);
    const ofVotes = votes ? new ChangedVotes(watched) : undefined;
    for await (const { isLookup } of lookupsOf(this.#dependencies, missionWork, missionId, context)) {
      if (isLookup) {
        if (ofTasks !== undefined) this.#reply.tasks.push(...(await ofTasks.read()));
        if (entryPrefixes.length > 0) this.#reply.entries.push(...(await ofEntries.read()));
        if (ofMessages !== undefined) this.#reply.messages.push(...(await ofMessages.read()));
        if (ofVotes !== undefined) this.#reply.votes.push(...(await ofVotes.read()));
      }
      // An empty reply is a heartbeat.
      this.#hasChanges = true;
      this.bell.notify();
    }
  }
}

function emptyReply(): ParticipateReply {
  return { answers: [], tasks: [], entries: [], messages: [], votes: [] };
}
