import { describeFunctions } from "./functions.ts";

describeFunctions(["left", "round 1"]);
