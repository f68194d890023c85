import { capitalized, defineErrors, durationText } from "@tutti/kernel";

/** Errors of the library itself. Errors that handlers throw keep their own code. */
export const sdkErrors = defineErrors("sdk", {
  unknownCapability: {
    status: "UNIMPLEMENTED",
    retry: "elsewhere",
    help: "A worker received a task for a capability number that it did not agree on. The task goes to another worker. If this repeats, the pool's owner and the worker disagree: restart the worker.",
    message: ({ number }: { number: number }) => `The host sent the unknown capability number ${number}`,
    remedy: "Restart the worker.",
  },
  functionChanged: {
    status: "FAILED_PRECONDITION",
    retry: "elsewhere",
    help: "The code of a durable function requests a step that differs from its history. The turn goes to another worker. When its attempts are used up, the task is paused.",
    message: ({ name, history, code }: { name: string; history: string; code: string }) =>
      `The code of \`${name}\` has changed: history has ${history}, code has ${code}`,
    remedy: "Deploy code that does the same steps, use `ctx.version`, or reset the run to before the step.",
  },
  functionAwaitsForeign: {
    status: "FAILED_PRECONDITION",
    retry: "elsewhere",
    help: "A durable function waits for a promise that its context did not create. A replay could not resolve it in the same way. The first attempt names the step before, later attempts name the waiting line.",
    message: ({ name, where }: { name: string; where: string }) =>
      `\`${name}\` waits for something that is no step, ${where}`,
    remedy: "Move the awaited code into `ctx.run`.",
  },
  functionBlocked: {
    status: "FAILED_PRECONDITION",
    retry: "elsewhere",
    help: "The code of a durable function or of its step blocked the event loop, such as a loop without `await` or a long calculation. The worker could do no other work. The code was terminated, and other tasks of the worker returned to the queue.",
    message: ({ name, where, seconds }: { name: string; where: string; seconds: number }) =>
      `\`${name}\` blocked its worker for ${seconds} s, ${where}`,
    remedy: "Await a step in each round of a loop, and move long calculations to a thread.",
  },
  functionStopped: {
    status: "CANCELLED",
    retry: "never",
    help: "A durable function receives this error when it ends before its code does: its run was cancelled, has failed or took too long. Compensations from `ctx.compensate` run next.",
    message: ({ name }: { name: string }) => `\`${name}\` is stopped, and compensates`,
    remedy: "Rethrow the error, or clean up in `finally`.",
  },
  functionEndless: {
    status: "FAILED_PRECONDITION",
    retry: "elsewhere",
    help: "The code of a durable function caught the stop and continued with other steps. Its compensations from `ctx.compensate` did not run.",
    message: ({ name }: { name: string }) => `\`${name}\` does not end although it is stopped`,
    remedy: "Rethrow `sdk.function_stopped` in loops that catch errors.",
  },
  loopNotFirst: {
    status: "FAILED_PRECONDITION",
    retry: "elsewhere",
    help: "`ctx.loop` continues as a new run, which starts the code again. Steps before the loop would be done again in each of these runs.",
    message: ({ name }: { name: string }) => `\`${name}\` has done something before its \`ctx.loop\``,
    remedy:
      "Make `ctx.loop` the first step of the function, and move other steps into its rounds or after it.",
  },
  loopWithoutStep: {
    status: "FAILED_PRECONDITION",
    retry: "elsewhere",
    help: "A round of `ctx.loop` returned without a step. It would repeat for ever.",
    message: ({ name }: { name: string }) => `A round of the loop of \`${name}\` has no step`,
    remedy: "Wait in each round, such as with `ctx.sleep`, or return `ctx.done(output)`.",
  },
  stepTooLarge: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The run stores the values that a durable function sets and the events that it emits. Together they are too large for one message. The error names the largest. Results of `ctx.run` and inputs of calls and children have no such limit.",
    message: ({ step, bytes, bytesMax }: { step: string; bytes: number; bytesMax: number }) =>
      `Values and tasks of this turn have ${bytes} characters, more than the maximum of ${bytesMax}. The largest is ${step}`,
    remedy: "Store a large value with `ctx.file`, and pass the reference that it returns.",
  },
  stepNested: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A step of a durable function was requested inside of `ctx.run` or of a compensation. A replay does not run that code again and would not find the inner step.",
    message: ({ step }: { step: string }) => `The step \`${step}\` is inside of another step`,
    remedy: "Move it out of `ctx.run`, behind or before it.",
  },
  stepInterrupted: {
    status: "ABORTED",
    retry: "same-key",
    help: "The worker of a step with `atMostOnce` was lost after the step had started. Its work may be done, so this attempt does not run it again.",
    message: ({ step }: { step: string }) => `The step \`${step}\` was interrupted: its work may be done`,
    remedy: "Check whether its work is done, or set `retry` of the step to run it again.",
  },
  objectCallInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A keyed object has at least one call. Names of calls consist of letters, digits and `_`, and start with a letter.",
    message: ({ name, call }: { name: string; call: string }) =>
      call === ""
        ? `Object \`${name}\` has no calls`
        : `\`${call}\` of object \`${name}\` is no name of a call`,
    remedy: "Add a call such as `add`.",
  },
  objectCallUnknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The code of the worker has no such call of the object. The definition that is registered has it.",
    message: ({ name, call }: { name: string; call: string }) => `Object \`${name}\` has no call \`${call}\``,
    remedy: "Deploy a worker whose code defines the call.",
  },
  objectCallsItself: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A call of a keyed object has called the same object with the same key. It would wait for its own end.",
    message: ({ name, key, call }: { name: string; key: string; call: string }) =>
      `\`${call}\` of object \`${name}\` waits for the call that it is made from, with key \`${key}\``,
    remedy: "Share a function between the calls instead.",
  },
  objectNone: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Only calls of a keyed object have a key.",
    message: ({ name }: { name: string }) => `\`${name}\` is no keyed object, so it has no key`,
    remedy: "Create it with `object`.",
  },
  objectReadOnly: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A call that is marked as a reader runs next to others, so it sets no values.",
    message: ({ name, value }: { name: string; value: string }) =>
      `A reader of object \`${name}\` sets \`${value}\``,
    remedy: "Make the call without `reader`.",
  },
  requestWithoutToken: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "A request of an application called Tutti, and has no token of its user. The token of the application is not used in its place, because the user would get the rights of the application.",
    message: () => "The request has no token of its user",
    remedy: "Sign the user in, set `tokenOf`, or make the call in `asApplication`.",
  },
  requestTokenUnusable: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "`tokenOf` of an embedded Tutti failed, or its result is no token. The call was not sent.",
    message: ({ reason }: { reason: string }) => `\`tokenOf\` gave no token of the request's user: ${reason}`,
    remedy: "Correct `tokenOf`. Fetch tokens before the call: `tokenOf` returns text synchronously.",
  },
  embeddedNotStarted: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The client of an embedded Tutti exists between `start` and `stop`.",
    message: () => "The embedded Tutti is not started",
    remedy: "Call `start` when the application starts.",
  },
  settingsUnreadable: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The store that `readSettings` reads the configuration from did not answer with keys and values.",
    message: ({ place, reason }: { place: string; reason: string }) =>
      `The settings at ${place} cannot be read: ${reason}`,
    remedy: "Check the address, the prefix and the token of the store.",
  },
  inputMalformed: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The input of a task is not a JSON document. Check the input in the definition.",
    message: ({ capability, reason }: { capability: string; reason: string }) =>
      `The input of \`${capability}\` is not a JSON document: ${reason}`,
    remedy: "Correct the input of the task.",
  },
  inputRejected: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The input of a task does not match the schema of its typed capability. The handler did not run.",
    message: ({ capability, reason }: { capability: string; reason: string }) =>
      `The input of \`${capability}\` does not fit its schema: ${reason}`,
    remedy: "Correct `with` of the task, or the schema.",
  },
  outputRejected: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The result of a handler does not match the schema of its typed capability. The output was not sent.",
    message: ({ capability, reason }: { capability: string; reason: string }) =>
      `The output of \`${capability}\` does not fit its schema: ${reason}`,
    remedy: "Correct the result of the handler, or the schema.",
  },
  inputUnreadable: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The input of a task is in the blob store because it is large, and the store rejected the read. The reason is in the message. The task is retried.",
    message: ({ capability, reason }: { capability: string; reason: string }) =>
      `The input of \`${capability}\` cannot be read from the blob store: ${reason}`,
    remedy: "Check the permissions of the worker. The task is retried.",
  },
  dataUnreadable: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A large value or file is in the blob store. The store no longer has it, its content is damaged, or it exceeds the read limit of a task. Tasks that need it fail without a retry. If the store is only unreachable, tasks wait instead. Restore the store from a backup and retry the run, or reset the run to before the task that produced the value. A cached output is removed from the cache and computed again, by the same run if no dependent task has completed, otherwise by a retry.",
    message: ({ sha256, bytes, reason }: { sha256: string; bytes: number; reason: string }) =>
      `The stored value ${sha256.slice(0, 12)} of ${bytes} bytes cannot be read: ${reason}`,
    remedy:
      "Restore the blob store and retry the run, or reset the run to before the task that produced the value.",
  },
  metricInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A metric has a name such as `orders_total`, one kind, at most eight labels and finite values. A worker has at most 200 metrics.",
    message: ({ metric, expected, found }: { metric: string; expected: string; found: string }) =>
      `Metric \`${metric}\`: expected ${expected}, got ${found}`,
    remedy: "Correct the call.",
  },
  outputInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A handler returned a value that JSON cannot represent: a function, a bigint, NaN, a Map, a cycle. The message contains the path in the output. Return plain data.",
    message: ({ capability, path, found }: { capability: string; path: string; found: string }) =>
      `The output of \`${capability}\` is not JSON: ${found} at ${path}`,
    remedy: "Return plain data.",
  },
  outputNotStored: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The output of a handler is too large for a message, and the worker failed for minutes to store it in the blob store. The reason is in the message. The task is retried.",
    message: ({ capability, bytes, reason }: { capability: string; bytes: number; reason: string }) =>
      `The output of \`${capability}\` has ${bytes} bytes and cannot be stored: ${reason}`,
    remedy: "Check the blob store. The task is retried.",
  },
  outputTooLarge: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A handler returned more JSON than a task reads into memory. Nothing was sent. Write the output in parts with `context.store`, and return the file.",
    message: ({ capability, bytes, bytesMax }: { capability: string; bytes: number; bytesMax: number }) =>
      `The output of \`${capability}\` has ${bytes} bytes, more than the maximum of ${bytesMax}`,
    remedy: "Return the reference from `context.store`.",
  },
  savedTooLarge: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The data that an attempt saves for the next attempt is limited to 64 KiB of JSON. Save a position, not the data.",
    message: ({ bytes, bytesMax }: { bytes: number; bytesMax: number }) =>
      `The saved progress has ${bytes} bytes, more than the maximum of ${bytesMax}`,
    remedy: "Save a position instead of the data.",
  },
  timedOut: {
    status: "DEADLINE_EXCEEDED",
    retry: "same-key",
    help: "An attempt took longer than the task's timeout. Its signal was aborted. Raise the timeout, or make the handler faster.",
    message: ({ what, afterMs }: { what: string; afterMs: number }) =>
      `${what} did not finish within ${durationText(afterMs)}`,
    remedy: "Raise the timeout, or make the handler faster.",
  },
  lockLost: {
    status: "ABORTED",
    retry: "never",
    help: "A lock of a program has another owner, or may have one. It was released manually, or could not be renewed before its lease ended. Stop the protected work, and acquire the lock again.",
    message: ({ name, why }: { name: string; why: string }) => `The lock \`${name}\` is lost: ${why}`,
    remedy: "Stop the protected work, and acquire the lock again.",
  },
  linkLost: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The worker had no link to its host for so long that its tasks were assigned to other workers. The signals of its running tasks were aborted.",
    message: ({ afterMs }: { afterMs: number }) =>
      `The worker had no link to its host for ${durationText(afterMs)}, so the task goes to another worker`,
    remedy: "Check the network and the host.",
  },
  cancelled: {
    status: "CANCELLED",
    retry: "never",
    help: "The reason of an aborted signal: the attempt is no longer wanted. Clean up and return. An error of the handler is reported to the run as unfinished cleanup.",
    message: ({ reason }: { reason: string }) => `The attempt was cancelled${reason && `: ${reason}`}`,
    remedy: "Clean up and return.",
  },
  refused: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The host rejected this worker permanently. The reason is in the cause.",
    message: ({ address, reason }: { address: string; reason: string }) =>
      `The host ${address} rejected the worker: ${reason}`,
    remedy: "Correct that before you start the worker again.",
  },
  stopped: {
    status: "CANCELLED",
    retry: "never",
    help: "The worker was stopped before it was linked.",
    message: () => "The worker was stopped before it was linked",
    remedy: "Start it again.",
  },
  notJson: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The input of a run and the data of signals, queries and updates must be JSON. The message contains the path of the invalid value. Nothing was sent.",
    message: ({ path, found }: { path: string; found: string }) =>
      `The value at ${path} is not JSON: ${found}`,
    remedy: "Pass plain data.",
  },
  inBlobStore: {
    status: "UNIMPLEMENTED",
    retry: "never",
    help: "An output is in the blob store because it is large. Read it with the blob service.",
    message: ({ bytes }: { bytes: number }) => `The output has ${bytes} bytes and is in the blob store`,
    remedy: "Read it there.",
  },
  notEnded: {
    status: "DEADLINE_EXCEEDED",
    retry: "same-key",
    help: "A run had not ended when the time to wait for it was over. It continues. Wait again.",
    message: ({ run, afterMs }: { run: string; afterMs: number }) =>
      `Run \`${run}\` did not finish within ${durationText(afterMs)} and continues`,
    remedy: "Wait again.",
  },
  unreachable: {
    status: "UNAVAILABLE",
    retry: "elsewhere",
    help: "The client could not connect to any of its addresses. The platform is not running there, or the address is wrong.",
    message: ({ addresses }: { addresses: string }) => `Tutti is not reachable at ${addresses}`,
    remedy: "Start the platform (npx tutti dev), or set TUTTI_URL to its address.",
  },
  noMission: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Only tasks of missions have a mission. A task of a run receives its data as its input.",
    message: ({ work }: { work: string }) => `${work} is not a task of a mission`,
    remedy: "Start a mission to share data between agents.",
  },
  replyIncomplete: {
    status: "INTERNAL",
    retry: "never",
    help: "A service answered without the requested value. It has another release, or is broken.",
    message: ({ about }: { about: string }) => `The answer has no ${about}`,
    remedy: "Run the same release on both sides.",
  },
  optionInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "An option of a worker, or the environment variable for it, is wrong. The message names both.",
    message: ({ option, expected, found }: { option: string; expected: string; found: string }) =>
      `${option.includes(" ") ? capitalized(option) : `\`${option}\``}: expected ${expected}, got ${found}`,
    remedy: "Correct the option.",
  },
  handlerRepeated: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A worker has one handler for each name and version of a capability.",
    message: ({ capability }: { capability: string }) => `${capability} has two handlers`,
    remedy: "Remove one.",
  },
  handlerMissing: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A worker starts with at least one handler, because it offers the capabilities of its handlers.",
    message: () => "The worker has no handler",
    remedy: "Call `worker.handle(…)` before `worker.run()`.",
  },
  optionUnknown: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A program passed an unknown option, such as a misspelled one. TypeScript finds it before the program runs.",
    message: ({ of, option, near }: { of: string; option: string; near: string }) =>
      `\`${of}\` has no option \`${option}\`${near}`,
    remedy: "Correct the option.",
  },
  secretUnnamed: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A handler requested a secret without a valid reference. The message does not repeat the requested text, because it may be the secret itself.",
    message: () => "The secret has no valid reference",
    remedy: "Use `secret:NAME`, `env:NAME` or `file:/path`.",
  },
  secretNotOffered: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "The input of a task comes from other systems. It may refer only to variables and files of the worker's machine that the worker lists.",
    message: ({ reference }: { reference: string }) => `${reference} is not among the secrets of the worker`,
    remedy:
      "Add the reference to the option `secrets` of the worker, or store the secret with `tutti secret put`.",
  },
  secretMissing: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The variable or file that a secret is read from is not there, or empty, on the worker's machine.",
    message: ({ reference }: { reference: string }) =>
      `The secret ${reference} is not set on the machine of the worker`,
    remedy: "Set the variable, or write the file.",
  },
  secretOutsideTask: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A source, the check of an announced service, or the import of an API refers to a stored secret. Tutti opens stored secrets only for running tasks.",
    message: ({ reference }: { reference: string }) => `${reference} can be opened only in a task`,
    remedy: "Use `env:NAME` or `file:/path`.",
  },
  secretUnreachable: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The worker reads secrets over HTTP and could not reach the installation. Set `server` or TUTTI_URL to its address.",
    message: ({ reference, server }: { reference: string; server: string }) =>
      `Tutti did not answer at ${server} for the secret ${reference}`,
    remedy: "Set TUTTI_URL to its URL.",
  },
  secretUnreadable: {
    status: "DATA_LOSS",
    retry: "same-key",
    help: "The received secret was not sealed for this call, or is another secret. A system between the worker and the installation changed it.",
    message: ({ reference }: { reference: string }) => `The secret ${reference} was not sealed for this call`,
    remedy: "Check the proxies between the worker and the installation.",
  },
});
