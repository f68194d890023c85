// @ts-check

// Every promise of README has a row in acceptance/mission.yaml, and every row has a test or a command that exists.
// The state of a feature is named on one page.

import { missionProblems, stateProblems } from "../acceptance/mission.mjs";

/** @param {string} root @returns {string[]} */
export function checkAcceptance(root) {
  return [...missionProblems(root), ...stateProblems(root)];
}
