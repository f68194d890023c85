import { defineErrors } from "../errors/catalogue.ts";
import { capitalized, sentences } from "../words.ts";

const quoted = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(", ") || "none";

/** Errors while an orchestrator is assembled, started, monitored and stopped. */
export const lifecycleErrors = defineErrors("lifecycle", {
  componentTwice: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "Two components of one orchestrator were registered under the same name. A name is what status, health, dependencies and metrics refer to. Give each component its own.",
    message: ({ orchestrator, component }: { orchestrator: string; component: string }) =>
      `${orchestrator} already has a component \`${component}\``,
    remedy: "Give the component its own name.",
  },
  componentUnknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "A component was asked for that the orchestrator does not have.",
    message: (given: { orchestrator: string; component: string; known: readonly string[] }) =>
      `${given.orchestrator} has no component \`${given.component}\`. It has ${quoted(given.known)}`,
    remedy: "Correct the name.",
  },
  componentAmbiguous: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A component was asked for by its class, and several components are of it. Ask by name.",
    message: (given: { orchestrator: string; type: string; found: readonly string[] }) =>
      `${given.orchestrator} has several components of class ${given.type}: ${quoted(given.found)}`,
    remedy: "Look the component up by name.",
  },
  registeredLate: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A component was registered, or a step of the start-up changed, after the orchestrator had been started. Do it in the constructor.",
    message: ({ orchestrator, name, state }: { orchestrator: string; name: string; state: string }) =>
      `\`${name}\` cannot be registered, because ${orchestrator} is already ${state}`,
    remedy: "Register it in the constructor.",
  },
  configurationMissing: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "An orchestrator reads its configuration, but the foundation that it was made with has none. Load one and put it into the foundation.",
    message: ({ orchestrator, section }: { orchestrator: string; section: string }) =>
      `The foundation of ${orchestrator} has no configuration to read \`${section}\` from`,
    remedy: "Load a configuration and add it to the foundation.",
  },
  notStartable: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "An orchestrator is started once. What was stopped or has failed is not started again. Make a new one.",
    message: ({ orchestrator, state }: { orchestrator: string; state: string }) =>
      `${orchestrator} cannot start, because it is ${state}`,
    remedy: "Create a new one.",
  },
  stepTwice: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "Two steps of one pipeline have the same name. Use another name, or `replace` if the first is meant to go.",
    message: ({ pipeline, step }: { pipeline: string; step: string }) =>
      `Pipeline \`${pipeline}\` already has a step \`${step}\``,
    remedy: "Rename the step, or replace the first one.",
  },
  stepUnknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "A step was named, as a dependency or as a place to insert at, that its pipeline does not have.",
    message: (given: { pipeline: string; step: string; wantedBy: string; known: readonly string[] }) =>
      `${given.wantedBy} needs step \`${given.step}\` of pipeline \`${given.pipeline}\`, which has ${quoted(given.known)}`,
    remedy: "Register the step, or correct the name.",
  },
  stepCycle: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Steps or components wait for each other in a circle, so none of them can be first. Take one of the named dependencies away.",
    message: ({ pipeline, path }: { pipeline: string; path: readonly string[] }) =>
      `Pipeline \`${pipeline}\` has a circle of dependencies: ${path.join(" → ")}`,
    remedy: "Remove one of them.",
  },
  pipelineTwice: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "Two pipelines of one orchestrator have the same name. Status and metrics tell them apart by it. Give each its own.",
    message: ({ orchestrator, pipeline }: { orchestrator: string; pipeline: string }) =>
      `${orchestrator} already has a pipeline \`${pipeline}\``,
    remedy: "Give the pipeline its own name.",
  },
  pipelineSealed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A pipeline was changed after it had been composed. The change would not have had an effect. Change it before the service starts.",
    message: ({ pipeline, step }: { pipeline: string; step: string }) =>
      `Step \`${step}\` cannot be added, because pipeline \`${pipeline}\` is already composed`,
    remedy: "Add the step before the service starts.",
  },
  stepFailed: {
    status: "INTERNAL",
    retry: "never",
    help: "A named step of a pipeline failed with an error that is none of Tutti's own. The cause is that error. Where it is one, its own code is kept and only the message tells the step.",
    message: ({ pipeline, step, problem }: { pipeline: string; step: string; problem: string }) =>
      `step \`${step}\` of pipeline \`${pipeline}\` failed: ${problem}`,
    remedy: "",
  },
  stepInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A step that is no step was registered in a pipeline: without a name, with an unknown scope, with both or neither of `run` and `around`, or with a contract that is no schema. The message names what is wrong.",
    message: ({ pipeline, step, problem }: { pipeline: string; step: string; problem: string }) =>
      `Step \`${step}\` cannot be registered in pipeline \`${pipeline}\`: ${problem}`,
    remedy: "Correct the step.",
  },
  stepContract: {
    status: "INTERNAL",
    retry: "never",
    help: "A step of a pipeline was given an input, or gave an output, that its declared contract does not allow. Correct the step before it, the step itself, or the contract.",
    message: (given: { pipeline: string; step: string; side: "input" | "output"; problem: string }) =>
      `The ${given.side} of step \`${given.step}\` of pipeline \`${given.pipeline}\` breaks its contract: ${given.problem}`,
    remedy: "Correct the step or the contract.",
  },
  stepTimedOut: {
    status: "DEADLINE_EXCEEDED",
    retry: "never",
    help: "Starting, draining or stopping took longer than it may. See what the component waits for. If it needs the time, raise the timeout that the message names.",
    message: (given: { what: string; setting: string; timeoutMs: number }) =>
      `${capitalized(given.what)} did not finish within ${given.timeoutMs} ms`,
    remedy: (given: { what: string; setting: string; timeoutMs: number }) =>
      `Check what it waits for, or raise \`${given.setting}\`.`,
  },
  dependencyFailed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A component was not started because one that it depends on had failed to. Fix that one.",
    message: ({ component, dependency }: { component: string; dependency: string }) =>
      `\`${component}\` was not started, because its dependency \`${dependency}\` failed`,
    remedy: "See the error of the dependency.",
  },
  startFailed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "An orchestrator did not become ready. What had been started is stopped again. The message names the step and its problem, the cause is the error itself.",
    message: ({ orchestrator, problem }: { orchestrator: string; problem: string }) =>
      `${orchestrator} did not start: ${problem}`,
    remedy: "",
  },
  startAborted: {
    status: "CANCELLED",
    retry: "never",
    help: "The orchestrator was stopped before it was ready. What had been started is stopped again.",
    message: ({ orchestrator }: { orchestrator: string }) =>
      `${orchestrator} was stopped before it was ready`,
    remedy: "Start it again.",
  },
  stopIncomplete: {
    status: "INTERNAL",
    retry: "never",
    help: "Some components failed to drain or stop, or took too long. All others are stopped. The message tells each, and the rest may hold on to ports, files or connections until the process ends.",
    message: ({ orchestrator, problems }: { orchestrator: string; problems: readonly string[] }) =>
      `${orchestrator} did not stop cleanly: ${sentences(...problems)}`,
    remedy: "",
  },
  componentFailed: {
    status: "UNAVAILABLE",
    retry: "elsewhere",
    help: "A critical component reported that it cannot continue, so its orchestrator stopped. The cause is what it reported.",
    message: ({
      orchestrator,
      component,
      problem,
    }: {
      orchestrator: string;
      component: string;
      problem: string;
    }) => `${orchestrator} stopped because its component \`${component}\` cannot continue: ${problem}`,
    remedy: "",
  },
  operationTimedOut: {
    status: "DEADLINE_EXCEEDED",
    retry: "same-key",
    help: "An operation took longer than it was given. Whether it takes effect is unknown: repeat it with the same idempotency key, and raise its timeout if it needs more.",
    message: ({ operation, timeoutMs }: { operation: string; timeoutMs: number }) =>
      `\`${operation}\` did not finish within ${Math.round(timeoutMs)} ms, and its outcome is unknown`,
    remedy: "Retry with the same idempotency key.",
  },
  operationCancelled: {
    status: "CANCELLED",
    retry: "never",
    help: "The caller of an operation gave up before it was done.",
    message: ({ operation }: { operation: string }) =>
      `The caller cancelled \`${operation}\` before it finished`,
    remedy: "Call it again if it is still needed.",
  },
});
