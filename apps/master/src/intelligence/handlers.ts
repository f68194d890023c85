/** Estimates: learned from ends of attempts, read, watched. */
import {
  type CompareModelsReply,
  type CompareModelsRequest,
  EstimateSubject,
  type estimateService,
  type GetModelReply,
  type GetModelRequest,
  type LearnedChoice,
  type ListModelsReply,
  type ListModelsRequest,
  type Model,
  type PromoteModelReply,
  type PromoteModelRequest,
  type RecordOutcomesReply,
  type RecordOutcomesRequest,
  type ResetModelReply,
  type ResetModelRequest,
  type RollBackModelReply,
  type RollBackModelRequest,
  type WatchEstimatesReply,
  type WatchEstimatesRequest,
} from "@tutti/contracts/intelligence/v1";
import type { RecordedUse } from "@tutti/definitions";
import { execute, type MachineDependencies, placeOfToken, sizeOf, tokenOfPlace } from "@tutti/host/serving";
import { type CallContext, errorFromUnknown, type Foundation, sleep } from "@tutti/kernel";
import {
  experienceErrors,
  forgetCapability,
  type KnownModel,
  liveOf,
  promoteModel,
  recordExperience,
  rollBackModel,
} from "@tutti/machine-entities/experience";
import { atOwner, type Client, type Handlers } from "@tutti/mesh";
import type { Uses } from "../advice/uses.ts";
import { experienceOf, type Learners } from "./learners.ts";
import { estimateOf, learnedOf, modelOf, pointOf, trainingOf } from "./messages.ts";
import { compared } from "./trainings.ts";

export interface EstimateDependencies extends MachineDependencies {
  readonly foundation: Foundation;
  readonly learners: Learners;
  readonly uses: Pick<Uses, "measured">;
  /** The client of this service, in any process. */
  readonly estimates: Client<typeof estimateService>;
}

export function estimateHandlers(dependencies: EstimateDependencies): Handlers<typeof estimateService> {
  const { learners, estimates } = dependencies;
  return {
    predict: (request, context) =>
      atOwner(
        async () => {
          const { knowledge } = await learners.of(context);
          const nowMs = dependencies.foundation.clock.now();
          const uses = await usesIn(dependencies, context);
          const estimates = request.subjects.map((subject) =>
            estimateOf(knowledge, subject, { nowMs, uses }),
          );
          return { estimates };
        },
        (owner) => estimates.predict(request, { context, owner }),
      ),
    watchEstimates: (request, context) => watchEstimates(dependencies, request, context),
    readExperience: (request, context) =>
      atOwner(
        async () => {
          const {
            isReset: anew,
            outcomes,
            choices,
            models,
            ...place
          } = await learners.read(request, context);
          const records = {
            outcomes: [...outcomes],
            choices: choices as LearnedChoice[],
            models: { ...models },
          };
          return { ...records, anew, ...place };
        },
        (owner) => estimates.readExperience(request, { context, owner }),
      ),
    recordOutcomes: (requests, context) => recordOutcomes(dependencies, requests, context),
    listModels: (request, context) =>
      atOwner(
        () => listModels(dependencies, request, context),
        (owner) => estimates.listModels(request, { context, owner }),
      ),
    getModel: (request, context) =>
      atOwner(
        () => getModel(dependencies, request, context),
        (owner) => estimates.getModel(request, { context, owner }),
      ),
    compareModels: (request, context) =>
      atOwner(
        () => compareModels(dependencies, request, context),
        (owner) => estimates.compareModels(request, { context, owner }),
      ),
    promoteModel: (request, context) =>
      atOwner(
        () => promote(dependencies, request, context),
        (owner) => estimates.promoteModel(request, { context, owner }),
      ),
    rollBackModel: (request, context) =>
      atOwner(
        () => rollBack(dependencies, request, context),
        (owner) => estimates.rollBackModel(request, { context, owner }),
      ),
    resetModel: (request, context) =>
      atOwner(
        () => resetModel(dependencies, request, context),
        (owner) => estimates.resetModel(request, { context, owner }),
      ),
  };
}

