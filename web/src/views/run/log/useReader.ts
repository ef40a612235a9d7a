import { useEffect, useMemo, useReducer, useRef, useState } from "react";

import type { LogLine } from "@/api";

import { type Found, Reader } from "./search";

const NONE: Found = { hits: [], seen: 0 };

/** The lines of a step, and what was found in them; the search goes on in turns between which the page answers. */
export function useReader(all: readonly LogLine[], step: string | undefined, q: string): { lines: readonly LogLine[]; found: Found; searching: boolean } {
  const [reader] = useState(() => new Reader(step));
  const [, again] = useReducer((count: number) => count + 1, 0);
  const lines = useMemo(() => {
    reader.choose(step);
    reader.feed(all);
    return reader.shown;
  }, [reader, all, step]);
  const searching = useRef(false);
  const [found, setFound] = useState(NONE);
  useEffect(() => {
    if (!q) {
      reader.seek("");
      searching.current = false;
      setFound(NONE);
      return;
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    const turn = () => {
      const was = searching.current;
      searching.current = reader.seek(q);
      setFound(reader.found);
      if (searching.current) timer = setTimeout(turn, 0);
      else if (was) again();
    };
    turn();
    return () => clearTimeout(timer);
  }, [reader, lines, q]);
  return { lines, found, searching: searching.current };
}
