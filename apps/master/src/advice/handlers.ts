/** Advice: searched, listed, watched, applied to a share of the new runs, dismissed. */
import {
  type ApplyRecommendationRequest,
  type adviceService,
  type FindRecommendationsRequest,
  type ListRecommendationsReply,
  type ListRecommendationsRequest,
  type Recommendation,
  RecommendationStatus,
  type WatchRecommendationsReply,
  type WatchRecommendationsRequest,
} from "@tutti/contracts/intelligence/v1";
import {
  execute,
  type MachineDependencies,
  orIfAbsent,
  placeOfToken,
  query,
  sizeOf,
  tokenOfPlace,
} from "@tutti/host/serving";
import {
  type CallContext,
  errorFromUnknown,
  type Foundation,
  fromTimestamp,
  type ReadOnly,
  sleep,
} from "@tutti/kernel";
import {
  adviceErrors,
  dismissFound,
  endTrial,
  isOnTrial,
  keepFound,
  recommended,
  registerTrial,
  startTrial,
} from "@tutti/machine-entities/advice";
import { atOwner, type Client, type Handlers } from "@tutti/mesh";
import { type FindingParts, findAbout, runsByDefault } from "./finding.ts";
import { type ForecastParts, forecastsOf } from "./forecast.ts";
import { adviceKeyOf, subjectOfPool, type Trials } from "./trials.ts";
import { cursorOf, markOf, marksIn } from "./watch-cursor.ts";

export interface AdviceDependencies extends MachineDependencies, FindingParts {
  readonly foundation: Foundation;
  readonly load: ForecastParts;
  readonly trials: Pick<Trials, "applyVerdict">;
  /** The client of this service, in any process. */
  readonly advice: Client<typeof adviceService>;
}

const percentByDefault = 20;
const { RECOMMENDATION_STATUS_OPEN: open, RECOMMENDATION_STATUS_TRIAL: onTrial } = RecommendationStatus;

export function adviceHandlers(dependencies: AdviceDependencies): Handlers<typeof adviceService> {
  const { advice } = dependencies;
  return {
    forecast: async (request, context) => {
      const caller = { namespace: context.namespace, context };
      return {
        series: await forecastsOf(dependencies.load, caller, request, dependencies.foundation.clock.now()),
      };
    },
    findRecommendations: (request, context) =>
      atOwner(
        () => findRecommendations(dependencies, request, context),
        (owner) => advice.findRecommendations(request, { context, owner }),
      ),
    getRecommendation: (request, context) =>
      atOwner(
        async () => ({ recommendation: await find(dependencies, request.recommendationId, context) }),
        (owner) => advice.getRecommendation(request, { context, owner }),
      ),
    listRecommendations: (request, context) =>
      atOwner(
        () => listRecommendations(dependencies, request, context),
        (owner) => advice.listRecommendations(request, { context, owner }),
      ),
    watchRecommendations: (request, context) => watchRecommendations(dependencies, request, context),
    applyRecommendation: (request, context) =>
      atOwner(
        async () => ({ recommendation: await apply(dependencies, request, context) }),
        (owner) => advice.applyRecommendation(request, { context, owner }),
      ),
    dismissRecommendation: (request, context) =>
      atOwner(
        async () => {
          const { recommendationId, reason } = request;
          const key = adviceKeyOf(context.namespace);
          await find(dependencies, recommendationId, context);
          const call = { command: dismissFound, body: { recommendationId }, reason };
          const { recommendation } = await execute(dependencies, key, call, context);
          if (recommendation?.trial?.settled === false)
            await dependencies.trials.applyVerdict(key, recommendation);
          return { recommendation: await find(dependencies, recommendationId, context) };
        },
        (owner) => advice.dismissRecommendation(request, { context, owner }),
      ),
  };
}

async function all(
  dependencies: MachineDependencies,
  context: CallContext,
): Promise<readonly ReadOnly<Recommendation>[]> {
  const call = { query: recommended, body: undefined };
  return await orIfAbsent(query(dependencies, adviceKeyOf(context.namespace), call, context), []);
}

async function find(
  dependencies: MachineDependencies,
  id: string,
  context: CallContext,
): Promise<Recommendation> {
  const found = (await all(dependencies, context)).find(({ recommendationId }) => recommendationId === id);
  if (found === undefined) throw adviceErrors.missing({ id });
  return recommendationMessage(found);
}

function recommendationMessage(stored: ReadOnly<Recommendation>): Recommendation {
  const { status, recommendationId } = stored;
  // Only read.
  const copy = { ...(stored as Recommendation) };
  return status === open && copy.manual === ""
    ? { ...copy, command: `tutti advice apply ${recommendationId}` }
    : copy;
}

async function findRecommendations(
  dependencies: AdviceDependencies,
  { subject: workflow, pool, runs: count, endedSince }: FindRecommendationsRequest,
  context: CallContext,
) {
  if ((workflow === "") === (pool === ""))
    throw adviceErrors.invalid({ problem: "`subject`, `pool`: expected one of them" });
  const subject = pool === "" ? workflow : subjectOfPool(pool);
  const key = adviceKeyOf(context.namespace);
  // Refused at once if another process has the advice.
  await all(dependencies, context);
  const caller = { namespace: context.namespace, context };
  const sinceMs = endedSince === undefined ? 0 : fromTimestamp(endedSince);
  const { baseHash, runs, found } =
    pool === ""
      ? await findAbout(dependencies, caller, { subject, count: count || runsByDefault, sinceMs })
      : await dependencies.pools.findAbout(caller, pool, sinceMs);
  await execute(
    dependencies,
    key,
    { command: keepFound, body: { subject, baseHash, found: [...found] } },
    context,
  );
  const stored = new Map((await all(dependencies, context)).map((each) => [each.recommendationId, each]));
  return {
    recommendations: found.map((each) => recommendationMessage(stored.get(each.recommendationId) ?? each)),
    runs,
  };
}

