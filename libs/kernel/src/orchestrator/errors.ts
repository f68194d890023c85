import { defineErrors } from "../errors/catalogue.ts";

const quoted = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(", ") || "none";

/** What goes wrong while a coordinator is put together, started, watched and stopped. */
export const lifecycleErrors = defineErrors("lifecycle", {
  componentTwice: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "Two components of one orchestrator were registered under the same name. A name is what status, health, dependencies and metrics refer to; give each component its own.",
    message: ({ orchestrator, component }: { orchestrator: string; component: string }) =>
      `expected a new name, found a second component \`${component}\` in ${orchestrator}; give it a name of its own`,
  },
  componentUnknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "A component was asked for that the orchestrator does not have.",
    message: (given: { orchestrator: string; component: string; known: readonly string[] }) =>
      `expected a component of ${given.orchestrator}, found \`${given.component}\`; registered are ${quoted(given.known)}`,
  },
  componentAmbiguous: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A component was asked for by its class, and several components are of it. Ask by name.",
    message: (given: { orchestrator: string; type: string; found: readonly string[] }) =>
      `expected one component of class ${given.type} in ${given.orchestrator}, found ${quoted(given.found)}; ask by name`,
  },
  registeredLate: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A component was registered, or a step of the start-up changed, after the orchestrator had been started. Do it in the constructor.",
    message: ({ orchestrator, name, state }: { orchestrator: string; name: string; state: string }) =>
      `expected ${orchestrator} to be created and not yet started, found it ${state}; register \`${name}\` in the constructor`,
  },
  configurationMissing: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "An orchestrator reads its configuration, but the foundation that it was made with has none. Load one and put it into the foundation.",
    message: ({ orchestrator, section }: { orchestrator: string; section: string }) =>
      `expected a configuration in the foundation of ${orchestrator} to read \`${section}\` from, found none; load one and put it there`,
  },
  notStartable: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "An orchestrator is started once. What was stopped or has failed is not started again; make a new one.",
    message: ({ orchestrator, state }: { orchestrator: string; state: string }) =>
      `expected ${orchestrator} to be new, found it ${state}; make a new one to start again`,
  },
  stepTwice: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "Two steps of one pipeline have the same name. Use another name, or `replace` if the first is meant to go.",
    message: ({ pipeline, step }: { pipeline: string; step: string }) =>
      `expected a new name, found a second step \`${step}\` in pipeline \`${pipeline}\`; rename it, or replace the first`,
  },
  stepUnknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "A step was named, as a dependency or as a place to insert at, that its pipeline does not have.",
    message: (given: { pipeline: string; step: string; wantedBy: string; known: readonly string[] }) =>
      `${given.wantedBy} expected a step \`${given.step}\` in pipeline \`${given.pipeline}\`, found ${quoted(given.known)}; register it, or correct the name`,
  },
  stepCycle: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Steps or components wait for each other in a circle, so none of them can be first. Take one of the named dependencies away.",
    message: ({ pipeline, path }: { pipeline: string; path: readonly string[] }) =>
      `expected an order in pipeline \`${pipeline}\`, found a circle of dependencies: ${path.join(" → ")}; take one of them away`,
  },
  pipelineTwice: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "Two pipelines of one orchestrator have the same name. Status and metrics tell them apart by it; give each its own.",
    message: ({ orchestrator, pipeline }: { orchestrator: string; pipeline: string }) =>
      `expected a new name, found a second pipeline \`${pipeline}\` in ${orchestrator}; give it a name of its own`,
  },
  pipelineSealed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A pipeline was changed after it had been composed; the change would not have had an effect. Change it before the service starts.",
    message: ({ pipeline, step }: { pipeline: string; step: string }) =>
      `expected pipeline \`${pipeline}\` to be open, found it composed already; bring in \`${step}\` before that`,
  },
  stepFailed: {
    status: "INTERNAL",
    retry: "never",
    help: "A named step of a pipeline failed with an error that is none of Tutti's own; the cause is that error. Where it is one, its own code is kept and only the message tells the step.",
    message: ({ pipeline, step, problem }: { pipeline: string; step: string; problem: string }) =>
      `step \`${step}\` of pipeline \`${pipeline}\` failed: ${problem}`,
  },
  stepInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A step that is no step was registered in a pipeline: without a name, with an unknown scope, with both or neither of `run` and `around`, or with a contract that is no schema. The message names what is wrong.",
    message: ({ pipeline, step, problem }: { pipeline: string; step: string; problem: string }) =>
      `Step \`${step}\` cannot be registered in pipeline \`${pipeline}\`: ${problem}.`,
  },
  stepContract: {
    status: "INTERNAL",
    retry: "never",
    help: "A step of a pipeline was given an input, or gave an output, that its declared contract does not allow. Correct the step before it, the step itself, or the contract.",
    message: (given: { pipeline: string; step: string; side: "input" | "output"; problem: string }) =>
      `The ${given.side} of step \`${given.step}\` of pipeline \`${given.pipeline}\` breaks its contract: ${given.problem}.`,
  },
  stepTimedOut: {
    status: "DEADLINE_EXCEEDED",
    retry: "never",
    help: "Starting, draining or stopping took longer than it may. See what the component waits for; if it needs the time, raise the timeout that the message names.",
    message: (given: { what: string; setting: string; timeoutMs: number }) =>
      `expected ${given.what} within ${given.timeoutMs} ms, found it still running; see what it waits for, or raise \`${given.setting}\``,
  },
  dependencyFailed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A component was not started because one that it depends on had failed to. Mend that one.",
    message: ({ component, dependency }: { component: string; dependency: string }) =>
      `expected \`${dependency}\` to be started before \`${component}\`, found it failed; see its reason`,
  },
  startFailed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "An orchestrator did not become ready; what had been started is stopped again. The message names the step and its problem, the cause is the error itself.",
    message: ({ orchestrator, problem }: { orchestrator: string; problem: string }) =>
      `${orchestrator} did not start: ${problem}`,
  },
  startAborted: {
    status: "CANCELLED",
    retry: "never",
    help: "The orchestrator was told to stop before it was ready. What had been started is stopped again.",
    message: ({ orchestrator }: { orchestrator: string }) =>
      `${orchestrator} was stopped before it was ready`,
  },
  stopIncomplete: {
    status: "INTERNAL",
    retry: "never",
    help: "Some components failed to drain or stop, or took too long; all others are stopped. The message tells each, and what is left may hold on to ports, files or connections until the process ends.",
    message: ({ orchestrator, problems }: { orchestrator: string; problems: readonly string[] }) =>
      `${orchestrator} did not stop cleanly: ${problems.join("; ")}`,
  },
  componentFailed: {
    status: "UNAVAILABLE",
    retry: "elsewhere",
    help: "A critical component reported that it cannot go on, so its orchestrator stopped. The cause is what it reported.",
    message: ({
      orchestrator,
      component,
      problem,
    }: {
      orchestrator: string;
      component: string;
      problem: string;
    }) => `${orchestrator} stopped because its component \`${component}\` cannot go on: ${problem}`,
  },
  operationTimedOut: {
    status: "DEADLINE_EXCEEDED",
    retry: "same-key",
    help: "An operation took longer than it was given. Whether it takes effect is unknown: repeat it with the same idempotency key, and raise its timeout if it needs more.",
    message: ({ operation, timeoutMs }: { operation: string; timeoutMs: number }) =>
      `expected \`${operation}\` to be done within ${Math.round(timeoutMs)} ms, found it unfinished; whether it takes effect is unknown`,
  },
  operationCancelled: {
    status: "CANCELLED",
    retry: "never",
    help: "The caller of an operation gave up before it was done.",
    message: ({ operation }: { operation: string }) =>
      `\`${operation}\` was cancelled by its caller before it was done`,
  },
});
