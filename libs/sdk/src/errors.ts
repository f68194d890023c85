import { defineErrors } from "@tutti/kernel";

/** What the library itself refuses or reports. What handlers throw keeps its own code. */
export const sdkErrors = defineErrors("sdk", {
  unknownCapability: {
    status: "UNIMPLEMENTED",
    retry: "elsewhere",
    help: "A worker was given a task for a capability number that it did not agree on. The task goes to another worker; if this repeats, the pool's owner and the worker disagree: restart the worker.",
    message: ({ number }: { number: number }) =>
      `expected one of the capability numbers agreed in the greeting, found ${number}; give the task to another worker`,
  },
  inputMalformed: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The input of a task is no JSON document. Look at what the definition gives the task.",
    message: ({ capability, reason }: { capability: string; reason: string }) =>
      `expected a JSON document as the input of ${capability}, found ${reason}; correct what the task is given`,
  },
  inputUnreadable: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The input of a task lies in the blob store because it is large, and could not be read from there. The reason says why; the task is tried again.",
    message: ({ capability, reason }: { capability: string; reason: string }) =>
      `expected to read the input of ${capability} from the blob store, found ${reason}`,
  },
  outputInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A handler returned something that JSON cannot say: a function, a bigint, NaN, a Map, a cycle. The message says where in the output. Return plain data.",
    message: ({ capability, path, found }: { capability: string; path: string; found: string }) =>
      `expected an output of ${capability} that is JSON, found ${found} at ${path}; return plain data`,
  },
  outputTooLarge: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A handler returned more than fits inline, 1 MiB unless the host says otherwise. Nothing was sent. Put large results into a store of your own and return where they are.",
    message: ({ capability, bytes, bytesMax }: { capability: string; bytes: number; bytesMax: number }) =>
      `expected an output of ${capability} of at most ${bytesMax} bytes, found ${bytes}; store it elsewhere and return a reference to it`,
  },
  savedTooLarge: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "What an attempt keeps for the next one is at most 64 KiB of JSON. Keep a position, not the data.",
    message: ({ bytes, bytesMax }: { bytes: number; bytesMax: number }) =>
      `expected at most ${bytesMax} bytes of saved progress, found ${bytes}; save a position instead of the data`,
  },
  timedOut: {
    status: "DEADLINE_EXCEEDED",
    retry: "same-key",
    help: "An attempt took longer than the task's timeout. Its signal was aborted. Raise the timeout, or make the handler quicker.",
    message: ({ what, afterMs }: { what: string; afterMs: number }) =>
      `expected ${what} to end within ${Math.round(afterMs)} ms, found it at work; raise the timeout or make the handler quicker`,
  },
  lockLost: {
    status: "ABORTED",
    retry: "never",
    help: "A lock that a program held is another's by now, or may be: it was taken away by hand, or could not be renewed before its lease was over. Stop what it guards, and acquire it again.",
    message: ({ name, why }: { name: string; why: string }) =>
      `expected the lock ${name} to be held until it is released, found that ${why}; stop what it guards, and acquire it again`,
  },
  linkLost: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The worker had no link to its host for so long that its tasks were given to others. The signals of what it had at work were aborted.",
    message: ({ afterMs }: { afterMs: number }) =>
      `expected a link to the host within ${Math.round(afterMs)} ms, found none; the task is given to another worker`,
  },
  cancelled: {
    status: "CANCELLED",
    retry: "never",
    help: "The reason of an aborted signal: the attempt is no longer wanted. Clean up and end; what the handler throws is told to the run as what was left undone.",
    message: ({ reason }: { reason: string }) => `the attempt is no longer wanted${reason && `: ${reason}`}`,
  },
  refused: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The host does not let this worker in, and trying again does not help. The cause says why.",
    message: ({ address, reason }: { address: string; reason: string }) =>
      `expected ${address} to let the worker in, found a refusal for good: ${reason}`,
  },
  stopped: {
    status: "CANCELLED",
    retry: "never",
    help: "The worker was stopped before it was linked.",
    message: () => "the worker was stopped before it had a link",
  },
  notJson: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "What a run is given or told has to be JSON. The message says where it is not. Nothing was sent.",
    message: ({ path, found }: { path: string; found: string }) =>
      `expected JSON, found ${found} at ${path}; give plain data`,
  },
  inBlobStore: {
    status: "UNIMPLEMENTED",
    retry: "never",
    help: "An output lies in the blob store because it is large. Read it with the blob service.",
    message: ({ bytes }: { bytes: number }) =>
      `expected an output that comes with the answer, found ${bytes} bytes in the blob store; read them there`,
  },
  notEnded: {
    status: "DEADLINE_EXCEEDED",
    retry: "same-key",
    help: "A run had not ended when the time to wait for it was over. It goes on; wait again.",
    message: ({ run, afterMs }: { run: string; afterMs: number }) =>
      `expected run ${run} to end within ${afterMs} ms, found it at work; it goes on, wait again`,
  },
  noMission: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Only tasks of missions have a mission. What a task of a run needs it is given as its input.",
    message: ({ work }: { work: string }) =>
      `expected a task of a mission, found ${work}; start a mission for what agents share`,
  },
  replyIncomplete: {
    status: "INTERNAL",
    retry: "never",
    help: "A service answered without what was asked for. It is of another release, or broken.",
    message: ({ about }: { about: string }) => `expected ${about} in the answer, found nothing`,
  },
  optionInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "An option of a worker, or the variable of the environment that stands for it, is wrong. The message names both.",
    message: ({ option, expected, found }: { option: string; expected: string; found: string }) =>
      `expected ${option} to be ${expected}, found ${found}`,
  },
  secretUnnamed: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A handler asked for a secret by something else than a reference. What it asked by is not repeated: it may be the secret itself.",
    message: () =>
      "expected a reference such as secret:NAME, env:NAME or file:/path, found something else; name where the secret is",
  },
  secretNotOffered: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "What a task is given comes from elsewhere, so that it may name only those variables and files of the worker's machine that the worker lists.",
    message: ({ reference }: { reference: string }) =>
      `expected ${reference} among the secrets of the worker, found that it is not; add it to the option secrets of the worker, or store it with tutti secret put`,
  },
  secretMissing: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The variable or file that a secret is read from is not there, or empty, on the worker's machine.",
    message: ({ reference }: { reference: string }) =>
      `expected a secret at ${reference}, found none; set the variable, or write the file, where the worker runs`,
  },
  secretUnreachable: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "Secrets come over HTTP. The worker could not reach the installation there; set `server` or TUTTI_URL to its address.",
    message: ({ reference, server }: { reference: string; server: string }) =>
      `expected ${reference} from ${server}, found no answer of Tutti; set TUTTI_URL to where it is reached`,
  },
  secretUnreadable: {
    status: "DATA_LOSS",
    retry: "same-key",
    help: "What came was not sealed for this call, or is of another secret: something between the worker and the installation changed it.",
    message: ({ reference }: { reference: string }) =>
      `expected ${reference} sealed for this call, found something else; look at what stands between the worker and the installation`,
  },
});
