/** Parses JSON that a person types: its value, or its problem in words. Empty text is null. */
import { parseExactly } from "@tutti/expressions";
export function jsonOf(text: string): { readonly value: unknown } | { readonly problem: string } {
  if (text.trim() === "") return { value: null };
  try {
    return { value: parseExactly(text) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { problem: `Invalid JSON: ${reason}. Put text in double quotes.` };
  }
}
