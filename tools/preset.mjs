// @ts-check

// The defaults of `npm start`: the demonstration, and on a terminal a log with warnings and errors only. Runs on Node
// 18 without dependencies.

import { existsSync } from "node:fs";
import { foundInCache } from "./programs.mjs";

/**
 * @param {{ isEmpty: boolean, isTerminal?: boolean }} start
 * @returns {string} for TUTTI_PRESET
 */
export function presetOf({ isEmpty, isTerminal = process.stdout.isTTY === true }) {
  const brought = foundInCache("python3");
  return JSON.stringify({
    ...(!isEmpty && { "platform.demonstration": true }),
    ...(!isEmpty && existsSync(brought) && { "platform.pythons": ["python3", brought] }),
    ...(isTerminal && { "log.level": "warn" }),
  });
}
