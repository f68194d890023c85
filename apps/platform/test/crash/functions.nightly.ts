import { describeFunctions, places } from "./functions.ts";

describeFunctions(places);
