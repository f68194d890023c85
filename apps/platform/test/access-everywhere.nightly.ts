/**
 * Callers without rights at every rpc and every route. `access.io.ts` tests a sample, `served.test.ts` each served method
 * in process.
 */
import { describeAccess, everything } from "./support/access-matrix.ts";

describeAccess("every rpc and route", everything);
