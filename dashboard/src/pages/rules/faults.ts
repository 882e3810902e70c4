import type { ApiError } from "../../data/client.ts";

/** Where an expression is wrong: `excerpt` is the line with a caret under the character. */
export interface Place {
  problem: string;
  position: number;
  line: number;
  column: number;
  excerpt: string;
  suggestion: string | null;
}

export function placeOf({ details }: ApiError): Place | null {
  const { problem, position, line, column, excerpt, suggestion } = details as Partial<Place>;
  if (typeof position !== "number" || typeof excerpt !== "string") return null;
  return { problem: String(problem), position, line: Number(line), column: Number(column), excerpt, suggestion: suggestion ?? null };
}
