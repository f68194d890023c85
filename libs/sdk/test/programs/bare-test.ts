/** A minimal test of a user, to be bundled. */
import { testWorkflow } from "../../src/testing/index.ts";

const text = "workflow: w\ntasks: {a: {uses: a}, b: {wait: 3d, needs: [a]}}";
const test = testWorkflow(text, { handlers: { a: () => "done" } });
console.log(JSON.stringify(await test.execute()));
