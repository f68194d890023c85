import { defineErrors, didYouMean } from "@tutti/kernel";
import { TaskFailure } from "../task/failure.ts";

/** Errors of commands. */
export const shellErrors = defineErrors("shell", {
  inputInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The input of a shell task is not a command that the worker can run.",
    message: ({ expected }: { expected: string }) => `The command cannot be run: expected ${expected}`,
    remedy: "Correct `with` of the task.",
  },
  notAllowed: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "The worker lists the programs and the folder that its tasks may use. The requested program or folder is not listed.",
    message: ({ what, allowed }: { what: string; allowed: string }) =>
      `${what} is not allowed. Allowed: ${allowed}`,
    remedy: "Add it to the options of the worker's shell.",
  },
  notStarted: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The program of a task, or its folder, is not on the worker's machine.",
    message: ({ program, reason }: { program: string; reason: string }) =>
      `\`${program}\` did not start: ${reason}`,
    remedy: "Install the program on the worker's machine, or correct the command.",
  },
  sessionMissing: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A task attaches to a session of tmux that is not on the worker's machine, or that ended during the task.",
    message: ({ session, reason }: { session: string; reason: string }) =>
      `The tmux session \`${session}\` is not on the worker's machine: ${reason}`,
    remedy: "Start it on this machine: `tmux new-session -d -s NAME`.",
  },
  exited: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The command of a task ended with an exit code that does not count as success, or by a signal.",
    message: ({ program, how, stderr }: { program: string; how: string; stderr: string }) =>
      `\`${program}\` ended with ${how}${stderr === "" ? "" : `: ${stderr}`}`,
    remedy:
      "Check its output: `tutti logs RUN`. Set `ok` and `final` of the task to define the meaning of exit codes.",
  },
  artifactMissing: {
    status: "FAILED_PRECONDITION",
    retry: "same-key",
    help: "The command of a task succeeded, but created no file that matches one of its `artifacts`.",
    message: ({ pattern }: { pattern: string }) => `The command left no file that matches \`${pattern}\``,
    remedy:
      "Correct `artifacts` of the task: they are paths from its folder, with `*` for names and `**` for folders.",
  },
  artifactsTooMany: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "More files match the `artifacts` of a task than the limit allows.",
    message: ({ count, most }: { count: number; most: number }) =>
      `${count} files match \`artifacts\`, at most ${most} may`,
    remedy: "Pack the files into one file, or use narrower patterns.",
  },
  outputsTooLarge: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The files below `outputs` of a task that ran as a Job of Kubernetes are larger than a log of a pod carries.",
    message: ({ bytes, bytesMax }: { bytes: string; bytesMax: number }) =>
      `The files of \`outputs\` have ${bytes} bytes, more than the maximum of ${bytesMax} for a Job`,
    remedy: "Have the command upload them, such as to S3, and return their addresses.",
  },
  outputsUnread: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The files below `outputs` of a task that ran as a Job of Kubernetes could not be read.",
    message: ({ reason }: { reason: string }) => `The files of \`outputs\` were not read: ${reason}`,
    remedy:
      "Use an image with sh, find, base64, sha256sum, tr, fold and wc, or set one: `kubernetes: {outputsImage: ...}`.",
  },
  containerNotStarted: {
    status: "FAILED_PRECONDITION",
    retry: "same-key",
    help: "The container engine of the worker started no container. The image may be absent.",
    message: ({ image, reason }: { image: string; reason: string }) =>
      `A container of \`${image}\` did not start: ${reason}`,
    remedy: "Check the name of the image, and that the engine of the worker's machine runs.",
  },
  outOfMemory: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "The kernel killed the container of a task, most likely because it needed more memory than it may have.",
    message: ({ image }: { image: string }) =>
      `The container of \`${image}\` was killed: most likely it needed more memory than it may have`,
    remedy: "Raise `memoryBytes` of the task and of the worker's options.",
  },
});

const outputLengthMax = 500;

/** Returns the end of an output, for an error. */
export function tailOf(output: string): string {
  return output.trim().slice(-outputLengthMax);
}

/** Returns the last line of an engine's output. Progress and warnings come before it. */
export function engineReason(output: string): string {
  const lines = output.split("\n").flatMap((line) => line.trim() || []);
  const last = lines.findLast((line) => /\berror\b/i.test(line)) ?? lines.at(-1) ?? "";
  return tailOf(last.replace(/^Error: /, "").replace(/[.\s]+$/, ""));
}

export interface Exit {
  readonly program: string;
  readonly code: number | null;
  /** The signal that ended it, instead of a code. */
  readonly signal?: string | undefined;
  readonly stderr: string;
  /** Exit codes after which another attempt is useless. */
  readonly final: readonly number[];
}

/** Returns the failure of a program that ended without success. */
export function exitFailure({ program, code, signal, stderr, final }: Exit): TaskFailure {
  const exited = shellErrors.exited({ program, how: signal ?? `exit code ${code}`, stderr: tailOf(stderr) });
  const isFinal = code !== null && final.includes(code);
  return new TaskFailure(exited.code, exited.message, {
    final: isFinal,
    details: { exitCode: String(code) },
  });
}

/** Refuses unknown keys: a misspelled limit or check would have no effect. */
export function requireKnownKeys(
  input: unknown,
  { inputSchema }: { readonly inputSchema?: unknown },
  invalid: (details: { readonly expected: string }) => Error = shellErrors.inputInvalid,
): void {
  const { properties } = inputSchema as { readonly properties: object };
  const known = Object.keys(properties);
  const found = Object.keys(input ?? {}).find((key) => !known.includes(key));
  if (found === undefined) return;
  const names = known.map((key) => `\`${key}\``).join(", ");
  throw invalid({ expected: `one of ${names}, got \`${found}\`${didYouMean(found, known)}` });
}
