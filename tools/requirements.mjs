#!/usr/bin/env node
// @ts-check

// Reads requirements of durable execution and writes their expectations in Tutti's terms:
//
//   node tools/requirements.mjs FOLDER
//
// FOLDER has the YAML files of github.com/aws/aws-durable-execution-conformance-tests, one folder per group. The result
// is libs/sdk/src/functions/requirements.json. Titles, verdicts and reasons in that file are kept.
//
// 1. Events about starts of steps and about invocations are left out, because Tutti records a step when it ends.
// 2. A context is a scope with the operations inside of it. A parallel operation itself is not recorded.
// 3. A callback is a signal. A callback that can fail or has heartbeats is a call, which another worker handles.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

/**
 * @typedef {Record<string, any>} Data
 * @typedef {{ readonly isCall: boolean, readonly events: readonly Data[] }} History
 */

const target = fileURLToPath(new URL("../libs/sdk/src/functions/requirements.json", import.meta.url));
const groups = ["step", "wait", "callback", "child", "parallel"];
const second = 1_000;

/** @param {string} folder */
function main(folder) {
  const before = JSON.parse(readFileSync(target, "utf8"));
  const known = new Map(before.requirements.map((/** @type {Data} */ each) => [each["id"], each]));
  const requirements = groups.flatMap((group) =>
    readdirSync(join(folder, group))
      .map((file) => file.replace(".yaml", ""))
      .sort((one, other) => numberOf(one) - numberOf(other))
      .map((id) => {
        const { title = "", verdict = "holds", reason, differs, typescriptOnly } = known.get(id) ?? {};
        const facts = factsOf(readFileSync(join(folder, group, `${id}.yaml`), "utf8"));
        return { id, group, title, verdict, reason, differs, typescriptOnly, ...facts };
      }),
  );
  const lines = requirements.map((each) => JSON.stringify(each)).join(",\n");
  writeFileSync(target, `{"source": ${JSON.stringify(before.source)}, "requirements": [\n${lines}\n]}\n`);
  console.log(`${requirements.length} requirements in ${target}. Run \`biome check --write\` on it.`);
}

/** @param {string} id `4-12` */
function numberOf(id) {
  return Number(id.split("-")[1]);
}

/** @param {string} text @returns {Data} */
function factsOf(text) {
  const { Variables: variables = {} } = parse(text);
  const filled = Object.keys(variables).reduce(
    (all, name) => all.replaceAll(`\${${name}}`, name.toLowerCase().replaceAll("_", "-")),
    text,
  );
  const data = parse(filled);
  const events = data["ExpectedExecutionHistory"];
  const actions = (data["CallbackActions"] ?? []).map(actionOf);
  const isCall =
    actions.some((/** @type {Data} */ { does }) => does !== "success") ||
    events.some((/** @type {Data} */ each) => each["CallbackStartedDetails"]?.["HeartbeatTimeout"]);
  const result = data["ExpectedResult"];
  const failed = events.find((/** @type {Data} */ each) => each["EventType"] === "ExecutionFailed");
  const turns = events.filter((/** @type {Data} */ each) => each["EventType"] === "InvocationCompleted");
  const isListed = events.some((/** @type {Data} */ each) => each["EventType"] !== "ContextStarted");
  return {
    input: data["Input"] ?? null,
    status: result && (result["ExecutionStatus"] === "SUCCEEDED" ? "completed" : "failed"),
    ...(result && "Result" in result && { result: result["Result"] }),
    message: known(failed?.["ExecutionFailedDetails"]["Error"]["Payload"]["ErrorMessage"]),
    ...(actions.length > 0 && { actions }),
    // Requirements without an end leave the operations unspecified.
    ...(isListed && { operations: operationsIn({ isCall, events }, undefined) }),
    replays: Math.max(0, turns.length - 1),
    lines: data["ExpectedLogs"]?.map(lineOf),
    defaults: data["DefaultRetryParameters"] && { attempts: data["DefaultRetryParameters"]["MaxAttempts"] },
  };
}

