// An agent without a library: the link as JSON over a WebSocket, in plain JavaScript. It runs in a browser tab and in
// Node, and passes the conformance program. docs/guides/agents.md describes its states:
//
//     waiting ── opened ──► greeting ── welcome ──► linked ── closed, gap, garbage ──► waiting (resumes)
//     greeting ── refused ──► waiting, or ended                 linked ── bye ──► waiting (a new link), or ended
//
//   const agent = new BareAgent({ url: "ws://127.0.0.1:7400/v1/link", slots: 2, handlers: { "page.shout": (input) => … } });
//   agent.start();
//   await agent.ended;

const greetingMs = 10_000;
const pauseMs = { first: 100, max: 5_000 };

export class BareAgent {
  #options;
  #socket;
  #state = "waiting";
  #isDraining = false;
  #isAsleep = false;
  #failures = 0;
  #timers = new Set();

  // State of the link.
  #welcome;
  #sent = 0;
  #received = 0;
  #unacknowledged = [];
  #resultCount = 0;
  #cutAtMs = 0;
  #granted = 0;
  #frame;

  // Attempts by token: running, or ended with a result that is not durable yet.
  #running = new Map();
  #results = new Map();
  #done = Promise.withResolvers();

  constructor(options) {
    this.#options = { agentId: "", namespace: "", pool: "", slots: 1, version: "1.0.0", ...options };
    this.#options.incarnation = String(Date.now());
  }

  /** Resolves when the agent has disconnected. Rejects if the host refuses it permanently. */
  get ended() {
    return this.#done.promise;
  }

  start() {
    this.#connect();
  }

