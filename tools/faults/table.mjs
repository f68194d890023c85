// @ts-check

// The faults that `npm run faults` plants, one at a time. Each is a mistake that an engineer could make, and changes
// the behaviour of the platform. `find` is text that occurs once in the file.

/**
 * @typedef {object} Fault
 * @property {string} name
 * @property {string} breaks the consequence
 * @property {string} file
 * @property {string} find
 * @property {string} replace
 * @property {readonly string[]} packages whose tests may find it, in the order in which they run
 */

const run = ["libs/machines/run", "apps/workflow", "apps/platform"];
const mesh = ["libs/mesh", "apps/governance", "apps/platform"];
const journal = ["libs/journal", "libs/runtime"];
const matching = ["libs/matching", "apps/swarm", "apps/platform"];
const sdk = ["libs/sdk", "apps/swarm", "apps/platform"];
const gateway = ["apps/gateway", "apps/platform"];

/** @type {readonly Fault[]} */
export const faults = [
  {
    name: "run-one-attempt-too-many",
    breaks: "A failed task is retried once more than its retry policy allows.",
    file: "libs/kernel/src/retry/decision.ts",
    find: "tries < policy.maxAttempts",
    replace: "tries <= policy.maxAttempts",
    packages: ["libs/kernel", ...run],
  },
  {
    name: "run-lost-compensation",
    breaks: "A run that fails with its last open task ends without compensation.",
    file: "libs/machines/run/src/life/run/end.ts",
    find: "run.alone > 0 || (run.undo.length > 0 && isUndone(run))",
    replace: "run.alone > 0",
    packages: run,
  },
  {
    name: "run-lost-timer",
    breaks: "A reloaded run does not set the timer of a waiting task, so the wait never ends.",
    file: "libs/machines/run/src/kinds/wait/kind.ts",
    find: "    if (more.dueMs > 0) outstanding.timer(timerNumber(number, nodeTimers.wait), more.dueMs);",
    replace: "",
    packages: run,
  },
  {
    name: "mission-vote-counted-twice",
    breaks: "An agent that votes again has two ballots.",
    file: "libs/machines/mission/src/kinds/vote/events.ts",
    find: "else vote.ballots[at] = ballot;",
    replace: "else vote.ballots.push(ballot);",
    packages: ["libs/machines/mission", "apps/swarm", "apps/platform"],
  },
  {
    name: "session-dependency-ignored",
    breaks: "A session starts before the sessions that it depends on have ended.",
    file: "libs/machines/session/src/life/prerequisites.ts",
    find: "return isWaitingForOthers(session) || (specOf(session).locks.length > 0 && lockMs === 0);",
    replace: "return specOf(session).locks.length > 0 && lockMs === 0;",
    packages: ["libs/machines/session", "apps/master", "apps/platform"],
  },
  {
    name: "schedule-overlap-ignored",
    breaks: "A schedule skips a time while a run is live, for every overlap policy.",
    file: "libs/machines/schedule/src/firing/clock.ts",
    find: "schedule.plan.overlap || Overlap.OVERLAP_SKIP",
    replace: "Overlap.OVERLAP_SKIP",
    packages: ["libs/machines/schedule", "apps/workflow", "apps/platform"],
  },
  {
    name: "interceptor-policy-unchecked",
    breaks: "A stream whose next message names another namespace is not authorized for that namespace.",
    file: "libs/mesh/src/interceptors/identity.ts",
    find: "if (call.namespaceKnown && (!isNamedByEach || about === call.namespace)) return undefined;",
    replace: "if (call.namespaceKnown) return undefined;",
    packages: mesh,
  },
  {
    name: "interceptor-deadline-not-kept",
    breaks: "A server does not stop a call over gRPC whose deadline passes.",
    file: "libs/mesh/src/interceptors/deadline.ts",
    find: "          }\n          deadlines.add(call, call.deadlineMs, call.startedMs);",
    replace: "          }",
    packages: mesh,
  },
  {
    name: "interceptor-breaker-never-opens",
    breaks: "The breaker of an instance that fails every call stays closed.",
    file: "libs/mesh/src/interceptors/breaker.ts",
    find: "!isInstanceFailure(error) || isAwaited",
    replace: "!isInstanceFailure(error) || !isAwaited",
    packages: mesh,
  },
  {
    name: "journal-checksum-not-compared",
    breaks: "The checksum of a batch's records is compared with itself, so corrupted bytes pass.",
    file: "libs/journal/src/segments/inspection.ts",
    find: "frames.sumOfRecords() === frames.checksum",
    replace: "frames.sumOfRecords() === frames.sumOfRecords()",
    packages: journal,
  },
  {
    name: "journal-torn-tail-not-cut",
    breaks: "The header of a torn group stays on the disk and may reappear with the next torn group.",
    file: "libs/journal/src/segments/recovery.ts",
    find: "    if (this.#next + nothing.length <= this.#segmentBytes) writeFully(file, nothing, this.#next);\n",
    replace: "",
    packages: journal,
  },
  {
    name: "journal-epoch-begun-twice",
    breaks: "Two owners of a partition can start the same epoch, and neither is fenced.",
    file: "libs/journal/src/ledger.ts",
    find: "return epoch <= this.#submittedEpoch ?",
    replace: "return epoch < this.#submittedEpoch ?",
    packages: journal,
  },
  {
    name: "runtime-idempotency-key-lost",
    breaks: "A reloaded partition forgets idempotency keys: a repeated call takes effect twice.",
    file: "libs/runtime/src/partition/recovery.ts",
    find: "recoverKey(instance, KeyAnswered.decode(payload));",
    replace: "return;",
    packages: ["libs/runtime", "apps/workflow", "apps/platform"],
  },
  {
    name: "matching-label-ignored",
    breaks: "A task is given to an agent that lacks the labels that the task requires.",
    file: "libs/matching/src/demand/demands.ts",
    find: "    if (!labelsMatch(cohort.labels, require)) return;\n",
    replace: "",
    packages: matching,
  },
  {
    name: "matching-credit-exceeded",
    breaks: "An agent receives one task more than its credit allows.",
    file: "libs/matching/src/agents/agent.ts",
    find: "credit >= heldSlots + count",
    replace: "credit + 1 >= heldSlots + count",
    packages: matching,
  },
  {
    name: "matching-turns-saved-up",
    breaks: "A namespace that returns after an idle time gets every free agent, and starves the others.",
    file: "libs/matching/src/agents/cohort.ts",
    find: "    this.#waitingTabs++;\n    tab.rank = Math.max(tab.rank, this.#passed);",
    replace: "    this.#waitingTabs++;",
    packages: matching,
  },
  {
    name: "sdk-result-forgotten",
    breaks: "A worker that starts a new link does not repeat the results that were not durable.",
    file: "libs/sdk/src/link/link-state.ts",
    find: "const before = this.#retained;",
    replace: "const before: RetainedMessage[] = [];",
    packages: sdk,
  },
  {
    name: "sdk-link-not-resumed",
    breaks: "A worker whose stream breaks starts a new link within the resume window.",
    file: "libs/sdk/src/link/connector.ts",
    find: "clock.monotonic() < resumable.untilMs",
    replace: "clock.monotonic() > resumable.untilMs",
    packages: sdk,
  },
  {
    name: "gateway-route-open",
    breaks: "Routes below an open route are open too: a caller without credentials gets a sign-in link.",
    file: "apps/gateway/src/front/front.ts",
    find: 'reach: route.open ? "open" : undefined,',
    replace: 'reach: route.open || route.path.startsWith("/v1/sign-in") ? "open" : undefined,',
    packages: gateway,
  },
  {
    name: "gateway-status-wrong",
    breaks: "REST answers 201 for what existed and 200 for what was created.",
    file: "apps/gateway/src/calls/rpc-route.ts",
    find: 'reply["existed"] === false ? 201 : 200',
    replace: 'reply["existed"] === true ? 201 : 200',
    packages: gateway,
  },
];