/** @param {Data} action */
function actionOf({ CallbackName: name, Operation: does, Delay: delay = 0, Payload: payload }) {
  const failure = does === "failure" && { code: payload["ErrorType"], message: payload["ErrorMessage"] };
  return { name, does, afterSeconds: delay, ...(failure || { payload }) };
}

/** @param {Data} line */
function lineOf({ match, count }) {
  return { text: match["message"].replace(/^\/|\/$/g, "").replaceAll("\\", ""), count };
}

/** @param {History} history @param {string | undefined} parent @returns {readonly Data[]} */
function operationsIn(history, parent) {
  return history.events
    .filter((event) => event["ParentId"] === parent)
    .flatMap((event) => operationOf(history, event));
}

/** @param {History} history @param {Data} event @returns {readonly Data[]} */
function operationOf(history, event) {
  const { EventType: type, SubType: kind, Name: name, Id: id } = event;
  const details = event[`${type}Details`];
  const named = { name: known(name) };
  const value = valueIn(details?.["Result"]?.["Payload"]);
  const error = details?.["Error"]?.["Payload"] ?? {};
  const failure = { code: known(error["ErrorType"]), message: known(error["ErrorMessage"]) };
  const what = history.isCall ? "call" : "signal";
  switch (type) {
    case "StepSucceeded":
      return [{ is: "step completed", ...named, ...retried(details), ...value }];
    case "StepFailed":
      return [{ is: "step failed", ...named, ...retried(details), ...failure }];
    case "WaitStarted":
      return [{ is: "wait started", ...named, seconds: known(details["Duration"]) }];
    case "WaitSucceeded":
      return [{ is: "wait ended", ...named, seconds: known(details["Duration"]) }];
    case "CallbackStarted":
      return [{ is: `${what} started`, ...named, seconds: details["Timeout"] }];
    case "CallbackSucceeded":
      return [{ is: `${what} completed`, ...named, ...value }];
    case "CallbackFailed":
      return [{ is: `${what} failed`, ...named, ...failure }];
    case "CallbackTimedOut":
      return [{ is: `${what} timed out`, ...named, seconds: timeoutOf(history, id) }];
    case "ContextSucceeded":
    case "ContextFailed": {
      const operations = operationsIn(history, id);
      if (kind === "Parallel") return operations;
      const end = type === "ContextFailed" ? "failed" : "completed";
      return [{ is: `scope ${end}`, ...named, ...value, ...(operations.length > 0 && { operations }) }];
    }
    default:
      return [];
  }
}

/** @param {History} history @param {string} id */
function timeoutOf({ events }, id) {
  const started = events.find((each) => each["Id"] === id && each["EventType"] === "CallbackStarted");
  const details = started?.["CallbackStartedDetails"];
  return details["Timeout"] ?? details["HeartbeatTimeout"];
}

/** @param {Data | string | undefined} details */
function retried(details) {
  const retry = typeof details === "object" ? details["RetryDetails"] : undefined;
  if (retry === undefined) return {};
  const pause = retry["NextAttemptDelaySeconds"];
  const most = { "${/^[0-5]$/}": 5, "${/^([0-9]|10)$/}": 10 }[/** @type {string} */ (pause)];
  return {
    attempt: retry["CurrentAttempt"],
    ...(typeof pause === "number" && { pauseMs: pause * second }),
    ...(most !== undefined && { pauseMsMax: most * second }),
  };
}

/** Leaves out a pattern for any value. @param {unknown} value */
function known(value) {
  if (typeof value !== "string") return value;
  const pattern = /^\$\{\/\.\*(\w+)\$\/\}$/.exec(value);
  if (pattern !== null) return pattern[1];
  return value === "*" || value.startsWith("${") ? undefined : value;
}

/** @param {string | undefined} payload JSON, or plain text */
function valueIn(payload) {
  const text = known(payload);
  if (typeof text !== "string") return {};
  try {
    return { value: JSON.parse(text) };
  } catch {
    return { value: text };
  }
}

const [, , folder] = process.argv;
if (folder === undefined) throw new Error("pass the folder of the requirements");
main(folder);
