// Checks the form of every declared error: what happened and why, then the next action.

/** Errors that quote another error, which has the remedy. */
const quoting = new Set([
  "kernel.foreign",
  "lifecycle.component_failed",
  "lifecycle.start_failed",
  "lifecycle.step_failed",
  "lifecycle.stop_incomplete",
]);

/**
 * @param {ReadonlyMap<string, { message: Function, remedy: string | Function }>} errors
 * @returns {string[]} the problems
 */
export function catalogueProblems(errors) {
  return [...errors].flatMap(([code, { message, remedy }]) =>
    [...messageProblems(String(message)), ...remedyProblems(code, remedy)].map(
      (problem) => `${code}: ${problem}`,
    ),
  );
}

/** @param {string} source of the function that returns the message @returns {string[]} */
function messageProblems(source) {
  const text = source.slice(source.indexOf("=>") + 2);
  const problems = [];
  if (/^\s*["`]expected /.test(text))
    problems.push("the message states an expectation: write what happened and why");
  if (/[a-z`}]; [a-z]/.test(text))
    problems.push("the message has a semicolon: put the next step into the remedy");
  if (/[^.]\.["`]\s*$/.test(text))
    problems.push("the message ends with a full stop, which is added when it is printed");
  return problems;
}

/** @param {string} code @param {string | Function | undefined} remedy @returns {string[]} */
function remedyProblems(code, remedy) {
  if (typeof remedy === "function") return [];
  if (remedy === undefined || remedy === "")
    return quoting.has(code) ? [] : ["the remedy is empty: say what to do"];
  const problems = [];
  if (!/^[A-Z]/.test(remedy))
    problems.push("the remedy starts with a verb in the imperative and a capital letter");
  if (remedy.includes("${")) problems.push("the remedy names a parameter: make it a function");
  if (!remedy.endsWith(".")) problems.push("the remedy is a sentence and ends with a full stop");
  return problems;
}
