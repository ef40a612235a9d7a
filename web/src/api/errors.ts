import type { CombinedError } from "@urql/core";

/** What went wrong, in words for people, with the code of the schema where there is one. */
export interface Trouble {
  code: string;
  message: string;
  path?: string[] | undefined;
  findings?: { file: string; line?: number | null; rule: string; message: string }[] | undefined;
  blockers?: BlockerLike[] | undefined;
}

export interface BlockerLike {
  code: string;
  message: string;
  until?: string | null;
  overridable?: boolean;
  subject?: string | null;
}

const WORDS: Record<string, string> = {
  UNAUTHENTICATED: "Your session has ended. Sign in again to go on.",
  FORBIDDEN: "You may not do this: your token lacks the right.",
  RATE_LIMITED: "Too much was asked in this minute. It goes on by itself in a moment.",
  UNAVAILABLE: "The server cannot do this at the moment. Nothing was changed; try again.",
  DEADLINE_EXCEEDED: "This took too long and was given up. Try again.",
};

/** A failed request in words. */
export function troubleOf(error: CombinedError): Trouble {
  const first = error.graphQLErrors[0];
  if (first) {
    const code = typeof first.extensions?.code === "string" ? first.extensions.code : "INTERNAL";
    const said = first.message || "The server gave no reason.";
    return { code, message: WORDS[code] ? `${WORDS[code]} (${said})` : said, path: first.path?.map(String) };
  }
  return { code: "OFFLINE", message: "The server does not answer. What you see may be out of date." };
}