/** Returns the use of resources. An estimate does not fail with it: durations are still known. */
async function usesIn(
  { foundation, uses }: EstimateDependencies,
  context: CallContext,
): Promise<readonly RecordedUse[]> {
  try {
    return await uses.measured({ namespace: context.namespace, context });
  } catch (thrown) {
    foundation.logger.debug("estimates are without measured use", {
      problem: errorFromUnknown(thrown).message,
    });
    return [];
  }
}

async function listModels(
  { learners }: EstimateDependencies,
  { kind, capability, driftingOnly, page }: ListModelsRequest,
  context: CallContext,
): Promise<ListModelsReply> {
  const { knowledge } = await learners.of(context);
  const { models: recordedModels } = await learners.recorded(context);
  const models = knowledge.models
    .filter((model) => (capability === "" ? !isOfTutti(model.capability) : model.capability === capability))
    .filter(({ drift }) => (kind === "" || kind === "duration") && (!driftingOnly || drift !== undefined))
    .toSorted(worstFirst);
  const offset = placeOfToken(page?.token ?? "");
  const size = sizeOf(page);
  return {
    models: models
      .slice(offset, offset + size)
      .map((model) => modelOf(context.namespace, model, recordedModels.get(model.capability))),
    page: { nextToken: models.length > offset + size ? tokenOfPlace(offset + size) : "", total: undefined },
  };
}

/** Capabilities of the platform and its CLI, such as turns of all agents: a user cannot act on their errors. */
function isOfTutti(capability: string): boolean {
  return capability.startsWith("tutti.");
}

function worstFirst(one: KnownModel, other: KnownModel): number {
  return other.error - one.error || (one.capability < other.capability ? -1 : 1);
}

async function getModel(
  { learners }: EstimateDependencies,
  { modelId }: GetModelRequest,
  context: CallContext,
): Promise<GetModelReply> {
  const { knowledge } = await learners.of(context);
  const model = knowledge.model(modelId);
  if (model === undefined) throw experienceErrors.modelMissing({ id: modelId });
  const recorded = (await learners.recorded(context)).models.get(modelId);
  return {
    model: modelOf(context.namespace, model, recorded),
    predictions: model.points.map(pointOf),
    trainings: (recorded?.trainings ?? []).map((each) => trainingOf(each, liveOf(recorded))),
  };
}

async function resetModel(
  dependencies: EstimateDependencies,
  { modelId, reason }: ResetModelRequest,
  context: CallContext,
): Promise<ResetModelReply> {
  const key = experienceOf(context.namespace);
  const call = { command: forgetCapability, body: { capability: modelId }, reason };
  const { forgotten } = await execute(dependencies, key, call, context);
  if (!forgotten) throw experienceErrors.modelMissing({ id: modelId });
  const model: Model = modelOf(context.namespace, { ...forgottenModel, capability: modelId }, undefined);
  return { model };
}

async function compareModels(
  { learners, foundation }: EstimateDependencies,
  { modelId }: CompareModelsRequest,
  context: CallContext,
): Promise<CompareModelsReply> {
  const { outcomes, models } = await learners.recorded(context);
  const scored = await compared(foundation, outcomes, modelId, context.signal);
  const live = liveOf(models.get(modelId));
  return { training: trainingOf({ ...scored, number: 0, live, finding: "" }, live) };
}

async function promote(
  dependencies: EstimateDependencies,
  { modelId, live, reason }: PromoteModelRequest,
  context: CallContext,
): Promise<PromoteModelReply> {
  const { learners, foundation } = dependencies;
  const { outcomes } = await learners.recorded(context);
  const scored = await compared(foundation, outcomes, modelId, context.signal);
  const training = { ...scored, number: 0, live: "", finding: "" };
  const body = { capability: modelId, model: live, training };
  await execute(
    dependencies,
    experienceOf(context.namespace),
    { command: promoteModel, body, reason },
    context,
  );
  return { model: (await getModel(dependencies, { namespace: "", modelId }, context)).model };
}