  /** Accepts no more assignments, finishes the running ones, and disconnects. */
  drain(reason = "the agent stops") {
    if (this.#isDraining) return;
    this.#isDraining = true;
    if (this.#state !== "linked") return this.#finish();
    this.#send({ drain: { reason } });
    this.#disconnectWhenIdle();
  }

  /** Offers another capability. The host assigns it a number. */
  offer(name, handler) {
    this.#options.handlers[name] = handler;
    this.#send({ offering: this.#offering() });
  }

  /** Accepts no assignments until `wake`. Running attempts finish. */
  sleep(reason = "the agent pauses") {
    this.#isAsleep = true;
    this.#granted = 0;
    this.#send({ sleep: { reason } });
  }

  wake(reason = "the agent continues") {
    this.#isAsleep = false;
    this.#send({ wake: { reason } });
    this.#grant();
  }

  // Streams. Each starts with a hello frame. The agent sends nothing else until the host replies.

  #connect() {
    const socket = new WebSocket(this.#options.url);
    this.#socket = socket;
    this.#state = "greeting";
    const late = this.#after(greetingMs, () => socket.close());
    socket.onopen = () => socket.send(JSON.stringify({ hello: this.#hello() }));
    socket.onmessage = ({ data }) => {
      if (socket !== this.#socket) return;
      this.#clear(late);
      this.#receive(data);
    };
    socket.onclose = () => {
      this.#clear(late);
      if (socket === this.#socket) this.#reconnectAfter(this.#pause());
    };
  }

  #hello() {
    const { agentId, namespace, pool, incarnation } = this.#options;
    const running = [...this.#running.keys(), ...this.#results.keys()];
    const hello = { versionMin: 1, versionMax: 1, agentId, namespace, pool, incarnation, running };
    const canResume = this.#welcome && Date.now() - this.#cutAtMs < this.#welcome.resumeWindowMs;
    const resume = canResume ? { linkId: this.#welcome.linkId, received: this.#received } : undefined;
    return { ...hello, offering: this.#offering(), resume };
  }

  #offering() {
    const { slots, handlers, version } = this.#options;
    return { slots, capabilities: Object.keys(handlers).map((name) => ({ name, version })) };
  }

  /** Connects again after the pause. */
  #reconnectAfter(pause) {
    if (this.#state === "ended") return;
    if (this.#state === "linked") this.#cutAtMs = Date.now();
    this.#socket = undefined;
    this.#state = "waiting";
    if (this.#isDraining) return this.#finish();
    this.#after(pause, () => this.#connect());
  }

  #pause() {
    const pause = Math.min(pauseMs.max, pauseMs.first * 2 ** this.#failures++);
    return pause * (0.5 + Math.random() / 2);
  }

  #reconnect(pause = this.#pause()) {
    const socket = this.#socket;
    this.#reconnectAfter(pause);
    socket?.close();
  }

  #finish(error) {
    this.#state = "ended";
    this.#socket?.close();
    for (const timer of this.#timers) clearTimeout(timer);
    if (error === undefined) this.#done.resolve();
    else this.#done.reject(error);
  }

  // Frames of the host.

  #receive(data) {
    let frame;
    try {
      frame = JSON.parse(data);
    } catch {
      return this.#reconnect();
    }
    if (frame.welcome) return this.#onWelcome(frame.welcome);
    if (frame.refused) return this.#onRefused(frame.refused.error ?? {});
    if (this.#state !== "linked") return this.#reconnect();
    // A duplicate frame has no effect. After a gap, the agent resumes the link.
    if (frame.sequence <= this.#received) return;
    if (frame.sequence !== this.#received + 1) return this.#reconnect();
    this.#received = frame.sequence;
    this.#apply(frame);
  }

  #onWelcome(welcome) {
    this.#failures = 0;
    this.#state = "linked";
    this.#options.agentId = welcome.agentId;
    const missed = this.#unacknowledged.filter(({ number }) => number > (welcome.received ?? 0));
    for (const token of welcome.unwanted ?? []) this.#drop(token);
    if (welcome.resumed) {
      this.#welcome = { ...welcome, numbers: this.#welcome.numbers };
      for (const { text } of missed) this.#socket.send(text);
    } else {
      const names = Object.entries(welcome.capabilityNumbers?.numbers ?? {});
      this.#welcome = {
        ...welcome,
        numbers: new Map(names.map(([name, number]) => [number, name.split("@")[0]])),
      };
      this.#sent = 0;
      this.#received = 0;
      this.#granted = 0;
      this.#resultCount = 0;
      this.#unacknowledged = [];
      for (const result of this.#results.values()) this.#sendResult(result);
    }
    this.#grant();
    this.#beat();
    this.#disconnectWhenIdle();
  }

  #onRefused(error) {
    if (error.retry === "RETRY_CLASS_NEVER")
      return this.#finish(new Error(`${error.code}: ${error.message}`));
    this.#welcome = undefined;
    this.#reconnect(error.retryAfterMs || this.#pause());
  }

  #apply({ acknowledged = 0, assignments = [], resultsDurable = 0, resultsDurableBeyond = [], ...rest }) {
    this.#unacknowledged = this.#unacknowledged.filter(({ number }) => number > acknowledged);
    // Before the assignments: a token answered as busy may be assigned again in the frame that confirms its answer.
    for (const [token, { number }] of this.#results)
      if (number <= resultsDurable || resultsDurableBeyond.includes(number)) this.#results.delete(token);
    for (const assignment of assignments) this.#assign(assignment);
    for (const cancel of rest.cancels ?? []) this.#cancel(cancel);
    for (const { token, runMs = 0 } of rest.extensions ?? []) this.#running.get(token)?.limit(runMs);
    for (const [name, number] of Object.entries(rest.capabilityNumbers?.numbers ?? {}))
      this.#welcome.numbers.set(number, name.split("@")[0]);
    if (rest.drain) this.#isDraining = true;
    if (rest.sleep) this.#isAsleep = true;
    if (rest.sleep || rest.drain) this.#granted = 0;
    if (rest.wake) this.#isAsleep = false;
    this.#grant();
    this.#disconnectWhenIdle();
    if (rest.bye) this.#onBye(rest.bye);
  }

  #onBye({ returnAfterMs = 0 }) {
    this.#welcome = undefined;
    if (returnAfterMs < 0) this.#finish(new Error("the host ended the link permanently"));
    else this.#reconnect(returnAfterMs);
  }

  // Frames to the host, numbered, and retained until the host acknowledges them.

  /** Collects the fields of one turn of the event loop into one frame. */
  #send(fields) {
    if (this.#frame === undefined) {
      this.#frame = {};
      queueMicrotask(() => this.#flush());
    }
    for (const [field, value] of Object.entries(fields)) {
      if (Array.isArray(value)) this.#frame[field] = [...(this.#frame[field] ?? []), ...value];
      else if (field === "credit") this.#frame.credit = (this.#frame.credit ?? 0) + value;
      else this.#frame[field] = value;
    }
  }

  #flush() {
    const fields = this.#frame;
    this.#frame = undefined;
    // A new link gets all results again. The rest has no meaning there.
    if (this.#welcome === undefined) return;
    const number = ++this.#sent;
    const text = JSON.stringify({ sequence: number, acknowledged: this.#received, ...fields });
    this.#unacknowledged.push({ number, text });
    if (this.#state === "linked" && this.#socket.readyState === WebSocket.OPEN) this.#socket.send(text);
  }

  /** Grants credits for the free slots. */
  #grant() {
    const free = this.#options.slots - this.#running.size - this.#granted;
    if (free <= 0 || this.#isDraining || this.#isAsleep || this.#state !== "linked") return;
    this.#granted += free;
    this.#send({ credit: free });
  }

  #beat() {
    const socket = this.#socket;
    this.#after(this.#welcome.heartbeatMs, () => {
      if (this.#state !== "linked" || socket !== this.#socket) return;
      const attempts = this.#running.size;
      this.#send({ heartbeat: { attempts, freeSlots: Math.max(0, this.#options.slots - attempts) } });
      this.#beat();
    });
  }

  #disconnectWhenIdle() {
    if (!this.#isDraining || this.#state !== "linked" || this.#running.size + this.#results.size > 0) return;
    this.#send({ bye: { reason: "all attempts have ended" } });
    queueMicrotask(() => this.#finish());
  }

  // Attempts.

  #assign(assign) {
    const { token, capability } = assign;
    this.#granted = Math.max(0, this.#granted - 1);
    if (this.#running.has(token) || this.#results.has(token)) return;
    const handler = this.#options.handlers[this.#welcome.numbers.get(capability)];
    const attempt = { sinceMs: Date.now(), abort: new AbortController(), limit: () => {} };
    this.#running.set(token, attempt);
    let timer;
    attempt.limit = (runMs) => {
      this.#clear(timer);
      attempt.untilMs = runMs > 0 ? Date.now() + runMs : undefined;
      if (runMs > 0) timer = this.#after(runMs, () => this.#fail(token, timedOut(runMs)));
    };
    attempt.limit(assign.runMs ?? 0);
    this.#after(this.#welcome.startedAfterMs ?? 0, () => this.#reportStart(token, attempt));
    if (handler === undefined) return this.#fail(token, unknownNumber(capability));
    this.#run(handler, assign, attempt);
  }

  async #run(handler, assign, attempt) {
    const { token } = assign;
    try {
      const input = inputOf(assign.inlineInput);
      const output = await handler(input, this.#taskOf(assign, attempt));
      if (this.#running.get(token) !== attempt) return;
      if (attempt.abort.signal.aborted && attempt.isCancelled) return this.#complete(token, { stopped: {} });
      this.#complete(token, { inlineOutput: encoded(output, this.#welcome?.maxInlineBytes) });
    } catch (thrown) {
      if (this.#running.get(token) !== attempt) return;
      if (attempt.isCancelled) this.#complete(token, { stopped: { message: String(thrown?.message ?? "") } });
      else if (thrown?.busy !== undefined) this.#complete(token, { busy: { retryAfterMs: thrown.busy } });
      else this.#fail(token, thrown);
    }
  }

  /** Returns the second argument of a handler. */
  #taskOf(assign, attempt) {
    const { token, workId = "", taskId = "", labels = [] } = assign;
    let pieces = 0;
    const hasEnded = () => this.#running.get(token) !== attempt;
    return {
      workId,
      taskId,
      attempt: assign.attempt ?? 1,
      traceparent: assign.traceparent ?? "",
      idempotencyKey: assign.idempotencyKey || `${workId}/${taskId}`,
      namespace: assign.namespace || this.#options.namespace || "default",
      labels: Object.fromEntries(labels.map(({ name, value }) => [name, value])),
      saved: assign.saved ? inputOf(assign.saved) : undefined,
      signal: attempt.abort.signal,
      remainingMs: () => (attempt.untilMs === undefined ? undefined : attempt.untilMs - Date.now()),
      /** Sends a part of the output early. */
      output: (text, channel = "") => {
        if (hasEnded()) return;
        const chunk = base64(new TextEncoder().encode(text));
        this.#send({ partialOutputs: [{ token, index: pieces++, chunk, channel }] });
      },
      /** Reports progress. A later attempt gets `saved`. */
      progress: ({ fraction = 0, message = "", saved } = {}) => {
        if (hasEnded()) return;
        const state = saved === undefined ? undefined : encoded(saved);
        this.#send({ progress: [{ token, fraction, message, saved: state }] });
      },
    };
  }

  #reportStart(token, attempt) {
    if (this.#running.get(token) !== attempt) return;
    this.#send({ started: [{ token, agoMs: Date.now() - attempt.sinceMs }] });
  }

  #cancel({ token, graceMs = 0 }) {
    const attempt = this.#running.get(token);
    if (attempt === undefined) return;
    attempt.isCancelled = true;
    attempt.abort.abort();
    if (graceMs === 0) return this.#drop(token);
    this.#after(graceMs, () => {
      if (this.#running.get(token) === attempt)
        this.#complete(token, { stopped: { message: "the attempt did not stop in time" } });
    });
  }

  #fail(token, { code = "agent.threw", message = "", final = false, details, retryAfterMs, retry }) {
    const usual = final ? "RETRY_CLASS_NEVER" : "RETRY_CLASS_SAME_KEY";
    const failed = { code, message: String(message), status: "INTERNAL", details, retryAfterMs };
    this.#complete(token, { failed: { ...failed, retry: retry ?? usual } });
  }

  /** Ends an attempt. Its result is retained until it is durable. */
  #complete(token, outcome) {
    const attempt = this.#running.get(token);
    if (attempt === undefined) return;
    this.#running.delete(token);
    attempt.abort.abort();
    const result = { token, outcome, runMs: Date.now() - attempt.sinceMs, number: 0 };
    this.#results.set(token, result);
    this.#sendResult(result);
    this.#grant();
  }

  #sendResult(result) {
    const { token, outcome, runMs } = result;
    result.number = ++this.#resultCount;
    this.#send({ results: [{ token, ...outcome, runMs }] });
  }

  #drop(token) {
    this.#running.get(token)?.abort.abort();
    this.#running.delete(token);
    this.#results.delete(token);
  }

  #after(ms, then) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      then();
    }, ms);
    this.#timers.add(timer);
    return timer;
  }

  #clear(timer) {
    clearTimeout(timer);
    this.#timers.delete(timer);
  }
}

function timedOut(runMs) {
  return { code: "agent.timed_out", message: `the attempt took longer than ${runMs} ms` };
}

function unknownNumber(number) {
  const message = `the agent offers no capability with the number ${number}`;
  return { code: "agent.unknown_capability", message, retry: "RETRY_CLASS_ELSEWHERE" };
}

function inputOf(text) {
  if (text === undefined || text === "") return null;
  try {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw { code: "agent.input_malformed", message: `the input is not JSON: ${error.message}`, final: true };
  }
}

function encoded(value, bytesMax = Number.POSITIVE_INFINITY) {
  requireJson(value, "the output");
  const bytes = new TextEncoder().encode(JSON.stringify(value ?? null));
  if (bytes.length <= bytesMax) return base64(bytes);
  const message = `the output has ${bytes.length} bytes, at most ${bytesMax} are allowed`;
  throw { code: "agent.output_too_large", message, final: true };
}

/** Refuses values that `JSON.stringify` drops silently. */
function requireJson(value, path) {
  if (value === null || ["string", "boolean", "undefined"].includes(typeof value)) return;
  if (typeof value === "number" && Number.isFinite(value)) return;
  if (typeof value !== "object")
    throw {
      code: "agent.output_malformed",
      message: `${path} is not JSON but a ${typeof value}`,
      final: true,
    };
  for (const [key, member] of Object.entries(value)) requireJson(member, `${path}.${key}`);
}

function base64(bytes) {
  let binary = "";
  for (let at = 0; at < bytes.length; at += 32_768)
    binary += String.fromCharCode(...bytes.subarray(at, at + 32_768));
  return btoa(binary);
}
