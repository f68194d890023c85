// @ts-check

// Every promise of README has a row in acceptance/mission.yaml, and every row has a test or a command that exists.
// Only one page may state the state of a feature.

import { missionProblems, stateProblems } from "../acceptance/mission.mjs";

/** @param {string} root @returns {string[]} */
export function checkAcceptance(root) {
  return [...missionProblems(root), ...stateProblems(root)];
}