async function rollBack(
  dependencies: EstimateDependencies,
  { modelId, reason, idempotencyKey }: RollBackModelRequest,
  context: CallContext,
): Promise<RollBackModelReply> {
  const call = {
    command: rollBackModel,
    body: { capability: modelId },
    reason,
    ...(idempotencyKey === "" ? {} : { idempotencyKey }),
  };
  await execute(dependencies, experienceOf(context.namespace), call, context);
  return { model: (await getModel(dependencies, { namespace: "", modelId }, context)).model };
}

const forgottenModel = {
  version: 0,
  samples: 0,
  error: 0,
  coverage: 0,
  drift: undefined,
  learnMs: 0,
  learnedAt: 0,
  points: [],
  pools: new Set<string>(),
};

const pollMs = 1_000;
const keepaliveMs = 5_000;

/**
 * Watches estimates. A cursor contains the number of attempts that its reader knows, and the number of
 * forgotten ones. So a returning reader gets the models that have learned since.
 */
async function* watchEstimates(
  { learners, foundation }: EstimateDependencies,
  { pool, cursor }: WatchEstimatesRequest,
  context: CallContext,
): AsyncGenerator<WatchEstimatesReply, void> {
  const { timers, clock } = foundation;
  const [, counted = "", forgottenBefore = ""] = /^a(\d{1,15})\.(\d{1,9})$/.exec(cursor) ?? [];
  const first = await learners.of(context);
  const { place } = first;
  const isResumed =
    counted !== "" && Number(forgottenBefore) === place.forgottenCount && Number(counted) <= place.count;
  let known = isResumed ? Number(counted) : 0;
  const sent = new Set<string>();
  let lastSentMs = Number.NEGATIVE_INFINITY;
  while (!context.signal.aborted) {
    const { knowledge, place } = await learners.of(context);
    const { count, forgottenCount } = place;
    const matching = knowledge.models.filter(({ pools }) => pool === "" || pools.has(pool));
    const there = new Set(matching.map(({ capability }) => capability));
    const removed = [...sent].filter((capability) => !there.has(capability));
    const changed = matching.filter(({ learnedAt }) => learnedAt > known);
    for (const { capability } of matching) sent.add(capability);
    for (const capability of removed) sent.delete(capability);
    if (changed.length + removed.length > 0 || clock.monotonic() - lastSentMs >= keepaliveMs) {
      lastSentMs = clock.monotonic();
      yield {
        estimates: changed.map(({ capability }) =>
          estimateOf(knowledge, EstimateSubject.create({ capability })),
        ),
        removed: removed.map((capability) => EstimateSubject.create({ capability })),
        live: true,
        cursor: `a${count}.${forgottenCount}`,
      };
    }
    known = count;
    await sleep(timers, pollMs, context.signal).catch(() => {});
  }
}

/** Records outcomes. Each namespace learns from its own. A batch is confirmed when all of it is durable. */
async function* recordOutcomes(
  dependencies: EstimateDependencies,
  requests: AsyncIterable<RecordOutcomesRequest>,
  context: CallContext,
): AsyncGenerator<RecordOutcomesReply, void> {
  let sender = "";
  for await (const request of requests) {
    sender ||= request.instanceId || context.principal.id;
    const ofNamespaces = Map.groupBy(request.outcomes, ({ namespace }) => namespace || context.namespace);
    for (const [namespace, outcomes] of ofNamespaces) {
      const body = {
        sender,
        batch: request.batch,
        outcomes: outcomes.flatMap((outcome) => learnedOf(outcome) ?? []),
      };
      await atOwner(
        async () => {
          const call = { command: recordExperience, body, idempotencyKey: "" };
          await execute(dependencies, experienceOf(namespace), call, context);
        },
        async (owner) => {
          const passedOn = { ...request, instanceId: sender, outcomes };
          for await (const _ of dependencies.estimates.recordOutcomes(only(passedOn), { context, owner }))
            return;
        },
      );
    }
    yield { batch: request.batch };
  }
}

async function* only<Item>(item: Item): AsyncGenerator<Item, void> {
  yield item;
}