async function listRecommendations(
  dependencies: AdviceDependencies,
  { statuses, kind, subject, pool, page }: ListRecommendationsRequest,
  context: CallContext,
): Promise<ListRecommendationsReply> {
  const requestedStatuses = new Set(statuses.length === 0 ? [open, onTrial] : statuses);
  const found = (await all(dependencies, context))
    .filter((each) => requestedStatuses.has(each.status))
    .filter((each) => (kind === "" || each.kind === kind) && (subject === "" || each.subject === subject))
    .filter((each) => pool === "" || each.pool === pool)
    .toSorted((one, other) => (other.gain?.median ?? 0) - (one.gain?.median ?? 0));
  const offset = placeOfToken(page?.token ?? "");
  const size = sizeOf(page);
  return {
    recommendations: found.slice(offset, offset + size).map(recommendationMessage),
    page: { nextToken: found.length > offset + size ? tokenOfPlace(offset + size) : "", total: found.length },
  };
}

const pollMs = 1_000;
const keepaliveMs = 5_000;

async function* watchRecommendations(
  dependencies: AdviceDependencies,
  { cursor }: WatchRecommendationsRequest,
  context: CallContext,
): AsyncGenerator<WatchRecommendationsReply, void> {
  const { timers, clock } = dependencies.foundation;
  let sent = marksIn(cursor, (await all(dependencies, context)).length);
  let lastSentMs = Number.NEGATIVE_INFINITY;
  while (!context.signal.aborted) {
    const now = (await all(dependencies, context)).map((each) => ({ each, mark: markOf(each) }));
    const changed = now.filter(({ mark }) => !sent.has(mark)).map(({ each }) => each);
    sent = new Set(now.map(({ mark }) => mark));
    if (changed.length > 0 || clock.monotonic() - lastSentMs >= keepaliveMs) {
      lastSentMs = clock.monotonic();
      yield { recommendations: changed.map(recommendationMessage), live: true, cursor: cursorOf([...sent]) };
    }
    await sleep(timers, pollMs, context.signal).catch(() => {});
  }
}

/** Starts a trial with a pool. The strategy on trial has the first span. */
async function applyToPool(
  dependencies: AdviceDependencies,
  { recommendationId, pool, document: strategy }: Recommendation,
  reason: string,
  context: CallContext,
): Promise<Recommendation> {
  const { pools } = dependencies;
  const key = adviceKeyOf(context.namespace);
  const caller = { namespace: context.namespace, context };
  const start = { recommendationId, baseHash: await pools.strategyOf(caller, pool), percent: 50 };
  await execute(dependencies, key, { command: startTrial, body: start, reason }, context);
  return await whenTrialStarted(dependencies, recommendationId, context, async () => {
    await pools.setStrategy(caller, pool, strategy, reason || `Trial of advice ${recommendationId}.`);
    return strategy;
  });
}

/** Starts a trial. It is in the journal first. Without its version the recommendation is open again. */
async function apply(
  dependencies: AdviceDependencies,
  { recommendationId, reason, percent: requestedPercent }: ApplyRecommendationRequest,
  context: CallContext,
): Promise<Recommendation> {
  const { workflows } = dependencies;
  const key = adviceKeyOf(context.namespace);
  const known = await find(dependencies, recommendationId, context);
  const { subject, document } = known;
  const caller = { namespace: context.namespace, context };
  if (known.pool !== "") return await applyToPool(dependencies, known, reason, context);
  const latest = await workflows.latest(caller, subject);
  if (latest?.rollout !== undefined) {
    const running = (await all(dependencies, context)).find(
      (each) => each.subject === subject && isOnTrial(each),
    );
    if (running === undefined) throw adviceErrors.divided({ subject });
    throw adviceErrors.onTrial({ id: recommendationId, other: running.recommendationId, subject });
  }
  const percent = requestedPercent || percentByDefault;
  const start = { recommendationId, baseHash: latest?.hash ?? "", percent };
  await execute(dependencies, key, { command: startTrial, body: start, reason }, context);
  return await whenTrialStarted(dependencies, recommendationId, context, () =>
    workflows.register(caller, subject, document, percent),
  );
}

/** Returns the recommendation with the version on trial. If that cannot start, it is open again. */
async function whenTrialStarted(
  dependencies: AdviceDependencies,
  recommendationId: string,
  context: CallContext,
  start: () => Promise<string>,
): Promise<Recommendation> {
  const key = adviceKeyOf(context.namespace);
  try {
    const hash = await start();
    const registered = { command: registerTrial, body: { recommendationId, hash }, idempotencyKey: "" };
    await execute(dependencies, key, registered, context);
  } catch (thrown) {
    const body = { recommendationId, finding: errorFromUnknown(thrown).message, reopen: true };
    try {
      const ended = { command: endTrial, body, idempotencyKey: "" };
      const { recommendation } = await execute(dependencies, key, ended, context);
      if (recommendation !== undefined) await dependencies.trials.applyVerdict(key, recommendation);
    } catch (error) {
      // The caller gets the first error: it states why the trial could not start.
      const { logger } = dependencies.foundation;
      logger.warn("failed to reopen a recommendation", {
        namespace: context.namespace,
        recommendationId,
        error,
      });
    }
    throw thrown;
  }
  return find(dependencies, recommendationId, context);
}
