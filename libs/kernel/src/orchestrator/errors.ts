import { defineErrors } from "../errors/catalogue.ts";
import { capitalized, durationText, sentences } from "../text.ts";

const quoted = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(", ") || "none";

/** Errors while an orchestrator is assembled, started, monitored and stopped. */
export const lifecycleErrors = defineErrors("lifecycle", {
  componentTwice: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "Two components of one orchestrator have the same name. Status, health, dependencies and metrics refer to components by name. Give each component its own name.",
    message: ({ orchestrator, component }: { orchestrator: string; component: string }) =>
      `${orchestrator} already has a component \`${component}\``,
    remedy: "Give the component its own name.",
  },
  componentUnknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "A component was requested that the orchestrator does not have.",
    message: (parameters: { orchestrator: string; component: string; known: readonly string[] }) =>
      `${parameters.orchestrator} has no component \`${parameters.component}\`. It has ${quoted(parameters.known)}`,
    remedy: "Correct the name.",
  },
  componentAmbiguous: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A component was requested by its class, and several components have this class. Request it by name.",
    message: (parameters: { orchestrator: string; type: string; found: readonly string[] }) =>
      `${parameters.orchestrator} has several components of class ${parameters.type}: ${quoted(parameters.found)}`,
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
    help: "An orchestrator reads its configuration, but its foundation has none. Load a configuration and add it to the foundation.",
    message: ({ orchestrator, section }: { orchestrator: string; section: string }) =>
      `The foundation of ${orchestrator} has no configuration to read \`${section}\` from`,
    remedy: "Load a configuration and add it to the foundation.",
  },
  notStartable: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "An orchestrator starts once. After it stopped or failed, it does not start again. Create a new orchestrator.",
    message: ({ orchestrator, state }: { orchestrator: string; state: string }) =>
      `${orchestrator} cannot start, because it is ${state}`,
    remedy: "Create a new one.",
  },
  stepTwice: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "Two steps of one pipeline have the same name. Use another name, or call `replace` to replace the first step.",
    message: ({ pipeline, step }: { pipeline: string; step: string }) =>
      `Pipeline \`${pipeline}\` already has a step \`${step}\``,
    remedy: "Rename the step, or replace the first one.",
  },
  stepUnknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "A step was named, as a dependency or as a place to insert at, that its pipeline does not have.",
    message: (parameters: { pipeline: string; step: string; requiredBy: string; known: readonly string[] }) =>
      `${parameters.requiredBy} needs step \`${parameters.step}\` of pipeline \`${parameters.pipeline}\`, which has ${quoted(parameters.known)}`,
    remedy: "Register the step, or correct the name.",
  },
  stepCycle: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Steps or components depend on each other in a cycle, so none of them can start first. Remove one of the named dependencies.",
    message: ({ pipeline, path }: { pipeline: string; path: readonly string[] }) =>
      `Pipeline \`${pipeline}\` has a cycle of dependencies: ${path.join(" → ")}`,
    remedy: "Remove one of them.",
  },
  pipelineTwice: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "Two pipelines of one orchestrator have the same name. Status and metrics identify a pipeline by its name. Give each pipeline its own name.",
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
    help: "A named step of a pipeline failed with an error that is not Tutti's own. The cause is that error. An error of Tutti keeps its own code, and only the message names the step.",
    message: ({ pipeline, step, problem }: { pipeline: string; step: string; problem: string }) =>
      `step \`${step}\` of pipeline \`${pipeline}\` failed: ${problem}`,
    remedy: "",
  },
  stepInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "An invalid step was registered in a pipeline. It has no name, an unknown scope, both or neither of `run` and `around`, or a contract that is not a schema. The message names the problem.",
    message: ({ pipeline, step, problem }: { pipeline: string; step: string; problem: string }) =>
      `Step \`${step}\` cannot be registered in pipeline \`${pipeline}\`: ${problem}`,
    remedy: "Correct the step.",
  },
  stepContract: {
    status: "INTERNAL",
    retry: "never",
    help: "The input or the output of a step breaks its declared contract. Correct the step before it, the step itself, or the contract.",
    message: (parameters: { pipeline: string; step: string; side: "input" | "output"; problem: string }) =>
      `The ${parameters.side} of step \`${parameters.step}\` of pipeline \`${parameters.pipeline}\` breaks its contract: ${parameters.problem}`,
    remedy: "Correct the step or the contract.",
  },
  stepTimedOut: {
    status: "DEADLINE_EXCEEDED",
    retry: "never",
    help: "Starting, draining or stopping exceeded its timeout. Find the cause of the wait in the component. If the component needs more time, raise the timeout that the message names.",
    message: (parameters: { operation: string; setting: string; timeoutMs: number }) =>
      `${capitalized(parameters.operation)} did not finish within ${durationText(parameters.timeoutMs)}`,
    remedy: (parameters: { operation: string; setting: string; timeoutMs: number }) =>
      `Check what it waits for, or raise \`${parameters.setting}\`.`,
  },
  dependencyFailed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A component was not started, because a component that it depends on failed to start. Fix that component.",
    message: ({ component, dependency }: { component: string; dependency: string }) =>
      `\`${component}\` was not started, because its dependency \`${dependency}\` failed`,
    remedy: "See the error of the dependency.",
  },
  startFailed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "An orchestrator did not become ready. The components that had started are stopped again. The message names the step and its problem. The cause is the original error.",
    message: ({ orchestrator, problem }: { orchestrator: string; problem: string }) =>
      `${orchestrator} did not start: ${problem}`,
    remedy: "",
  },
  startAborted: {
    status: "CANCELLED",
    retry: "never",
    help: "The orchestrator was stopped before it was ready. The components that had started are stopped again.",
    message: ({ orchestrator }: { orchestrator: string }) =>
      `${orchestrator} was stopped before it was ready`,
    remedy: "Start it again.",
  },
  stopIncomplete: {
    status: "INTERNAL",
    retry: "never",
    help: "Some components failed to drain or stop, or took too long. All other components are stopped. The message names each failed component. It may hold ports, files or connections until the process ends.",
    message: ({ orchestrator, problems }: { orchestrator: string; problems: readonly string[] }) =>
      `${orchestrator} did not stop cleanly: ${sentences(...problems)}`,
    remedy: "",
  },
  componentFailed: {
    status: "UNAVAILABLE",
    retry: "elsewhere",
    help: "A critical component reported that it cannot continue, so its orchestrator stopped. The cause is the reported error.",
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
    help: "An operation exceeded its timeout, and its outcome is unknown. Retry with the same idempotency key. Raise the timeout if the operation needs more time.",
    message: ({ operation, timeoutMs }: { operation: string; timeoutMs: number }) =>
      `\`${operation}\` did not finish within ${durationText(timeoutMs)}, and its outcome is unknown`,
    remedy: "Retry with the same idempotency key.",
  },
  operationCancelled: {
    status: "CANCELLED",
    retry: "never",
    help: "The caller cancelled an operation before it finished.",
    message: ({ operation }: { operation: string }) =>
      `The caller cancelled \`${operation}\` before it finished`,
    remedy: "Call it again if it is still needed.",
  },
});
