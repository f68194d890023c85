import { describeMoves } from "./moves.ts";

describeMoves({ kills: 2 });
